/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_KTHREAD_H
#define KTHRASH_LINUX_KTHREAD_H

#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/sched.h>

struct completion;

#define NUMA_NO_NODE (-1)

#define kthread_create_on_node(threadfn, data, node, namefmt, ...) \
	kd_kthread_create((threadfn), (data), (node), (namefmt), ##__VA_ARGS__)
#define kthread_create(threadfn, data, namefmt, ...) \
	kd_kthread_create((threadfn), (data), NUMA_NO_NODE, (namefmt), ##__VA_ARGS__)
#define kthread_run(threadfn, data, namefmt, ...) \
	kd_kthread_run((threadfn), (data), (namefmt), ##__VA_ARGS__)
#define kthread_create_on_cpu(threadfn, data, cpu, namefmt) \
	kd_kthread_create_on_cpu((threadfn), (data), (cpu), (namefmt))
#define kthread_run_on_cpu(threadfn, data, cpu, namefmt)                       \
	(__extension__({                                                       \
		struct task_struct *kd_k =                                     \
			kd_kthread_create_on_cpu((threadfn), (data), (cpu), (namefmt)); \
		if (!IS_ERR(kd_k))                                             \
			wake_up_process(kd_k);                                 \
		kd_k;                                                          \
	}))

#define kthread_should_stop()  kd_kthread_should_stop()
#define kthread_should_park()  kd_kthread_should_park()
#define kthread_should_stop_or_park() (kd_kthread_should_stop() || kd_kthread_should_park())
#define kthread_parkme()       kd_kthread_parkme()
#define kthread_freezable_should_stop(was_frozen) kd_kthread_freezable_should_stop(was_frozen)

KD_INLINE int kthread_stop(struct task_struct *k)
{
	return kd_kthread_stop(k, false);
}

KD_INLINE int kthread_stop_put(struct task_struct *k)
{
	return kd_kthread_stop(k, true);
}

KD_INLINE int kthread_park(struct task_struct *k)
{
	return kd_kthread_park(k);
}

KD_INLINE void kthread_unpark(struct task_struct *k)
{
	kd_kthread_unpark(k);
}

KD_INLINE void kthread_bind(struct task_struct *k, unsigned int cpu)
{
	kd_kthread_bind(k, cpu);
}

KD_INLINE void *kthread_data(struct task_struct *k)
{
	return kd_kthread_data(k);
}
#define kthread_probe_data(k) kd_kthread_data(k)
#define kthread_func(k)       kd_kthread_func(k)

#define kthread_exit(result)                      kd_kthread_exit(NULL, (result))
#define kthread_complete_and_exit(c, result)      kd_kthread_exit((void *)(c), (result))
#define module_put_and_kthread_exit(result)       kd_kthread_exit(NULL, (result))

/* ---- workers ------------------------------------------------------------------------- */

#define KTW_FREEZABLE 1

struct kthread_work;
typedef void (*kthread_work_func_t)(struct kthread_work *work);

struct kthread_worker {
	union {
		struct kd_kworker kd;
		struct {
			char kd_before[offsetof(struct kd_kworker, task)];
			struct task_struct *task;
		};
	};
};

struct kthread_work {
	struct kd_kwork kd;
};

struct kthread_delayed_work {
	union {
		struct kd_kdwork kd;
		struct kthread_work work;	/* only its address is used */
	};
};

#define kthread_init_worker(worker) kd_kworker_init(&(worker)->kd)
#define kthread_init_work(work, fn) kd_kwork_init(&(work)->kd, (void (*)(void *))(fn))
#define kthread_init_delayed_work(dwork, fn) \
	kd_kdwork_init(&(dwork)->kd, (void (*)(void *))(fn))
#define kthread_worker_fn           kd_kworker_fn

#define kthread_create_worker(flags, namefmt, ...) \
	((struct kthread_worker *)kd_kworker_create((flags), false, (namefmt), ##__VA_ARGS__))
#define kthread_run_worker(flags, namefmt, ...) \
	((struct kthread_worker *)kd_kworker_create((flags), true, (namefmt), ##__VA_ARGS__))
#define kthread_create_worker_on_cpu(cpu, flags, namefmt, ...) \
	((void)(cpu), kthread_create_worker(flags, namefmt, ##__VA_ARGS__))
#define kthread_run_worker_on_cpu(cpu, flags, namefmt, ...) \
	((void)(cpu), kthread_run_worker(flags, namefmt, ##__VA_ARGS__))

KD_INLINE void kthread_destroy_worker(struct kthread_worker *worker)
{
	kd_kworker_destroy(worker);
}

KD_INLINE bool kthread_queue_work(struct kthread_worker *worker, struct kthread_work *work)
{
	return kd_kwork_queue(worker, &work->kd);
}

KD_INLINE bool kthread_queue_delayed_work(struct kthread_worker *worker,
					  struct kthread_delayed_work *dwork, unsigned long delay)
{
	return kd_kdwork_queue(worker, &dwork->kd, delay, false);
}

KD_INLINE bool kthread_mod_delayed_work(struct kthread_worker *worker,
					struct kthread_delayed_work *dwork, unsigned long delay)
{
	return kd_kdwork_queue(worker, &dwork->kd, delay, true);
}

KD_INLINE bool kthread_cancel_work_sync(struct kthread_work *work)
{
	return kd_kwork_cancel(&work->kd);
}

KD_INLINE bool kthread_cancel_delayed_work_sync(struct kthread_delayed_work *dwork)
{
	return kd_kdwork_cancel(&dwork->kd);
}

KD_INLINE void kthread_flush_work(struct kthread_work *work)
{
	kd_kwork_flush(work);
}

KD_INLINE void kthread_flush_worker(struct kthread_worker *worker)
{
	kd_kworker_flush(worker);
}

#endif
