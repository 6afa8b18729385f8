/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_HRTIMER_H
#define KTHRASH_LINUX_HRTIMER_H

#include <linux/ktime.h>
#include <linux/kernel.h>

#ifndef CLOCK_MONOTONIC
#define CLOCK_REALTIME  0
#define CLOCK_MONOTONIC 1
#endif

enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };
enum hrtimer_mode {
	HRTIMER_MODE_ABS, HRTIMER_MODE_REL, HRTIMER_MODE_PINNED,
	HRTIMER_MODE_ABS_PINNED = 2, HRTIMER_MODE_REL_PINNED = 3,
	HRTIMER_MODE_ABS_SOFT = 4, HRTIMER_MODE_REL_SOFT = 5,
	HRTIMER_MODE_ABS_HARD = 8, HRTIMER_MODE_REL_HARD = 9,
};

struct hrtimer {
	struct kd_timer kd;
	enum hrtimer_restart (*function)(struct hrtimer *t);
	ktime_t kd_expires;
};

static inline __attribute__((unused)) void kd_hrtimer_run(void *timer)
{
	struct hrtimer *t = (struct hrtimer *)timer;

	if (t->function(t) == HRTIMER_RESTART)
		t->kd.restart_ns = t->kd_expires;
}

#define hrtimer_init(t, clock, mode) \
	((void)(clock), (void)(mode), kd_timer_init(&(t)->kd, (t), kd_hrtimer_run, true))
#define hrtimer_setup(t, fn, clock, mode) \
	(hrtimer_init(t, clock, mode), (void)((t)->function = (fn)))

KD_INLINE void hrtimer_start(struct hrtimer *t, ktime_t time, enum hrtimer_mode mode)
{
	t->kd_expires = time + (mode & 1 ? ktime_get() : 0);
	kd_timer_mod(&t->kd, (uint64_t)t->kd_expires);
}

#define hrtimer_start_range_ns(t, time, range, mode) ((void)(range), hrtimer_start(t, time, mode))

KD_INLINE int hrtimer_cancel(struct hrtimer *t)
{
	return kd_timer_del(&t->kd, true, false);
}

KD_INLINE int hrtimer_try_to_cancel(struct hrtimer *t)
{
	return kd_timer_running(&t->kd) ? -1 : kd_timer_del(&t->kd, false, false);
}

KD_INLINE u64 hrtimer_forward(struct hrtimer *t, ktime_t now, ktime_t interval)
{
	u64 overruns = 0;

	while (t->kd_expires <= now) {
		t->kd_expires += interval;
		overruns++;
	}
	return overruns;
}

#define hrtimer_forward_now(t, interval) hrtimer_forward(t, ktime_get(), interval)
#define hrtimer_active(t)          (kd_timer_pending(&(t)->kd) || kd_timer_running(&(t)->kd))
#define hrtimer_is_queued(t)       kd_timer_pending(&(t)->kd)
#define hrtimer_callback_running(t) kd_timer_running(&(t)->kd)
#define hrtimer_get_expires(t)     ((t)->kd_expires)
#define hrtimer_set_expires(t, e)  ((t)->kd_expires = (e))

#define schedule_hrtimeout(expires, mode) \
	kd_schedule_hrtimeout((const int64_t *)(expires), !((mode) & 1))
#define schedule_hrtimeout_range(expires, delta, mode) \
	((void)(delta), schedule_hrtimeout(expires, mode))

#endif
