/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * liburcu's wait-free queue, with its atomic operations taken from
 * platform/atomic.h. On real threads they are C11 atomics, which ThreadSanitizer
 * knows. In the simulator they are choice points, so that it interleaves liburcu's
 * own instructions. This header takes the place of <urcu/system.h> and
 * <urcu/uatomic.h> by their include guards. Where liburcu would sleep 10 ms in poll(2),
 * this header calls cpu_relax(), which lets another thread run.
 *
 * The sites are named after liburcu's functions, and are the same in 0.13 and 0.14.
 */
#ifndef PLATFORM_QUEUE_URCU_OPS_H
#define PLATFORM_QUEUE_URCU_OPS_H

#include <stddef.h>

#include "platform/atomic.h"
#include "platform/os.h"

#if __has_include(<urcu/annotate.h>)
#error "liburcu 0.15 has other operations (uatomic_load and the like): add them here"
#endif

#include <urcu/arch.h>
#include <urcu/compiler.h>

struct cds_wfcq_node;
static inline void kt_queue_wfcq_exchanged(struct cds_wfcq_node *tail);

/* <urcu/system.h> */
#define _URCU_SYSTEM_H
#define CMM_LOAD_SHARED(x)     smp_load_acquire(&x)
#define CMM_STORE_SHARED(x, v) smp_store_release(&x, v)

/* <urcu/uatomic.h>. The queue uses one exchange: append exchanges the tail. */
#define _URCU_UATOMIC_H
#define uatomic_xchg(p, v)                                                     \
	(__extension__({                                                       \
		__typeof__(*(p)) kt_tail = xchg(p, v);                         \
		kt_queue_wfcq_exchanged(v);                                    \
		kt_tail;                                                       \
	}))
#define uatomic_cmpxchg(p, old, new_) cmpxchg(p, old, new_)

#undef caa_cpu_relax
#define caa_cpu_relax()           cpu_relax()
#define CDS_WFCQ_WAIT_SLEEP(msec) ((void)(msec), cpu_relax())

#define _LGPL_SOURCE
#include <urcu/wfcqueue.h>
#undef _LGPL_SOURCE

#endif
