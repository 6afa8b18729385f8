/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interpreter: runs a plan's program against core/, on the platform that is linked. It
 * writes what happens into the ledger (ledger.h) and has the model (model.h) check every
 * result. The subject (subject_plan.c) calls it by this header.
 *
 * One plan is loaded at a time; executions of it follow each other. All memory is static: an
 * execution allocates only what core/ allocates.
 */
#ifndef STRESS_EXEC_H
#define STRESS_EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/os.h"
#include "stress/plan/plan.h"

struct sim_namer;

/* Prepare executions of *p. The caller keeps *p in place until the next exec_load(). */
void exec_load(const struct plan *p);

/*
 * Run one execution. Call it on the execution's first thread: the body of sim_run(), or a
 * thread that was adopted. check_expects: also check the plan's own "== R".
 */
void exec_run(bool check_expects);
/* The results of the last execution with check_expects. */
const struct subject_results *exec_results(void);

/*
 * Calls add() for the memory of an execution of the loaded plan (subject.memory). False: the
 * core is made of the kernel's own files, whose variables are not known here.
 */
bool exec_memory(void (*add)(const void *at, size_t size));

/* Send task number `victim` a fatal signal, if it runs. Only for a plan that kills. */
void exec_kill(unsigned victim);

/*
 * Kill task number `victim` for an oom directive. The allocating thread calls this, and waits
 * here until the victim's call has returned.
 */
void exec_oom(unsigned victim);

/* Is the calling thread a task of the plan, or kthreadd? */
bool exec_is_subject(void);

/* Write into the ledger that an allocation of the calling thread fails. */
void exec_alloc_failed(enum kt_role role);

/*
 * The execution ended in `failure`. If that is what the kernel's own files are known to do, returns
 * the row of the table (model_core.c) that says so; otherwise NULL. Called when no task runs any
 * more.
 */
const char *exec_known(enum kt_failure failure);

/* Can executions have *p? NULL: they can. Otherwise the reason why not. */
const char *exec_refuses(const struct plan *p);

/*
 * May an execution of *p end in a hang that the kernel's files are known for? On real threads
 * nothing can tell what hangs, so hunts on them draw no such plan.
 */
bool exec_may_hang(const struct plan *p);

/* The named points that exec_point() must see: bit kt_site_hash() % 64 of each is set. */
uint64_t exec_points(void);

/* The calling thread has reached a point whose bit is set in exec_points(). */
void exec_point(struct kt_site *site, const void *object);

/* What the memory of an execution is called: see exec_names.c. */
extern const struct sim_namer exec_namer;

#endif
