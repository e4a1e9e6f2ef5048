/* The checks, by subject; table.c has their rows. */
#ifndef POLICY_CHECKS_SUBJECTS_H
#define POLICY_CHECKS_SUBJECTS_H

struct check_run;
struct checked;
struct change;

typedef void check_object_fn(struct check_run *r, const struct checked *o);
typedef void check_change_fn(struct check_run *r, const struct change *c);

/* ports.c */
check_object_fn check_duplicate_ports;
/* versions.c */
check_object_fn check_deprecated_api, check_removed_api;
/* references.c, reference_fields.c */
check_object_fn check_dangling_reference;
/* going.c */
check_change_fn check_still_referenced;
/* selectors.c */
check_object_fn check_selector_mismatch, check_selector_without_pods, check_disruption_budget;
/* namespaces.c */
check_object_fn check_namespace_mismatch;
/* secrets.c, secret_rules.c */
check_object_fn check_plain_secret, check_likely_secret, check_secret_manifest,
	check_url_credentials;
/* schema.c */
check_object_fn check_unknown_field, check_wrong_type, check_missing_field, check_invalid_value;
/* immutable.c */
check_change_fn check_immutable_field;
/* notes.c */
check_change_fn note_data_loss, note_downtime, note_privilege, note_exposure;

#endif
