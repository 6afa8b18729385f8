/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutexes, rwlocks, spin locks. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

#include "cases.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static int count;

static void spawn(int n, void *(*fn)(void *))
{
	pthread_t t[8];

	for (int i = 0; i < n; i++)
		assert(!pthread_create(&t[i], NULL, fn, NULL));
	for (int i = 0; i < n; i++)
		assert(!pthread_join(t[i], NULL));
}

static struct timespec soon(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void init(pthread_mutex_t *m, int type, int robust)
{
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, type);
	if (robust)
		pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	assert(!pthread_mutex_init(m, &a));
	pthread_mutexattr_destroy(&a);
}

/* ---- mutexes ---------------------------------------------------------- */

static void *add(void *arg)
{
	pthread_mutex_lock(&mutex);
	count++;
	pthread_mutex_unlock(&mutex);
	return arg;
}

CASE(mutex_excludes)
{
	spawn(3, add);
	assert(count == 3);
	assert(!pthread_mutex_destroy(&mutex));
}

static void *hold_mutex(void *arg)
{
	assert(pthread_mutex_trylock(&mutex) == EBUSY);
	return arg;
}

CASE(mutex_trylock_busy)
{
	pthread_mutex_lock(&mutex);
	assert(pthread_mutex_trylock(&mutex) == EBUSY);
	spawn(1, hold_mutex);
	pthread_mutex_unlock(&mutex);
	assert(!pthread_mutex_trylock(&mutex));
	pthread_mutex_unlock(&mutex);
}

CASE(mutex_recursive)
{
	pthread_mutex_t m = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

	assert(pthread_mutex_unlock(&m) == EPERM);
	assert(!pthread_mutex_lock(&m) && !pthread_mutex_lock(&m) && !pthread_mutex_trylock(&m));
	assert(!pthread_mutex_unlock(&m) && !pthread_mutex_unlock(&m));
	assert(!pthread_mutex_unlock(&m) && pthread_mutex_unlock(&m) == EPERM);
	assert(!pthread_mutex_destroy(&m));
}

CASE(mutex_errorcheck)
{
	pthread_mutex_t m = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
	struct timespec t = soon(CLOCK_REALTIME);

	assert(pthread_mutex_unlock(&m) == EPERM);
	assert(!pthread_mutex_lock(&m));
	assert(pthread_mutex_lock(&m) == EDEADLK);
	assert(pthread_mutex_trylock(&m) == EBUSY);
	assert(pthread_mutex_timedlock(&m, &t) == EDEADLK);
	assert(!pthread_mutex_unlock(&m));
}

static pthread_mutex_t checked;

static void *unlock_checked(void *arg)
{
	assert(pthread_mutex_unlock(&checked) == EPERM);
	return arg;
}

CASE(mutex_errorcheck_other)
{
	init(&checked, PTHREAD_MUTEX_ERRORCHECK, 0);
	pthread_mutex_lock(&checked);
	spawn(1, unlock_checked);
	pthread_mutex_unlock(&checked);
	pthread_mutex_destroy(&checked);
}

CASE(mutex_adaptive)
{
	pthread_mutex_t m = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;

	assert(!pthread_mutex_lock(&m) && pthread_mutex_trylock(&m) == EBUSY);
	assert(!pthread_mutex_unlock(&m));
}

CASE(mutex_priorities)
{
	pthread_mutexattr_t a;
	pthread_mutex_t m;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	assert(!pthread_mutex_init(&m, &a));
	assert(!pthread_mutex_lock(&m) && !pthread_mutex_unlock(&m));
	assert(!pthread_mutex_destroy(&m));
}

static void *time_out(void *arg)
{
	struct timespec t = soon(CLOCK_REALTIME), u = soon(CLOCK_MONOTONIC), bad = { 0, -1 };

	assert(pthread_mutex_timedlock(&mutex, &t) == ETIMEDOUT);
	assert(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &u) == ETIMEDOUT);
	assert(pthread_mutex_timedlock(&mutex, &bad) == EINVAL);
	return arg;
}

CASE(mutex_timedlock)
{
	struct timespec t = soon(CLOCK_REALTIME);

	assert(!pthread_mutex_timedlock(&mutex, &t));
	assert(pthread_mutex_timedlock(&mutex, &t) == ETIMEDOUT);
	spawn(1, time_out);
	pthread_mutex_unlock(&mutex);
}

static pthread_mutex_t robust;

static void *die(void *arg)
{
	pthread_mutex_lock(&robust);
	return arg;
}

CASE(mutex_robust_consistent)
{
	init(&robust, PTHREAD_MUTEX_NORMAL, 1);
	spawn(1, die);
	assert(pthread_mutex_consistent(&robust) == EINVAL);
	assert(pthread_mutex_lock(&robust) == EOWNERDEAD);
	assert(!pthread_mutex_consistent(&robust));
	assert(!pthread_mutex_unlock(&robust));
	assert(!pthread_mutex_lock(&robust) && !pthread_mutex_unlock(&robust));
	assert(!pthread_mutex_destroy(&robust));
}

CASE(mutex_robust_lost)
{
	init(&robust, PTHREAD_MUTEX_ERRORCHECK, 1);
	spawn(1, die);
	assert(pthread_mutex_trylock(&robust) == EOWNERDEAD);
	assert(!pthread_mutex_unlock(&robust));
	assert(pthread_mutex_lock(&robust) == ENOTRECOVERABLE);
	assert(pthread_mutex_trylock(&robust) == ENOTRECOVERABLE);
	assert(!pthread_mutex_destroy(&robust));
}

BAD_CASE(mutex_unlock_free, "unlocks mutex mutex, which nobody holds")
{
	pthread_mutex_unlock(&mutex);
}

static void *unlock_it(void *arg)
{
	pthread_mutex_unlock(&mutex);
	return arg;
}

BAD_CASE(mutex_unlock_other, "T1 unlocks mutex mutex, which main holds")
{
	pthread_mutex_lock(&mutex);
	spawn(1, unlock_it);
}

BAD_CASE(mutex_relock, "main locks mutex mutex, which it already holds")
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_lock(&mutex);
}

BAD_CASE(mutex_destroy_held, "mutex mutex is destroyed while main holds it")
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_destroy(&mutex);
}

BAD_CASE(mutex_init_held, "mutex mutex is initialized while main holds it")
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_init(&mutex, NULL);
}

BAD_CASE(mutex_use_destroyed, "mutex mutex was destroyed")
{
	pthread_mutex_destroy(&mutex);
	pthread_mutex_lock(&mutex);
}

BAD_CASE(mutex_use_garbage, "was never initialized")
{
	pthread_mutex_lock(malloc(sizeof(pthread_mutex_t)));
}

BAD_CASE(mutex_use_freed, "free")
{
	pthread_mutex_t *m = malloc(sizeof *m);

	pthread_mutex_init(m, NULL);
	free(m);
	pthread_mutex_lock(m);
}

static void *end_with_lock(void *arg)
{
	pthread_mutex_lock(&mutex);
	return arg;
}

BAD_CASE(mutex_held_at_end, "T1 ends while it holds mutex, which it took at")
{
	spawn(1, end_with_lock);
}

BAD_CASE(mutex_held_by_main, "main ends while it holds mutex, which it took at")
{
	pthread_mutex_lock(&mutex);
}

static void *cross(void *arg)
{
	pthread_mutex_lock(&other);
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	pthread_mutex_unlock(&other);
	return arg;
}

BAD_CASE(mutex_crossed, "nobody can run")
{
	pthread_t t;

	pthread_create(&t, NULL, cross, NULL);
	pthread_mutex_lock(&mutex);
	pthread_mutex_lock(&other);
	pthread_mutex_unlock(&other);
	pthread_mutex_unlock(&mutex);
	pthread_join(t, NULL);
}

/* ---- C11 -------------------------------------------------------------- */

CASE(mtx)
{
	struct timespec t = soon(CLOCK_REALTIME);
	mtx_t m;

	assert(mtx_init(&m, mtx_plain | mtx_recursive) == thrd_success);
	assert(mtx_lock(&m) == thrd_success && mtx_lock(&m) == thrd_success);
	mtx_unlock(&m);
	mtx_unlock(&m);
	mtx_destroy(&m);
	assert(mtx_init(&m, mtx_timed) == thrd_success);
	assert(mtx_timedlock(&m, &t) == thrd_success);
	assert(mtx_trylock(&m) == thrd_busy);
	assert(mtx_timedlock(&m, &t) == thrd_timedout);
	assert(mtx_unlock(&m) == thrd_success);
	mtx_destroy(&m);
}

/* Only C11 allows that. */
BAD_CASE(mtx_trylock_spurious, "mtx_trylock(&m) == thrd_success")
{
	pthread_t t;
	mtx_t m;

	mtx_init(&m, mtx_plain);
	pthread_create(&t, NULL, add, NULL);
	assert(mtx_trylock(&m) == thrd_success);
	mtx_unlock(&m);
	pthread_join(t, NULL);
}

/* ---- rwlocks ---------------------------------------------------------- */

static void *rw_read(void *arg)
{
	pthread_rwlock_rdlock(&rwlock);
	assert(count == 0 || count == 2);
	pthread_rwlock_unlock(&rwlock);
	return arg;
}

CASE(rwlock_excludes)
{
	pthread_t t[2];

	pthread_create(&t[0], NULL, rw_read, NULL);
	pthread_create(&t[1], NULL, rw_read, NULL);
	pthread_rwlock_wrlock(&rwlock);
	count++;
	count++;
	pthread_rwlock_unlock(&rwlock);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	assert(!pthread_rwlock_destroy(&rwlock));
}

static void *rw_try(void *arg)
{
	struct timespec t = soon(CLOCK_REALTIME), u = soon(CLOCK_MONOTONIC);

	assert(pthread_rwlock_trywrlock(&rwlock) == EBUSY);
	assert(!pthread_rwlock_tryrdlock(&rwlock));
	assert(!pthread_rwlock_unlock(&rwlock));
	assert(pthread_rwlock_timedwrlock(&rwlock, &t) == ETIMEDOUT);
	assert(pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &u) == ETIMEDOUT);
	return arg;
}

CASE(rwlock_readers)
{
	assert(!pthread_rwlock_rdlock(&rwlock) && !pthread_rwlock_rdlock(&rwlock));
	spawn(1, rw_try);
	assert(!pthread_rwlock_unlock(&rwlock) && !pthread_rwlock_unlock(&rwlock));
	assert(!pthread_rwlock_trywrlock(&rwlock));
	assert(pthread_rwlock_tryrdlock(&rwlock) == EBUSY);
	assert(pthread_rwlock_rdlock(&rwlock) == EDEADLK);
	assert(pthread_rwlock_wrlock(&rwlock) == EDEADLK);
	assert(!pthread_rwlock_unlock(&rwlock));
}

static void *write_late(void *arg)
{
	pthread_rwlock_wrlock(&rwlock);
	pthread_rwlock_unlock(&rwlock);
	return arg;
}

static void read_twice(void)
{
	pthread_t t;

	pthread_create(&t, NULL, write_late, NULL);
	pthread_rwlock_rdlock(&rwlock);
	pthread_rwlock_rdlock(&rwlock);
	pthread_rwlock_unlock(&rwlock);
	pthread_rwlock_unlock(&rwlock);
	pthread_join(t, NULL);
}

CASE(rwlock_prefers_readers)
{
	read_twice();
}

BAD_CASE(rwlock_prefers_writers, "nobody can run")
{
	pthread_rwlockattr_t a;

	pthread_rwlockattr_init(&a);
	pthread_rwlockattr_setkind_np(&a, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&rwlock, &a);
	read_twice();
}

static pthread_rwlock_t used_before = PTHREAD_RWLOCK_INITIALIZER;

static pthread_mutex_t held_before = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t held_twice = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

/* As the constructors of static objects do. The C library leaves a trace in the lock. */
__attribute__((constructor))
static void use_before_main(void)
{
	pthread_mutex_lock(&held_before);
	pthread_mutex_lock(&held_twice);
	pthread_mutex_lock(&held_twice);
	pthread_rwlock_wrlock(&used_before);
	pthread_rwlock_unlock(&used_before);
}

static void *finds_held(void *arg)
{
	assert(pthread_mutex_trylock(&held_before) == EBUSY);
	assert(pthread_mutex_trylock(&held_twice) == EBUSY);
	return arg;
}

CASE(mutex_held_before_main)
{
	pthread_t t;

	pthread_create(&t, NULL, finds_held, NULL);
	pthread_join(t, NULL);
	pthread_mutex_unlock(&held_before);
	pthread_mutex_unlock(&held_twice);
	assert(!pthread_mutex_unlock(&held_twice));
	assert(pthread_mutex_unlock(&held_twice) == EPERM);
}

CASE(rwlock_used_before_main)
{
	assert(!pthread_rwlock_tryrdlock(&used_before));
	assert(pthread_rwlock_trywrlock(&used_before) == EBUSY);
	pthread_rwlock_unlock(&used_before);
	assert(!pthread_rwlock_trywrlock(&used_before));
	pthread_rwlock_unlock(&used_before);
	pthread_rwlock_destroy(&used_before);
}

BAD_CASE(rwlock_upgrade, "for writing, which it already holds for reading")
{
	pthread_rwlock_rdlock(&rwlock);
	pthread_rwlock_wrlock(&rwlock);
}

static void *rw_unlock(void *arg)
{
	pthread_rwlock_unlock(&rwlock);
	return arg;
}

BAD_CASE(rwlock_unlock_other, "T1 unlocks rwlock rwlock, which it does not hold")
{
	pthread_rwlock_rdlock(&rwlock);
	spawn(1, rw_unlock);
}

BAD_CASE(rwlock_destroy_held, "rwlock rwlock is destroyed while main holds it")
{
	pthread_rwlock_rdlock(&rwlock);
	pthread_rwlock_destroy(&rwlock);
}

/* ---- spin locks ------------------------------------------------------- */

static void *spin_add(void *arg)
{
	pthread_spin_lock(&spin);
	count++;
	pthread_spin_unlock(&spin);
	return arg;
}

CASE(spin_excludes)
{
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	spawn(3, spin_add);
	assert(count == 3);
	assert(!pthread_spin_trylock(&spin) && pthread_spin_trylock(&spin) == EBUSY);
	pthread_spin_unlock(&spin);
	assert(!pthread_spin_destroy(&spin));
}

BAD_CASE(spin_never_initialized, "spin lock spin was never initialized")
{
	pthread_spin_lock(&spin);
}

BAD_CASE(spin_relock, "main locks spin lock spin, which it already holds")
{
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	pthread_spin_lock(&spin);
	pthread_spin_lock(&spin);
}

BAD_CASE(spin_unlock_free, "unlocks spin lock spin, which nobody holds")
{
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	pthread_spin_unlock(&spin);
}

int main(int argc, char **argv)
{
	return run_case(argc, argv);
}
