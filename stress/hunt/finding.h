/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A finding as a file: a plan that expects what was found, with lines that say which bug it
 * shows and how it was found. The file's name is the bug's id (run/signature.h).
 */
#ifndef STRESS_HUNT_FINDING_H
#define STRESS_HUNT_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "stress/cause/cause.h"
#include "stress/plan/plan.h"
#include "stress/run/world.h"

/*
 * Make *p expect the verdict, and its trace hash if this world repeats executions; give it the
 * signature, and the message as its note.
 */
void finding_annotate(struct plan *p, const struct verdict *v);

/* Say what causes the failure of *p. If no cause was found, *p says none. */
void finding_set_cause(struct plan *p, const struct cause *c);

/*
 * Say how *p was found in this binary. `by` is a strategy or a command. If `numbered`, it was
 * execution number `execution` of the hunt with that seed.
 */
struct finding_origin {
	const char *by;
	bool numbered;
	uint64_t seed, execution;
};
void finding_set_origin(struct plan *p, const struct finding_origin *origin);

/* Does *p say that it shows the bug with that signature? */
bool finding_has_signature(const struct plan *p, const char *signature);

/* "DIR/deadlock-1a2b3c4d.plan". */
void finding_path(char *buf, size_t size, const char *dir, const char *id);
/* "DIR/ID.min.plan" instead of "DIR/ID.plan": the file of the shrunk finding. */
void finding_shrunk_path(char *buf, size_t size, const char *path);

/*
 * Write *p to path. A file that is there stays, unless the same hunt found it in a later
 * execution. The caller holds folder_lock(). 1: written. 0: the file that was there stays, and
 * it is a plan. -errno: *p could not be written; -EEXIST if what is there is no plan.
 */
int finding_save(const char *path, const struct plan *p);

#endif
