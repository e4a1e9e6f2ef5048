/* The file of a journal: opened, locked, continued or begun, appended to.  See journal.h. */
#include "apply/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/journal_internal.h"
#include "base/file.h"
#include "base/json_write.h"

enum { OPEN_TRIES = 8 }; /* while others move the file away */

char *journal_path(const char *result)
{
	return xfmt("%s.journal", result);
}

static int failed(struct err *err, const char *doing, const char *path)
{
	return err_set(err, ERR_SYSTEM,
		       "%s %s: %s (without a journal nothing is written to a cluster; another -o "
		       "puts it somewhere else)",
		       doing, path, strerror(errno));
}

/* ---- opening */

/* Whether the file that is open is still the one that has the name. */
static bool still_there(const struct journal *j)
{
	struct stat open_file, named;
	return fstat(j->fd, &open_file) == 0 && stat(j->path, &named) == 0 &&
	       open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

static void close_file(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
}

static int open_and_lock(struct journal *j, struct err *err)
{
	for (int i = 0; i < OPEN_TRIES; i++) {
		struct stat st;
		/* Not through a link: what is at its end belongs to somebody else. */
		j->fd = open(j->path,
			     O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
			     0600);
		if (j->fd < 0 || fstat(j->fd, &st) < 0)
			return failed(err, "open", j->path);
		if (!S_ISREG(st.st_mode))
			return err_set(err, ERR_INPUT, "%s: not a regular file", j->path);
		if (flock(j->fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno != EWOULDBLOCK)
				return failed(err, "lock", j->path);
			return err_set(err, ERR_CONFLICT,
				       "another rhumb apply is at work with the journal %s: wait "
				       "for its end, or write the result elsewhere (-o)",
				       j->path);
		}
		if (still_there(j))
			return fchmod(j->fd, 0600) < 0 ? failed(err, "change", j->path) : 0;
		close_file(j);
	}
	return err_set(err, ERR_CONFLICT, "%s is moved away by others again and again", j->path);
}

static int sync_folder(const char *path, struct err *err)
{
	AUTO(auto_free) char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Some file systems cannot sync a folder and say EINVAL. */
	bool ok = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
	if (!ok)
		failed(err, "sync the folder of", path);
	if (fd >= 0)
		close(fd);
	return ok ? 0 : -1;
}

/* ---- what was there before */

static bool has_writes(const struct journal_log *log)
{
	return log->n_objects > 0;
}

/* A name under which neither a result nor a journal is kept. */
static char *free_name(const struct journal *j)
{
	for (int i = 1; i <= JOURNAL_MAX_KEPT; i++) {
		AUTO(auto_free) char *name = xfmt("%s.%d", j->result, i);
		AUTO(auto_free) char *journal = journal_path(name);
		bool has_result = file_exists(j->result);
		if (!file_exists(journal) && !(has_result && file_exists(name)))
			return TAKE(name);
	}
	return NULL;
}

/* The result first: where only that was done, the next run finds the same name for the journal. */
static int move_away(struct journal *j, struct err *err)
{
	AUTO(auto_free) char *name = free_name(j);
	if (!name)
		return err_set(err, ERR_LIMIT,
			       "%s.1 to .%d are earlier results (JOURNAL_MAX_KEPT): move some away",
			       j->result, JOURNAL_MAX_KEPT);
	AUTO(auto_free) char *journal = journal_path(name);
	if ((rename(j->result, name) < 0 && errno != ENOENT) || rename(j->path, journal) < 0)
		return failed(err, "move away", j->path);
	j->kept = TAKE(name);
	close_file(j);
	return open_and_lock(j, err);
}

static int empty_it(struct journal *j, struct err *err)
{
	return ftruncate(j->fd, 0) < 0 ? failed(err, "empty", j->path) : 0;
}

static bool same_plan(const struct journal_log *log, const struct plan *p)
{
	return strcmp(log->plan, p->digest) == 0 && strcmp(log->cluster, p->cluster_uid) == 0;
}

/* Continues, or makes room for a new run. */
static int decide(struct journal *j, const struct plan *p, struct err *err)
{
	struct journal_log *log = &j->log;
	if (!log->records || !has_writes(log))
		return empty_it(j, err);
	bool same = same_plan(log, p);
	/* What was undone is not there to be gone on from; an undoing itself may be. */
	bool undone = log->rollback && (log->finished || !log->rollback_file);
	if (same && !undone && !(log->finished && log->outcome == APPLY_APPLIED)) {
		j->resumed = true;
		j->bytes = log->whole;
		j->records = log->records;
		return ftruncate(j->fd, (off_t)log->whole) < 0 ? failed(err, "cut", j->path) : 0;
	}
	if (!log->finished && !undone)
		return err_set(err, ERR_REFUSED,
			       "%s is the journal of another plan (%s) whose apply of %s was ended "
			       "before its end: apply that plan again to finish it, or write this "
			       "result elsewhere (-o)",
			       j->path, log->plan, log->started);
	return move_away(j, err);
}

/* What a rollback needs of the plan. */
static void add_plan(struct arena *a, struct json *v, const struct plan *p)
{
	struct json git = json_of_object(), list = json_of_array();
	json_set_str(a, &git, "repository", p->repository ? p->repository : "");
	json_set_str(a, &git, "base", p->base ? p->base : "");
	json_set_str(a, &git, "head", p->head ? p->head : "");
	for (size_t i = 0; i < p->n_applications; i++) {
		const struct planned_application *app = &p->applications[i];
		struct json one = json_of_object();
		json_set_str(a, &one, "name", app->name);
		json_set_str(a, &one, "path", app->path ? app->path : "");
		json_set_str(a, &one, "namespace", app->namespace);
		json_set_str(a, &one, "applyset", app->applyset ? app->applyset : "");
		json_append(a, &list, one);
	}
	json_set(a, v, "git", git);
	json_set(a, v, "applications", list);
}

static int begin(struct journal *j, const struct plan *p, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf line = { 0 };
	char now[TIME_TEXT];
	struct json v = json_of_object();
	time_format(time(NULL), now);
	json_set_str(&a, &v, "record", "run");
	json_set_str(&a, &v, "apiVersion", PLAN_API_VERSION);
	json_set_str(&a, &v, "kind", "Journal");
	json_set_str(&a, &v, "plan", p->digest);
	json_set_str(&a, &v, "cluster", p->cluster_uid);
	json_set_str(&a, &v, "tool", "rhumb " RHUMB_VERSION);
	json_set_str(&a, &v, "time", now);
	add_plan(&a, &v, p);
	json_write_canonical(&line, &v);
	if (journal_append(j, &line, err) < 0 || journal_sync(j, err) < 0)
		return -1;
	return sync_folder(j->path, err);
}

/* A device cannot have a neighbour of that name; cmd/ gives another name then. */
int journal_open(struct journal **out, const char *result, const struct plan *p, const char *key,
		 struct err *err)
{
	AUTO(journal_close_p) struct journal *j = xcalloc(1, sizeof(*j));
	j->fd = -1;
	j->result = xstrdup(result);
	j->path = journal_path(result);
	j->key = key && *key ? xstrdup(key) : NULL;
	memcpy(j->plan, p->digest, sizeof(j->plan));
	if (open_and_lock(j, err) < 0)
		return -1;
	if (journal_read(&j->log, j->path, err) < 0)
		return err_wrap(err, "the journal of an earlier apply is in the way (move it away, "
				     "or write the result elsewhere with -o)");
	if (decide(j, p, err) < 0 || begin(j, p, err) < 0)
		return -1;
	*out = TAKE(j);
	return 0;
}

int journal_read_idle(struct journal_log *out, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, "open %s: %s",
			       path, strerror(errno));
	int rc = flock(fd, LOCK_SH | LOCK_NB) == 0
			 ? journal_read(out, path, err)
			 : err_set(err, ERR_CONFLICT,
				   "an apply is at work with the journal %s: wait for its end",
				   path);
	close(fd);
	return rc;
}

int journal_mark_undone(const char *path, const char *of, const char *by, struct err *err)
{
	AUTO(journal_close_p) struct journal *j = xcalloc(1, sizeof(*j));
	j->path = xstrdup(path);
	j->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (j->fd < 0 && errno == ENOENT)
		return 0;
	if (j->fd < 0)
		return failed(err, "open", path);
	if (flock(j->fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, ERR_CONFLICT,
			       "the apply that is to be undone is still at work, with the journal "
			       "%s: wait for its end",
			       path);
	if (journal_read(&j->log, path, err) < 0)
		return -1;
	const struct journal_log *log = &j->log;
	if (!log->records || strcmp(log->plan, of) != 0 ||
	    (log->rollback && strcmp(log->rollback, by) == 0))
		return 0;
	if (ftruncate(j->fd, (off_t)log->whole) < 0)
		return failed(err, "cut", path);
	j->bytes = log->whole;
	j->records = log->records;
	return journal_rollback(j, by, NULL, err);
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	close_file(j);
	journal_log_done(&j->log);
	if (j->key)
		explicit_bzero(j->key, strlen(j->key));
	free(j->key);
	free(j->result);
	free(j->path);
	free(j->kept);
	free(j->broken);
	free(j);
}

const struct journal_log *journal_earlier(const struct journal *j)
{
	return j->resumed ? &j->log : NULL;
}

const char *journal_kept(const struct journal *j)
{
	return j->kept;
}

void journal_set_hook(struct journal *j, void (*hook)(void *ctx, bool before), void *ctx)
{
	j->hook = hook;
	j->hook_ctx = ctx;
}

/* ---- appending */

static int breaks(struct journal *j, struct err *err, const char *doing)
{
	if (!j->broken)
		j->broken = xfmt("%s %s: %s", doing, j->path, strerror(errno));
	return err_set(err, ERR_SYSTEM, "%s", j->broken);
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int journal_append(struct journal *j, const struct buf *record, struct err *err)
{
	if (j->broken)
		return err_set(err, ERR_SYSTEM, "%s", j->broken);
	if (record->len > JOURNAL_MAX_LINE)
		return err_set(err, ERR_LIMIT,
			       "%s: a record of more than %d bytes "
			       "(JOURNAL_MAX_LINE)",
			       j->path, JOURNAL_MAX_LINE);
	if (j->records >= JOURNAL_MAX_RECORDS || j->bytes + record->len + 1 > JOURNAL_MAX_BYTES)
		return err_set(err, ERR_LIMIT,
			       "%s: more than %d records (JOURNAL_MAX_RECORDS) or "
			       "%d bytes (JOURNAL_MAX_BYTES)",
			       j->path, JOURNAL_MAX_RECORDS, JOURNAL_MAX_BYTES);
	AUTO(buf_done) struct buf line = { 0 };
	buf_put(&line, record->data, record->len);
	buf_putc(&line, '\n');
	if (j->hook)
		j->hook(j->hook_ctx, true);
	j->dirty = true;
	if (write_all(j->fd, line.data, line.len) < 0)
		return breaks(j, err, "write");
	j->bytes += line.len;
	j->records++;
	if (j->hook)
		j->hook(j->hook_ctx, false);
	return 0;
}

int journal_sync(struct journal *j, struct err *err)
{
	if (j->broken)
		return err_set(err, ERR_SYSTEM, "%s", j->broken);
	if (!j->dirty)
		return 0;
	while (fdatasync(j->fd) < 0)
		if (errno != EINTR)
			return breaks(j, err, "sync");
	j->dirty = false;
	return 0;
}
