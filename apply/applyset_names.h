/* The labels and annotations of an ApplySet parent: KEP-3659's, and what rhumb records beside. */
#ifndef APPLY_APPLYSET_NAMES_H
#define APPLY_APPLYSET_NAMES_H

#define APPLYSET_ID         "applyset.kubernetes.io/id"
#define APPLYSET_TOOLING    "applyset.kubernetes.io/tooling"
#define APPLYSET_KINDS      "applyset.kubernetes.io/contains-group-kinds"
#define APPLYSET_NAMESPACES "applyset.kubernetes.io/additional-namespaces"
#define APPLYSET_COMMIT     "rhumb.dev/commit"
#define APPLYSET_REPOSITORY "rhumb.dev/repository"
#define APPLYSET_DIGEST     "rhumb.dev/applied-digest"
#define APPLYSET_RHUMB      "rhumb/v1" /* the tooling */

#endif
