/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_COMPILER_H
#define KTHRASH_LINUX_COMPILER_H

#include <stddef.h>

#include <kthrash/kd.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define __user
#define __iomem
#define __force
#define __rcu
#define __percpu
#define __must_check __attribute__((warn_unused_result))
#define __maybe_unused __attribute__((unused))
#define __always_unused __attribute__((unused))
#define __printf(a, b) __attribute__((format(printf, a, b)))
#define __releases(x)
#define __acquires(x)
#define __must_hold(x)
#define __read_mostly
#define __ro_after_init
#define __cacheline_aligned_in_smp
#define ____cacheline_aligned_in_smp
#define ____cacheline_aligned
#ifndef __counted_by
#define __counted_by(x)
#endif
#ifndef __packed
#define __packed __attribute__((packed))
#endif
#ifndef __aligned
#define __aligned(x) __attribute__((aligned(x)))
#endif
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#ifndef noinline
#define noinline __attribute__((noinline))
#endif
#ifndef fallthrough
#define fallthrough __attribute__((fallthrough))
#endif

#define barrier()            __asm__ volatile("" ::: "memory")
#define data_race(expr)      (expr)
#define ACCESS_ONCE(x)       READ_ONCE(x)
#define OPTIMIZER_HIDE_VAR(x) barrier()

/*
 * Marked accesses. A pointer that was loaded by READ_ONCE() orders what is read through it, as the
 * kernel's memory model says: an acquire is the nearest that C has.
 */
#define KD_IS_POINTER(x) (__builtin_classify_type(x) == 5)
#define READ_ONCE(x) \
	__atomic_load_n(&(x), KD_IS_POINTER(x) ? __ATOMIC_ACQUIRE : __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

#define smp_load_acquire(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define smp_store_mb(x, v)      __atomic_store_n(&(x), (v), __ATOMIC_SEQ_CST)
#define smp_mb()                __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()               __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()               __atomic_thread_fence(__ATOMIC_RELEASE)
#define mb()                    smp_mb()
#define rmb()                   smp_rmb()
#define wmb()                   smp_wmb()
#define smp_mb__before_atomic() smp_mb()
#define smp_mb__after_atomic()  smp_mb()
#define smp_mb__after_spinlock() smp_mb()
#define smp_acquire__after_ctrl_dep() smp_rmb()

#define xchg(p, v)         __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define xchg_relaxed(p, v) __atomic_exchange_n((p), (v), __ATOMIC_RELAXED)
#define xchg_acquire(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)
#define xchg_release(p, v) __atomic_exchange_n((p), (v), __ATOMIC_RELEASE)
#define cmpxchg(p, old_, new_) \
	(__extension__({ \
		__typeof__(*(p)) kd_old = (old_); \
		__atomic_compare_exchange_n((p), &kd_old, (new_), 0, __ATOMIC_SEQ_CST, \
					    __ATOMIC_RELAXED); \
		kd_old; \
	}))
#define try_cmpxchg(p, old_, new_) \
	__atomic_compare_exchange_n((p), (old_), (new_), 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)

#define cpu_relax() kd_relax()
#define smp_cond_load_acquire(p, cond) \
	(__extension__({ \
		__typeof__(*(p)) VAL; \
		while (VAL = smp_load_acquire(p), !(cond)) \
			cpu_relax(); \
		VAL; \
	}))
#define smp_cond_load_relaxed(p, cond) smp_cond_load_acquire(p, cond)

#endif
