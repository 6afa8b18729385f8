/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kt_lock: mutual exclusion, chosen by --//platform:lock. Only this header says which back
 * end kt_lock is. Each back end has function names of its own, so a stack trace shows which
 * lock it was.
 *
 * The contract, where L is a kt_lock:
 *
 *   kt_lock_init(&L, "name")     the name is kept by reference, for reports
 *   kt_lock_destroy(&L)          not held, and no thread will use it again
 *   kt_lock_acquire(&L)          waits; not recursive; not in a signal handler
 *   kt_lock_try_acquire(&L)      true if it was free and is now held
 *   kt_lock_release(&L)          by the holder only
 *   kt_lock_assert_held(&L)      fails unless the calling thread holds L
 *
 * After its acquire, the next holder sees what the previous one did before its release. A
 * release that lets another thread in does not touch L afterwards, because that
 * thread may free L. If KT_LOCK_FIFO is 1, threads get the lock in the order in which they
 * came. Otherwise the lock makes no promise about the order.
 *
 * Locks with the same name are one class. `checked-<impl>` wraps any <impl>. It also fails
 * if two classes are acquired in the opposite order to one that was seen before; if a
 * thread sleeps while it holds a lock; and if a thread that holds a lock acquires another
 * lock of the same class by a call other than
 *
 *   kt_lock_acquire_nested(&L)   as kt_lock_acquire(); the caller makes sure that
 *                                locks of this class don't wait for each other
 *
 * See lock/checked.h.
 *
 * A back end: struct kt_lock_<impl>, and functions kt_lock_<impl>_<verb>
 * whose last parameter is the site. init, destroy and assert_held have no site.
 */
#ifndef PLATFORM_LOCK_H
#define PLATFORM_LOCK_H

#if defined(KT_COMMON_CODE)
#error "this is built once for all combinations, so it must not look at one"
#endif

#include "platform/atomic.h"
#include "platform/join.h"
#include "platform/os.h"

/* The back ends, one line each. */
#define KT_LOCK_HEADER_modelled "platform/lock/modelled.h"
#define KT_LOCK_HEADER_mutex    "platform/lock/mutex.h"
#define KT_LOCK_HEADER_ticket   "platform/lock/ticket.h"
#define KT_LOCK_HEADER_mcs      "platform/lock/mcs.h"
#define KT_LOCK_HEADER_futex    "platform/lock/futex.h"
#define KT_LOCK_HEADER_park     "platform/lock/park.h"
#define KT_LOCK_HEADER_spin     "platform/lock/spin.h"
#define KT_LOCK_HEADER_tas      "platform/lock/tas.h"

#if !defined(KT_LOCK)
#error "choose a lock: --//platform:lock=, one of those above, or checked- and one of those"
#endif
#include KT_JOIN(KT_LOCK_HEADER_, KT_LOCK)
#define KT_LOCK_CHOSEN(verb) KT_JOIN3(kt_lock_, KT_LOCK, verb)
typedef struct KT_JOIN(kt_lock_, KT_LOCK) kt_lock_chosen;

/* 1: threads get the lock in the order in which they came. */
#define KT_LOCK_FIFO KT_LOCK_CHOSEN(_is_fifo)

#if defined(KT_LOCK_CHECKED)
#include "platform/lock/checked.h"
#define KT_LOCK_IMPL(verb) kt_lock_checked##verb
#define KT_LOCK_NESTED     kt_lock_checked_acquire_nested
typedef struct kt_lock_checked kt_lock;
#else
#define KT_LOCK_IMPL       KT_LOCK_CHOSEN
#define KT_LOCK_NESTED     KT_LOCK_CHOSEN(_acquire)
typedef kt_lock_chosen kt_lock;
#endif

#define kt_lock_init(l, name)   KT_LOCK_IMPL(_init)((l), (name))
#define kt_lock_destroy(l)      KT_LOCK_IMPL(_destroy)((l))
#define kt_lock_acquire(l)      KT_LOCK_IMPL(_acquire)((l), KT_SITE("acquire", #l))
#define kt_lock_acquire_nested(l) KT_LOCK_NESTED((l), KT_SITE("acquire", #l))
#define kt_lock_try_acquire(l)  KT_LOCK_IMPL(_try_acquire)((l), KT_SITE("try_acquire", #l))
#define kt_lock_release(l)      KT_LOCK_IMPL(_release)((l), KT_SITE("release", #l))
#define kt_lock_assert_held(l)  KT_LOCK_IMPL(_assert_held)((l))

#endif
