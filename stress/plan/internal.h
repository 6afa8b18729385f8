/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files plan*.c share; nobody else includes it. */
#ifndef STRESS_PLAN_INTERNAL_H
#define STRESS_PLAN_INTERNAL_H

#include "stress/plan/plan.h"

#define PLAN_NAME_MAX      64	/* bytes of a thread's name with its zero */
#define PLAN_TASK_NAME_MAX 32	/* bytes of a task's name with its zero */
#define PLAN_POINT_MAX     144	/* bytes of a point with its zero */

bool plan_errno_find(const char *name, size_t len, int32_t *value);

const char *plan_body_name(enum plan_body b);
const char *plan_op_name(enum plan_op_kind k);

/* Index, or -1. */
int plan_find_task(const struct plan *p, const char *name);
int plan_find_thread(const struct plan *p, const char *name);

/* A task or thread of p, init, kthreadd or ktimers. */
bool plan_knows_name(const struct plan *p, const char *name);

/*
 * Format a thread's name. False if the format is bad, does not fit has_number,
 * or the result is empty or might not fit buf.
 */
bool plan_format_name(const char *format, bool has_number, int32_t number, char *buf, size_t size);

/* The nth of t's plan_names(), in buf, which has PLAN_NAME_MAX + 16 bytes. */
const char *plan_thread_name(const struct plan *p, const struct plan_thread *t, unsigned nth,
			     char *buf);

/* ---- plan_edit.c: the result may break plan_check() ---------------------- */

bool plan_insert_op(struct plan *p, unsigned task, unsigned at, const struct plan_op *op);
void plan_remove_op(struct plan *p, unsigned i);
void plan_remove_thread(struct plan *p, unsigned i);	/* and its operations */
void plan_remove_task(struct plan *p, unsigned i);	/* and its threads */
void plan_remove_directive(struct plan *p, unsigned i);
void plan_drop_dangling(struct plan *p);	/* directives that name nobody */
void plan_compact(struct plan *p);		/* drop strings nobody uses */

#endif
