/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main thread waits at most ten seconds for a price and then uses it.
 *
 * Stands for: waits with a timeout whose result no code looks at.
 * Bug: the thread `finder` is slower than the timeout. The wait of the main thread returns
 *	ETIMEDOUT, and the main thread uses a price that is not there.
 * Repair: the main thread uses the price only if it has come, and works without it otherwise.
 */
#include <assert.h>
#include <pthread.h>
#include <time.h>

enum { USUAL_PRICE = 10 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t found = PTHREAD_COND_INITIALIZER;
static int price;

static void *finder(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	price = 9;
	pthread_cond_signal(&found);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static int wait_for_price(void)
{
	struct timespec until;
	int error = 0, p;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&lock);
	while (!price && !error)
		error = pthread_cond_timedwait(&found, &lock, &until);
	p = price;
#ifdef REPAIRED
	if (!p)
		p = USUAL_PRICE;
#endif
	pthread_mutex_unlock(&lock);
	return p;
}

int main(void)
{
	pthread_t t;
	int p;

	pthread_create(&t, NULL, finder, NULL);
	p = wait_for_price();
	assert(p == 9 || p == USUAL_PRICE);
	pthread_join(t, NULL);
	return 0;
}
