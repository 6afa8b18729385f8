/* SPDX-License-Identifier: GPL-2.0-only */
/* What a command does with a failure that it found: save, announce, show. */
#ifndef STRESS_TAKE_H
#define STRESS_TAKE_H

#include "stress/hunt/options.h"
#include "stress/run/world.h"

/* o->findings is there; false after a complaint. */
bool make_findings_folder(const struct options *o);

struct taken {
	const char *found_by;	/* for people */
	const char *strategy;
	uint64_t number;	/* of the execution, from the hunt's first */
	bool quietly;		/* what is there to see, somebody else shows */
};

/*
 * The execution in `shared` gave *v: save it first, look afterwards. False if it
 * could not be saved.
 *
 * Of several findings with one signature, of one hunt, the one with the lowest number
 * is kept, whoever comes first: processes that share a folder leave the same files in
 * it as one would. One from another hunt stays.
 */
bool take_finding(const struct options *o, const struct taken *t, struct verdict *v);

/*
 * Whatever shows a finding from now on shows its interleaving by explain(), which returns
 * false if there is none. Set once, because explain/ is built on this folder.
 */
void take_explains_with(bool (*explain)(const struct plan *p));

/* Show a finding that is saved. False if it can't be read. */
bool show_finding(const char *path, uint64_t number);

#endif
