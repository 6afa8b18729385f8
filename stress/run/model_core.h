/* SPDX-License-Identifier: GPL-2.0-only */
/* Which core the executions have, and what the model must expect of it. */
#ifndef STRESS_MODEL_CORE_H
#define STRESS_MODEL_CORE_H

#include <stdbool.h>
#include <stdint.h>

enum model_differences {	/* model_core.c says what each is, and in which versions */
	MODEL_KTHREAD_EAGAIN = 1 << 0,
	MODEL_NAME_CUT       = 1 << 1,
	MODEL_STOP_ONCE      = 1 << 2,
	MODEL_CANCEL_DROPS   = 1 << 3,
	MODEL_FLUSH_TIMER    = 1 << 4,
	MODEL_WORKER_STARTS  = 1 << 5,
	MODEL_FROZEN_STAYS   = 1 << 6,
	MODEL_PARKED_AWAKE   = 1 << 7,
	MODEL_FROZEN_WORK    = 1 << 8,
	MODEL_FREEZE_UNSEEN  = 1 << 9,
	MODEL_FREEZE_ESCAPED = 1 << 10,
};

/* 0: our own core. Otherwise the version of the kernel, as LINUX_VERSION_CODE. */
void model_set_core(uint32_t linux_version);

extern uint32_t model_differences;	/* only model_set_core() writes it */

static inline bool model_differs(enum model_differences what)
{
	return model_differences & (uint32_t)what;
}

/*
 * The difference that explains the failure that the model is about to report, or 0. The plan that
 * shows the difference must fail, so the model does not let it pass.
 */
extern uint32_t model_explained;

/* The row's text, or NULL. */
const char *model_difference(uint32_t difference);

#endif
