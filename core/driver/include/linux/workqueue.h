/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_WORKQUEUE_H
#define KTHRASH_LINUX_WORKQUEUE_H

#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/timer.h>

#define WQ_UNBOUND        0x2
#define WQ_FREEZABLE      0x4
#define WQ_MEM_RECLAIM    0x8
#define WQ_HIGHPRI        0x10
#define WQ_CPU_INTENSIVE  0x20
#define WQ_SYSFS          0x40
#define WQ_PERCPU         0x100
#define WQ_DFL_ACTIVE     0
#define WORK_BUSY_PENDING 1
#define WORK_BUSY_RUNNING 2
#define WORK_CPU_UNBOUND  64

struct workqueue_struct;
struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);

struct work_struct {
	struct kd_work kd;
};

struct delayed_work {
	union {
		struct kd_dwork kd;
		struct work_struct work;
	};
};

#define KD_WORK_INIT(x, fn) \
	{ .func = (void (*)(void *))(fn), .node = { &(x).node, &(x).node }, .magic = KD_MAGIC }
#define DECLARE_WORK(x, fn) struct work_struct x = { .kd = KD_WORK_INIT((x).kd, fn) }

#define INIT_WORK(w, fn)         kd_work_init(&(w)->kd, (void (*)(void *))(fn))
#define INIT_WORK_ONSTACK(w, fn) INIT_WORK(w, fn)
#define INIT_DELAYED_WORK(w, fn) kd_dwork_init(&(w)->kd, (void (*)(void *))(fn))
#define INIT_DEFERRABLE_WORK(w, fn) INIT_DELAYED_WORK(w, fn)
#define destroy_work_on_stack(w) ((void)(w))
#define to_delayed_work(w)       container_of(w, struct delayed_work, work)

#define KD_SYSTEM_WQ             ((struct workqueue_struct *)kd_wq_system())
#define system_wq                KD_SYSTEM_WQ
#define system_percpu_wq         KD_SYSTEM_WQ
#define system_dfl_wq            KD_SYSTEM_WQ
#define system_highpri_wq        KD_SYSTEM_WQ
#define system_long_wq           KD_SYSTEM_WQ
#define system_unbound_wq        KD_SYSTEM_WQ
#define system_freezable_wq      KD_SYSTEM_WQ
#define system_power_efficient_wq KD_SYSTEM_WQ

#define alloc_workqueue(fmt, flags, max_active, ...) \
	((void)(flags), \
	 (struct workqueue_struct *)kd_wq_alloc((max_active), (fmt), ##__VA_ARGS__))
#define alloc_ordered_workqueue(fmt, flags, ...) alloc_workqueue(fmt, flags, 1, ##__VA_ARGS__)
#define create_workqueue(name)             alloc_workqueue("%s", 0, 1, (name))
#define create_freezable_workqueue(name)   alloc_workqueue("%s", 0, 1, (name))
#define create_singlethread_workqueue(name) alloc_workqueue("%s", 0, 1, (name))

KD_INLINE void destroy_workqueue(struct workqueue_struct *wq)
{
	kd_wq_destroy((struct kd_wq *)wq);
}

KD_INLINE void flush_workqueue(struct workqueue_struct *wq)
{
	kd_wq_flush((struct kd_wq *)wq);
}
#define drain_workqueue(wq)     flush_workqueue(wq)
#define flush_scheduled_work()  kd_wq_flush(kd_wq_system())

KD_INLINE bool queue_work(struct workqueue_struct *wq, struct work_struct *w)
{
	return kd_work_queue((struct kd_wq *)wq, &w->kd);
}

KD_INLINE bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *w,
				  unsigned long delay)
{
	return kd_dwork_queue((struct kd_wq *)wq, &w->kd, delay, false);
}

KD_INLINE bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *w,
				unsigned long delay)
{
	return kd_dwork_queue((struct kd_wq *)wq, &w->kd, delay, true);
}

KD_INLINE bool schedule_work(struct work_struct *w)
{
	return kd_work_queue(kd_wq_system(), &w->kd);
}

KD_INLINE bool schedule_delayed_work(struct delayed_work *w, unsigned long delay)
{
	return kd_dwork_queue(kd_wq_system(), &w->kd, delay, false);
}
#define queue_work_on(cpu, wq, w)            ((void)(cpu), queue_work(wq, w))
#define queue_delayed_work_on(cpu, wq, w, d) ((void)(cpu), queue_delayed_work(wq, w, d))
#define schedule_work_on(cpu, w)             ((void)(cpu), schedule_work(w))
#define schedule_delayed_work_on(cpu, w, d)  ((void)(cpu), schedule_delayed_work(w, d))

KD_INLINE bool flush_work(struct work_struct *w)
{
	return kd_work_flush(&w->kd);
}

KD_INLINE bool flush_delayed_work(struct delayed_work *w)
{
	return kd_dwork_flush(&w->kd);
}

KD_INLINE bool cancel_work(struct work_struct *w)
{
	return kd_work_cancel(&w->kd, false);
}

KD_INLINE bool cancel_work_sync(struct work_struct *w)
{
	return kd_work_cancel(&w->kd, true);
}

KD_INLINE bool cancel_delayed_work(struct delayed_work *w)
{
	return kd_dwork_cancel(&w->kd, false);
}

KD_INLINE bool cancel_delayed_work_sync(struct delayed_work *w)
{
	return kd_dwork_cancel(&w->kd, true);
}

#define work_pending(w)         kd_work_pending(&(w)->kd)
#define delayed_work_pending(w) (kd_work_pending(&(w)->kd.work) || kd_timer_pending(&(w)->kd.timer))
#define work_busy(w)            kd_work_busy(&(w)->kd)

#endif
