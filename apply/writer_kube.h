/* The verbs that change a cluster behind an API server; see writer.h, which is what to call. */
#ifndef APPLY_WRITER_KUBE_H
#define APPLY_WRITER_KUBE_H

#include "apply/writer.h"

writer_fn writer_kube;

#endif
