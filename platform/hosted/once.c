/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Things that are done once: pthread_once(), C11's call_once(), and the guards of C++'s local
 * static variables.
 *
 * A pthread_once_t is 0 at first, DONE in the end, and RUNNING with the number of the thread
 * that runs the function in between. If the function does not return, because of an exception,
 * a cancellation or pthread_exit(), the next thread runs it again.
 *
 * The first byte of a guard is 1 once the variable is initialized (that is the C++ ABI), and its
 * last four bytes hold the number of the thread that initializes it, + 1.
 */
#include "platform/hosted/backbone.h"
#include "platform/hosted/models.h"

enum { RUNNING = 1, DONE = 2, OWNER_SHIFT = 2 };	/* glibc's words, too */

/* On the stack of the thread that runs the function. */
struct hosted_running {
	int *once;
	struct hosted_running *outer;
};

/* The function has returned, or its frame is left. */
static void left(struct hosted_running *r)
{
	hosted_self()->running = r->outer;
	if (*r->once == DONE)
		return;
	*r->once = 0;
	hosted_wake_all(r->once);
}

void hosted_once_left(const char *frame)
{
	struct hosted_thread *self = hosted_self();

	while (self->running && (char *)self->running < frame)
		left(self->running);
}

void hosted_once(int *once, void (*fn)(void), uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, HOSTED_ONCE);

	hosted_arrive(site, once);
	for (;;) {
		int owner = (*once >> OWNER_SHIFT) - 1;

		hosted_heap_check(once, sizeof *once, pc);
		if (!(*once & RUNNING))
			break;
		if (owner == (int)hosted_me())
			hosted_fail(KT_DEADLOCK, pc, "%s waits for the end of %s, which it runs",
				    hosted_name(hosted_me()), hosted_object_name(once));
		hosted_block(site, once, HOSTED_NEVER, owner);
		sim_touch(once, SIM_WRITE);
	}
	if (*once != DONE) {
		/* The handler needs -fexceptions; it runs when an exception passes, too. */
		struct hosted_running r __attribute__((cleanup(left))) = {
			once, hosted_self()->running,
		};

		hosted_self()->running = &r;
		*once = RUNNING | (int)(hosted_me() + 1) << OWNER_SHIFT;
		fn();
		*once = DONE;
		hosted_release(once);
		hosted_wake_all(once);
	}
	hosted_acquire(once);
}

/*
 * The unwinder makes its tables once, at the first exception or cancellation. The function ends
 * without a choice point, so no other thread is in it, and no choice is lost.
 */
static bool is_unwinder(uintptr_t pc)
{
	const struct hosted_module *m = hosted_module_of(pc);

	return m && m->unwinder;
}

HOSTED_EXPORT int pthread_once(pthread_once_t *once, void (*fn)(void))
{
	if (!hosted_on() || is_unwinder(HOSTED_CALLER))
		return HOSTED_REAL(pthread_once)(once, fn);
	hosted_once(once, fn, HOSTED_CALLER);
	return 0;
}

/* Here and not in c11.c, because HOSTED_REAL() needs the plain name. */
HOSTED_EXPORT void call_once(once_flag *once, void (*fn)(void))
{
	if (!hosted_on())
		HOSTED_REAL(call_once)(once, fn);
	else
		hosted_once((int *)(void *)once, fn, HOSTED_CALLER);
}

/* ---- C++ guards ------------------------------------------------------- */

struct guard {
	uint8_t done;
	uint8_t unused[3];
	int owner;		/* the thread that initializes the variable, + 1 */
};

/* The C++ library's, which a program in C does not have. */
int __cxa_guard_acquire(struct guard *g);
void __cxa_guard_release(struct guard *g);
void __cxa_guard_abort(struct guard *g);

static int guard_acquire(struct guard *g, uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, HOSTED_ONCE);

	hosted_arrive(site, g);
	while (!g->done && g->owner) {
		if (g->owner == (int)hosted_me() + 1)
			hosted_fail(KT_DEADLOCK, pc,
				    "%s needs the static variable %s while it initializes it",
				    hosted_name(hosted_me()), hosted_object_name(g));
		hosted_block(site, g, HOSTED_NEVER, g->owner - 1);
		sim_touch(g, SIM_WRITE);
	}
	hosted_acquire(g);
	if (g->done)
		return 0;
	g->owner = (int)hosted_me() + 1;
	return 1;
}

static void guard_end(struct guard *g, bool done)
{
	g->owner = 0;
	g->done = done;
	hosted_release(g);
	hosted_wake_all(g);
}

HOSTED_EXPORT int __cxa_guard_acquire(struct guard *g)
{
	if (!hosted_on())
		return HOSTED_REAL(__cxa_guard_acquire)(g);
	return guard_acquire(g, HOSTED_CALLER);
}

HOSTED_EXPORT void __cxa_guard_release(struct guard *g)
{
	if (!hosted_on()) {
		HOSTED_REAL(__cxa_guard_release)(g);
		return;
	}
	/* A store that other threads see without a lock, so a point comes before it. */
	hosted_arrive(hosted_site(HOSTED_CALLER, HOSTED_ONCE), g);
	guard_end(g, true);
}

HOSTED_EXPORT void __cxa_guard_abort(struct guard *g)
{
	if (!hosted_on()) {
		HOSTED_REAL(__cxa_guard_abort)(g);
		return;
	}
	guard_end(g, false);
}
