/* SPDX-License-Identifier: GPL-2.0-only */
/* `explain`: the interleaving of one plan, as text or as JSON. */
#ifndef STRESS_EXPLAIN_EXPLAIN_H
#define STRESS_EXPLAIN_EXPLAIN_H

#include "stress/cause/cause.h"
#include "stress/hunt/options.h"
#include "stress/plan/plan.h"

/* The command; returns an exit status (options.h). */
int command_explain(const struct options *o);

/*
 * Run *p and print its interleaving as text. *c is the cause of its failure; NULL: it is not known,
 * and looked for. False if the run gave no verdict.
 */
bool explain_text(const struct plan *p, const struct cause *c);

#endif
