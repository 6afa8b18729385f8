/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_ATOMIC_H
#define KTHRASH_LINUX_ATOMIC_H

#include <linux/types.h>

#define ATOMIC_INIT(i)      { (i) }
#define ATOMIC64_INIT(i)    { (i) }
#define ATOMIC_LONG_INIT(i) { (i) }

/*
 * An operation without a result orders nothing; one with a result orders everything, unless its
 * name ends in _relaxed, _acquire or _release.
 */
#define KD_ATOMIC_ORDERED(p, A, T, name, suffix, order)                        \
	KD_INLINE T p##_add_return##suffix(T i, A *v)                          \
	{                                                                      \
		return __atomic_add_fetch(&v->counter, i, order);              \
	}                                                                      \
	KD_INLINE T p##_sub_return##suffix(T i, A *v)                          \
	{                                                                      \
		return __atomic_sub_fetch(&v->counter, i, order);              \
	}                                                                      \
	KD_INLINE T p##_inc_return##suffix(A *v)                               \
	{                                                                      \
		return __atomic_add_fetch(&v->counter, 1, order);              \
	}                                                                      \
	KD_INLINE T p##_dec_return##suffix(A *v)                               \
	{                                                                      \
		return __atomic_sub_fetch(&v->counter, 1, order);              \
	}                                                                      \
	KD_INLINE T p##_fetch_add##suffix(T i, A *v)                           \
	{                                                                      \
		return __atomic_fetch_add(&v->counter, i, order);              \
	}                                                                      \
	KD_INLINE T p##_fetch_sub##suffix(T i, A *v)                           \
	{                                                                      \
		return __atomic_fetch_sub(&v->counter, i, order);              \
	}                                                                      \
	KD_INLINE T p##_fetch_inc##suffix(A *v)                                \
	{                                                                      \
		return __atomic_fetch_add(&v->counter, 1, order);              \
	}                                                                      \
	KD_INLINE T p##_fetch_dec##suffix(A *v)                                \
	{                                                                      \
		return __atomic_fetch_sub(&v->counter, 1, order);              \
	}                                                                      \
	KD_INLINE T p##_fetch_or##suffix(T i, A *v)                            \
	{                                                                      \
		return __atomic_fetch_or(&v->counter, i, order);               \
	}                                                                      \
	KD_INLINE T p##_fetch_and##suffix(T i, A *v)                           \
	{                                                                      \
		return __atomic_fetch_and(&v->counter, i, order);              \
	}                                                                      \
	KD_INLINE T p##_fetch_andnot##suffix(T i, A *v)                        \
	{                                                                      \
		return __atomic_fetch_and(&v->counter, ~i, order);             \
	}                                                                      \
	KD_INLINE T p##_fetch_xor##suffix(T i, A *v)                           \
	{                                                                      \
		return __atomic_fetch_xor(&v->counter, i, order);              \
	}                                                                      \
	KD_INLINE T p##_xchg##suffix(A *v, T i)                                \
	{                                                                      \
		return __atomic_exchange_n(&v->counter, i, order);             \
	}                                                                      \
	KD_INLINE T p##_cmpxchg##suffix(A *v, T old, T i)                      \
	{                                                                      \
		__atomic_compare_exchange_n(&v->counter, &old, i, 0, order, __ATOMIC_RELAXED); \
		return old;                                                    \
	}                                                                      \
	KD_INLINE bool p##_try_cmpxchg##suffix(A *v, T *old, T i)              \
	{                                                                      \
		return __atomic_compare_exchange_n(&v->counter, old, i, 0, order, \
						   __ATOMIC_RELAXED);          \
	}

#define KD_ATOMIC(p, A, T)                                                     \
	KD_INLINE T p##_read(const A *v)                                       \
	{                                                                      \
		return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);         \
	}                                                                      \
	KD_INLINE T p##_read_acquire(const A *v)                               \
	{                                                                      \
		return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);         \
	}                                                                      \
	KD_INLINE void p##_set(A *v, T i)                                      \
	{                                                                      \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);            \
	}                                                                      \
	KD_INLINE void p##_set_release(A *v, T i)                              \
	{                                                                      \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELEASE);            \
	}                                                                      \
	KD_INLINE void p##_add(T i, A *v)                                      \
	{                                                                      \
		__atomic_fetch_add(&v->counter, i, __ATOMIC_RELAXED);          \
	}                                                                      \
	KD_INLINE void p##_sub(T i, A *v)                                      \
	{                                                                      \
		__atomic_fetch_sub(&v->counter, i, __ATOMIC_RELAXED);          \
	}                                                                      \
	KD_INLINE void p##_inc(A *v)                                           \
	{                                                                      \
		__atomic_fetch_add(&v->counter, 1, __ATOMIC_RELAXED);          \
	}                                                                      \
	KD_INLINE void p##_dec(A *v)                                           \
	{                                                                      \
		__atomic_fetch_sub(&v->counter, 1, __ATOMIC_RELAXED);          \
	}                                                                      \
	KD_INLINE void p##_or(T i, A *v)                                       \
	{                                                                      \
		__atomic_fetch_or(&v->counter, i, __ATOMIC_RELAXED);           \
	}                                                                      \
	KD_INLINE void p##_and(T i, A *v)                                      \
	{                                                                      \
		__atomic_fetch_and(&v->counter, i, __ATOMIC_RELAXED);          \
	}                                                                      \
	KD_INLINE void p##_andnot(T i, A *v)                                   \
	{                                                                      \
		__atomic_fetch_and(&v->counter, ~i, __ATOMIC_RELAXED);         \
	}                                                                      \
	KD_ATOMIC_ORDERED(p, A, T, p, , __ATOMIC_SEQ_CST)                      \
	KD_ATOMIC_ORDERED(p, A, T, p, _relaxed, __ATOMIC_RELAXED)              \
	KD_ATOMIC_ORDERED(p, A, T, p, _acquire, __ATOMIC_ACQUIRE)              \
	KD_ATOMIC_ORDERED(p, A, T, p, _release, __ATOMIC_RELEASE)              \
	KD_INLINE bool p##_dec_and_test(A *v)                                  \
	{                                                                      \
		return p##_dec_return(v) == 0;                                 \
	}                                                                      \
	KD_INLINE bool p##_inc_and_test(A *v)                                  \
	{                                                                      \
		return p##_inc_return(v) == 0;                                 \
	}                                                                      \
	KD_INLINE bool p##_sub_and_test(T i, A *v)                             \
	{                                                                      \
		return p##_sub_return(i, v) == 0;                              \
	}                                                                      \
	KD_INLINE bool p##_add_negative(T i, A *v)                             \
	{                                                                      \
		return p##_add_return(i, v) < 0;                               \
	}                                                                      \
	KD_INLINE T p##_fetch_add_unless(A *v, T a, T u)                       \
	{                                                                      \
		T old = p##_read(v);                                           \
									       \
		while (old != u && !p##_try_cmpxchg(v, &old, old + a))         \
			;                                                      \
		return old;                                                    \
	}                                                                      \
	KD_INLINE bool p##_add_unless(A *v, T a, T u)                          \
	{                                                                      \
		return p##_fetch_add_unless(v, a, u) != u;                     \
	}                                                                      \
	KD_INLINE bool p##_inc_not_zero(A *v)                                  \
	{                                                                      \
		return p##_add_unless(v, 1, 0);                                \
	}                                                                      \
	KD_INLINE T p##_dec_if_positive(A *v)                                  \
	{                                                                      \
		T old = p##_read(v);                                           \
									       \
		while (old > 0 && !p##_try_cmpxchg(v, &old, old - 1))          \
			;                                                      \
		return old - 1;                                                \
	}

KD_ATOMIC(atomic, atomic_t, int)
KD_ATOMIC(atomic64, atomic64_t, s64)
KD_ATOMIC(atomic_long, atomic_long_t, long)

#endif
