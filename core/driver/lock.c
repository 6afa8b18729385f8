/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Spin locks. A thread that waits for one sleeps, so that a deadlock of spin locks is seen as one.
 *
 * Interrupts are threads here, and don't stop the thread that they would stop on its processor. So
 * what that would lead to is found as Linux's lockdep finds it: a lock that an interrupt handler
 * takes must not be taken anywhere with interrupts enabled, and a lock that a timer's or tasklet's
 * function takes not with soft interrupts enabled.
 */
#include <string.h>

#include "core/driver/driver.h"

enum { /* kd_spin.contexts, under the lock */
       IN_HARDIRQ = 1,
       IN_SOFTIRQ = 2,
       HARDIRQS_ON = 4,
       SOFTIRQS_ON = 8,
};

static unsigned context_of(const struct kd_self *s)
{
	unsigned c = 0;

	if (s->hardirq)
		return IN_HARDIRQ;
	if (s->softirq)
		c |= IN_SOFTIRQ;
	if (!s->irqs_off)
		c |= HARDIRQS_ON;
	if (!s->irqs_off && !s->bh && !s->softirq)
		c |= SOFTIRQS_ON;
	return c;
}

static const char *name_of(const struct kd_spin *l)
{
	return l->name ? l->name : "of no name";
}

/* The caller has just taken the lock. */
static void check_contexts(struct kd_spin *l, const struct kd_self *s)
{
	unsigned c = l->contexts | context_of(s);

	l->contexts = c;
	if ((c & (IN_HARDIRQ | HARDIRQS_ON)) == (IN_HARDIRQ | HARDIRQS_ON))
		kd_fail(KT_DISCIPLINE, NULL,
			"an interrupt handler takes spin lock %s, and a thread "
			"takes it with interrupts enabled: the handler could stop the thread and "
			"wait for it",
			name_of(l));
	if ((c & (IN_SOFTIRQ | SOFTIRQS_ON)) == (IN_SOFTIRQ | SOFTIRQS_ON))
		kd_fail(KT_DISCIPLINE, NULL,
			"a timer's or tasklet's function takes spin lock %s, and "
			"a thread takes it with soft interrupts enabled: the function could stop "
			"the thread and wait for it",
			name_of(l));
}

static void disable(struct kd_self *s, enum kd_spin_how how)
{
	s->preempt++;
	if (how == KD_IRQ)
		s->irqs_off = 1;
	if (how == KD_BH)
		s->bh++;
}

static void enable(struct kd_self *s, enum kd_spin_how how)
{
	s->preempt--;
	if (how == KD_IRQ)
		s->irqs_off = 0;
	if (how == KD_BH)
		s->bh--;
}

static void taken(struct kd_spin *l, struct kd_self *s, const void *pc)
{
	WRITE_ONCE(l->owner, s->task);
	l->owner_pc = pc;
	s->held = l;
	check_contexts(l, s);
	kd_object_add(l, "a spin lock that is held");
}

static void lock(struct kd_spin *l, struct kd_self *s, const void *pc)
{
	if (READ_ONCE(l->owner) == s->task)
		kd_fail(KT_DEADLOCK, NULL, "spin_lock() of %s by the thread that holds it",
			name_of(l));
	KD_LOCK(&l->lock);
	taken(l, s, pc);
}

static bool trylock(struct kd_spin *l, struct kd_self *s, const void *pc)
{
	if (!kt_lock_try_acquire((kt_lock *)(void *)l->lock.opaque))
		return false;
	taken(l, s, pc);
	return true;
}

static void unlock(struct kd_spin *l, struct kd_self *s)
{
	if (READ_ONCE(l->owner) != s->task)
		kd_fail(KT_DISCIPLINE, NULL, "spin_unlock() of %s, which the thread does not hold",
			name_of(l));
	WRITE_ONCE(l->owner, NULL);
	if (s->held == l)
		s->held = NULL;
	kd_object_gone(l);
	KD_UNLOCK(&l->lock);
}

/* ---- what drivers call ------------------------------------------------------------- */

void kd_spin_init(struct kd_spin *l, const char *name)
{
	KD_CALL(QUIET, NULL);
	memset(l, 0, sizeof *l);
	l->name = kd_name(name);
}

void kd_spin_lock(struct kd_spin *l, enum kd_spin_how how)
{
	KD_CALL(LOCK, l);
	disable(kd_self(), how);
	lock(l, &kd_own, KD_HERE);
}

bool kd_spin_trylock(struct kd_spin *l, enum kd_spin_how how)
{
	KD_CALL(LOCK, l);
	disable(kd_self(), how);
	if (trylock(l, &kd_own, KD_HERE))
		return true;
	enable(&kd_own, how);
	return false;
}

void kd_spin_unlock(struct kd_spin *l, enum kd_spin_how how)
{
	KD_CALL(UNLOCK, l);
	unlock(l, kd_self());
	enable(&kd_own, how);
}

unsigned long kd_spin_lock_save(struct kd_spin *l)
{
	unsigned long flags;

	KD_CALL(LOCK, l);
	kd_self();
	flags = kd_irqs_save();
	kd_own.preempt++;
	lock(l, &kd_own, KD_HERE);
	return flags;
}

bool kd_spin_trylock_save(struct kd_spin *l, unsigned long *flags)
{
	KD_CALL(LOCK, l);
	kd_self();
	*flags = kd_irqs_save();
	kd_own.preempt++;
	if (trylock(l, &kd_own, KD_HERE))
		return true;
	kd_own.preempt--;
	kd_irqs_restore(*flags);
	return false;
}

void kd_spin_unlock_restore(struct kd_spin *l, unsigned long flags)
{
	KD_CALL(UNLOCK, l);
	unlock(l, kd_self());
	kd_own.preempt--;
	kd_irqs_restore(flags);
}

bool kd_spin_is_locked(struct kd_spin *l)
{
	KD_CALL(CALL, l);
	return READ_ONCE(l->owner) != NULL;
}

void kd_spin_assert_held(struct kd_spin *l)
{
	KD_CALL(QUIET, NULL);
	if (READ_ONCE(l->owner) != kd_self()->task)
		kd_fail(KT_ASSERTION, NULL,
			"lockdep_assert_held() of spin lock %s, which the "
			"thread does not hold",
			name_of(l));
}
