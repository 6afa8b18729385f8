/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Three threads use a lock made of one word and the futex system call: 0 is free, 1 is held, 2 is
 * held with threads that may sleep.
 *
 * Stands for: locks and events on bare futexes.
 * Bug: threads 1 and 2 sleep. The main thread unlocks and wakes thread 1, which takes the lock by
 *	storing 1 in lock(). So it forgets thread 2, wakes nobody in unlock(), and thread 2 sleeps
 *	for ever.
 * Repair: a thread that has slept stores 2, because others may sleep still.
 */
#include <assert.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef REPAIRED
#define AFTER_SLEEP 2
#else
#define AFTER_SLEEP 1
#endif

static atomic_int word;
static int total;

static void lock(void)
{
	int seen = 0;

	if (atomic_compare_exchange_strong(&word, &seen, 1))
		return;
	for (;;) {
		/* Say that a thread sleeps, unless the lock is free by now. */
		if (seen == 2 || (seen == 1 && atomic_compare_exchange_strong(&word, &seen, 2)))
			syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
		seen = 0;
		if (atomic_compare_exchange_strong(&word, &seen, AFTER_SLEEP))
			return;
	}
}

static void unlock(void)
{
	if (atomic_exchange(&word, 0) == 2)
		syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *adder(void *unused)
{
	(void)unused;
	lock();
	total++;
	unlock();
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, adder, NULL);
	pthread_create(&b, NULL, adder, NULL);
	adder(NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(total == 3);
	return 0;
}
