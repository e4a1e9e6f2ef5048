/* What the files of a rollback share; see rollback.h.  Only they include this. */
#ifndef APPLY_ROLLBACK_PRIVATE_H
#define APPLY_ROLLBACK_PRIVATE_H

#include "apply/rollback.h"
#include "plan/diff/owners.h"
#include "plan/merge/schema.h"

enum item_next {
	ITEM_READ, /* to be read */
	ITEM_ASK,  /* dry-run: what would its change make of the object? */
	ITEM_DONE, /* decided */
};

/* What the apply did to an object. */
enum deed { DEED_NOTHING, DEED_UNKNOWN, DEED_CREATED, DEED_CHANGED, DEED_DELETED, DEED_REPLACED };

struct item {
	const struct journal_object *o;
	struct object_ref ref;
	const struct kind *kind; /* NULL: not served (any more) */
	const struct schema_node *schema;
	size_t application; /* index in the plan */
	/* whole, values of Secrets included; NULL: not there */
	const struct json *before, *after, *live;
	const char *unkept; /* before or after was there and cannot be had: why */
	enum deed deed;
	enum item_next next;
	unsigned rounds;
	bool without_chosen;     /* a Service: without addresses that are taken by now */
	const struct json *body; /* what is to be applied, whole */
	struct field_set undone; /* fields that go back; those that go away, with what holds them */
	struct field_set leaving; /* of these: that go away, and that others hold until then */
	struct change change;
	bool has_change;
};

struct rollback {
	const struct rollback_options *o;
	struct arena arena; /* wiped: Secrets are in it */
	struct kind_table kinds;
	struct schema_set schemas;
	struct plan plan; /* being made; lives in our arena */
	struct item *items;
	size_t n;
	const char **notes;
	size_t n_notes, cap_notes;
};

const char *item_meta(const struct json *object, const char *key); /* of metadata; NULL */
const char *item_label(struct rollback *rb, const struct item *it);
/* Leaves the object as it is, with a reason. */
void item_stop(struct rollback *rb, struct item *it, enum action action, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Begins the change of an item. */
void item_begin(struct rollback *rb, struct item *it, enum action action);
void item_warn(struct rollback *rb, struct item *it, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Its namespace or CRD is created again by this very plan. */
bool item_is_deferred(const struct rollback *rb, const struct item *it);
/* `desired` of the plan: without the values of a Secret, which are named by their digest. */
void item_set_desired(struct rollback *rb, struct item *it);
/* The uid and digest that the object has to have. */
void item_set_precondition(struct rollback *rb, struct item *it);
const char *item_digest(struct rollback *rb, const struct item *it, const struct json *object,
			bool after);

/* ---- rollback_items.c */
int rollback_add_items(struct rollback *rb, struct err *err);
int rollback_read_schemas(struct rollback *rb, struct err *err);

/* ---- rollback_decide.c: the object was read (it->live) */
void rollback_decide(struct rollback *rb, struct item *it);

/* ---- rollback_fields.c: an object that was changed */
void rollback_change(struct rollback *rb, struct item *it);
/* The dry-run has answered: false where nothing is left to be undone. */
bool rollback_changed(struct rollback *rb, struct item *it, const struct json *answer);
/* Fields of `set` that people have changed since the apply, for a message; NULL: none. */
const char *rollback_touched(struct rollback *rb, const struct item *it,
			     const struct field_set *set);

/* Whether all fields are as the apply left them (it->after). */
bool rollback_has_values(struct rollback *rb, const struct item *it);

/* ---- rollback_recreate.c: one that was deleted or replaced */
void rollback_recreate(struct rollback *rb, struct item *it, enum action action);
/* What is there now has all the content of before already. */
bool rollback_is_back(struct rollback *rb, struct item *it);
void rollback_recreated(struct rollback *rb, struct item *it, const struct json *answer);

/* ---- rollback_owners.c: ownership after the write, and what is given back */
/* What is to be taken from others first: a rollback that is rolled back has given it to them. */
void rollback_take_over(struct rollback *rb, struct item *it);
void rollback_give_back(struct rollback *rb, struct item *it, const struct json *owned);

/* ---- rollback_record.c: what the applications record */
int rollback_records(struct rollback *rb, struct err *err);

#endif
