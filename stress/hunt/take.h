/* SPDX-License-Identifier: GPL-2.0-only */
/* What a command does with a failure that it found: save, announce, show. */
#ifndef STRESS_HUNT_TAKE_H
#define STRESS_HUNT_TAKE_H

#include "stress/hunt/finding.h"
#include "stress/hunt/options.h"
#include "stress/run/world.h"

/* Make the folder o->findings, unless it is there. False after a complaint. */
bool make_findings_folder(const struct options *o);

struct taken {
	const char *strategy;
	struct finding_origin origin;
	uint64_t executions;	/* that the hunt had run, this one included */
	bool quietly;		/* another process shows it to people */
};

/*
 * The execution in `shared` gave *v: save it first, look afterwards. False if it
 * could not be saved.
 *
 * Of several findings of one bug by one hunt, the one with the lowest number is kept,
 * whichever comes first: processes that share a folder leave the same files in it as one
 * process would. A finding of another hunt stays.
 */
bool take_finding(const struct options *o, const struct taken *t, struct verdict *v);

/*
 * From now on a finding that is shown is shown with its interleaving, by explain(), which
 * returns false if it has none. This folder can't call explain/, which is built on it.
 */
void take_explains_with(bool (*explain)(const struct plan *p));

/*
 * Show a finding that is saved, which took so many executions. False if it can't be read.
 */
bool show_finding(const char *path, uint64_t executions);

#endif
