/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_COMPLETION_H
#define KTHRASH_LINUX_COMPLETION_H

#include <linux/kernel.h>
#include <linux/wait.h>

struct completion {
	struct kd_completion kd;
};

#define COMPLETION_INITIALIZER(x) { .kd = { .wait = KD_WAIT_HEAD_INIT((x).kd.wait) } }
#define DECLARE_COMPLETION(x)     struct completion x = COMPLETION_INITIALIZER(x)
#define DECLARE_COMPLETION_ONSTACK(x) DECLARE_COMPLETION(x)
#define init_completion(c)        kd_completion_init(&(c)->kd, #c)

KD_INLINE void reinit_completion(struct completion *c)
{
	kd_completion_reinit(&c->kd);
}

KD_INLINE void complete(struct completion *c)
{
	kd_complete(&c->kd, false);
}

KD_INLINE void complete_all(struct completion *c)
{
	kd_complete(&c->kd, true);
}

KD_INLINE void wait_for_completion(struct completion *c)
{
	kd_wait_for_completion(&c->kd, TASK_UNINTERRUPTIBLE, LONG_MAX);
}

KD_INLINE unsigned long wait_for_completion_timeout(struct completion *c, unsigned long ticks)
{
	return (unsigned long)kd_wait_for_completion(&c->kd, TASK_UNINTERRUPTIBLE, (long)ticks);
}

KD_INLINE int wait_for_completion_interruptible(struct completion *c)
{
	long left = kd_wait_for_completion(&c->kd, TASK_INTERRUPTIBLE, LONG_MAX);

	return left < 0 ? (int)left : 0;
}

KD_INLINE long wait_for_completion_interruptible_timeout(struct completion *c,
							 unsigned long ticks)
{
	return kd_wait_for_completion(&c->kd, TASK_INTERRUPTIBLE, (long)ticks);
}

KD_INLINE int wait_for_completion_killable(struct completion *c)
{
	long left = kd_wait_for_completion(&c->kd, TASK_KILLABLE, LONG_MAX);

	return left < 0 ? (int)left : 0;
}

KD_INLINE long wait_for_completion_killable_timeout(struct completion *c, unsigned long ticks)
{
	return kd_wait_for_completion(&c->kd, TASK_KILLABLE, (long)ticks);
}

KD_INLINE bool try_wait_for_completion(struct completion *c)
{
	return kd_try_wait_for_completion(&c->kd);
}

KD_INLINE bool completion_done(struct completion *c)
{
	return kd_completion_done(&c->kd);
}
#define wait_for_completion_io(c)            wait_for_completion(c)
#define wait_for_completion_io_timeout(c, t) wait_for_completion_timeout(c, t)

#endif
