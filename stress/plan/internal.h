/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this folder share. No other folder includes it. */
#ifndef STRESS_PLAN_INTERNAL_H
#define STRESS_PLAN_INTERNAL_H

#include "stress/plan/plan.h"

#define PLAN_NAME_MAX      64	/* bytes of a thread's name with its zero */
#define PLAN_TASK_NAME_MAX 32	/* bytes of a task's name with its zero */
#define PLAN_POINT_MAX     144	/* bytes of a point with its zero */

/* plan_intern() of a string that ends with a zero. */
plan_str plan_intern_text(struct plan *p, const char *s);

/* Find the value of an errno by its word. False if plans have no such word. */
bool plan_errno_find(const char *name, size_t len, int32_t *value);

/* Does the body have all of `traits`? */
bool plan_body_has(enum plan_body b, unsigned traits);

/* How often the generator draws the operation for a worker, relative to the others. */
unsigned plan_op_weight(enum plan_op_kind k);

/* "TARGET at TASK POINT #N", and what its TASK and TARGET are, for error messages. */
const char *plan_directive_form(enum plan_directive_kind k);
const char *plan_directive_task(enum plan_directive_kind k);
const char *plan_directive_target(enum plan_directive_kind k);

/* For plan_one_of(): the word of operation i if that makes a thread; if not, NULL. */
const char *plan_making_word(unsigned i);

/* One part of the form of a directive. */
struct plan_form_part {
	enum {
		PLAN_FORM_WORD,		/* the plan has this very word */
		PLAN_FORM_TASK, PLAN_FORM_TARGET, PLAN_FORM_POINT, PLAN_FORM_STORE,
		PLAN_FORM_ROLE, PLAN_FORM_NTH, PLAN_FORM_AFTER, PLAN_FORM_OLDER,
	} kind;
	char word[16];
};

/* Read the next part, and move *form past it. False at the end. */
bool plan_form_next(const char **form, struct plan_form_part *part);

/*
 * Put "a, b or c" into buf: the words from word(0) to word(count - 1), without those that are
 * NULL. Returns buf.
 */
const char *plan_one_of(char *buf, size_t size, const char *(*word)(unsigned i), unsigned count);

/* The index of the task or thread, or -1 if there is none. */
int plan_find_task(const struct plan *p, const char *name);
int plan_find_thread(const struct plan *p, const char *name);

/*
 * Can p have a task or thread of that name? In a plan with tasks: one of them, one of
 * their threads, init, kthreadd or ktimers. The tasks of a program may have any name.
 */
bool plan_knows_name(const struct plan *p, const char *name);

/* May a text in quotes hold this byte? */
bool plan_may_quote(char c);

/*
 * Format a thread's name. False if the format is bad or does not agree with has_number, or if
 * the result is empty or might not fit into buf.
 */
bool plan_format_name(const char *format, bool has_number, int32_t number, char *buf, size_t size);

/* The nth of t's plan_names(), in buf, which has PLAN_NAME_MAX + 16 bytes. */
const char *plan_thread_name(const struct plan *p, const struct plan_thread *t, unsigned nth,
			     char *buf);

/* ---- edit.c: the result may break plan_check() --------------------------- */

/* Insert *op as operation `at` of the task. False if the plan has no room. */
bool plan_insert_op(struct plan *p, unsigned task, unsigned at, const struct plan_op *op);
void plan_remove_op(struct plan *p, unsigned i);
void plan_remove_thread(struct plan *p, unsigned i);	/* also removes its operations */
void plan_remove_task(struct plan *p, unsigned i);	/* also removes its threads */
void plan_remove_directive(struct plan *p, unsigned i);
void plan_drop_dangling(struct plan *p);	/* drop directives whose task or thread is gone */
void plan_drop_identity(struct plan *p);	/* drop signature, cause and origin */
void plan_compact(struct plan *p);		/* drop strings that are not used */

#endif
