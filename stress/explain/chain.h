/* SPDX-License-Identifier: GPL-2.0-only */
/* Who should wake whom, at the end of an execution in which no task can run. */
#ifndef STRESS_EXPLAIN_CHAIN_H
#define STRESS_EXPLAIN_CHAIN_H

#include "stress/explain/happening.h"

enum { CHAIN_NOBODY = -1, CHAIN_WORDS_MAX = 1024 };

struct chain {
	bool on[SIM_TASKS_MAX];		/* the task waits for another one, or is waited for */
	bool idle[SIM_TASKS_MAX];	/* it sleeps by design, and no task waits for it */
	int16_t waits_for[SIM_TASKS_MAX];	/* a task, or CHAIN_NOBODY */
	bool is_circle;			/* some task waits, by way of others, for itself */
	char words[CHAIN_WORDS_MAX];	/* "init -> C1 (settle) -> a/0 (main) -> nobody" */
	char idlers[CHAIN_WORDS_MAX];	/* "kthreadd ktimers", or "" */
};

/* Of the end of the execution; of use if it is a deadlock. */
void chain_find(const struct told *t, struct chain *c);

#endif
