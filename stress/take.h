/* SPDX-License-Identifier: GPL-2.0-only */
/* What a command does with a failure that it found: save, announce, show. */
#ifndef STRESS_TAKE_H
#define STRESS_TAKE_H

#include "stress/options.h"
#include "stress/world.h"

/* o->findings is there; false after a complaint. */
bool make_findings_folder(const struct options *o);

/*
 * The execution in `shared` gave *v: save it first, look afterwards. False if it
 * could not be saved.
 */
bool take_finding(const struct options *o, const char *found_by, const char *strategy,
		  struct verdict *v);

#endif
