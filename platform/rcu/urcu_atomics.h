/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * liburcu's atomic operations as C11 atomics, for code that ThreadSanitizer
 * sees. liburcu 0.13 has them in assembler, which TSan does not see, and as volatile
 * accesses, which TSan takes for data races. This header takes the place of
 * <urcu/system.h> and <urcu/uatomic/x86.h> by their include guards. It must be included
 * before any header of liburcu, even if _LGPL_SOURCE is defined.
 *
 * From 0.15 on liburcu does this itself, and has <urcu/annotate.h>. With such a version,
 * and on processors other than x86, this header replaces nothing.
 */
#ifndef PLATFORM_RCU_URCU_ATOMICS_H
#define PLATFORM_RCU_URCU_ATOMICS_H

#if !__has_include(<urcu/annotate.h>) && (defined(__x86_64__) || defined(__i386__))

#include <urcu/arch.h>
#include <urcu/compiler.h>
#include <urcu/config.h>

/* <urcu/system.h> */
#define _URCU_SYSTEM_H

#define _CMM_LOAD_SHARED(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define CMM_LOAD_SHARED(p)  _CMM_LOAD_SHARED(p)

#define _CMM_STORE_SHARED(x, v)                                                \
	(__extension__({                                                       \
		__typeof__(x) kt_v = (v);                                      \
		__atomic_store_n(&(x), kt_v, __ATOMIC_RELEASE);                \
		kt_v;                                                          \
	}))
#define CMM_STORE_SHARED(x, v) _CMM_STORE_SHARED(x, v)

/* <urcu/uatomic/x86.h> */
#define _URCU_ARCH_UATOMIC_X86_H

#define UATOMIC_HAS_ATOMIC_BYTE
#define UATOMIC_HAS_ATOMIC_SHORT

#define uatomic_read(p)   CMM_LOAD_SHARED(*(p))
#define uatomic_set(p, v) ((void)CMM_STORE_SHARED(*(p), (v)))

#define uatomic_xchg(p, v)                                                     \
	(__extension__({                                                       \
		__typeof__(*(p)) kt_v = (__typeof__(*(p)))(v);                 \
		__atomic_exchange_n((p), kt_v, __ATOMIC_SEQ_CST);              \
	}))

#define uatomic_cmpxchg(p, old, new_)                                          \
	(__extension__({                                                       \
		__typeof__(*(p)) kt_o = (__typeof__(*(p)))(old);               \
		__typeof__(*(p)) kt_n = (__typeof__(*(p)))(new_);              \
		__atomic_compare_exchange_n((p), &kt_o, kt_n, 0,               \
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
		kt_o;                                                          \
	}))

#define uatomic_add_return(p, v) __atomic_add_fetch((p), (v), __ATOMIC_SEQ_CST)
#define uatomic_sub_return(p, v) __atomic_sub_fetch((p), (v), __ATOMIC_SEQ_CST)
#define uatomic_add(p, v)        ((void)uatomic_add_return((p), (v)))
#define uatomic_sub(p, v)        ((void)uatomic_sub_return((p), (v)))
#define uatomic_inc(p)           uatomic_add((p), 1)
#define uatomic_dec(p)           uatomic_sub((p), 1)
#define uatomic_and(p, v)        ((void)__atomic_and_fetch((p), (v), __ATOMIC_SEQ_CST))
#define uatomic_or(p, v)         ((void)__atomic_or_fetch((p), (v), __ATOMIC_SEQ_CST))

/* The operations are fully ordered by themselves. */
#define cmm_smp_mb__before_uatomic_and() cmm_barrier()
#define cmm_smp_mb__after_uatomic_and()  cmm_barrier()
#define cmm_smp_mb__before_uatomic_or()  cmm_barrier()
#define cmm_smp_mb__after_uatomic_or()   cmm_barrier()
#define cmm_smp_mb__before_uatomic_add() cmm_barrier()
#define cmm_smp_mb__after_uatomic_add()  cmm_barrier()
#define cmm_smp_mb__before_uatomic_sub() cmm_barrier()
#define cmm_smp_mb__after_uatomic_sub()  cmm_barrier()
#define cmm_smp_mb__before_uatomic_inc() cmm_barrier()
#define cmm_smp_mb__after_uatomic_inc()  cmm_barrier()
#define cmm_smp_mb__before_uatomic_dec() cmm_barrier()
#define cmm_smp_mb__after_uatomic_dec()  cmm_barrier()

/* generic.h would add what an architecture lacks. Here nothing is lacking. */
#define _URCU_UATOMIC_GENERIC_H

#endif
#endif
