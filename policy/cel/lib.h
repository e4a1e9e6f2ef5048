/* The libraries of Kubernetes, and what they share.  library.h says what a library is. */
#ifndef POLICY_CEL_LIB_H
#define POLICY_CEL_LIB_H

#include "policy/cel/library.h"
#include "policy/cel/re2.h"

extern const struct cel_library cel_strings, cel_lists, cel_sets, cel_kubernetes_lists, cel_regex,
	cel_url, cel_quantity, cel_ip, cel_cidr, cel_named_formats, cel_semver;

/* The failure of a module as a value: what ran into a limit is unknown, anything else an error. */
struct cel_value cel_fail_of(struct cel_call *c, const struct err *err);

/* Texts that are to be an address, a URL, a version or the like: what is longer is unknown, so that
 * no hostile one takes more memory than it is worth. */
enum { CEL_NAME_MAX = 256 << 10 };
static inline bool cel_is_long(struct cel_value text)
{
	return text.n > CEL_NAME_MAX;
}
struct cel_value cel_too_long(void);

/* A string; bytes that are no UTF-8 become U+FFFD. */
struct cel_value cel_copy_clean(struct cel_call *c, const char *text, size_t n);

/* The compiled form of a pattern; it is kept at the call site for as long as the pattern stays the
 * same.  NULL: *why is the value to give back, Go's words behind `before`. */
struct re2 *cel_re2_of(struct cel_call *c, struct cel_value pattern, const char *before,
		       struct cel_value *why);

/* After each search with it: pays for what took longer than usual.  false: stopped. */
bool cel_re2_pay(struct cel_call *c, const struct re2 *re);

/* After the last: frees it where no call site keeps it. */
void cel_re2_done(struct cel_call *c, struct re2 *re);

/* Cost of a search: of the text args[0] and the pattern args[1]. */
uint64_t cel_cost_regex(const struct cel_value *args, struct cel_value result);

/* Cost of a walk over a value and all that is in it. */
uint64_t cel_traversal(struct cel_value v);
uint64_t cel_cost_traversal(const struct cel_value *args, struct cel_value result);

/* What a function that pays by cel_spend() before it works still costs afterwards. */
uint64_t cel_cost_paid(const struct cel_value *args, struct cel_value result);

/* string.format (lib_format.c) */
struct cel_value cel_string_format(struct cel_call *c);
bool cel_string_format_check(struct cel_call *c, const struct cel_literal *args,
			     struct cel_complaint *where, struct cel_value *why);

#endif
