/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_RWSEM_H
#define KTHRASH_LINUX_RWSEM_H

#include <linux/kernel.h>
#include <linux/cleanup.h>

struct rw_semaphore {
	struct kd_rwsem kd;
};

#define DECLARE_RWSEM(x)                                                       \
	struct rw_semaphore x = { .kd = { .waiters = { &(x).kd.waiters, &(x).kd.waiters }, \
					  .name = #x, .magic = KD_MAGIC } }
#define init_rwsem(s) kd_rwsem_init(&(s)->kd, #s)

KD_INLINE void down_read(struct rw_semaphore *s)
{
	kd_down(&s->kd, false, 2);
}

KD_INLINE __must_check int down_read_interruptible(struct rw_semaphore *s)
{
	return kd_down(&s->kd, false, 1);
}

KD_INLINE __must_check int down_read_killable(struct rw_semaphore *s)
{
	return kd_down(&s->kd, false, 0x102);
}

KD_INLINE int down_read_trylock(struct rw_semaphore *s)
{
	return kd_down_trylock(&s->kd, false);
}

KD_INLINE void down_write(struct rw_semaphore *s)
{
	kd_down(&s->kd, true, 2);
}

KD_INLINE __must_check int down_write_killable(struct rw_semaphore *s)
{
	return kd_down(&s->kd, true, 0x102);
}

KD_INLINE int down_write_trylock(struct rw_semaphore *s)
{
	return kd_down_trylock(&s->kd, true);
}

KD_INLINE void up_read(struct rw_semaphore *s)
{
	kd_up(&s->kd, false);
}

KD_INLINE void up_write(struct rw_semaphore *s)
{
	kd_up(&s->kd, true);
}

KD_INLINE void downgrade_write(struct rw_semaphore *s)
{
	kd_downgrade(&s->kd);
}

DEFINE_GUARD(rwsem_read, struct rw_semaphore *, down_read(_T), up_read(_T))
DEFINE_GUARD(rwsem_write, struct rw_semaphore *, down_write(_T), up_write(_T))

#endif
