/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared words, in the kernel's vocabulary and with the kernel's meaning.
 *
 * If another thread may touch a word at the same time without a lock, the code under test
 * uses only these operations on it. On real threads the words are C11 atomics. In the
 * simulator there is a choice point before each operation. After the point the simulator
 * checks that the pointer points to a live object.
 *
 * Ordering: READ_ONCE and WRITE_ONCE are relaxed; xchg, cmpxchg that succeeds, and the
 * read-modify-write forms that return a value are fully ordered; the bit forms without a
 * result are relaxed in Linux but fully ordered here. A cmpxchg that fails orders nothing.
 * The simulator may hold a store back as far as this ordering allows: see
 * platform/sim/weak.c.
 */
#ifndef PLATFORM_ATOMIC_H
#define PLATFORM_ATOMIC_H

#include <stdbool.h>

#include "platform/check.h"
#include "platform/point.h"
#include "platform/sanitizer.h"

#if defined(KT_OS_SIM)
#include "platform/sim/hooks.h"
/* The address to use: p, or with weak memory the place of the value that this task sees. */
#define KT_ATOMIC_AT(op, what, access, p)                                      \
	((__typeof__(p))sim_point(KT_SITE_OF(op, what, access, sizeof *(p)), (p)))
/*
 * The same for a compare-and-exchange, which in weak memory orders nothing if it fails, and is an
 * update of the kind `how` if it succeeds.
 */
#define KT_ATOMIC_IF(op, what, p, old, how)                                    \
	(__extension__({                                                       \
		struct kt_site *kt_site_if = KT_SITE_OF(op, what, KT_CMPXCHG, sizeof *(p)); \
		__typeof__(p) kt_p = sim_point(kt_site_if, (p));               \
		__builtin_expect(sim_is_weak, false) ?                         \
			(__typeof__(p))sim_at_cmpxchg(kt_site_if, kt_p, (uint64_t)(old), \
						      (how)) : kt_p;   \
	}))
#define KT_ATOMIC_MB()    sim_fence()
#define KT_ATOMIC_RMB()   ((void)(sim_is_weak ? sim_weak_rmb() : (void)0))
#define KT_ATOMIC_WMB()   ((void)(sim_is_weak ? sim_weak_wmb() : (void)0))
#define KT_ATOMIC_SEEN(p) ((__typeof__(p))sim_seen((p), sizeof *(p)))
#else
#define KT_ATOMIC_AT(op, what, access, p) (p)
#define KT_ATOMIC_IF(op, what, p, old, how) (p)
#define KT_ATOMIC_MB()                    ((void)0)
#define KT_ATOMIC_RMB()                   ((void)0)
#define KT_ATOMIC_WMB()                   ((void)0)
#define KT_ATOMIC_SEEN(p)                 (p)
#endif

/*
 * How the operation itself is done, after its choice point. In the simulator one OS
 * thread runs every task, and leaves a task only at a point. So a load and a store
 * together are as indivisible as a locked instruction, and a barrier orders nothing but
 * the stores that the simulator holds back. Locked instructions would take a tenth of an
 * execution's time. ThreadSanitizer must see real atomic operations.
 */
#if defined(KT_OS_SIM) && !KT_WITH_TSAN
#define KT_ATOMIC_LOAD(p, order)     __atomic_load_n((p), __ATOMIC_RELAXED)
#define KT_ATOMIC_STORE(p, v, order) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define KT_ATOMIC_UPDATE(p, value)                                             \
	(__extension__({                                                       \
		__auto_type kt_at = (p);                                       \
		__typeof__(*(p)) kt_old = KT_ATOMIC_LOAD(kt_at, 0);            \
		KT_ATOMIC_STORE(kt_at, (value), 0);                            \
		kt_old;                                                        \
	}))
#define KT_ATOMIC_EXCHANGE(p, v)         KT_ATOMIC_UPDATE((p), (v))
#define KT_ATOMIC_ADD(p, n, order)       KT_ATOMIC_UPDATE((p), kt_old + (n))
#define KT_ATOMIC_OR(p, bits)            KT_ATOMIC_UPDATE((p), kt_old | (bits))
#define KT_ATOMIC_AND(p, bits)           KT_ATOMIC_UPDATE((p), kt_old & (bits))
#define KT_ATOMIC_CMPXCHG(p, old, new_)  KT_ATOMIC_UPDATE((p), kt_old == (old) ? (new_) : kt_old)
#define KT_ATOMIC_FENCE()                __asm__ volatile("" ::: "memory")
#define KT_ATOMIC_ORDER(order)           KT_ATOMIC_FENCE()
#else
#define KT_ATOMIC_LOAD(p, order)     __atomic_load_n((p), (order))
#define KT_ATOMIC_STORE(p, v, order) __atomic_store_n((p), (v), (order))
#define KT_ATOMIC_EXCHANGE(p, v)     __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define KT_ATOMIC_ADD(p, n, order)   __atomic_fetch_add((p), (n), (order))
#define KT_ATOMIC_OR(p, bits)        __atomic_fetch_or((p), (bits), __ATOMIC_SEQ_CST)
#define KT_ATOMIC_AND(p, bits)       __atomic_fetch_and((p), (bits), __ATOMIC_SEQ_CST)
#define KT_ATOMIC_CMPXCHG(p, old, new_)                                        \
	(__extension__({                                                       \
		__typeof__(*(p)) kt_old = (old);                               \
		__atomic_compare_exchange_n((p), &kt_old, (new_), false,       \
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
		kt_old;                                                        \
	}))
#define KT_ATOMIC_FENCE()            __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define KT_ATOMIC_ORDER(order)       __atomic_thread_fence(order)
#endif

#define READ_ONCE(x)                                                           \
	KT_ATOMIC_LOAD(KT_ATOMIC_AT("load", #x, KT_LOAD, &(x)), __ATOMIC_RELAXED)

/* For oracles: the value that READ_ONCE would give the calling thread, without a choice point. */
#define KT_PEEK(x) KT_ATOMIC_LOAD(KT_ATOMIC_SEEN(&(x)), __ATOMIC_RELAXED)

/*
 * For oracles that compare moments: from now on the calling thread sees all stores that are
 * visible. On real threads the oracle's own words order as much.
 */
#if defined(KT_OS_SIM)
#define KT_CATCH_UP() ((void)(sim_is_weak ? sim_catch_up() : (void)0))
#else
#define KT_CATCH_UP() ((void)0)
#endif

#define WRITE_ONCE(x, v)                                                       \
	(__extension__({                                                       \
		__typeof__(x) kt_v = (v);                                      \
		KT_ATOMIC_STORE(KT_ATOMIC_AT("store", #x, KT_STORE, &(x)),     \
				kt_v, __ATOMIC_RELAXED);                       \
	}))

#define smp_load_acquire(p)                                                    \
	KT_ATOMIC_LOAD(KT_ATOMIC_AT("load", #p, KT_LOAD_ACQUIRE, (p)), __ATOMIC_ACQUIRE)

#define smp_store_release(p, v)                                                \
	(__extension__({                                                       \
		__typeof__(*(p)) kt_v = (v);                                   \
		KT_ATOMIC_STORE(KT_ATOMIC_AT("store", #p, KT_STORE_RELEASE, (p)), \
				kt_v, __ATOMIC_RELEASE);                       \
	}))

/* Store v and then a full barrier; pairs with a waker's store and barrier. */
#define smp_store_mb(x, v)                                                     \
	(__extension__({                                                       \
		__typeof__(x) kt_v = (v);                                      \
		KT_ATOMIC_STORE(KT_ATOMIC_AT("store", #x, KT_UPDATE, &(x)),    \
				kt_v, __ATOMIC_SEQ_CST);                       \
		KT_ATOMIC_FENCE();                                             \
	}))

/* Exchange; returns the old value. */
#define xchg(p, v)                                                             \
	(__extension__({                                                       \
		__typeof__(*(p)) kt_v = (v);                                   \
		KT_ATOMIC_EXCHANGE(KT_ATOMIC_AT("xchg", #p, KT_UPDATE, (p)), kt_v); \
	}))

/* If *p == old, store new. Returns what *p was. */
#define cmpxchg(p, old, new_)                                                  \
	(__extension__({                                                       \
		__typeof__(*(p)) kt_o = (old), kt_n = (new_);                  \
		KT_ATOMIC_CMPXCHG(KT_ATOMIC_IF("cmpxchg", #p, (p), kt_o, KT_UPDATE), kt_o, \
				  kt_n);                                       \
	}))

/* Add n, and return the old value. */
#define fetch_add(p, n)                                                        \
	(__extension__({                                                       \
		__typeof__(*(p)) kt_n = (n);                                   \
		KT_ATOMIC_ADD(KT_ATOMIC_AT("add", #p, KT_UPDATE, (p)), kt_n, __ATOMIC_SEQ_CST); \
	}))

#define set_bit(nr, p)                                                         \
	((void)KT_ATOMIC_OR(KT_ATOMIC_AT("set_bit", #nr, KT_UPDATE, (p)), 1UL << (nr)))

#define clear_bit(nr, p)                                                       \
	((void)KT_ATOMIC_AND(KT_ATOMIC_AT("clear_bit", #nr, KT_UPDATE, (p)), ~(1UL << (nr))))

/* Acquire, so that the caller sees what was written before set_bit(). In Linux it is relaxed. */
#define test_bit(nr, p)                                                        \
	(((KT_ATOMIC_LOAD(KT_ATOMIC_AT("test_bit", #nr, KT_LOAD_ACQUIRE, (p)), \
			  __ATOMIC_ACQUIRE) >> (nr)) & 1UL) != 0)

/*
 * Full barrier. ThreadSanitizer does not model fences, so a protocol that needs
 * one also publishes its data by an acquire/release word or by a lock.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wtsan"
#endif
#define smp_mb()                                                               \
	(__extension__({                                                       \
		KT_ATOMIC_MB();                                                \
		KT_ATOMIC_FENCE();                                             \
	}))

/*
 * Loads before it are done before loads after it; stores before it become visible before stores
 * after it. On real threads both are stronger: an acquire fence, and a release fence.
 */
#define smp_rmb()                                                              \
	(__extension__({                                                       \
		KT_ATOMIC_RMB();                                               \
		KT_ATOMIC_ORDER(__ATOMIC_ACQUIRE);                             \
	}))
#define smp_wmb()                                                              \
	(__extension__({                                                       \
		KT_ATOMIC_WMB();                                               \
		KT_ATOMIC_ORDER(__ATOMIC_RELEASE);                             \
	}))

/*
 * A reference count. It does not saturate: to take a reference to a dead object, or to
 * drop one too many, is a failure.
 */
typedef struct {
	int refs;
} refcount_t;

#define refcount_set(r, n) ((void)KT_ATOMIC_STORE(&(r)->refs, (n), __ATOMIC_RELAXED))
#define refcount_inc(r)                                                        \
	(__extension__({                                                       \
		int kt_was = KT_ATOMIC_ADD(KT_ATOMIC_AT("ref", #r, KT_UPDATE_RELAXED, &(r)->refs), \
					   1, __ATOMIC_RELAXED);               \
		KT_ASSERT(kt_was > 0);                                         \
	}))
/*
 * Take a reference and return true. False if no reference is left, because then the object is
 * being freed.
 */
#define refcount_inc_not_zero(r)                                               \
	(__extension__({                                                       \
		int *kt_at = KT_ATOMIC_AT("ref", #r, KT_UPDATE_RELAXED, &(r)->refs); \
		int kt_was = __atomic_load_n(kt_at, __ATOMIC_RELAXED);         \
		while (kt_was != 0 &&                                          \
		       !__atomic_compare_exchange_n(kt_at, &kt_was, kt_was + 1, false, \
						    __ATOMIC_RELAXED, __ATOMIC_RELAXED)) \
			;                                                      \
		KT_ASSERT(kt_was >= 0);                                        \
		kt_was != 0;                                                   \
	}))
#define refcount_dec_and_test(r)                                               \
	(__extension__({                                                       \
		int *kt_refs = KT_ATOMIC_AT("unref", #r, KT_UPDATE_ACQ_REL, &(r)->refs); \
		int kt_was = KT_ATOMIC_ADD(kt_refs, -1, __ATOMIC_ACQ_REL);     \
		KT_ASSERT(kt_was > 0);                                         \
		kt_was == 1;                                                   \
	}))

#endif
