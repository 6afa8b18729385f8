/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_SEMAPHORE_H
#define KTHRASH_LINUX_SEMAPHORE_H

#include <linux/kernel.h>

struct semaphore {
	struct kd_semaphore kd;
};

#define DEFINE_SEMAPHORE(x, n) \
	struct semaphore x = { .kd = { .count = (n), .wait = KD_WAIT_HEAD_INIT((x).kd.wait) } }
#define sema_init(s, n) kd_sema_init(&(s)->kd, (unsigned)(n), #s)

KD_INLINE void down(struct semaphore *s)
{
	kd_sema_down(&s->kd, 2, LONG_MAX);
}

KD_INLINE __must_check int down_interruptible(struct semaphore *s)
{
	return (int)kd_sema_down(&s->kd, 1, LONG_MAX);
}

KD_INLINE __must_check int down_killable(struct semaphore *s)
{
	return (int)kd_sema_down(&s->kd, 0x102, LONG_MAX);
}

KD_INLINE __must_check int down_timeout(struct semaphore *s, long ticks)
{
	return (int)kd_sema_down(&s->kd, 2, ticks);
}

/* 0 if it was taken: not as spin_trylock(). */
KD_INLINE __must_check int down_trylock(struct semaphore *s)
{
	return !kd_sema_trydown(&s->kd);
}

KD_INLINE void up(struct semaphore *s)
{
	kd_sema_up(&s->kd);
}

#endif
