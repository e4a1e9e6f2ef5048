/* What reading the cluster shares (live.c, members.c); internal to plan/diff. */
#ifndef PLAN_DIFF_READING_H
#define PLAN_DIFF_READING_H

#include "plan/diff/subject.h"

/* Neighbours in b->subjects of one kind and namespace. */
struct group {
	size_t first, n;
	const struct kind *kind;
	const char *namespace;
	bool listed; /* a LIST of everything in it succeeded */
};

struct reading {
	struct build *b;
	struct group *groups;
	size_t n_groups, cap_groups;
	struct list_request *lists;
	size_t *list_group; /* of each list; SIZE_MAX: a LIST over all namespaces or by label */
	size_t n_lists, cap_lists;
	struct api_call *gets;
	size_t n_gets, cap_gets;
};

/* Puts a LIST among the questions: group SIZE_MAX is one that no group waits for. */
void reading_add_list(struct reading *r, const struct kind *kind, const char *namespace,
		      const char *selector, size_t group);

/* Asks the LISTs from `first` on. */
int reading_run_lists(struct reading *r, size_t first, struct err *err);

/* What the ApplySets of the applications hold beside the declared objects (KEP-3659). */
int reading_members(struct reading *r, struct err *err);

#endif
