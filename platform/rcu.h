/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RCU: readers that take no lock, and updaters that wait until every reader
 * that may still see the old version is gone. Only this header says which back end is used.
 * The contract:
 *
 *   kt_rcu_read_lock()           enter a read section; sections nest
 *   kt_rcu_read_unlock()         leave it, on the same thread
 *   kt_synchronize_rcu()         wait for a grace period
 *   kt_call_rcu(&head, func)     call func(&head) after a grace period; returns
 *                                at once. head is in the object that func
 *                                frees; the caller does not touch it until then
 *   kt_rcu_barrier()             wait until every callback that was queued
 *                                before has returned
 *   rcu_dereference(p)           load a pointer that an updater may replace; the
 *                                caller sees the object as it was published
 *   rcu_assign_pointer(p, v)     publish the object at v
 *
 * A grace period waits until all read sections have ended that had begun before it. It does
 * not wait for later sections. What readers did in the sections for which it waited is seen
 * after it. Hence: unpublish, wait for a grace period, free.
 *
 * In a read section a thread does not sleep: it does not park, and does not wait for a
 * completion, a grace period or a barrier. It may take a lock. A thread leaves its sections
 * before it ends. Breaking one of these rules is a KT_DISCIPLINE failure; sleeping in a
 * read section is such a failure in the simulator only. (`modelled` and `biglock` also fail
 * if kt_call_rcu() gets a head that is queued already.)
 *
 * A callback runs on any thread, perhaps inside kt_call_rcu() or inside the
 * kt_rcu_read_unlock() that ends the grace period. So it does not sleep, does not
 * rely on os_self(), and takes no lock that is held around those calls.
 *
 * Every thread of os_spawn() and os_adopt() may be a reader; the platform
 * registers it. The child of a fork may use RCU if, in the parent, no thread but the forking
 * one was registered.
 *
 * A back end: struct kt_rcu_<impl>_head, functions kt_rcu_<impl>_{read_lock,
 * read_unlock,synchronize,call,barrier} whose last parameter is the site. The platform
 * calls kt_rcu_<impl>_{register,unregister}_thread, on the thread itself; _begin, once on
 * real threads and before each execution in the simulator; and _queued, which gives the
 * number of callbacks that have not returned.
 */
#ifndef PLATFORM_RCU_H
#define PLATFORM_RCU_H

#if defined(KT_COMMON_CODE)
#error "this is built once for all combinations, so it must not look at one"
#endif

#include "platform/atomic.h"
#include "platform/join.h"

/* The back ends, one line each. */
#define KT_RCU_HEADER_modelled "platform/rcu/modelled.h"
#define KT_RCU_HEADER_epoch    "platform/rcu/epoch.h"
#define KT_RCU_HEADER_biglock  "platform/rcu/biglock.h"
#define KT_RCU_HEADER_memb     "platform/rcu/urcu.h"
#define KT_RCU_HEADER_mb       "platform/rcu/urcu.h"
#define KT_RCU_HEADER_qsbr     "platform/rcu/urcu.h"
#define KT_RCU_HEADER_bp       "platform/rcu/urcu.h"

#if !defined(KT_RCU)
#error "choose an RCU: --//platform:rcu=, one of those above"
#endif
#include KT_JOIN(KT_RCU_HEADER_, KT_RCU)
#define KT_RCU_IMPL(verb) KT_JOIN3(kt_rcu_, KT_RCU, verb)
#define rcu_head          KT_RCU_IMPL(_head)
typedef struct rcu_head kt_rcu_head;

#define kt_rcu_read_lock()      KT_RCU_IMPL(_read_lock)(KT_SITE("rcu_read_lock", ""))
#define kt_rcu_read_unlock()    KT_RCU_IMPL(_read_unlock)(KT_SITE("rcu_read_unlock", ""))
#define kt_synchronize_rcu()    KT_RCU_IMPL(_synchronize)(KT_SITE("synchronize_rcu", ""))
#define kt_call_rcu(head, func) KT_RCU_IMPL(_call)((head), (func), KT_SITE("call_rcu", #head))
#define kt_rcu_barrier()        KT_RCU_IMPL(_barrier)(KT_SITE("rcu_barrier", ""))

/* The kernel's words, for core/; struct rcu_head is above. */
#define rcu_read_lock()      kt_rcu_read_lock()
#define rcu_read_unlock()    kt_rcu_read_unlock()
#define synchronize_rcu()    kt_synchronize_rcu()
#define call_rcu(head, func) kt_call_rcu((head), (func))
#define rcu_barrier()        kt_rcu_barrier()

/* Linux relies on the address dependency. No compiler promises to keep it, so we use acquire. */
#define rcu_dereference(p)       smp_load_acquire(&(p))
#define rcu_assign_pointer(p, v) smp_store_release(&(p), (v))

#endif
