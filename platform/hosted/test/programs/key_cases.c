/* SPDX-License-Identifier: GPL-2.0-only */
/* Keys for a thread's own values; what is done once. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <threads.h>

#include "cases.h"

static atomic_int count;

static pthread_t start(void *(*fn)(void *), void *arg)
{
	pthread_t t;

	assert(!pthread_create(&t, NULL, fn, arg));
	return t;
}

static void join(pthread_t t)
{
	assert(!pthread_join(t, NULL));
}

/* ---- keys ------------------------------------------------------------- */

static pthread_key_t key, early;
static atomic_int destroyed;

static void destroy(void *value)
{
	if (atomic_fetch_add(&destroyed, 1) < 2)
		pthread_setspecific(key, value);
}

static void *with_value(void *arg)
{
	assert(!pthread_getspecific(key));
	assert(!pthread_setspecific(key, arg));
	assert(pthread_getspecific(key) == arg);
	return arg;
}

CASE(keys)
{
	assert(!pthread_key_create(&key, destroy));
	assert(!pthread_setspecific(key, NULL));
	join(start(with_value, &key));
	assert(atomic_load(&destroyed) == 3);
	assert(!pthread_key_delete(key));
	assert(pthread_setspecific(key, &key) == EINVAL);
	assert(!pthread_getspecific(key));
}

static void *for_ever_again(void *arg)
{
	pthread_setspecific(key, arg);
	return arg;
}

static void set_again(void *value)
{
	atomic_fetch_add(&destroyed, 1);
	pthread_setspecific(key, value);
}

CASE(keys_four_rounds)
{
	pthread_key_create(&key, set_again);
	join(start(for_ever_again, &key));
	assert(atomic_load(&destroyed) == PTHREAD_DESTRUCTOR_ITERATIONS);
}

CASE(keys_limit)
{
	int n = 0;

	while (!pthread_key_create(&key, NULL))
		n++;
	assert(n > 100 && n <= PTHREAD_KEYS_MAX);
}

__attribute__((constructor))
static void early_key(void)
{
	pthread_key_create(&early, NULL);
	pthread_setspecific(early, &early);
}

CASE(keys_before_main)
{
	pthread_key_t k;

	assert(pthread_getspecific(early) == &early);
	assert(!pthread_key_create(&k, NULL) && k != early);
}

CASE(tss)
{
	tss_t k;

	assert(tss_create(&k, NULL) == thrd_success);
	assert(tss_set(k, &k) == thrd_success && tss_get(k) == &k);
	tss_delete(k);
}

/* ---- once ------------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static once_flag c11_once = ONCE_FLAG_INIT;

static void once_counts(void)
{
	atomic_fetch_add(&count, 1);
}

static void *all_once(void *arg)
{
	pthread_once(&once, once_counts);
	assert(atomic_load(&count) >= 1);
	call_once(&c11_once, once_counts);
	assert(atomic_load(&count) == 2);
	return arg;
}

CASE(once_runs_once)
{
	pthread_t a = start(all_once, NULL), b = start(all_once, NULL);

	join(a);
	join(b);
	assert(atomic_load(&count) == 2);
}

static void once_exits(void)
{
	if (atomic_fetch_add(&count, 1) == 0)
		pthread_exit(NULL);
}

static void *once_twice(void *arg)
{
	pthread_once(&once, once_exits);
	return arg;
}

CASE(once_runs_again)
{
	join(start(once_twice, NULL));
	join(start(once_twice, NULL));
	join(start(once_twice, NULL));
	assert(atomic_load(&count) == 2);
}

static void once_in_itself(void)
{
	pthread_once(&once, once_in_itself);
}

BAD_CASE(once_recursion, "main waits for the end of once, which it runs")
{
	pthread_once(&once, once_in_itself);
}

int main(int argc, char **argv)
{
	return run_case(argc, argv);
}
