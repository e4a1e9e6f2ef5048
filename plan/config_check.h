/* What has to hold between the parts of a configuration, and the forms of its values. */
#ifndef PLAN_CONFIG_CHECK_H
#define PLAN_CONFIG_CHECK_H

#include "plan/config.h"

enum { DNS_LABEL_MAX = 63 };

/* Sorts the applications; refuses two clusters or applications of one name, unknown clusters,
 * two ways to reach one cluster, and applications of one cluster whose folders overlap. */
int config_check(struct config *c, struct err *err);

bool is_dns_label(const char *s);

/* "apps/shop" for "./apps//shop/", "" for "."; NULL for a path that is absolute or has "..". */
const char *clean_path(struct arena *a, const char *path);

#endif
