/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a program ends, and what it is judged by.
 *
 *	main() returns, exit()	As natively: thread_local variables of the caller are destroyed,
 *				then handlers of atexit() and destructors of static variables
 *				run, the last registered first. Other threads go on meanwhile.
 *				Then output is flushed, and the execution ends, whatever other
 *				threads do.
 *	a status other than 0	A finding, at once: no handler runs.
 *	_exit(), quick_exit()	As natively.
 *	abort(), assert()	A finding, and so is an exception that is not caught.
 *
 * If main() returns, it must not hold a lock, and each joinable thread must have been joined.
 *
 * Destructors of static variables that were constructed before main() run in each execution,
 * because the memory that they leave is put back. A program that destroys a mutex there while
 * a detached thread uses it has a bug.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "platform/hosted/models.h"

enum { HANDLERS_MAX = 4096 };

struct handler {
	void (*plain)(void);			/* of at_quick_exit() */
	void (*with_arg)(void *arg);		/* of __cxa_atexit() */
	void (*with_status)(int status, void *arg);	/* of on_exit() */
	void *arg;
	void *library;
};

struct handlers {
	uint32_t count, before;			/* `before`: registered before main() */
	struct handler handler[HANDLERS_MAX];
};

static struct handlers at_exit, at_quick_exit_;

void hosted_exit_begin(void)
{
	at_exit.count = at_exit.before;
	at_quick_exit_.count = at_quick_exit_.before;
}

/* The handlers from before main() are kept as they were, so no execution may overwrite them. */
static int add(struct handlers *h, struct handler handler, uintptr_t pc)
{
	if (h->count == HANDLERS_MAX) {
		if (hosted_on())
			hosted_refuse("so many handlers of atexit()", pc);
		return -1;
	}
	h->handler[h->count++] = handler;
	if (!hosted_on())
		h->before = h->count;
	return 0;
}

/* A handler may register more. */
static void run(struct handlers *h, int status)
{
	while (h->count) {
		const struct handler handler = h->handler[--h->count];

		if (handler.plain)
			handler.plain();
		else if (handler.with_arg)
			handler.with_arg(handler.arg);
		else
			handler.with_status(status, handler.arg);
	}
}
