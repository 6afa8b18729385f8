/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands of this folder, and what several of them use. A command returns an exit
 * status (options.h).
 */
#ifndef STRESS_HUNT_HUNT_H
#define STRESS_HUNT_HUNT_H

#include "stress/hunt/options.h"
#include "stress/run/world.h"

/* options.def says what each command does. Each has a file of its own: `stress` has stress.c. */
int command_stress(const struct options *o);
int command_verify(const struct options *o);
int command_replay(const struct options *o);
int command_shrink(const struct options *o);
int command_identify(const struct options *o);
int command_cause(const struct options *o);

/*
 * Run *p as written, in a child. If this world repeats executions, the plan runs once. If not, it
 * runs until it fails, a limited number of times. False if the child gave no verdict; the reason
 * is then v->message.
 */
bool run_as_written(const struct plan *p, struct verdict *v);

/*
 * Make *p smaller while it shows the same finding (attempt.h), for at most `seconds`. *v is the
 * verdict of *p, before and after.
 */
struct shrunk {
	unsigned runs;		/* how many executions it took */
	bool minimal;		/* nothing can go or be simpler; false: the time was up
				 * before, or this world does not repeat executions */
};
struct shrunk shrink_plan(struct plan *p, struct verdict *v, double seconds);

/* Does this world have that ability? If not, a sentence on stderr says what `option` needs. */
bool world_allows(enum world_ability ability, const char *option);

#endif
