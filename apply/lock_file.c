/* Locks of an embedded cluster: files that are locked, with their holder in them; see lock.h.
 *
 * The file stays: one that was removed could be locked by two, each holding another inode. */
#include "apply/lock_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_parse.h"
#include "base/json_write.h"
#include "base/time.h"
#include "plan/cluster/file/file.h"

enum {
	MAX_HOLDER_BYTES = 4096,
	FILE_MODE = 0600,
	FOLDER_MODE = 0700,
	NAMELESS_TRIES = 20,
	NAMELESS_MS = 10,
};

static void file_init(struct locks *l, struct lock *k)
{
	(void)l;
	k->file = -1;
}

/* What is in it was written by one who had it; it may be gone, or half there, by now. */
static void read_holder(int file, struct lock_holder *who)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	char text[MAX_HOLDER_BYTES];
	struct json v;
	ssize_t n = pread(file, text, sizeof(text), 0);
	if (n <= 0 || json_parse(&a, text, (size_t)n, "lock", NULL, &v, &ignored) < 0)
		return;
	const char *name = json_get_str(&v, "holder"), *since = json_get_str(&v, "since");
	const char *plan = json_get_str(&v, "plan");
	if (!name)
		return;
	who->name = xstrdup(name);
	who->since = since ? xstrdup(since) : NULL;
	who->plan = plan ? xstrdup(plan) : NULL;
}

/* For people only: a lock without its text is still a lock. */
static void write_holder(const struct locks *l, int file)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = { 0 };
	struct json v = json_of_object();
	char now[TIME_TEXT];
	time_format(time(NULL), now);
	json_set_str(&a, &v, "holder", l->holder);
	json_set_str(&a, &v, "since", now);
	json_set_str(&a, &v, "plan", l->site.plan->digest);
	json_write_canonical(&b, &v);
	buf_putc(&b, '\n');
	if (ftruncate(file, 0) == 0 && pwrite(file, b.data, b.len, 0) != (ssize_t)b.len)
		(void)!ftruncate(file, 0);
}

static bool is_held(int why)
{
	return why == EWOULDBLOCK || why == EINTR;
}

/* 0, or an errno.  A holder has no name for a moment after it has taken the lock, and before it
 * gives it back: whoever comes then looks again, so that people are told who it is. */
static int lock(int file, struct lock_holder *who)
{
	for (int i = 0; flock(file, LOCK_EX | LOCK_NB) != 0; i++) {
		int why = errno;
		if (!is_held(why))
			return why;
		read_holder(file, who);
		if (who->name || i == NAMELESS_TRIES)
			return why;
		time_pause_ms(NAMELESS_MS);
	}
	return 0;
}

static enum lock_try file_take(struct locks *l, struct lock *k, struct lock_holder *who,
			       struct err *err)
{
	const char *dir = file_cluster_path(l->site.cluster);
	AUTO(auto_free)
	char *folder = xfmt("%s/.locks/%s", dir, k->application->namespace);
	AUTO(auto_free) char *path = path_join(folder, k->name);
	if (file_mkdirs(folder, FOLDER_MODE, err) < 0)
		return err_wrap(err, "lock application %s", k->application->name);
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (file < 0)
		return err_set(err, ERR_SYSTEM, "lock %s: %s", path, strerror(errno));
	int why = lock(file, who);
	if (!why) {
		write_holder(l, file);
		k->file = file;
		return LOCK_TAKEN;
	}
	close(file);
	if (is_held(why))
		return LOCK_HELD;
	return err_set(err, ERR_SYSTEM, "lock %s: %s", path, strerror(why));
}

static void file_release(struct locks *l, struct lock *k)
{
	(void)l;
	(void)!ftruncate(k->file, 0);
	close(k->file); /* which unlocks */
	k->file = -1;
	k->held = false;
}

static void file_done(struct lock *k)
{
	(void)k;
}

const struct lock_ops lock_file_ops = {
	.init = file_init,
	.take = file_take,
	.release = file_release,
	.done = file_done,
};
