/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/kthread.h"

#include <errno.h>
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
	kt_completion_init(&k->parked);
	return k;
}

void free_kthread_struct(struct kthread *k)
{
	if (!k)
		return;
	if (k->blkcg_css)
		kt_fail(KT_DISCIPLINE, "a kthread ended with a blkcg");
	/* A thread that parked itself leaves `parked` completed. No task waits for it. */
	kt_completion_destroy(&k->parked);
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
	char text[OS_NAME_MAX];
	const char *from = text;
	char *name;
	int len;

	if (strchr(namefmt, '%')) {
		len = vsnprintf(text, sizeof text, namefmt, args);
	} else {	/* most names; Linux: kvasprintf_const() */
		from = namefmt;
		len = (int)strnlen(namefmt, sizeof text);
	}
	KT_ASSERT(len >= 0 && len < OS_NAME_MAX);
	name = os_alloc(KT_ROLE_NAME, (size_t)len + 1);
	if (name)
		memcpy(name, from, (size_t)len + 1);
	return name;
}

/* ---- the new thread's side ---------------------------------------------- */

/* The end of a kthread. t is gone afterwards. */
static void kthread_end(struct task_struct *t, int result)
{
	struct kthreadd *d = t->kthreadd;

	freezer_forget();	/* t must still exist */
	exit_mm(t);
	/* First of all, so that after kthread_stop() has returned no reader finds the thread. */
	kthread_unregister(&d->registry, t);
	KT_POINT(registry.unlinked);
	set_bit(KTHREAD_EXITING, &t->kthread->flags);
	t->kthread->result = result;	/* before `exited`, because kthread_stop() reads it */
	KT_POINT_ON(kthread.exiting, t->kthread->data);
	kt_complete_all(&t->kthread->exited);
	set_special_state(TASK_DEAD);	/* no waker is in flight from here on */
	task_unbind_dead(t);
	drop_lazy_mm(t);	/* as Linux's scheduler does after the last switch */
	put_task_struct(t);
	kthreadd_thread_gone(d);
}

static void parkme(struct kthread *self)
{
	freezer_do_not_count();
	for (;;) {
		/*
		 * Set PARKED before the test, and as a special state. Then a waker that saw
		 * the old state can't store RUNNING over PARKED, which would make this
		 * thread call complete() a second time.
		 */
		set_special_state(TASK_PARKED);
		if (!test_bit(KTHREAD_SHOULD_PARK, &self->flags))
			break;
		KT_POINT_ON(park.parking, self->data);
		kt_complete(&self->parked);
		schedule();
		KT_POINT_ON(park.woken, self->data);
	}
	__set_current_state(TASK_RUNNING);
	freezer_count();
}

/* threadfn's result, or what it gave to kthread_exit(). */
static int call_threadfn(struct kthread *self)
{
	jmp_buf exit;

	self->exit = &exit;
	if (setjmp(exit) == 0) {
		KT_POINT_ON(kthread.running, self->data);
		self->result = self->threadfn(self->data);
	}
	return self->result;
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
	if (!done) {	/* the creator was killed, so we free the request */
		KT_POINT_ON(kthread.abandoned, create->data);
		free_kthread_create_info(create);
		kthread_end(t, ret);
		return;
	}
	KT_POINT_ON(kthread.token_taken, create->data);
	self->full_name = create->full_name;
	self->threadfn = create->threadfn;
	self->data = create->data;

	/* A thread inherits these attributes from the daemon, whose own may have been changed. */
	os_set_policy(OS_POLICY_NORMAL);
	os_allow_cpus(NULL);

	/*
	 * Set the state before the creator gets the task: a wake-up that comes before
	 * schedule() then finds the state. The result is written before complete();
	 * after that neither create nor *done may be touched.
	 */
	__set_current_state(TASK_UNINTERRUPTIBLE);
	create->result = t;
	KT_POINT_ON(kthread.published, self->data);
	kt_complete(done);
	KT_POINT_ON(kthread.completed, self->data);
	schedule();

	WRITE_ONCE(self->started, true);
	KT_POINT_ON(kthread.woken, self->data);
	/* The last test for a stop: after parkme() the owner relies on a call of threadfn. */
	if (!kthread_should_stop()) {
		t->no_cgroup_migration = false;
		parkme(self);
		ret = call_threadfn(self);
	}
	kthread_end(t, ret);
}

/* ---- the creator's side ------------------------------------------------- */

/* Queue the request, then wake the daemon: in this order, or it may not see the request. */
static void request_thread(struct kthreadd *d, struct kthread_create_info *create)
{
	void *data = create->data;

	kt_queue_push(&d->create_list, &create->list, KT_SITE_NAMED("create.appended"));
	wake_up_process(d->task);
	KT_POINT_ON(create.woken, data);
}

/*
 * Wait for the answer. 0: the caller frees the request. -EINTR: the request belongs to the
 * other side. In both cases the other side does not use *done any more.
 */
static int wait_for_thread(struct kthread_create_info *create, kt_completion *done)
{
	void *data = create->data;

	if (kt_completion_wait_killable(done) == 0)
		return 0;
	KT_POINT_ON(create.killed, data);
	/*
	 * We were killed, perhaps by the OOM killer to get memory that kthreadd waits for.
	 * If the token is still there, the other side has not begun to answer.
	 */
	if (xchg(&create->done, NULL)) {
		KT_POINT_ON(create.token_taken, data);
		return -EINTR;
	}
	/* The other side is about to complete *done: wait until it has. */
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
		/* The new thread frees the name. If there is no thread, we do. */
		if (IS_ERR(task))
			os_free(create->full_name);
		os_free(create);
	}
	os_waits_for(NULL);
	kt_completion_destroy(&done);
	return task;
}

struct task_struct *kthread_vcreate(int (*threadfn)(void *data), void *data, int node,
				    const char *namefmt, va_list args)
{
	struct kthread_create_info *create = os_alloc(KT_ROLE_CREATE_INFO, sizeof *create);
	struct task_struct *task;

	if (!create)
		return ERR_PTR(-ENOMEM);
	*create = (struct kthread_create_info){
		.threadfn = threadfn, .data = data, .node = node,
	};
	create->full_name = format_name(namefmt, args);
	if (!create->full_name) {
		os_free(create);
		return ERR_PTR(-ENOMEM);
	}
	KT_POINT_ON(create.allocated, data);
	task = create_and_wait(current->kthreadd, create);
	KT_POINT_ON(create.done, data);
	return task;
}

struct task_struct *kthread_create_on_node(int (*threadfn)(void *data), void *data,
					   int node, const char *namefmt, ...)
{
	struct task_struct *task;
	va_list args;

	va_start(args, namefmt);
	task = kthread_vcreate(threadfn, data, node, namefmt, args);
	va_end(args);
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

	get_task_struct(k);	/* the thread drops its own reference when it exits */
	kthread = k->kthread;
	KT_ASSERT(k != current);
	/*
	 * Set the flag before the wake-up. The thread sets its state before its test. So
	 * either the thread sees the flag, or the wake-up finds the state.
	 */
	set_bit(KTHREAD_SHOULD_STOP, &kthread->flags);
	KT_POINT(stop.flagged);
	kthread_unpark(k);
	set_bit(0, &k->notify);
	/* A thread in the refrigerator tests again, and stays if it may not leave. */
	wake_up_state(k, TASK_NORMAL | TASK_FROZEN);
	KT_POINT(stop.woken);
	os_waits_for(&k->os);
	kt_completion_wait(&kthread->exited);
	os_waits_for(NULL);
	ret = kthread->result;
	KT_POINT(stop.exited);
	put_task_struct(k);
	return ret;
}

int kthread_stop_put(struct task_struct *k)
{
	int ret = kthread_stop(k);

	put_task_struct(k);
	return ret;
}

void kthread_exit(int result)
{
	struct kthread *self = current->kthread;

	self->result = result;
	longjmp(*self->exit, 1);
}

void kthread_complete_and_exit(kt_completion *c, int code)
{
	if (c)
		kt_complete(c);
	/* *c may be gone. */
	kthread_exit(code);
}

/* ---- parking ------------------------------------------------------------ */

bool __kthread_should_park(struct task_struct *k)
{
	return test_bit(KTHREAD_SHOULD_PARK, &k->kthread->flags);
}

bool kthread_should_park(void)
{
	return __kthread_should_park(current);
}

void kthread_parkme(void)
{
	parkme(current->kthread);
}

int kthread_park(struct task_struct *k)
{
	struct kthread *kthread = k->kthread;

	if (test_bit(KTHREAD_EXITING, &kthread->flags))
		return -ENOSYS;
	if (test_bit(KTHREAD_SHOULD_PARK, &kthread->flags))
		return -EBUSY;
	/* Set the flag before the wake-up, as in kthread_stop(). */
	set_bit(KTHREAD_SHOULD_PARK, &kthread->flags);
	KT_POINT(park.flagged);
	if (k == current)
		return 0;
	wake_up_process(k);
	KT_POINT(park.waiting);
	os_waits_for(&k->os);
	kt_completion_wait(&kthread->parked);
	/* `parked` means that k is about to sleep. The caller relies on k being off its CPU. */
	if (!wait_task_inactive(k, TASK_PARKED))
		kt_fail(KT_DISCIPLINE, "parked, and not asleep in TASK_PARKED");
	os_waits_for(NULL);
	KT_POINT(park.parked);
	return 0;
}

static void bind(struct task_struct *k, uint64_t cpus, unsigned mask)
{
	if (!task_bind(k, cpus, mask))
		kt_fail(KT_DISCIPLINE, "bound while it does not sleep in state %s",
			task_state_name(mask));
}

void kthread_unpark(struct task_struct *k)
{
	struct kthread *kthread = k->kthread;

	/* kthread_stop() calls this also for threads that are not parked. */
	if (!test_bit(KTHREAD_SHOULD_PARK, &kthread->flags))
		return;
	/*
	 * Bind, then clear the flag, then wake: the thread can't leave kthread_parkme()
	 * before the flag is clear, and it must not leave it on another CPU.
	 */
	if (test_bit(KTHREAD_IS_PER_CPU, &kthread->flags))
		bind(k, 1ull << kthread->cpu, TASK_PARKED);
	clear_bit(KTHREAD_SHOULD_PARK, &kthread->flags);
	KT_POINT(unpark.cleared);
	wake_up_state(k, TASK_PARKED);
	KT_POINT(unpark.woken);
}

/* ---- processors --------------------------------------------------------- */

void kthread_bind_mask(struct task_struct *k, uint64_t cpus)
{
	if (READ_ONCE(k->kthread->started))
		kt_fail(KT_DISCIPLINE, "bound after it was started");
	bind(k, cpus, TASK_UNINTERRUPTIBLE);
}

void kthread_bind(struct task_struct *k, unsigned cpu)
{
	KT_ASSERT(cpu < 64);
	kthread_bind_mask(k, 1ull << cpu);
}

struct task_struct *kthread_create_on_cpu(int (*threadfn)(void *data), void *data,
					  unsigned cpu, const char *namefmt)
{
	struct task_struct *k = kthread_create_on_node(threadfn, data,
						       os_cpu_to_node(cpu), namefmt, cpu);

	if (IS_ERR(k))
		return k;
	kthread_bind(k, cpu);
	k->kthread->cpu = cpu;
	return k;
}

void kthread_set_per_cpu(struct task_struct *k, int cpu)
{
	if (cpu < 0) {
		clear_bit(KTHREAD_IS_PER_CPU, &k->kthread->flags);
		return;
	}
	KT_ASSERT(cpu < 64);
	if (!k->no_setaffinity)
		kt_fail(KT_DISCIPLINE, "made a CPU's own, and was not bound before");
	k->kthread->cpu = (unsigned)cpu;	/* before the bit, which says it is valid */
	set_bit(KTHREAD_IS_PER_CPU, &k->kthread->flags);
}

bool kthread_is_per_cpu(struct task_struct *p)
{
	return p->kthread && test_bit(KTHREAD_IS_PER_CPU, &p->kthread->flags);
}

/* ---- asking about a thread ---------------------------------------------- */

int (*kthread_func(struct task_struct *k))(void *data)
{
	return k->kthread ? k->kthread->threadfn : NULL;
}

void *kthread_data(struct task_struct *k)
{
	return k->kthread->data;
}

void *kthread_probe_data(struct task_struct *k)
{
	return k->kthread ? k->kthread->data : NULL;
}

void get_kthread_comm(char *buf, size_t buf_size, struct task_struct *tsk)
{
	const char *name = tsk->kthread ? tsk->kthread->full_name : tsk->comm;
	size_t len;

	if (!buf_size)
		return;
	len = strnlen(name, buf_size - 1);
	memcpy(buf, name, len);
	buf[len] = '\0';
}
