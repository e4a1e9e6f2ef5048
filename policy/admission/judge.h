/* One policy with one param on one change: conditions, validations, messages, annotations. */
#ifndef POLICY_ADMISSION_JUDGE_H
#define POLICY_ADMISSION_JUDGE_H

#include "policy/admission/activation.h"
#include "policy/admission/place.h"

enum verdict { VERDICT_VIOLATION, VERDICT_UNDECIDED };

/* What keeps a change from being fine. */
struct decision {
	enum verdict verdict;
	bool error;
	bool always_denies; /* whatever the actions of the binding are */
	int validation;     /* or ADMISSION_WHOLE */
	const char *message, *reason;
	const struct expression *expression; /* NULL: none */
	struct place place;
};

struct judgement {
	struct decision *decisions;
	uint32_t n;
	struct admission_annotation *annotations;
	uint32_t n_annotations;
	const char *unsure; /* the conditions could not be decided: everything is unsure */
};

struct judge {
	struct admission *a;
	struct cel_run *cel;
	struct arena *arena; /* of the change: messages, decisions */
	struct activation activation;
	const struct admission_change *change;
	bool secret_object, secret; /* values of the object, or of it and the param, must not be
				       shown */
	admission_step_fn *each;
	void *each_ctx;
	uint64_t evaluations;
};

void judge_begin(struct judge *j, const struct admission_change *change);

struct judgement judge(struct judge *j, const struct policy *p, const struct param *param);

/* Parts of it, for standing.c.  Whether the conditions hold: true too where it cannot be told. */
bool judge_conditions(struct judge *j, const struct policy *p, const struct param *param);

/* One validation by itself.  reads: gets what it could depend on; NULL: not wanted. */
enum admission_answer judge_validation(struct judge *j, const struct policy *p,
				       const struct param *param, uint32_t i,
				       struct cel_reads *reads);

/* evaluate.c: what a run judges with. */
struct judge *run_judge(struct admission_run *run);

#endif
