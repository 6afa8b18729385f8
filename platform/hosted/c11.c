/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads of C11, over the models of pthreads, as in glibc. call_once() is in once.c.
 *
 * The functions are interposed one by one, because glibc's own call its pthread functions from
 * within, where no interposed function is seen.
 */
#include "platform/hosted/models.h"

static int result_of(int error)
{
	switch (error) {
	case 0:		return thrd_success;
	case ENOMEM:	return thrd_nomem;
	case ETIMEDOUT:	return thrd_timedout;
	case EBUSY:	return thrd_busy;
	default:	return thrd_error;
	}
}

static pthread_mutex_t *mutex(mtx_t *m)
{
	return (pthread_mutex_t *)(void *)m;
}

static pthread_cond_t *cond(cnd_t *c)
{
	return (pthread_cond_t *)(void *)c;
}

/* ---- threads ---------------------------------------------------------- */

HOSTED_EXPORT int thrd_create(thrd_t *t, thrd_start_t fn, void *arg)
{
	if (!hosted_on())
		return HOSTED_REAL(thrd_create)(t, fn, arg);
	return result_of(hosted_thread_create(t, NULL, NULL, fn, arg, HOSTED_CALLER));
}

HOSTED_EXPORT thrd_t thrd_current(void)
{
	return hosted_on() ? hosted_handle(hosted_me()) : HOSTED_REAL(thrd_current)();
}

HOSTED_EXPORT void thrd_exit(int result)
{
	if (!hosted_on())
		HOSTED_REAL(thrd_exit)(result);
	hosted_thread_exit((void *)(intptr_t)result);
}

HOSTED_EXPORT int thrd_join(thrd_t t, int *result)
{
	void *pointer;
	int error;

	if (!hosted_on())
		return HOSTED_REAL(thrd_join)(t, result);
	error = hosted_thread_join(t, &pointer, HOSTED_NEVER, false, HOSTED_CALLER);
	if (!error && result)
		*result = (int)(intptr_t)pointer;
	return result_of(error);
}

HOSTED_EXPORT int thrd_detach(thrd_t t)
{
	if (!hosted_on())
		return HOSTED_REAL(thrd_detach)(t);
	return result_of(hosted_thread_detach(t, HOSTED_CALLER));
}

HOSTED_EXPORT void thrd_yield(void)
{
	if (!hosted_on())
		HOSTED_REAL(thrd_yield)();
	else
		hosted_yield(hosted_site(HOSTED_CALLER, HOSTED_YIELD));
}

/* No signal can cut the sleep short, so nothing remains. */
HOSTED_EXPORT int thrd_sleep(const struct timespec *duration, struct timespec *remaining)
{
	if (!hosted_on())
		return HOSTED_REAL(thrd_sleep)(duration, remaining);
	if (!hosted_is_time(duration) || duration->tv_sec < 0)
		return -2;
	hosted_sleep(hosted_ns(duration), HOSTED_CALLER);
	return 0;
}

/* ---- mutexes ---------------------------------------------------------- */

static int init(mtx_t *m, int type, uintptr_t pc)
{
	pthread_mutexattr_t attr;
	int error;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE :
				  PTHREAD_MUTEX_NORMAL);
	error = hosted_mutex_init(mutex(m), &attr, pc);
	pthread_mutexattr_destroy(&attr);
	return result_of(error);
}

HOSTED_EXPORT int mtx_init(mtx_t *m, int type)
{
	if (!hosted_on())
		return HOSTED_REAL(mtx_init)(m, type);
	return init(m, type, HOSTED_CALLER);
}

HOSTED_EXPORT void mtx_destroy(mtx_t *m)
{
	if (!hosted_on())
		HOSTED_REAL(mtx_destroy)(m);
	else
		hosted_mutex_destroy(mutex(m), HOSTED_CALLER);
}

HOSTED_EXPORT int mtx_lock(mtx_t *m)
{
	static const struct hosted_lock_how how = {
		.op = HOSTED_LOCK, .point = true, .deadline = HOSTED_NEVER,
	};

	if (!hosted_on())
		return HOSTED_REAL(mtx_lock)(m);
	return result_of(hosted_mutex_lock(mutex(m), &how, HOSTED_CALLER));
}

/* C11 allows it to fail although the mutex is free. */
HOSTED_EXPORT int mtx_trylock(mtx_t *m)
{
	static const struct hosted_lock_how how = {
		.op = HOSTED_TRYLOCK, .point = true, .try = true, .may_fail = true,
		.deadline = HOSTED_NEVER,
	};

	if (!hosted_on())
		return HOSTED_REAL(mtx_trylock)(m);
	return result_of(hosted_mutex_lock(mutex(m), &how, HOSTED_CALLER));
}

HOSTED_EXPORT int mtx_timedlock(mtx_t *m, const struct timespec *until)
{
	if (!hosted_on())
		return HOSTED_REAL(mtx_timedlock)(m, until);
	return result_of(hosted_mutex_timed(mutex(m), CLOCK_REALTIME, until, HOSTED_CALLER));
}

HOSTED_EXPORT int mtx_unlock(mtx_t *m)
{
	if (!hosted_on())
		return HOSTED_REAL(mtx_unlock)(m);
	return result_of(hosted_mutex_unlock(mutex(m), true, HOSTED_CALLER));
}

/* ---- conditions ------------------------------------------------------- */

HOSTED_EXPORT int cnd_init(cnd_t *c)
{
	if (!hosted_on())
		return HOSTED_REAL(cnd_init)(c);
	return result_of(hosted_cond_init(cond(c), NULL, HOSTED_CALLER));
}

HOSTED_EXPORT void cnd_destroy(cnd_t *c)
{
	if (!hosted_on())
		HOSTED_REAL(cnd_destroy)(c);
	else
		hosted_cond_destroy(cond(c), HOSTED_CALLER);
}

HOSTED_EXPORT int cnd_wait(cnd_t *c, mtx_t *m)
{
	if (!hosted_on())
		return HOSTED_REAL(cnd_wait)(c, m);
	return result_of(hosted_cond_wait(cond(c), mutex(m), HOSTED_NEVER, HOSTED_CALLER));
}

HOSTED_EXPORT int cnd_timedwait(cnd_t *c, mtx_t *m, const struct timespec *until)
{
	if (!hosted_on())
		return HOSTED_REAL(cnd_timedwait)(c, m, until);
	if (!hosted_is_time(until))
		return thrd_error;
	return result_of(hosted_cond_wait(cond(c), mutex(m),
					  hosted_deadline(CLOCK_REALTIME, until), HOSTED_CALLER));
}

HOSTED_EXPORT int cnd_signal(cnd_t *c)
{
	if (!hosted_on())
		return HOSTED_REAL(cnd_signal)(c);
	hosted_cond_signal(cond(c), false, HOSTED_CALLER);
	return thrd_success;
}

HOSTED_EXPORT int cnd_broadcast(cnd_t *c)
{
	if (!hosted_on())
		return HOSTED_REAL(cnd_broadcast)(c);
	hosted_cond_signal(cond(c), true, HOSTED_CALLER);
	return thrd_success;
}

/* ---- a thread's own values -------------------------------------------- */

/* Outside an execution the pthread functions do the same as glibc's, and key.c hears of it. */
HOSTED_EXPORT int tss_create(tss_t *key, tss_dtor_t destructor)
{
	return result_of(pthread_key_create(key, destructor));
}

HOSTED_EXPORT void tss_delete(tss_t key)
{
	pthread_key_delete(key);
}

HOSTED_EXPORT void *tss_get(tss_t key)
{
	return pthread_getspecific(key);
}

HOSTED_EXPORT int tss_set(tss_t key, void *value)
{
	return result_of(pthread_setspecific(key, value));
}
