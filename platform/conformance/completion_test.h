/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the completion's conformance test share. The files are one program, and
 * each has a table of its bodies.
 */
#ifndef PLATFORM_CONFORMANCE_COMPLETION_TEST_H
#define PLATFORM_CONFORMANCE_COMPLETION_TEST_H

#include "platform/completion.h"
#include "platform/conformance/conformance.h"

enum { WAITERS = 4 };

extern const struct conformance_test completion_kill_tests[];
extern const struct conformance_test completion_stack_tests[];

/* completion_small.c: every schedule of a few threads. */
void completion_small_run(void);

struct crowd {
	kt_completion c;
	struct os_thread t[WAITERS];
	unsigned through;	/* atomic */
	unsigned data;		/* written before the completion, read after it */
};

static inline void wait_plainly(void *arg)
{
	struct crowd *s = arg;

	kt_completion_wait(&s->c);
	CHECK_EQ(s->data, 42);
	fetch_add(&s->through, 1);
}

static inline void crowd_begin(struct crowd *s, void (*fn)(void *arg))
{
	kt_completion_init(&s->c);
	s->through = s->data = 0;
	for (int i = 0; i < WAITERS; i++)
		spawn(&s->t[i], "waiter", fn, s);
	s->data = 42;
}

static inline void crowd_end(struct crowd *s, unsigned through)
{
	for (int i = 0; i < WAITERS; i++)
		os_join(&s->t[i]);
	CHECK_EQ(s->through, through);
}

#endif
