/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STRESS_EXPLAIN_EXPLAIN_H
#define STRESS_EXPLAIN_EXPLAIN_H

#include "stress/hunt/options.h"
#include "stress/plan/plan.h"

/* The command; returns an exit status (options.h). */
int command_explain(const struct options *o);

/* Run *p once in a child and print its interleaving to stdout. False: no verdict. */
bool explain_text(const struct plan *p);

#endif
