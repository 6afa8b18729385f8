/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two threads borrow slots from a lock-free list of free slots, and give them back.
 *
 * Stands for: free lists and lock-free stacks that reuse their nodes (the ABA problem).
 * Bug: in borrow(), thread 1 has read that slot 0 is first and slot 1 is next. Thread 2 borrows
 *	both and gives slot 0 back. The compare-and-exchange of thread 1 succeeds, because slot 0
 *	is first again. It makes slot 1 first, which thread 2 still uses.
 * Repair: the head carries a number that each change of the head raises, so that the exchange of
 *	thread 1 fails.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { SLOTS = 3, NONE = SLOTS };

/* The low 16 bits of the head are the first free slot. The repair counts in the bits above. */
static atomic_uint head;
static atomic_uint next[SLOTS] = { 1, 2, NONE };
static atomic_bool used[SLOTS];

static unsigned int head_after(unsigned int old, unsigned int slot)
{
#ifdef REPAIRED
	return ((old >> 16) + 1) << 16 | slot;
#else
	(void)old;
	return slot;
#endif
}

static unsigned int borrow(void)
{
	unsigned int old = atomic_load(&head);
	unsigned int slot, second;

	do {
		slot = old & 0xffff;
		if (slot == NONE)
			return NONE;
		second = atomic_load(&next[slot]);
	} while (!atomic_compare_exchange_strong(&head, &old, head_after(old, second)));
	assert(!atomic_exchange(&used[slot], true));
	return slot;
}

static void give_back(unsigned int slot)
{
	unsigned int old = atomic_load(&head);

	if (slot == NONE)
		return;
	atomic_store(&used[slot], false);
	do
		atomic_store(&next[slot], old & 0xffff);
	while (!atomic_compare_exchange_strong(&head, &old, head_after(old, slot)));
}

static void *borrower(void *unused)
{
	unsigned int a, b;

	(void)unused;
	a = borrow();
	b = borrow();
	give_back(a);
	give_back(b);
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, borrower, NULL);
	pthread_create(&b, NULL, borrower, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	return 0;
}
