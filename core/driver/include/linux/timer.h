/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_TIMER_H
#define KTHRASH_LINUX_TIMER_H

#include <time.h>

#include <linux/jiffies.h>
#include <linux/kernel.h>

#define TIMER_DEFERRABLE 0
#define TIMER_PINNED     0
#define TIMER_IRQSAFE    0

struct timer_list {
	union {
		struct kd_timer kd;
		struct {
			char kd_before[offsetof(struct kd_timer, expires)];
			unsigned long expires;
		};
	};
};

#define timer_setup(t, fn, flags) \
	((void)(flags), kd_timer_init(&(t)->kd, (t), (void (*)(void *))(fn), false))
#define timer_setup_on_stack(t, fn, flags) timer_setup(t, fn, flags)
#define destroy_timer_on_stack(t)          ((void)(t))
#define from_timer(var, t, field)          container_of(t, __typeof__(*(var)), field)
#define timer_container_of(var, t, field)  container_of(t, __typeof__(*(var)), field)

KD_INLINE int mod_timer(struct timer_list *t, unsigned long expires)
{
	return kd_timer_mod_ticks(&t->kd, expires, false);
}

KD_INLINE int mod_timer_pending(struct timer_list *t, unsigned long expires)
{
	return kd_timer_mod_ticks(&t->kd, expires, true);
}

KD_INLINE void add_timer(struct timer_list *t)
{
	kd_timer_mod_ticks(&t->kd, t->expires, false);
}

/* A macro, because time.h, which came first, has another function of that name. */
#define timer_delete(t) ((int)kd_timer_del(&(t)->kd, false, false))

KD_INLINE int timer_delete_sync(struct timer_list *t)
{
	return kd_timer_del(&t->kd, true, false);
}

KD_INLINE int timer_shutdown(struct timer_list *t)
{
	return kd_timer_del(&t->kd, false, true);
}

KD_INLINE int timer_shutdown_sync(struct timer_list *t)
{
	return kd_timer_del(&t->kd, true, true);
}

KD_INLINE int timer_pending(struct timer_list *t)
{
	return kd_timer_pending(&t->kd);
}
#define mod_timer_noglobal(t, e) mod_timer(t, e)
#define timer_reduce(t, e)       mod_timer(t, e)
#define del_timer(t)             timer_delete(t)
#define del_timer_sync(t)        timer_delete_sync(t)
#define del_singleshot_timer_sync(t) timer_delete_sync(t)

#endif
