/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/kthread.h"

#include <stdio.h>
#include <string.h>

#include "core/kthread_internal.h"

/* ---- memory ------------------------------------------------------------- */

struct kthread *alloc_kthread_struct(void)
{
	struct kthread *k = os_alloc(KT_ROLE_KTHREAD, sizeof *k);

	if (!k)
		return NULL;
	memset(k, 0, sizeof *k);
	kt_completion_init(&k->exited);
	return k;
}

void free_kthread_struct(struct kthread *k)
{
	if (!k)
		return;
	kt_completion_destroy(&k->exited);
	os_free(k->full_name);
	os_free(k);
}

void free_kthread_create_info(struct kthread_create_info *create)
{
	os_free(create->full_name);
	os_free(create);
}

/* The formatted name in memory of its own, or NULL. */
static char *format_name(const char *namefmt, va_list args)
{
	va_list measured;
	char *name;
	int len;

	va_copy(measured, args);
	len = vsnprintf(NULL, 0, namefmt, measured);
	va_end(measured);
	KT_ASSERT(len >= 0 && len < OS_NAME_MAX);
	name = os_alloc(KT_ROLE_NAME, (size_t)len + 1);
	if (name)
		vsnprintf(name, (size_t)len + 1, namefmt, args);
	return name;
}

/* ---- the new thread's side ---------------------------------------------- */

/* The last thing a kthread does; t is gone afterwards. */
static void kthread_end(struct task_struct *t, int result)
{
	struct kthreadd *d = t->kthreadd;

	t->kthread->result = result;	/* before exited: kthread_stop() reads it */
	KT_POINT_ON(kthread.exiting, t->kthread->data);
	kt_complete(&t->kthread->exited);
	set_special_state(TASK_DEAD);	/* no waker is in flight from here on */
	put_task_struct(t);
	kthreadd_thread_gone(d);
}

void kthread_main(void *arg)
{
	struct kthread_create_info *create = arg;
	struct task_struct *t = current;
	struct kthread *self = t->kthread;
	kt_completion *done;
	int ret = -EINTR;

	KT_POINT_ON(kthread.started, create->data);
	done = xchg(&create->done, NULL);
	if (!done) {	/* the creator was killed: the request is ours */
		KT_POINT_ON(kthread.abandoned, create->data);
		free_kthread_create_info(create);
		kthread_end(t, ret);
		return;
	}
	KT_POINT_ON(kthread.token_taken, create->data);
	self->full_name = create->full_name;
	self->threadfn = create->threadfn;
	self->data = create->data;

	/* What the daemon's environment may have been changed to. */
	os_set_policy(OS_POLICY_NORMAL);
	os_allow_cpus(NULL);

	/*
	 * Asleep before the creator hears of us: a wake-up that comes before
	 * schedule() then finds the state. The result before complete(); after
	 * it neither create nor *done may be touched.
	 */
	__set_current_state(TASK_UNINTERRUPTIBLE);
	create->result = t;
	KT_POINT_ON(kthread.published, self->data);
	kt_complete(done);
	KT_POINT_ON(kthread.completed, self->data);
	schedule();

	KT_POINT_ON(kthread.woken, self->data);
	if (!kthread_should_stop()) {
		t->no_cgroup_migration = false;
		KT_POINT_ON(kthread.running, self->data);
		ret = self->threadfn(self->data);
	}
	kthread_end(t, ret);
}

/* ---- the creator's side ------------------------------------------------- */

/* Queue the request and wake the daemon: in this order, or nobody sees it. */
static void request_thread(struct kthreadd *d, struct kthread_create_info *create)
{
	void *data = create->data;

	kt_lock_acquire(&d->create_lock);
	list_add_tail(&create->list, &d->create_list);
	KT_POINT_ON(create.appended, data);
	kt_lock_release(&d->create_lock);
	wake_up_process(d->task);
	KT_POINT_ON(create.woken, data);
}

/*
 * Wait for the answer. 0 and the request is ours to free, or -EINTR and it
 * belongs to the other side. *done is no longer used by anyone.
 */
static int wait_for_thread(struct kthread_create_info *create, kt_completion *done)
{
	void *data = create->data;

	if (kt_completion_wait_killable(done) == 0)
		return 0;
	KT_POINT_ON(create.killed, data);
	/*
	 * Killed, perhaps by the OOM killer to get memory that kthreadd waits
	 * for. If the token is still there, nobody has begun to answer.
	 */
	if (xchg(&create->done, NULL)) {
		KT_POINT_ON(create.token_taken, data);
		return -EINTR;
	}
	/* Somebody is about to complete *done: stay until it has. */
	KT_POINT_ON(create.lost_token, data);
	kt_completion_wait(done);
	return 0;
}

static struct task_struct *create_and_wait(struct kthreadd *d,
					   struct kthread_create_info *create)
{
	struct task_struct *task = ERR_PTR(-EINTR);
	kt_completion done;

	kt_completion_init(&done);
	create->done = &done;
	request_thread(d, create);
	os_waits_for(&d->task->os);
	if (wait_for_thread(create, &done) == 0) {
		task = create->result;
		/* Freed by its new owner, or never used. */
		if (IS_ERR(task))
			os_free(create->full_name);
		os_free(create);
	}
	os_waits_for(NULL);
	kt_completion_destroy(&done);
	return task;
}

struct task_struct *kthread_create_on_node(int (*threadfn)(void *data), void *data,
					   int node, const char *namefmt, ...)
{
	struct kthread_create_info *create = os_alloc(KT_ROLE_CREATE_INFO, sizeof *create);
	struct task_struct *task;
	va_list args;

	if (!create)
		return ERR_PTR(-ENOMEM);
	*create = (struct kthread_create_info){
		.threadfn = threadfn, .data = data, .node = node,
	};
	va_start(args, namefmt);
	create->full_name = format_name(namefmt, args);
	va_end(args);
	if (!create->full_name) {
		os_free(create);
		return ERR_PTR(-ENOMEM);
	}
	KT_POINT_ON(create.allocated, data);
	task = create_and_wait(current->kthreadd, create);
	KT_POINT_ON(create.done, data);
	return task;
}

/* ---- stopping ----------------------------------------------------------- */

bool kthread_should_stop(void)
{
	return test_bit(KTHREAD_SHOULD_STOP, &current->kthread->flags);
}

int kthread_stop(struct task_struct *k)
{
	struct kthread *kthread;
	int ret;

	get_task_struct(k);	/* the thread drops its own when it exits */
	kthread = k->kthread;
	/*
	 * Flag before wake-up: the thread sees the flag after it has set its
	 * state, or the wake-up finds the state.
	 */
	set_bit(KTHREAD_SHOULD_STOP, &kthread->flags);
	KT_POINT(stop.flagged);
	set_bit(0, &k->notify);
	wake_up_process(k);
	KT_POINT(stop.woken);
	os_waits_for(&k->os);
	kt_completion_wait(&kthread->exited);
	os_waits_for(NULL);
	ret = kthread->result;
	KT_POINT(stop.exited);
	put_task_struct(k);
	return ret;
}

const char *kthread_full_name(const struct task_struct *k)
{
	return k->kthread->full_name;
}
