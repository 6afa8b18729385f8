/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interpreter: runs a plan's program against core/, on whatever platform
 * is linked. It writes what happens into the ledger (ledger.h) and has the model
 * (model.h) check every result. This is what the subject sees of it (subject_plan.c).
 *
 * One plan is loaded at a time; executions of it follow each other. All memory
 * is static: an execution allocates only what core/ allocates.
 */
#ifndef STRESS_EXEC_H
#define STRESS_EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/os.h"
#include "stress/plan/plan.h"

/* Tables for `p`, which must stay where it is while it is run. */
void exec_load(const struct plan *p);

/*
 * One execution, on its first thread (sim_run()'s body, or adopted). check_expects: also
 * the plan's own "== R".
 */
void exec_run(bool check_expects);

/* A fatal signal to task number `victim`, if it runs. Only if the plan kills. */
void exec_kill(unsigned victim);

/* The same for an oom directive, on the allocating thread; then wait for the victim's call. */
void exec_oom(unsigned victim);

/* Is the calling thread a task of the plan, or kthreadd? */
bool exec_is_subject(void);

/* An allocation of the calling thread is made to fail. */
void exec_alloc_failed(enum kt_role role);

/* Which named points exec_point() wants: bit kt_site_hash() % 64. Then one was reached. */
uint64_t exec_points(void);
void exec_point(struct kt_site *site, const void *object);

#endif
