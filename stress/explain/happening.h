/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happened in an execution, in words. Each thing has a place in time: at a step a task
 * arrives at a site; in the slot of that number a task does an operation (sim_detail.h).
 */
#ifndef STRESS_EXPLAIN_HAPPENING_H
#define STRESS_EXPLAIN_HAPPENING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/sim/sim_detail.h"
#include "stress/plan/plan.h"
#include "stress/run/subject.h"

enum { HAPPENING_WORDS_MAX = 512 };

/* An execution as it is told. Only `p` and `r` are always there. */
struct told {
	const struct plan *p;
	const struct sim_record *r;
	const struct sim_details *d;	/* NULL: values are not known */
	const struct subject_results *results;	/* of the plan's operations. NULL: not known */
};

/* The step whose operation is done in the slot, or SIM_NO_STEP: a task begins. */
uint32_t step_of(const struct told *t, uint32_t slot);
/* The slot in which the operation of the step is done, or SIM_NO_STEP: it never was. */
uint32_t slot_of(const struct told *t, uint32_t step);
/* The task that goes on in the slot. */
uint32_t task_of(const struct told *t, uint32_t slot);
/* The task's next step after `step`, or SIM_NO_STEP. */
uint32_t next_step_of(const struct told *t, uint32_t task, uint32_t step);

/* Could the task have gone on at this step, and another one went on? */
bool is_preempted(const struct told *t, uint32_t step);
/* Is it a wake-up that finds its task not asleep? */
bool is_vain_wake(const struct told *t, uint32_t slot);
/* How the words of such a slot end. */
extern const char vain_wake_words[];
/* Does the slot's operation change the word that it works on? */
bool is_write(const struct told *t, uint32_t slot);

/* What the slot's operation does, with its function: "wake_up_state: a/0.state = RUNNING". */
void slot_words(const struct told *t, uint32_t slot, char *buf, size_t size);
/* The same of an operation that has not happened: "set_current_state: store a/0.state". */
void pending_words(const struct told *t, uint32_t step, char *buf, size_t size);
/* What plain accesses changed in the slot; "" if nothing. At most `most` changes. */
void changes_words(const struct told *t, uint32_t slot, unsigned most, char *buf, size_t size);
/* "core/task.c:112", or "". */
void source_place(const struct kt_site *site, char *buf, size_t size);

/*
 * The operation of the plan that the task is in at that step: its index in plan.ops. -1: none,
 * for the task is none of the plan's, or has not begun.
 */
int op_at(const struct told *t, uint32_t task, uint32_t step);
/*
 * What the operations of a task of the plan returned, and which did not return: "C1: stop a
 * returned -EINTR". "" if each one that returned gave 0, or if that is not known.
 */
void results_words(const struct told *t, unsigned task, char *buf, size_t size);
/* The operation as a label: of one that makes a thread, only its kind and its handle. */
void op_words(const struct told *t, int op, char *buf, size_t size);

/* "C1: a = run "w" worker; queue a 0", and the words of a program. Both return buf. */
char *plan_task_words(const struct plan *p, unsigned task, char *buf, size_t size);
char *plan_program_words(const struct plan *p, char *buf, size_t size);

/* What the event was, behind the name of its task: "is KILLED". */
void event_words(const struct sim_record *r, const struct sim_event *e, char *buf, size_t size);

#endif
