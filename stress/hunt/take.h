/* SPDX-License-Identifier: GPL-2.0-only */
/* Saves, announces and shows a failure that a command has found. */
#ifndef STRESS_HUNT_TAKE_H
#define STRESS_HUNT_TAKE_H

#include "stress/cause/cause.h"
#include "stress/hunt/finding.h"
#include "stress/hunt/options.h"
#include "stress/run/world.h"

/*
 * Make the folder o->findings, unless it is there. False after a sentence on stderr, also if no
 * file can be made in it.
 */
bool make_findings_folder(const struct options *o);

struct taken {
	const char *strategy;
	struct finding_origin origin;
	uint64_t executions;	/* how many the hunt has run, this one included */
	bool quietly;		/* another process shows it to people */
	int error;		/* set by take_finding(): errno, why it is not in the folder */
};

/*
 * The execution in `shared` gave *v. First save it as a plan, then announce or show it. If it
 * can't be saved, print the whole plan (unsaved.h). False if that failed, too: it is lost.
 *
 * If one hunt finds a bug several times, the file has the finding with the lowest number,
 * whatever the order in which they are found. So jobs that share a folder leave the same files in
 * it as one process would. A finding of another hunt stays.
 */
bool take_finding(const struct options *o, struct taken *t, struct verdict *v);

/*
 * From now on call explain() for each finding that is shown, to print its interleaving. If c, the
 * cause of *p, is NULL, explain() looks for it. explain() returns false if there is no
 * interleaving. This folder can't call explain/, because explain/ is built on it.
 */
void take_explains_with(bool (*explain)(const struct plan *p, const struct cause *c));

/* Shrink the finding in the file `path` into the file finding_shrunk_path(), and say nothing. */
void shrink_finding(const char *path);

/*
 * Show a finding that is saved in `path` and that took `executions` executions. False if the
 * file can't be read.
 */
bool show_finding(const char *path, uint64_t executions);

#endif
