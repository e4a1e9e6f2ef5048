/* Journals from their text; see journal.h. */
#include "apply/journal.h"

#include <search.h>
#include <string.h>

#include "apply/journal_internal.h"
#include "base/file.h"
#include "base/json_parse.h"

static const char *const step_names[] = {
	[JOURNAL_APPLY] = "apply",         [JOURNAL_DELETE] = "delete",
	[JOURNAL_TAKEOVER] = "takeover",   [JOURNAL_PARENT] = "applyset",
	[JOURNAL_GIVE_BACK] = "give-back",
};
_Static_assert(ARRAY_LEN(step_names) == JOURNAL_STEP_COUNT, "every step needs a name");

const char *journal_step_name(enum journal_step s)
{
	return step_names[s];
}

struct reader {
	struct journal_log *log;
	void *index; /* tsearch(): struct place by id */
	const char *file;
	unsigned line;
	const struct json *record;
	struct err *err;
};

struct place {
	const char *id;
	size_t at; /* in log->objects */
};

static void reader_done(struct reader *rd)
{
	tdestroy(rd->index, free);
}

static int wrong(struct reader *rd, const char *what, const char *key)
{
	err_at(rd->err, ERR_INPUT, (struct srcpos){ rd->file, rd->line, 0 },
	       "not a journal that this version of rhumb can read: %s `%.64s`", what, key);
	return -1; /* seen by the compiler, which knows so that nothing is used unset */
}

/* ---- values of a record */

static int only(struct reader *rd, const char *const *keys)
{
	for (uint32_t i = 0; i < rd->record->n; i++) {
		const char *const *k = keys;
		while (*k && strcmp(*k, rd->record->members[i].key) != 0)
			k++;
		if (!*k)
			return wrong(rd, "unknown key", rd->record->members[i].key);
	}
	return 0;
}

static int text(struct reader *rd, const char *key, const char **out)
{
	const char *s = json_get_str(rd->record, key);
	if (!s)
		return wrong(rd, "expected a text in", key);
	*out = s;
	return 0;
}

static int optional_text(struct reader *rd, const char *key, const char **out)
{
	*out = NULL;
	return json_get(rd->record, key) ? text(rd, key, out) : 0;
}

static const char *name_of_step(int i)
{
	return journal_step_name((enum journal_step)i);
}

static const char *name_of_outcome(int i)
{
	return outcome_name((enum outcome)i);
}

static const char *name_of_apply_outcome(int i)
{
	return apply_outcome_name((enum apply_outcome)i);
}

static int choice(struct reader *rd, const char *key, const char *(*name)(int i), int n, int *out)
{
	const char *s;
	if (text(rd, key, &s) < 0)
		return -1;
	for (*out = 0; *out < n; ++*out)
		if (strcmp(s, name(*out)) == 0)
			return 0;
	return wrong(rd, "unknown value in", key);
}

/* ---- objects */

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->id, ((const struct place *)b)->id);
}

static struct journal_object *find(struct reader *rd, const char *id)
{
	struct place key = { .id = id }, **found = tfind(&key, &rd->index, by_id);
	return found ? &rd->log->objects[(*found)->at] : NULL;
}

static struct journal_object *find_or_add(struct reader *rd, const char *id)
{
	struct journal_object *o = find(rd, id);
	if (o)
		return o;
	struct journal_log *log = rd->log;
	struct place *e = xcalloc(1, sizeof(*e));
	GROW(log->objects, log->n_objects, log->cap_objects);
	*e = (struct place){ id, log->n_objects };
	log->objects[log->n_objects] = (struct journal_object){ .id = id };
	if (!tsearch(e, &rd->index, by_id))
		abort(); /* no memory: see base/mem.h */
	return &log->objects[log->n_objects++];
}

/* Of the id of an answer or an end: it has to have been announced. */
static int announced(struct reader *rd, struct journal_object **out)
{
	const char *id;
	if (text(rd, "id", &id) < 0)
		return -1;
	*out = find(rd, id);
	return *out ? 0 : wrong(rd, "never announced:", id);
}

/* ---- records */

static int read_application(struct reader *rd, const struct json *v,
			    struct journal_application *app)
{
	static const char *const keys[] = { "name", "path", "namespace", "applyset", NULL };
	struct reader inner = *rd;
	inner.record = v;
	if (!json_is(v, JSON_OBJECT))
		return wrong(rd, "expected an object in", "applications");
	if (only(&inner, keys) < 0 || text(&inner, "name", &app->name) < 0 ||
	    text(&inner, "path", &app->path) < 0 || text(&inner, "namespace", &app->namespace) < 0)
		return -1;
	return text(&inner, "applyset", &app->applyset);
}

/* What a rollback needs of the plan; journals of the first version do not have it. */
static int read_plan_of_run(struct reader *rd)
{
	static const char *const keys[] = { "repository", "base", "head", NULL };
	const struct json *git = json_get(rd->record, "git");
	const struct json *list = json_get(rd->record, "applications");
	struct journal_log *log = rd->log;
	if (!git && !list)
		return 0;
	struct reader inner = *rd;
	inner.record = git;
	if (!json_is(git, JSON_OBJECT) || !json_is(list, JSON_ARRAY))
		return wrong(rd, "expected an object and a list in", "git, applications");
	if (only(&inner, keys) < 0 || text(&inner, "repository", &log->repository) < 0 ||
	    text(&inner, "base", &log->base) < 0 || text(&inner, "head", &log->head) < 0)
		return -1;
	log->applications = arena_calloc(&log->arena, list->n, sizeof(*log->applications));
	for (log->n_applications = 0; log->n_applications < list->n; log->n_applications++)
		if (read_application(rd, &list->items[log->n_applications],
				     &log->applications[log->n_applications]) < 0)
			return -1;
	return 0;
}

static int read_run(struct reader *rd)
{
	static const char *const keys[] = { "record",       "apiVersion", "kind", "plan",
					    "cluster",      "tool",       "time", "git",
					    "applications", NULL };
	struct journal_log *log = rd->log;
	const char *version, *kind, *plan, *cluster, *tool, *time;
	if (text(rd, "kind", &kind) < 0 || text(rd, "apiVersion", &version) < 0)
		return -1;
	if (strcmp(kind, "Journal") != 0)
		return wrong(rd, "another kind,", kind);
	if (strcmp(version, PLAN_API_VERSION) != 0)
		return wrong(rd, "another version,", version);
	if (only(rd, keys) < 0 || text(rd, "plan", &plan) < 0 ||
	    text(rd, "cluster", &cluster) < 0 || text(rd, "tool", &tool) < 0 ||
	    text(rd, "time", &time) < 0)
		return -1;
	if (strlen(plan) != DIGEST_TEXT - 1 || strncmp(plan, "sha256:", 7) != 0)
		return wrong(rd, "expected a digest in", "plan");
	if (strlen(time) >= TIME_TEXT)
		return wrong(rd, "expected a time in", "time");
	if (log->runs && (strcmp(plan, log->plan) != 0 || strcmp(cluster, log->cluster) != 0))
		return wrong(rd, "two plans in one journal,", plan);
	memcpy(log->plan, plan, DIGEST_TEXT);
	log->cluster = cluster;
	log->tool = tool;
	if (!log->runs++)
		log->started = time;
	log->finished = false;
	return read_plan_of_run(rd);
}

static int read_before(struct reader *rd, struct journal_object *o)
{
	const struct json *before = json_get(rd->record, "before");
	const char *sealed, *note;
	if (optional_text(rd, "sealed", &sealed) < 0 || optional_text(rd, "note", &note) < 0)
		return -1;
	if (!before)
		return sealed || note ? wrong(rd, "expected an object in", "before") : 0;
	if (!json_is(before, JSON_OBJECT))
		return wrong(rd, "expected an object in", "before");
	o->before = before;
	o->sealed = sealed;
	o->note = note;
	return 0;
}

static int read_intent(struct reader *rd)
{
	static const char *const keys[] = { "record", "id",     "step",   "uid",  "resourceVersion",
					    "sent",   "before", "sealed", "note", "application",
					    "wave",   "makes",  NULL };
	const char *id, *uid, *version, *sent, *application, *makes;
	const struct json *wave = json_get(rd->record, "wave");
	int step;
	if (only(rd, keys) < 0 || text(rd, "id", &id) < 0 ||
	    choice(rd, "step", name_of_step, JOURNAL_STEP_COUNT, &step) < 0 ||
	    optional_text(rd, "uid", &uid) < 0 ||
	    optional_text(rd, "resourceVersion", &version) < 0 ||
	    optional_text(rd, "application", &application) < 0 || text(rd, "sent", &sent) < 0 ||
	    optional_text(rd, "makes", &makes) < 0)
		return -1;
	if (makes && strlen(makes) != DIGEST_TEXT - 1)
		return wrong(rd, "expected a digest in", "makes");
	struct journal_object *o = find_or_add(rd, id);
	if (wave && !json_int64(wave, &o->wave))
		return wrong(rd, "expected a number in", "wave");
	o->application = application;
	o->step = (enum journal_step)step;
	o->uid = uid;
	o->resource_version = version;
	o->sent = sent;
	o->makes = makes ? makes : o->makes;
	o->answered = o->ended = false;
	o->status = 0;
	o->new_uid = o->new_version = NULL;
	return read_before(rd, o);
}

static int read_after(struct reader *rd, struct journal_object *o)
{
	o->after = json_get(rd->record, "after");
	if (o->after && !json_is(o->after, JSON_OBJECT))
		return wrong(rd, "expected an object in", "after");
	if (optional_text(rd, "sealed", &o->after_sealed) < 0)
		return -1;
	return optional_text(rd, "note", &o->after_note);
}

static int read_answer(struct reader *rd)
{
	static const char *const keys[] = { "record", "id",    "step",   "status",
					    "uid",    "after", "sealed", "resourceVersion",
					    "note",   NULL };
	struct journal_object *o;
	int64_t status;
	int step;
	if (only(rd, keys) < 0 || announced(rd, &o) < 0 ||
	    choice(rd, "step", name_of_step, JOURNAL_STEP_COUNT, &step) < 0 ||
	    optional_text(rd, "uid", &o->new_uid) < 0 ||
	    optional_text(rd, "resourceVersion", &o->new_version) < 0)
		return -1;
	if (step != (int)o->step)
		return wrong(rd, "another step was announced of", o->id);
	if (!json_int64(json_get(rd->record, "status"), &status) || status < 0 || status > 999)
		return wrong(rd, "expected a status in", "status");
	o->answered = true;
	o->status = (int)status;
	if (!journal_is_done(o))
		return 0;
	o->written = true;
	o->deleted = o->deleted || o->step == JOURNAL_DELETE;
	if (read_after(rd, o) < 0)
		return -1;
	if (o->step == JOURNAL_TAKEOVER)
		o->taken_over = o->new_version;
	return 0;
}

static int read_end(struct reader *rd)
{
	static const char *const keys[] = { "record",  "id",       "outcome", "message",
					    "seconds", "verified", "ready",   NULL };
	struct journal_object *o;
	int outcome;
	const struct json *seconds = json_get(rd->record, "seconds");
	const struct json *verified = json_get(rd->record, "verified");
	if (only(rd, keys) < 0 || announced(rd, &o) < 0 ||
	    choice(rd, "outcome", name_of_outcome, OUTCOME_COUNT, &outcome) < 0)
		return -1;
	struct object_result *r = &o->result;
	if (optional_text(rd, "message", &r->message) < 0)
		return -1;
	if (!json_is(seconds, JSON_FLOAT) || *seconds->text == '-')
		return wrong(rd, "expected a time in", "seconds");
	if (verified && verified->type != JSON_BOOL)
		return wrong(rd, "expected true or false in", "verified");
	const struct json *ready = json_get(rd->record, "ready");
	if (ready && ready->type != JSON_BOOL)
		return wrong(rd, "expected true or false in", "ready");
	r->became = !ready ? BECAME_NOT_KNOWN : ready->truth ? BECAME_READY : BECAME_NOT;
	r->outcome = (enum outcome)outcome;
	r->seconds = strtod(seconds->text, NULL);
	r->as_expected = !verified         ? EXPECTED_NOT_KNOWN
			 : verified->truth ? EXPECTED_YES
					   : EXPECTED_NO;
	o->ended = true;
	return 0;
}

static int read_finish(struct reader *rd)
{
	static const char *const keys[] = { "record", "outcome", "time", NULL };
	const char *time;
	int outcome;
	if (only(rd, keys) < 0 || text(rd, "time", &time) < 0 ||
	    choice(rd, "outcome", name_of_apply_outcome, APPLY_OUTCOME_COUNT, &outcome) < 0)
		return -1;
	rd->log->finished = true;
	rd->log->outcome = (enum apply_outcome)outcome;
	return 0;
}

static int read_rollback(struct reader *rd)
{
	static const char *const keys[] = { "record", "plan", "file", NULL };
	if (only(rd, keys) < 0 || text(rd, "plan", &rd->log->rollback) < 0)
		return -1;
	return optional_text(rd, "file", &rd->log->rollback_file);
}

static const struct {
	const char *name;
	int (*read)(struct reader *rd);
	bool at_the_end; /* also after the end of its run */
} records[] = {
	{ "run", read_run, true },        { "intent", read_intent, false },
	{ "answer", read_answer, false }, { "end", read_end, false },
	{ "finish", read_finish, false }, { "rollback", read_rollback, true },
};

static int read_record(struct reader *rd)
{
	const char *name;
	if (!json_is(rd->record, JSON_OBJECT))
		return wrong(rd, "expected an object with", "record");
	if (text(rd, "record", &name) < 0)
		return -1;
	bool is_run = strcmp(name, "run") == 0;
	if (!is_run && !rd->log->runs)
		return wrong(rd, "does not begin with", "run");
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		if (strcmp(records[i].name, name) != 0)
			continue;
		if (rd->log->finished && !records[i].at_the_end)
			return wrong(rd, "after the end of its run:", name);
		return records[i].read(rd);
	}
	return wrong(rd, "unknown record", name);
}

static int read_line(struct reader *rd, const char *line, size_t n)
{
	struct json_limits limits = { .max_bytes = JOURNAL_MAX_LINE };
	struct json *v = arena_calloc(&rd->log->arena, 1, sizeof(*v));
	rd->line++;
	if (n > JOURNAL_MAX_LINE)
		return err_at(rd->err, ERR_LIMIT, (struct srcpos){ rd->file, rd->line, 0 },
			      "a record of more than %d bytes (JOURNAL_MAX_LINE)",
			      JOURNAL_MAX_LINE);
	if (rd->log->records++ >= JOURNAL_MAX_RECORDS)
		return err_set(rd->err, ERR_LIMIT, "%s: more than %d records (JOURNAL_MAX_RECORDS)",
			       rd->file, JOURNAL_MAX_RECORDS);
	AUTO(err_done) struct err err = { 0 };
	if (json_parse(&rd->log->arena, line, n, rd->file, &limits, v, &err) < 0)
		return err_at(rd->err, err.code, (struct srcpos){ rd->file, rd->line, err.at.col },
			      "not a record of a journal: %s", err.msg);
	rd->record = v;
	return read_record(rd);
}

static int compare_objects(const void *a, const void *b)
{
	return strcmp((*(const struct journal_object *const *)a)->id,
		      (*(const struct journal_object *const *)b)->id);
}

static void sort(struct journal_log *log)
{
	log->sorted = arena_calloc(&log->arena, log->n_objects, sizeof(*log->sorted));
	for (size_t i = 0; i < log->n_objects; i++)
		log->sorted[i] = &log->objects[i];
	if (log->n_objects)
		qsort(log->sorted, log->n_objects, sizeof(*log->sorted), compare_objects);
}

int journal_parse(struct journal_log *out, const char *bytes, size_t n, const char *name,
		  struct err *err)
{
	AUTO(journal_log_done) struct journal_log log = { 0 };
	AUTO(reader_done) struct reader rd = { .log = &log, .file = name, .err = err };
	for (const char *end; log.whole < n; log.whole = (size_t)(end - bytes) + 1) {
		const char *line = bytes + log.whole;
		end = memchr(line, '\n', n - log.whole);
		if (!end)
			break;
		if (read_line(&rd, line, (size_t)(end - line)) < 0)
			return -1;
	}
	sort(&log);
	*out = log;
	log = (struct journal_log){ 0 };
	return 0;
}

int journal_read(struct journal_log *out, const char *path, struct err *err)
{
	AUTO(buf_done) struct buf bytes = { 0 };
	if (file_read(path, JOURNAL_MAX_BYTES, &bytes, err) < 0)
		return -1;
	if (journal_parse(out, buf_text(&bytes), bytes.len, path, err) < 0)
		return -1;
	return 0;
}

void journal_log_done(struct journal_log *log)
{
	free(log->objects);
	arena_done(&log->arena);
	*log = (struct journal_log){ 0 };
}

const struct journal_object *journal_find(const struct journal_log *log, const char *id)
{
	struct journal_object key = { .id = id };
	const struct journal_object *of = &key, **found = NULL;
	if (log->n_objects)
		found = bsearch(&of, log->sorted, log->n_objects, sizeof(of), compare_objects);
	return found ? *found : NULL;
}
