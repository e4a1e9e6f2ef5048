/* Compiling and running; see cel.h. */
#include "policy/cel/node.h"

#include "base/utf8.h"

enum {
	DEEPEST = 5000,        /* levels of nodes, of programs that evaluate each other */
	MOST_WORK = 300000000, /* of one evaluation: see cel_work() */
};

void cel_issue_done(struct cel_issue *issue)
{
	free(issue->message);
	*issue = (struct cel_issue){ 0 };
}

void cel_position(const char *text, size_t n, size_t offset, unsigned *line, unsigned *col)
{
	*line = *col = 1;
	for (size_t i = 0; i < n && i < offset; i++) {
		if (text[i] == '\n') {
			++*line;
			*col = 1;
		} else {
			*col += ((unsigned char)text[i] & 0xC0) != 0x80;
		}
	}
}

void cel_caret(const char *text, size_t n, unsigned line, unsigned col, struct buf *out)
{
	const char *end = text + n, *stop;
	for (unsigned i = 1; i < line && text < end; i++) {
		const char *next = memchr(text, '\n', (size_t)(end - text));
		text = next ? next + 1 : end;
	}
	stop = memchr(text, '\n', (size_t)(end - text));
	stop = stop ? stop : end;
	buf_puts(out, " | ");
	for (const char *p = text; p < stop; p++)
		buf_putc(out, *p == '\t' || *p == '\r' ? ' ' : *p);
	buf_puts(out, "\n | ");
	for (unsigned i = 1; i < col && i <= stop - text; i++)
		buf_putc(out, '.');
	buf_putc(out, '^');
}

void cel_issue_text(const struct cel_issue *issue, const char *text, size_t n, struct buf *out)
{
	if (!issue->line) {
		buf_printf(out, "ERROR: <input>:-1:0: %s", issue->message);
		return;
	}
	buf_printf(out, "ERROR: <input>:%u:%u: %s\n", issue->line, issue->col, issue->message);
	cel_caret(text, n, issue->line, issue->col, out);
}

struct compilation {
	const struct cel_env *env;
	const char *text;
	size_t n;
	const struct cel_options *options;
	struct cel_program *program;
	struct cel_problem problem;
	enum cel_phase phase;
};

static bool check(struct compilation *c, struct cel_ast *a)
{
	struct cel_checker k = {
		.env = c->env,
		.arena = &c->program->arena,
		.container = c->options && c->options->container ? c->options->container : "",
		.lenient = c->options && c->options->unchecked,
		.problem = &c->problem,
	};
	struct cel_call call = { .run = c->program->folded };
	c->phase = CEL_CHECK;
	if (cel_check(&k, a))
		cel_validate(&k, &call, a);
	cel_unifier_done(&k.unifier);
	return !c->problem.set;
}

static bool build(struct compilation *c, struct cel_ast *a)
{
	struct cel_program *p = c->program;
	struct cel_builder b = { p, c->env, &c->problem };
	c->phase = CEL_PROGRAM;
	p->type = a->type;
	p->depth = a->depth + 1;
	p->n_slots = c->env->n_slots;
	p->uses = arena_calloc(&p->arena, p->n_slots + 1, sizeof(bool));
	if (c->options && c->options->check_only)
		return true;
	p->root = cel_build(&b, a);
	return p->root && !c->problem.set;
}

static bool compile(struct compilation *c)
{
	struct cel_program *p = c->program;
	const char *text = arena_strndup(&p->arena, c->text, c->n);
	p->folded = cel_run_new(NULL);
	cel_work_left = MOST_WORK;
	c->phase = CEL_PARSE;
	struct cel_ast *a =
		cel_parse(&p->arena, text, c->n, c->options && c->options->no_macros, &c->problem);
	return a && check(c, a) && build(c, a);
}

int cel_compile(const struct cel_env *env, const char *text, size_t n,
		const struct cel_options *options, struct cel_program **out,
		struct cel_issue *issue)
{
	struct compilation c = { .env = env, .text = text, .n = n, .options = options };
	c.program = xcalloc(1, sizeof(*c.program));
	if (compile(&c)) {
		*out = c.program;
		return 0;
	}
	issue->phase = c.phase;
	if (c.problem.at)
		cel_position(text, n, c.problem.at - 1, &issue->line, &issue->col);
	issue->message = buf_take(&c.problem.message);
	cel_program_free(c.program);
	return -1;
}

void cel_program_free(struct cel_program *p)
{
	if (!p)
		return;
	for (struct cel_site *s = p->sites; s; s = s->next)
		if (s->free)
			s->free(s->data);
	cel_run_free(p->folded);
	arena_done(&p->arena);
	free(p);
}

const struct cel_type *cel_program_type(const struct cel_program *p)
{
	return p->type;
}

bool cel_program_uses(const struct cel_program *p, unsigned slot)
{
	return slot < p->n_slots && p->uses[slot];
}

/* ---- runs */

struct cel_run *cel_run_new(const struct cel_limits *limits)
{
	struct cel_run *run = xcalloc(1, sizeof(*run));
	run->limit = limits && limits->cost ? limits->cost : CEL_MAX_COST;
	run->memory = limits && limits->memory ? limits->memory : CEL_MAX_MEMORY;
	return run;
}

void cel_run_free(struct cel_run *run)
{
	if (!run)
		return;
	arena_done(&run->arena);
	free(run->slots);
	free(run);
}

void cel_run_set(struct cel_run *run, unsigned slot, struct cel_value v)
{
	if (slot >= run->n_slots) {
		run->slots = xreallocarray(run->slots, slot + 1, sizeof(*run->slots));
		for (; run->n_slots <= slot; run->n_slots++)
			run->slots[run->n_slots].kind = CEL_UNSET;
	}
	run->slots[slot] = v;
}

void cel_run_reset(struct cel_run *run)
{
	arena_reset(&run->arena);
	run->inside = 0;
	for (uint32_t i = 0; i < run->n_slots; i++)
		run->slots[i].kind = CEL_UNSET;
}

struct cel_value cel_eval(struct cel_program *p, struct cel_run *run)
{
	struct cel_value v = cel_null();
	run->cost = 0;
	run->stopped = false;
	if (!run->nested) {
		cel_work_left = MOST_WORK;
		run->n_read = 0;
	}
	run->frame = p->n_frame ? cel_run_alloc(run, p->n_frame * sizeof(*run->frame)) : NULL;
	if (!run->stopped)
		v = cel_node_eval(p->root, run);
	if (!cel_over(run))
		return v;
	if (run->watch)
		run->watch->lost = true;
	return cel_error_value(&run->stop);
}

struct cel_value cel_eval_inside(struct cel_program *p, struct cel_call *c)
{
	struct cel_run *run = c->run;
	struct cel_value *frame = run->frame;
	struct cel_error stop = run->stop;
	uint64_t cost = run->cost;
	bool was_stopped = run->stopped;
	unsigned nested = run->nested;
	if (run->nested + p->depth > DEEPEST)
		return cel_fail(c, "variables that use each other are nested too deeply");
	run->nested += p->depth;
	struct cel_value v = cel_eval(p, run);
	if (run->stopped) {
		/* Its own limit is an error like any other to what uses its value. */
		run->stop_inside = run->stop;
		v = cel_error_value(&run->stop_inside);
	}
	run->inside += run->cost;
	run->nested = nested;
	run->cost = cost;
	run->frame = frame;
	run->stopped = was_stopped;
	run->stop = stop;
	return v;
}

const struct json *cel_run_read(const struct cel_run *run, unsigned i)
{
	if (i >= CEL_READ_MAX || i >= run->n_read)
		return NULL;
	return run->read[(run->n_read - 1 - i) % CEL_READ_MAX];
}

void cel_run_watch(struct cel_run *run, struct cel_reads *into)
{
	run->watch = into;
}

void cel_watch(struct cel_run *run, struct cel_read read)
{
	struct cel_reads *r = run->watch;
	if (r->n == CEL_MAX_READS) {
		r->lost = true;
		return;
	}
	GROW(r->items, r->n, r->cap);
	r->items[r->n++] = read;
}

void cel_watch_key(struct cel_run *run, const struct json *map, struct cel_value key, bool presence)
{
	char *text = cel_run_alloc(run, (size_t)key.n + 1);
	if (!text)
		return;
	memcpy(text, key.text, key.n);
	text[key.n] = '\0';
	const struct json *there = json_get(map, text);
	if (there)
		cel_watch(run, (struct cel_read){
				       there, presence ? CEL_READ_PRESENT : CEL_READ_VALUE, NULL });
	else
		cel_watch(run, (struct cel_read){ map, CEL_READ_ABSENT, text });
}

void cel_reads_done(struct cel_reads *r)
{
	free(r->items);
	*r = (struct cel_reads){ 0 };
}

uint64_t cel_run_cost(const struct cel_run *run)
{
	return run->cost;
}

uint64_t cel_run_cost_inside(const struct cel_run *run)
{
	return run->inside;
}

bool cel_run_stopped(const struct cel_run *run)
{
	return run->stopped;
}

struct arena *cel_run_arena(struct cel_run *run)
{
	return &run->arena;
}
