/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The named points of core/ in the kernel's kthread.c, which has none: macros around the words
 * that it uses there. Only unit_kthread.c includes this, after shim.h and before the kernel's text.
 *
 * Some of the words stand in many functions, and only in some of them is the variable that a
 * point needs in scope. In the others the names below stand for it.
 */
#ifndef CORE_LINUX_POINTS_H
#define CORE_LINUX_POINTS_H

__attribute__((unused)) static const char *const namefmt;	/* of __kthread_create_on_node() */
__attribute__((unused)) static va_list args;
__attribute__((unused)) static struct kthread_work *const work;
__attribute__((unused)) static struct kthread_worker *const worker;
__attribute__((unused)) static struct task_struct *const k;	/* of kthread_stop(), _park() */
__attribute__((unused)) static struct task_struct *const p;	/* of __kthread_bind_mask() */

/* ---- requests: a request is known by its list node --------------------------- */

static inline __attribute__((always_inline)) void linux_add(const char *func,
							    struct list_head *new_,
							    struct list_head *head)
{
	list_add_tail(new_, head);
	if (__builtin_strcmp(func, "__kthread_create_on_node") == 0)
		KT_POINT_ON(create.appended, new_);
}
#define list_add_tail(new_, head)                                              \
	((void)(LINUX_IN("__kthread_create_on_node") ?                         \
			linux_request_named((new_), namefmt, args) : (void)0), \
	 linux_add(__func__, (new_), (head)))

static inline __attribute__((always_inline)) void linux_unlink(const char *func,
							       struct list_head *entry)
{
	list_del_init(entry);
	if (__builtin_strcmp(func, "kthreadd") == 0) {
		linux_request_unlinked(entry);
		KT_POINT_ON(kthreadd.unlinked, entry);
	}
	if (__builtin_strcmp(func, "kthread_worker_fn") == 0)
		KT_POINT_ON(worker.unlinked, entry);
}
#define list_del_init(entry) linux_unlink(__func__, (entry))

/* ---- works --------------------------------------------------------------------- */

#define trace_sched_kthread_work_queue_work(worker, work_)                     \
	do {                                                                   \
		(void)(worker);                                                \
		KT_POINT_ON(worker.queued, (work_));                           \
	} while (0)
#define trace_sched_kthread_work_execute_start(work_)                          \
	do {                                                                   \
		(void)(work_);                                                 \
		KT_POINT(worker.running);                                      \
	} while (0)
#define trace_sched_kthread_work_execute_end(work_, func)                      \
	do {                                                                   \
		(void)(work_), (void)(func);                                   \
		KT_POINT(worker.ran);                                          \
	} while (0)
#define trace_sched_kthread_stop(t)       ((void)(t))
#define trace_sched_kthread_stop_ret(ret) ((void)(ret))

/*
 * Two functions drop the worker's lock while the work is being canceled. One of them does so only
 * if the work runs, and has another unlock at its end.
 */
#define LINUX_OWN(field)    __atomic_load_n(&current->field, __ATOMIC_RELAXED)
#define LINUX_SET(field, v) __atomic_store_n(&current->field, (v), __ATOMIC_RELAXED)
#define LINUX_RUNS(w)       (__atomic_load_n(&worker->current_work, __ATOMIC_RELAXED) == (w))
#undef LINUX_LOCK
#define LINUX_LOCK(l)                                                          \
	(__extension__({                                                       \
		if (LINUX_IN("__kthread_create_on_node"))                      \
			KT_POINT(create.allocated);                            \
		if (LINUX_IN("__kthread_bind_mask"))                           \
			task_note_bound(p);	/* takes the lock, too */       \
		kt_lock_acquire(l);                                            \
		if (LINUX_IN("kthread_cancel_delayed_work_timer"))             \
			KT_POINT_ON(cancel.locked, work);                      \
		if (LINUX_IN("__kthread_cancel_work_sync") && LINUX_OWN(flushing)) { \
			LINUX_SET(flushing, NULL);                             \
			KT_POINT_ON(cancel.locked, work);                      \
		}                                                              \
		(void)0;                                                       \
	}))
#undef LINUX_UNLOCK
#define LINUX_UNLOCK(l)                                                        \
	(__extension__({                                                       \
		if (LINUX_IN("__kthread_cancel_work_sync") && LINUX_RUNS(work)) \
			LINUX_SET(flushing, work);                             \
		kt_lock_release(l);                                            \
		if (LINUX_IN("__kthread_cancel_work_sync") && LINUX_OWN(flushing)) \
			KT_POINT_ON(cancel.flushing, work);                    \
		if (LINUX_IN("kthread_cancel_delayed_work_timer"))             \
			KT_POINT_ON(cancel.timer, work);                       \
		(void)0;                                                       \
	}))

/* ---- hand-off, stop, park ----------------------------------------------------------- */

#undef xchg
#define xchg(p, v)                                                             \
	(__extension__({                                                       \
		__typeof__(*(p)) linux_was;                                    \
		if (LINUX_IN("__kthread_create_on_node"))                      \
			KT_POINT(create.killed);                               \
		if (LINUX_IN("kthread"))                                       \
			KT_POINT(kthread.started);                             \
		if (LINUX_IN("create_kthread"))                                \
			KT_POINT(kthreadd.fork_failed);                        \
		linux_was = KT_ATOMIC_EXCHANGE(                                \
			KT_ATOMIC_AT("xchg", #p, KT_UPDATE, (p)), (v));        \
		if (LINUX_IN("__kthread_create_on_node")) {                    \
			if (linux_was)                                         \
				KT_POINT(create.token_taken);                  \
			else                                                   \
				KT_POINT(create.lost_token);                   \
		}                                                              \
		if (LINUX_IN("kthread")) {                                     \
			if (linux_was)                                         \
				KT_POINT(kthread.token_taken);                 \
			else                                                   \
				KT_POINT(kthread.abandoned);                   \
		}                                                              \
		linux_was;                                                     \
	}))

#define complete(c)                                                            \
	do {                                                                   \
		if (LINUX_IN("kthread"))                                       \
			KT_POINT(kthread.published);                           \
		if (LINUX_IN("__kthread_parkme"))                              \
			KT_POINT(park.parking);                                \
		(complete)(c);                                                 \
		if (LINUX_IN("kthread"))                                       \
			KT_POINT(kthread.completed);                           \
	} while (0)

#undef schedule_preempt_disabled
#define schedule_preempt_disabled()                                            \
	do {                                                                   \
		schedule_at(KT_SITE("schedule", ""));                          \
		if (LINUX_IN("kthread"))                                       \
			KT_POINT(kthread.woken);                               \
		if (LINUX_IN("__kthread_parkme"))                              \
			KT_POINT(park.woken);                                  \
	} while (0)

#undef schedule
#define schedule()                                                             \
	do {                                                                   \
		if (LINUX_IN("kthreadd"))                                      \
			linux_daemon_schedule(KT_SITE("schedule", ""));        \
		else                                                           \
			schedule_at(KT_SITE("schedule", ""));                  \
	} while (0)

#define wake_up_process(t)                                                     \
	(__extension__({                                                       \
		int linux_woken;                                               \
		if (LINUX_IN("kthread_stop"))                                  \
			KT_POINT(stop.flagged);                                \
		if (LINUX_IN("kthread_park"))                                  \
			KT_POINT(park.flagged);                                \
		linux_woken = (wake_up_process)(t);                            \
		if (LINUX_IN("__kthread_create_on_node"))                      \
			KT_POINT(create.woken);                                \
		if (LINUX_IN("kthread_stop"))                                  \
			KT_POINT(stop.woken);                                  \
		if (LINUX_IN("kthread_park"))                                  \
			KT_POINT(park.waiting);                                \
		linux_woken;                                                   \
	}))

#define wake_up_state(t, state)                                                \
	(__extension__({                                                       \
		int linux_woken;                                               \
		if (LINUX_IN("kthread_unpark"))                                \
			KT_POINT(unpark.cleared);                              \
		linux_woken = (wake_up_state)((t), (state));                   \
		if (LINUX_IN("kthread_unpark"))                                \
			KT_POINT(unpark.woken);                                \
		linux_woken;                                                   \
	}))

/* ---- waits: each has a site of its own, and names the task that must end it ------------- */

#define wait_for_completion_killable(c)                                        \
	(__extension__({                                                       \
		int linux_err;                                                 \
		linux_waits(KT_SITE("wait_killable", #c), kthreadd_task);      \
		linux_err = (wait_for_completion_killable)(c);                 \
		linux_waits(NULL, NULL);                                       \
		linux_err;                                                     \
	}))

#define wait_for_completion(c)                                                 \
	do {                                                                   \
		linux_waits(KT_SITE("wait", #c),                               \
			    LINUX_IN("__kthread_create_on_node") ? kthreadd_task : k); \
		(wait_for_completion)(c);                                      \
		linux_waits(NULL, NULL);                                       \
		if (LINUX_IN("kthread_flush_work") || LINUX_IN("kthread_flush_worker")) \
			os_object_end((c), sizeof *(c));	/* it is on the stack */ \
		if (LINUX_IN("kthread_stop"))                                  \
			KT_POINT(stop.exited);                                 \
	} while (0)

#endif
