/* What only changed its place or its name: another file, another application, another name. */
#ifndef PLAN_DIFF_MOVED_H
#define PLAN_DIFF_MOVED_H

#include "plan/diff/subject.h"

/* The application that the live object belongs to by its ApplySet label, where that is not the one
 * that declares it now; "" for an ApplySet that the configuration does not know; NULL where there
 * is none. */
const char *moved_from(struct build *b, const struct subject *s);

/* Another application that is not part of this plan and declares the object at head: deleting it
 * here and creating it there would not be a move.  NULL where there is none; an application that
 * cannot be read counts as one that declares everything. */
const char *moved_to(struct build *b, const struct subject *s);

/* Deletions and creations that are one object under another name point at each other: of the same
 * kind with the same content, or from the same place of the same file.  subjects[i] is what
 * changes[i] was made of. */
void moved_pairs(struct build *b, struct plan *p, const struct subject *const *subjects);

/* A note about objects that are declared in another file and are otherwise unchanged. */
void moved_note_files(struct build *b);

/* A note about objects that come from an ApplySet that is not planned. */
void moved_note_sets(struct build *b);

#endif
