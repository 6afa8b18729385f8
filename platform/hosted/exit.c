/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a program ends, and what it is judged by.
 *
 *	main() returns, exit()	As natively: thread_local variables of the caller are destroyed,
 *				then handlers of atexit() and destructors of static variables
 *				run, the last registered first. Other threads go on meanwhile,
 *				and until the end of the process.
 *				Then output is flushed, and the execution ends, whatever other
 *				threads do.
 *	a status other than 0	A finding, at once: no handler runs.
 *	_exit(), quick_exit()	As natively.
 *
 * abort.c has assertions and abort().
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

#include "platform/hosted/explore.h"
#include "platform/hosted/models.h"

enum { HANDLERS_MAX = 4096 };

struct handler {
	void (*with_arg)(void *arg);			/* of __cxa_atexit() */
	void (*with_status)(int status, void *arg);	/* of on_exit(), or NULL */
	void *arg;
	void *library;
};

struct handlers {
	uint32_t count;
	struct handler handler[HANDLERS_MAX];
};

/* Those registered before main(), with which each execution begins, and those that it has now. */
static struct handlers exit_before, exit_now, quick_before, quick_now;

static void copy(struct handlers *to, const struct handlers *from)
{
	to->count = from->count;
	memcpy(to->handler, from->handler, from->count * sizeof from->handler[0]);
}

/* What is registered outside of an execution runs when the process ends, and not before. */
void hosted_exit_begin(void)
{
	if (!hosted_is_driven()) {
		exit_now.count = quick_now.count = 0;
		return;
	}
	copy(&exit_now, &exit_before);
	copy(&quick_now, &quick_before);
}

static void add(struct handlers *h, struct handler handler, uintptr_t pc)
{
	if (h->count < HANDLERS_MAX)
		h->handler[h->count++] = handler;
	else if (hosted_on())
		hosted_refuse("atexit() more than 4096 times", pc);
}

static void call(const struct handler *h, int status)
{
	if (h->with_status)
		h->with_status(status, h->arg);
	else
		h->with_arg(h->arg);
}

/* A handler may register more, which run next. */
static void run(struct handlers *h)
{
	while (h->count) {
		const struct handler handler = h->handler[--h->count];

		call(&handler, 0);
	}
}

/* Those of one library, which is about to be unloaded. */
static void run_of(struct handlers *h, const void *library)
{
	for (uint32_t i = h->count; i-- > 0; ) {
		const struct handler handler = h->handler[i];

		if (handler.library != library)
			continue;
		memmove(&h->handler[i], &h->handler[i + 1],
			(--h->count - i) * sizeof h->handler[0]);
		call(&handler, 0);
		if (i > h->count)
			i = h->count;
	}
}

/* ---- the end ---------------------------------------------------------- */

/*
 * Other threads may run between the last thing that the program does and the end of the process.
 * If no thread is left besides the caller, it returns from its first frame: that costs less.
 */
__attribute__((noreturn))
static void leave(uintptr_t pc)
{
	struct hosted_thread *self = hosted_self();

	if (hosted_explores)
		explore_last();
	else if (sim_unfinished() > 1)
		hosted_arrive(hosted_site(pc, HOSTED_EXIT), NULL);
	if (sim_unfinished() > 1)
		sim_cut();
	self->gone = true;
	longjmp(self->base, 1);
}

static void flush(void)
{
	if (hosted_shows_output())
		fflush(NULL);
}

static void fail_status(int status, const char *how, uintptr_t pc)
{
	if (!status)
		return;
	flush();
	hosted_fail(KT_ASSERTION, pc, "%s: exit status %d", how, status & 0xff);
}

void hosted_exit(int status, uintptr_t pc)
{
	if (!hosted_is_driven())
		hosted_fail(KT_ASSERTION, pc, "exit() with status %d", status & 0xff);
	fail_status(status, "exit()", pc);
	hosted_self()->exiting = true;
	hosted_run_at_end();
	run(&exit_now);
	flush();
	leave(pc);
}

void hosted_exit_now(int status, uintptr_t pc)
{
	if (!hosted_is_driven())
		hosted_fail(KT_ASSERTION, pc, "_exit() with status %d", status & 0xff);
	fail_status(status, "_exit()", pc);
	leave(pc);
}

/*
 * The destructors of static variables may join threads, so this comes after them. A library's own
 * threads, such as those of OpenMP, are not the program's to join.
 */
static void check_joined(void)
{
	for (uint32_t i = 1; i < hosted_threads && !hosted_threads_may_leak; i++)
		if (!hosted_thread[i].detached && !hosted_thread[i].joined &&
		    hosted_is_program(hosted_thread[i].created_at))
			hosted_fail(KT_LEAK, hosted_thread[i].created_at,
				    "%s returned, and %s was neither joined nor detached: "
				    "pthread_create()", hosted_is_driven() ? "main()" : "the test",
				    hosted_name(i));
}

void hosted_main_returned(int status, uintptr_t pc)
{
	struct hosted_thread *self = hosted_self();

	fail_status(status, "main() returns", pc);
	self->exiting = true;
	hosted_held_at_end();
	hosted_run_at_end();
	run(&exit_now);
	check_joined();
	flush();
	leave(pc);
}

/* The execution ends like main(), and the process goes on. */
void hosted_test_returned(void)
{
	struct hosted_thread *self = hosted_self();

	self->exiting = true;
	hosted_held_at_end();
	hosted_run_at_end();
	check_joined();
	self->gone = true;
}

void hosted_exit_last(void)
{
	if (!hosted_is_driven())
		return;
	run(&exit_now);
	flush();
}

/* ---- what programs call ----------------------------------------------- */

HOSTED_EXPORT void exit(int status)
{
	if (!hosted_on())
		HOSTED_REAL(exit)(status);
	hosted_exit(status, HOSTED_CALLER);
}

HOSTED_EXPORT void _exit(int status)
{
	if (!hosted_on())
		HOSTED_REAL(_exit)(status);
	hosted_exit_now(status, HOSTED_CALLER);
}

HOSTED_EXPORT void _Exit(int status)
{
	if (!hosted_on())
		HOSTED_REAL(_Exit)(status);
	hosted_exit_now(status, HOSTED_CALLER);
}

HOSTED_EXPORT void quick_exit(int status)
{
	if (!hosted_on())
		HOSTED_REAL(quick_exit)(status);
	if (!hosted_is_driven())
		hosted_exit_now(status, HOSTED_CALLER);
	fail_status(status, "quick_exit()", HOSTED_CALLER);
	run(&quick_now);
	leave(HOSTED_CALLER);
}

int __cxa_atexit(void (*fn)(void *), void *arg, void *library);
int __cxa_at_quick_exit(void (*fn)(void *), void *library);
void __cxa_finalize(void *library);
extern void *__dso_handle __attribute__((visibility("hidden")));

/* atexit() is made of it, and so are destructors of static variables. */
HOSTED_EXPORT int __cxa_atexit(void (*fn)(void *), void *arg, void *library)
{
	const struct handler handler = { .with_arg = fn, .arg = arg, .library = library };

	if (hosted_on()) {
		add(&exit_now, handler, HOSTED_CALLER);
		return 0;
	}
	if (library != &__dso_handle)	/* the runtime's own */
		add(&exit_before, handler, HOSTED_CALLER);
	return HOSTED_REAL(__cxa_atexit)(fn, arg, library);
}

HOSTED_EXPORT int on_exit(void (*fn)(int, void *), void *arg)
{
	const struct handler handler = { .with_status = fn, .arg = arg };

	add(hosted_on() ? &exit_now : &exit_before, handler, HOSTED_CALLER);
	return hosted_on() ? 0 : HOSTED_REAL(on_exit)(fn, arg);
}

HOSTED_EXPORT int __cxa_at_quick_exit(void (*fn)(void *), void *library)
{
	const struct handler handler = { .with_arg = fn, .library = library };

	add(hosted_on() ? &quick_now : &quick_before, handler, HOSTED_CALLER);
	return hosted_on() ? 0 : HOSTED_REAL(__cxa_at_quick_exit)(fn, library);
}

HOSTED_EXPORT void __cxa_finalize(void *library)
{
	if (hosted_on())
		run_of(&exit_now, library);
	else
		HOSTED_REAL(__cxa_finalize)(library);
}
