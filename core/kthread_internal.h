/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kthread.c, kthreadd.c and task.c share, and no other file needs.
 */
#ifndef CORE_KTHREAD_INTERNAL_H
#define CORE_KTHREAD_INTERNAL_H

#include <setjmp.h>

#include "core/kthread.h"
#include "core/kthreadd.h"
#include "core/mm.h"
#include "platform/completion.h"

#if !defined(KT_CORE_LINUX)
enum kthread_flag {
	KTHREAD_SHOULD_STOP,	/* set once, never cleared */
	KTHREAD_SHOULD_PARK,	/* set by kthread_park(), cleared by kthread_unpark() */
	KTHREAD_IS_PER_CPU,	/* `cpu` is valid */
	KTHREAD_EXITING,	/* result is written, or is about to be written; set once */
};

/* Lives as long as the task_struct that points to it. */
struct kthread {
	unsigned long flags;		/* enum kthread_flag; set_bit(), test_bit() */
	kt_completion exited;		/* complete_all, after result */
	kt_completion parked;		/* completed once for each kthread_park() by another task */
	int result;			/* written by the thread before `exited` */
	bool started;			/* atomic: it may have left its first sleep */
	unsigned cpu;			/* written while the thread sleeps, before
					 * KTHREAD_IS_PER_CPU */
	jmp_buf *exit;			/* the thread's own: the way out of threadfn */

	/* the thread writes these before it answers its creator: */
	char *full_name;
	int (*threadfn)(void *data);
	void *data;

	struct cgroup_subsys_state *blkcg_css;	/* used by the thread itself only; see core/mm.h */
};

/*
 * A request. A side takes `done` by exchanging it with NULL and getting a value that is not
 * NULL. The side that takes it answers. The other side then owns the request and frees it:
 *
 *   The kthread, or kthreadd, takes it: it writes the result and completes *done; the
 *   creator frees the request.
 *   A killed creator takes it: it returns -EINTR; the kthread, or kthreadd if there is
 *   no kthread, finds NULL and frees the request.
 *
 * *done is on the creator's stack and is not touched after it was completed.
 */
struct kthread_create_info {
	/* the creator writes these before it queues the request: */
	char *full_name;
	int (*threadfn)(void *data);
	void *data;
	int node;

	struct task_struct *result;	/* the side that took `done` writes it, before complete */
	kt_completion *done;		/* atomic: the token */
	kt_queue_node list;		/* in kthreadd.create_list */
};

/* kthread_create_on_node() with the name's arguments as a va_list. */
__attribute__((format(printf, 4, 0)))
struct task_struct *kthread_vcreate(int (*threadfn)(void *data), void *data, int node,
				    const char *namefmt, va_list args);

/* kthread.c: the new thread's side. kthreadd's fork makes a thread that runs it. */
void kthread_main(void *create);
struct kthread *alloc_kthread_struct(void);
void free_kthread_struct(struct kthread *k);	/* NULL does nothing */
void free_kthread_create_info(struct kthread_create_info *create);

/* task.c: the last reference to t is gone. */
static inline void free_kthread_of(struct task_struct *t)
{
	free_kthread_struct(t->kthread);
}
#else
void free_kthread_of(struct task_struct *t);
#endif

/* mm.c: the calling thread ends. It must use no mm. Drops the mm on which it is lazy. */
void exit_mm(struct task_struct *t);
void drop_lazy_mm(struct task_struct *t);

/* kthreadd.c: the calling thread is gone. It only has to return to the platform. */
void kthreadd_thread_gone(struct kthreadd *d);

#endif
