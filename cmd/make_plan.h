/* Making a plan, as `plan` and `policy check` do: what their options say, judged by the gate. */
#ifndef CMD_MAKE_PLAN_H
#define CMD_MAKE_PLAN_H

#include "cmd/target.h"
#include "plan/plan.h"

struct make_plan_options {
	const char *verify, *max_deletes, *time;
	struct text_list exclude_kinds, allow_delete;
	bool cluster_policies;
};

/* The rows of these options, for an options struct `type` with a member `make`. */
#define MAKE_PLAN_OPTIONS(type)                                                                    \
	{ "verify",                                                                                \
	  0,                                                                                       \
	  OPTION_CHOICE,                                                                           \
	  offsetof(type, make.verify),                                                             \
	  "auto|server|predict",                                                                   \
	  "who computes the outcome; predict needs get and list only" },                           \
		{ "exclude-kind", 0,                                                               \
		  OPTION_LIST,    offsetof(type, make.exclude_kinds),                              \
		  "KIND",         "leave objects of this kind out (again for more)" },             \
		{ "allow-delete",                                                                  \
		  0,                                                                               \
		  OPTION_LIST,                                                                     \
		  offsetof(type, make.allow_delete),                                               \
		  "KIND",                                                                          \
		  "objects of this kind that hold data may be deleted (again for more)" },         \
		{ "max-deletes",                                                                   \
		  0,                                                                               \
		  OPTION_TEXT,                                                                     \
		  offsetof(type, make.max_deletes),                                                \
		  "N|N%",                                                                          \
		  "refuse to delete more of an application's objects; instead of maxDeletes" },    \
		{ "cluster-policies",                                                              \
		  0,                                                                               \
		  OPTION_FLAG,                                                                     \
		  offsetof(type, make.cluster_policies),                                           \
		  NULL,                                                                            \
		  "judge by the ValidatingAdmissionPolicies that the cluster has, too" },          \
	{                                                                                          \
		"time", 0, OPTION_TEXT, offsetof(type, make.time), "TIME",                         \
			"what policies and waivers take for now (RFC 3339)"                        \
	}

/* Says what is wrong with manifests and policies, one by one, before it fails. */
int make_plan(const struct make_plan_options *o, const struct target *t, struct plan *plan,
	      struct err *err);

/* What --time says, else the clock.  ERR_USAGE. */
int make_plan_time(const char *text, time_t *out, struct err *err);

/* The exit status for what a plan says, without --detailed-exitcode. */
int plan_exit_status(const struct plan *plan);

#endif
