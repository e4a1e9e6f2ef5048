/* The rows of all checks, sorted by id; docs/checks.md has a section for each. */
#include "policy/checks/check.h"
#include "policy/checks/subjects.h"

#define OBJECT(id, level, title, reason, fn)                                                       \
	{                                                                                          \
		{ id, level, title, reason }, fn, NULL, false                                      \
	}
#define OBJECT_ASKS(id, level, title, reason, fn)                                                  \
	{                                                                                          \
		{ id, level, title, reason }, fn, NULL, true                                       \
	}
#define CHANGE(id, level, title, reason, fn)                                                       \
	{                                                                                          \
		{ id, level, title, reason }, NULL, fn, false                                      \
	}

const struct check check_table[] = {
	OBJECT_ASKS("dangling-reference", CHECK_WARN, "a reference that leads nowhere",
		    "Pods that wait for a ConfigMap or a claim that nobody makes do not start.",
		    check_dangling_reference),
	CHANGE("data-loss", CHECK_WARN, "data that goes",
	       "What is lost does not come back with a rollback.", note_data_loss),
	OBJECT("deprecated-api", CHECK_WARN, "an API version that will go",
	       "The manifest stops working with an upgrade of the cluster.", check_deprecated_api),
	OBJECT("disruption-budget", CHECK_WARN, "a budget that allows no eviction",
	       "Nodes with such pods cannot be drained, and so not be upgraded.",
	       check_disruption_budget),
	CHANGE("downtime", CHECK_WARN, "something that is not there for a while", "Users notice.",
	       note_downtime),
	OBJECT("duplicate-port", CHECK_WARN, "a port that is there twice",
	       "Only one of the two counts, or the API server refuses both.",
	       check_duplicate_ports),
	CHANGE("immutable-field", CHECK_WARN, "a field that cannot be changed",
	       "The API server refuses the update: the object has to be replaced.",
	       check_immutable_field),
	OBJECT_ASKS("invalid-value", CHECK_DENY, "a value that the schema does not allow",
		    "The API server refuses the object.", check_invalid_value),
	OBJECT_ASKS("missing-field", CHECK_DENY, "a field that the schema requires",
		    "The API server refuses the object.", check_missing_field),
	OBJECT("namespace-mismatch", CHECK_WARN,
	       "an object outside the namespace of its application",
	       "It lands where nobody looks for it.", check_namespace_mismatch),
	CHANGE("network-exposure", CHECK_AUDIT, "something that can be reached from elsewhere",
	       "Who may reach what is a decision.", note_exposure),
	OBJECT("plain-secret", CHECK_DENY, "a token or key in the clear",
	       "Everybody who can read the repository, now or later, has it.", check_plain_secret),
	OBJECT("plausible-secret", CHECK_WARN, "what looks like a password in the clear",
	       "Everybody who can read the repository, now or later, has it.", check_likely_secret),
	CHANGE("privilege", CHECK_AUDIT, "rights that the change gives",
	       "Who may do what is a decision.", note_privilege),
	OBJECT("removed-api", CHECK_DENY, "an API version that the target does not serve",
	       "The API server refuses the object.", check_removed_api),
	OBJECT("secret-in-git", CHECK_AUDIT, "a Secret with its values in Git",
	       "base64 hides nothing: everybody who can read the repository has them.",
	       check_secret_manifest),
	OBJECT("selector-mismatch", CHECK_DENY, "a selector that its own template does not match",
	       "The API server refuses the workload.", check_selector_mismatch),
	OBJECT_ASKS(
		"selector-without-pods", CHECK_WARN, "a selector that finds no pods",
		"A Service without pods answers nobody, a policy without pods protects nothing.",
		check_selector_without_pods),
	CHANGE("still-referenced", CHECK_WARN, "an object that goes while another refers to it",
	       "Pods of the other do not start any more, at the latest with the next node.",
	       check_still_referenced),
	OBJECT_ASKS("unknown-field", CHECK_WARN, "a field that the kind does not have",
		    "It does nothing, or the API server refuses the object.", check_unknown_field),
	OBJECT("url-credentials", CHECK_WARN, "a password in a URL",
	       "Everybody who can read the repository, now or later, has it.",
	       check_url_credentials),
	OBJECT_ASKS("wrong-type", CHECK_DENY, "a value of another type than its field",
		    "The API server refuses the object.", check_wrong_type),
};

const size_t check_table_n = ARRAY_LEN(check_table);
