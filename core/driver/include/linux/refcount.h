/* SPDX-License-Identifier: GPL-2.0-only */
/* As in the kernel, a count that goes wrong is a warning, and so a finding. */
#ifndef KTHRASH_LINUX_REFCOUNT_H
#define KTHRASH_LINUX_REFCOUNT_H

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

#define REFCOUNT_INIT(n) { .refs = ATOMIC_INIT(n) }

KD_INLINE void refcount_set(refcount_t *r, int n)
{
	atomic_set(&r->refs, n);
}

KD_INLINE unsigned int refcount_read(const refcount_t *r)
{
	return (unsigned int)atomic_read(&r->refs);
}

KD_INLINE void refcount_add(int i, refcount_t *r)
{
	WARN(atomic_fetch_add_relaxed(i, &r->refs) <= 0,
	     "refcount_t: addition on 0; use-after-free");
}

KD_INLINE void refcount_inc(refcount_t *r)
{
	refcount_add(1, r);
}

KD_INLINE bool refcount_inc_not_zero(refcount_t *r)
{
	return atomic_inc_not_zero(&r->refs);
}

KD_INLINE bool refcount_sub_and_test(int i, refcount_t *r)
{
	int old = atomic_fetch_sub(i, &r->refs);

	WARN(old < i, "refcount_t: underflow; use-after-free");
	return old == i;
}

KD_INLINE bool refcount_dec_and_test(refcount_t *r)
{
	return refcount_sub_and_test(1, r);
}

KD_INLINE void refcount_dec(refcount_t *r)
{
	WARN(atomic_fetch_sub_release(1, &r->refs) <= 1,
	     "refcount_t: decrement hit 0; leaking memory");
}

KD_INLINE bool refcount_dec_not_one(refcount_t *r)
{
	int old = atomic_read(&r->refs);

	while (old != 1)
		if (atomic_try_cmpxchg(&r->refs, &old, old - 1))
			return true;
	return false;
}

KD_INLINE bool refcount_dec_and_mutex_lock(refcount_t *r, struct mutex *m)
{
	if (refcount_dec_not_one(r))
		return false;
	mutex_lock(m);
	if (refcount_dec_and_test(r))
		return true;
	mutex_unlock(m);
	return false;
}

KD_INLINE bool refcount_dec_and_lock(refcount_t *r, spinlock_t *l)
{
	if (refcount_dec_not_one(r))
		return false;
	spin_lock(l);
	if (refcount_dec_and_test(r))
		return true;
	spin_unlock(l);
	return false;
}

#endif
