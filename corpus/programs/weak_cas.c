/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two threads apply for a seat, once each. The main thread expects that one of them has it.
 *
 * Stands for: a weak compare-and-exchange without a loop, and a try that fails although it could
 *	succeed.
 * Bug: the weak compare-and-exchange of both threads fails although the seat is free, as C11
 *	allows. No thread has the seat.
 * Repair: the strong form, which fails only if the seat is taken.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#ifdef REPAIRED
#define try_exchange atomic_compare_exchange_strong
#else
#define try_exchange atomic_compare_exchange_weak
#endif

static atomic_int seat;

static void *applicant(void *number)
{
	int none = 0;

	try_exchange(&seat, &none, *(int *)number);
	return NULL;
}

int main(void)
{
	pthread_t a, b;
	int one = 1, two = 2;

	pthread_create(&a, NULL, applicant, &one);
	pthread_create(&b, NULL, applicant, &two);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(atomic_load(&seat) != 0);
	return 0;
}
