/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Three threads take slots from a lock-free stack and push them back. The stack guards itself
 * twice: only one thread at a time may claim a slot, and the last slot is never popped.
 *
 * Stands for: a bug that needs three threads and eight switches at the right places. Tools find the
 *	ABA problem in aba.c soon, and this one hardly ever.
 * Bug: thread 1 reads in pop() that slot 0 is on top. Thread 2 pops slot 0 and begins to push it:
 *	slot 1 follows, and the claim is given up. Thread 1 claims slot 0 and reads that slot 1
 *	follows. Thread 3 pops slot 1 and begins to push it. Thread 2 tries again, because the top
 *	has changed, and gives up the claim, which is now that of thread 1. It pushes slot 0 on
 *	top of slot 2. The compare-and-exchange of thread 1 succeeds, because slot 0 is on top
 *	again. It makes slot 1 the top, which thread 3 has not pushed yet, and thread 2 pops slot
 *	1. When thread 1 has pushed slot 0, thread 3 tries again, too: it gives up the claim of
 *	thread 2, pushes slot 1, and pops it while thread 2 uses it.
 * Repair: the top carries a number that each change of the top raises, so that the exchange of
 *	thread 1 fails.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { SLOTS = 3, NONE = SLOTS, ROUNDS = 2 };

/* The low 16 bits of the top are the first slot. The repair counts in the bits above. */
static atomic_uint top;
static atomic_uint next[SLOTS] = { 1, 2, NONE };
static atomic_bool claimed[SLOTS];
static atomic_int count = SLOTS;
static atomic_bool used[SLOTS];

static unsigned int top_after(unsigned int old, unsigned int slot)
{
#ifdef REPAIRED
	return ((old >> 16) + 1) << 16 | slot;
#else
	(void)old;
	return slot;
#endif
}

static unsigned int pop(void)
{
	while (atomic_load(&count) > 1) {
		unsigned int old = atomic_load(&top);
		unsigned int slot = old & 0xffff;
		unsigned int second;

		if (slot == NONE || atomic_exchange(&claimed[slot], true))
			continue;
		second = atomic_load(&next[slot]);
		if (atomic_compare_exchange_strong(&top, &old, top_after(old, second))) {
			atomic_fetch_sub(&count, 1);
			return slot; /* it stays claimed until it is pushed */
		}
		atomic_store(&claimed[slot], false);
	}
	return NONE;
}

static void push(unsigned int slot)
{
	unsigned int old = atomic_load(&top);

	do {
		atomic_store(&next[slot], old & 0xffff);
		atomic_store(&claimed[slot], false);
	} while (!atomic_compare_exchange_strong(&top, &old, top_after(old, slot)));
	atomic_fetch_add(&count, 1);
}

static void *user(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		unsigned int slot = pop();

		if (slot == NONE)
			continue;
		assert(!atomic_exchange(&used[slot], true));
		atomic_store(&used[slot], false);
		push(slot);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, user, NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
