/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_SPINLOCK_H
#define KTHRASH_LINUX_SPINLOCK_H

#include <linux/kernel.h>
#include <linux/cleanup.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>

typedef struct spinlock {
	struct kd_spin kd;
} spinlock_t;
typedef spinlock_t raw_spinlock_t;

#define __SPIN_LOCK_UNLOCKED(x) { .kd = { .name = #x } }
#define DEFINE_SPINLOCK(x)      spinlock_t x = __SPIN_LOCK_UNLOCKED(x)
#define DEFINE_RAW_SPINLOCK(x)  DEFINE_SPINLOCK(x)

#define spin_lock_init(l) kd_spin_init(&(l)->kd, #l)

KD_INLINE void spin_lock(spinlock_t *l)
{
	kd_spin_lock(&l->kd, KD_PLAIN);
}

KD_INLINE void spin_unlock(spinlock_t *l)
{
	kd_spin_unlock(&l->kd, KD_PLAIN);
}

KD_INLINE void spin_lock_irq(spinlock_t *l)
{
	kd_spin_lock(&l->kd, KD_IRQ);
}

KD_INLINE void spin_unlock_irq(spinlock_t *l)
{
	kd_spin_unlock(&l->kd, KD_IRQ);
}

KD_INLINE void spin_lock_bh(spinlock_t *l)
{
	kd_spin_lock(&l->kd, KD_BH);
}

KD_INLINE void spin_unlock_bh(spinlock_t *l)
{
	kd_spin_unlock(&l->kd, KD_BH);
}

KD_INLINE bool spin_trylock(spinlock_t *l)
{
	return kd_spin_trylock(&l->kd, KD_PLAIN);
}

KD_INLINE bool spin_trylock_irq(spinlock_t *l)
{
	return kd_spin_trylock(&l->kd, KD_IRQ);
}

KD_INLINE bool spin_trylock_bh(spinlock_t *l)
{
	return kd_spin_trylock(&l->kd, KD_BH);
}

KD_INLINE bool spin_is_locked(spinlock_t *l)
{
	return kd_spin_is_locked(&l->kd);
}

KD_INLINE void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags)
{
	kd_spin_unlock_restore(&l->kd, flags);
}

#define spin_lock_irqsave(l, flags)        ((flags) = kd_spin_lock_save(&(l)->kd))
#define spin_trylock_irqsave(l, flags)     kd_spin_trylock_save(&(l)->kd, &(flags))
#define spin_lock_nested(l, subclass)      spin_lock(l)
#define spin_lock_irqsave_nested(l, flags, subclass) spin_lock_irqsave(l, flags)
#define assert_spin_locked(l)              kd_spin_assert_held(&(l)->kd)

#define raw_spin_lock_init(l)              spin_lock_init(l)
#define raw_spin_lock(l)                   spin_lock(l)
#define raw_spin_unlock(l)                 spin_unlock(l)
#define raw_spin_lock_irq(l)               spin_lock_irq(l)
#define raw_spin_unlock_irq(l)             spin_unlock_irq(l)
#define raw_spin_lock_irqsave(l, flags)    spin_lock_irqsave(l, flags)
#define raw_spin_unlock_irqrestore(l, flags) spin_unlock_irqrestore(l, flags)

/* The flags are those of the block, so they stay in a struct with the lock. */
typedef struct {
	spinlock_t *lock;
	unsigned long flags;
} class_spinlock_irqsave_t;

KD_INLINE class_spinlock_irqsave_t class_spinlock_irqsave_constructor(spinlock_t *l)
{
	return (class_spinlock_irqsave_t){ l, kd_spin_lock_save(&l->kd) };
}

KD_INLINE void class_spinlock_irqsave_destructor(class_spinlock_irqsave_t *g)
{
	kd_spin_unlock_restore(&g->lock->kd, g->flags);
}

DEFINE_GUARD(spinlock, spinlock_t *, spin_lock(_T), spin_unlock(_T))
DEFINE_GUARD(spinlock_irq, spinlock_t *, spin_lock_irq(_T), spin_unlock_irq(_T))
DEFINE_GUARD(spinlock_bh, spinlock_t *, spin_lock_bh(_T), spin_unlock_bh(_T))

#include <linux/lockdep.h>

#endif
