/* The forms of names in policies. */
#ifndef POLICY_RULE_NAME_H
#define POLICY_RULE_NAME_H

#include <stdbool.h>

bool is_cel_identifier(const char *name); /* and no reserved word */
bool is_qualified_name(const char *name); /* "name" or "example.com/name" */
bool is_dns_subdomain(const char *name);

#endif
