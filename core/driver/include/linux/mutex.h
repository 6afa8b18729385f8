/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_MUTEX_H
#define KTHRASH_LINUX_MUTEX_H

#include <linux/kernel.h>
#include <linux/cleanup.h>
#include <linux/lockdep.h>

struct mutex {
	struct kd_mutex kd;
};

#define __MUTEX_INITIALIZER(x) { .kd = KD_MUTEX_INIT((x).kd) }
#define DEFINE_MUTEX(x)        struct mutex x = __MUTEX_INITIALIZER(x)

#define mutex_init(m)          kd_mutex_init(&(m)->kd, #m)

KD_INLINE void mutex_destroy(struct mutex *m)
{
	kd_mutex_destroy(&m->kd);
}

KD_INLINE void mutex_lock(struct mutex *m)
{
	kd_mutex_lock(&m->kd, 2 /* TASK_UNINTERRUPTIBLE */);
}

KD_INLINE __must_check int mutex_lock_interruptible(struct mutex *m)
{
	return kd_mutex_lock(&m->kd, 1 /* TASK_INTERRUPTIBLE */);
}

KD_INLINE __must_check int mutex_lock_killable(struct mutex *m)
{
	return kd_mutex_lock(&m->kd, 0x102 /* TASK_KILLABLE */);
}

KD_INLINE int mutex_trylock(struct mutex *m)
{
	return kd_mutex_trylock(&m->kd);
}

KD_INLINE void mutex_unlock(struct mutex *m)
{
	kd_mutex_unlock(&m->kd);
}

KD_INLINE bool mutex_is_locked(struct mutex *m)
{
	return kd_mutex_is_locked(&m->kd);
}

#define mutex_lock_nested(m, subclass) mutex_lock(m)

DEFINE_GUARD(mutex, struct mutex *, mutex_lock(_T), mutex_unlock(_T))

#endif
