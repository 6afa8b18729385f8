/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Barriers. The program's pthread_barrier_t has less room than the type says: four words are
 * used, those of struct barrier. The last thread that arrives lets the others through by a flag
 * in each of them, because the first of them to return may destroy the barrier.
 */
#include "platform/hosted/models.h"

#define DESTROYED 0x6b746864u

struct barrier {
	unsigned count;		/* threads that it takes */
	unsigned arrived;	/* of this round */
	unsigned round;
	unsigned state;		/* DESTROYED, or not */
};

_Static_assert(sizeof(struct barrier) <= sizeof(pthread_barrier_t), "the barrier has room");

static struct barrier *of(pthread_barrier_t *b)
{
	return (struct barrier *)(void *)b;
}

static void check(const pthread_barrier_t *b, uintptr_t pc)
{
	hosted_heap_check(b, sizeof *b, pc);
	if (of((pthread_barrier_t *)(uintptr_t)b)->state == DESTROYED)
		hosted_fail(KT_DISCIPLINE, pc, "barrier %s was destroyed", hosted_object_name(b));
}

/* So that a thread which leaves late does not see what others do in the next round. */
static const void *edge_of(const struct barrier *b)
{
	return (const char *)b + (b->round & 1);
}

static int init(pthread_barrier_t *b, unsigned count, uintptr_t pc)
{
	if (count == 0 || count > INT_MAX)
		return EINVAL;
	hosted_arrive(hosted_site(pc, HOSTED_INIT), b);
	hosted_heap_check(b, sizeof *b, pc);
	hosted_check_idle(b, "barrier", "initialized", pc);
	*of(b) = (struct barrier){ .count = count };
	return 0;
}

static int destroy(pthread_barrier_t *b, uintptr_t pc)
{
	hosted_arrive(hosted_site(pc, HOSTED_DESTROY), b);
	check(b, pc);
	hosted_check_idle(b, "barrier", "destroyed", pc);
	of(b)->state = DESTROYED;
	return 0;
}

static int wait_at(struct barrier *b, uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, HOSTED_BARRIER);
	struct hosted_thread *self = hosted_self();
	const void *edge;
	int first;

	hosted_arrive(site, b);
	check((pthread_barrier_t *)(void *)b, pc);
	if (b->count == 0)
		hosted_fail(KT_DISCIPLINE, pc, "barrier %s was never initialized",
			    hosted_object_name(b));
	edge = edge_of(b);
	hosted_release(edge);
	if (++b->arrived < b->count) {
		self->let_through = false;
		while (!self->let_through)
			hosted_block(site, b, HOSTED_NEVER, -1);
		hosted_acquire(edge);
		return 0;
	}
	b->arrived = 0;
	b->round++;
	while ((first = hosted_first_sleeper(b)) >= 0) {
		hosted_thread[first].let_through = true;
		hosted_wake_task((uint32_t)first);
	}
	hosted_acquire(edge);
	return PTHREAD_BARRIER_SERIAL_THREAD;
}

/* ---- what programs call ----------------------------------------------- */

HOSTED_EXPORT int pthread_barrier_init(pthread_barrier_t *b, const pthread_barrierattr_t *a,
				       unsigned count)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_barrier_init)(b, a, count);
	return init(b, count, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_barrier_destroy(pthread_barrier_t *b)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_barrier_destroy)(b);
	return destroy(b, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_barrier_wait(pthread_barrier_t *b)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_barrier_wait)(b);
	return wait_at(of(b), HOSTED_CALLER);
}
