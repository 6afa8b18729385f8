/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the kernel for drivers: what its files share. Each function that a driver calls begins
 * with KD_CALL(). Then, under `tools/kthrash run`, the call is one choice point at the driver's
 * place, and what happens inside is none (platform/hosted/include/kthrash_call.h).
 *
 * The objects have a kt_lock each. There is no lock for all, because a lock orders its holders,
 * and the race detector would take that order for the driver's own.
 */
#ifndef CORE_DRIVER_DRIVER_H
#define CORE_DRIVER_DRIVER_H

#include <errno.h>

#include "core/driver/include/kthrash/kd.h"
#include "core/kthread.h"
#include "core/kthreadd.h"
#include "core/task.h"
#include "platform/hosted/include/kthrash_call.h"
#include "platform/lock.h"
#include "platform/os.h"

#ifndef ERESTARTSYS
#define ERESTARTSYS 512
#endif

struct kd_thread;

/* What the kernel for drivers knows of the calling thread. Only the thread itself uses it. */
struct kd_self {
	struct task_struct *task;   /* NULL: not yet a task of core/ */
	struct kd_thread *thread;   /* kthread.c: of a kthread */
	int preempt;                /* spin locks held, and preempt_disable() */
	int rcu;                    /* read sections */
	int bh;                     /* local_bh_disable() and locks with _bh */
	int hardirq, softirq;       /* it runs such a callback */
	int irqs_off;               /* 1: local_irq_disable() */
	const struct kd_spin *held; /* the spin lock that it has taken last */
	unsigned signals, allowed;  /* signal.c */
	bool adopted;
};

extern __thread struct kd_self kd_own;

/* The kernel itself. It is booted before main(). */
extern struct kthreadd kd_daemon;

/* Makes the calling thread a task. Returns what is known of it. */
struct kd_self *kd_self(void);

/* ---- calls -------------------------------------------------------------------- */

static inline int kd_enter(enum kthrash_call word, const void *object, const void *pc)
{
	if (kthrash_call_enter)
		kthrash_call_enter(word, object, pc);
	return 0;
}

static inline void kd_leave(const int *unused)
{
	(void)unused;
	if (kthrash_call_leave)
		kthrash_call_leave();
}

#define KD_HERE (__builtin_return_address(0))
#define KD_CALL(word, object)                                                  \
	int kd_call __attribute__((cleanup(kd_leave), unused)) =               \
		kd_enter(KTHRASH_##word, (object), KD_HERE)

/* An object that the driver gave: an error pointer is none, and gets a report of its own. */
#define KD_OBJECT(p) (IS_ERR(p) ? NULL : (p))

static inline unsigned kd_callback_enter(void)
{
	return kthrash_callback_enter ? kthrash_callback_enter() : 0;
}

static inline void kd_callback_leave(unsigned entered)
{
	if (kthrash_callback_leave)
		kthrash_callback_leave(entered);
}

/* Around a call of the driver's code. */
#define KD_CALLBACK(call)                                                      \
	do {                                                                   \
		unsigned kd_entered = kd_callback_enter();                     \
		call;                                                          \
		kd_callback_leave(kd_entered);                                 \
	} while (0)

/* What the kernel itself needs can't fail, whatever faults are injected. */
static inline void kd_must_succeed(int by)
{
	if (kthrash_call_must_succeed)
		kthrash_call_must_succeed(by);
}

/* Memory of the kernel's own, zeroed. Never NULL. */
void *kd_alloc(size_t size);

/* ---- reports -------------------------------------------------------------------- */

__attribute__((noreturn, format(printf, 3, 4), cold)) void kd_fail(enum kt_failure kind,
								   const void *pc, const char *fmt,
								   ...);

/* Fails if the calling thread may not sleep, or sleeps already. `what` is for the report. */
void kd_may_sleep(const char *what);

/* The name of an object, from the text of its initialization: "&dev->lock" is dev->lock. */
static inline const char *kd_name(const char *text)
{
	return text && text[0] == '&' ? text + 1 : text;
}

/* ---- objects in use -------------------------------------------------------------- */

/*
 * Objects that may not be freed now, for kd_free_check(). Only under `run`, where one call follows
 * the other: the list has no lock.
 */
void kd_object_add(const void *object, const char *what);
void kd_object_gone(const void *object);

/* ---- tasks ----------------------------------------------------------------------- */

/* A kernel thread that is no kthread, for timers, works and interrupts. It never fails. */
struct kd_service {
	struct task_struct task;
	void (*fn)(void *arg);
	void *arg;
	struct kd_service *next;
	unsigned stop; /* atomic: kd_services_stop() */
};

void kd_service_start(struct kd_service *s, const char *name, void (*fn)(void *arg), void *arg);
bool kd_service_should_stop(const struct kd_service *s);
/* At the end: wake all services until each has seen that it should stop, and join them. */
void kd_services_stop(void);

/* The names of kthreads that were never stopped and have not ended are a finding. */
void kd_kthreads_at_end(void);
void kd_timers_boot(void);
void kd_workqueues_at_end(void);

/* Deadline of a sleep of so many ticks. */
uint64_t kd_deadline(unsigned long ticks);
/* The whole ticks that are left, at least `least`. */
long kd_ticks_left(uint64_t deadline_ns, long least);

/*
 * Sleep in `state`, which the caller has set before it looked at what it waits for, until
 * deadline_ns or, with UINT64_MAX, for ever.
 */
void kd_sleep_until(uint64_t deadline_ns, const char *where);
/* Does a signal end a sleep in that state? */
bool kd_signal_ends(unsigned state);

static inline void kd_list_init(struct kd_list *l)
{
	l->next = l->prev = l;
}

static inline bool kd_list_empty(const struct kd_list *l)
{
	return smp_load_acquire(&l->next) == l;
}

static inline void kd_list_add_between(struct kd_list *n, struct kd_list *prev,
				       struct kd_list *next)
{
	n->prev = prev;
	n->next = next;
	next->prev = n;
	WRITE_ONCE(prev->next, n);
}

static inline void kd_list_add(struct kd_list *n, struct kd_list *head)
{
	kd_list_add_between(n, head, head->next);
}

static inline void kd_list_add_tail(struct kd_list *n, struct kd_list *head)
{
	kd_list_add_between(n, head->prev, head);
}

static inline void kd_list_del(struct kd_list *n)
{
	struct kd_list *prev = n->prev, *next = n->next;

	next->prev = prev;
	WRITE_ONCE(prev->next, next);
	n->prev = n;
	/* For a look without the lock: the entry is its owner's again. */
	smp_store_release(&n->next, n);
}

#define KD_LOCK(l)    kt_lock_acquire((kt_lock *)(void *)(l)->opaque)
#define KD_UNLOCK(l)  kt_lock_release((kt_lock *)(void *)(l)->opaque)
_Static_assert(sizeof(kt_lock) <= sizeof(struct kd_lock), "zeros are a free lock of that size");

#endif
