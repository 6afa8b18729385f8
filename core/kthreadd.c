/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/kthreadd.h"

#include <string.h>

#include "core/kthread_internal.h"

enum { KTHREADD_SHUTDOWN };

unsigned core_linux_version(void)
{
	return 0;
}

void kthreadd_init(struct kthreadd *d)
{
	memset(d, 0, sizeof *d);
	kt_queue_init(&d->create_list, "create_list");
	kt_completion_init(&d->ready);
	kt_completion_init(&d->all_gone);
	refcount_set(&d->threads, 1);
	kthread_registry_init(&d->registry);
	timer_base_init(&d->timers);
	freezer_init(&d->freezer);
	cpus_init(&d->cpus);
	smpboot_init(&d->smpboot);
}

/* The context that every kthread starts from. */
static void kthreadd_setup(void)
{
	struct task_struct *t = current;

	os_set_comm("kthreadd");
	os_ignore_signals();
	os_allow_cpus(NULL);
	os_allow_all_nodes();
	t->flags |= PF_NOFREEZE | PF_NOSIGNAL;
	/* The threads that we make stay in the root cgroup until their function runs. */
	t->no_cgroup_migration = true;
}

int tsk_fork_get_node(struct task_struct *tsk)
{
	return tsk == &tsk->kthreadd->daemon ? tsk->kthreadd->pref_node_fork : NUMA_NO_NODE;
}

/*
 * fork: make a task that runs kthread_main(create). If it succeeds, neither create nor the
 * task may be touched again, because the thread may have freed both.
 */
static int kernel_thread(struct kthreadd *d, struct kthread_create_info *create)
{
	struct task_struct *t = os_alloc(KT_ROLE_TASK, sizeof *t);
	int err;

	if (!t)
		return -ENOMEM;
	task_init(t, d, create->full_name);
	t->flags = PF_KTHREAD | (current->flags & (PF_NOFREEZE | PF_NOSIGNAL));
	t->no_cgroup_migration = current->no_cgroup_migration;
	t->kthread = alloc_kthread_struct();
	if (!t->kthread) {
		err = -ENOMEM;	/* Linux 6.1 returns -EAGAIN: see core/README.md */
		goto free_task;
	}
	/* From here on other tasks may take a reference. */
	kthread_register(&d->registry, t);
	refcount_inc(&d->threads);
	os_set_spawn_node(tsk_fork_get_node(current));
	err = os_spawn(&t->os, create->full_name, OS_DETACHED, kthread_main, create);
	os_set_spawn_node(NUMA_NO_NODE);
	if (err == 0)
		return 0;
	kthread_unregister(&d->registry, t);
	put_task_struct(t);
	kthreadd_thread_gone(d);
	return err;
free_task:
	task_destroy(t);
	os_free(t);
	return err;
}

static void create_kthread(struct kthreadd *d, struct kthread_create_info *create)
{
	kt_completion *done;
	int err;

	KT_POINT_ON(kthreadd.forking, create->data);
	d->pref_node_fork = create->node;
	err = kernel_thread(d, create);
	if (err == 0) {
		KT_POINT(kthreadd.forked);
		return;
	}
	KT_POINT_ON(kthreadd.fork_failed, create->data);
	done = xchg(&create->done, NULL);
	if (!done) {	/* the creator was killed and is gone */
		free_kthread_create_info(create);
		return;
	}
	create->result = ERR_PTR(err);	/* before complete, because the creator reads it */
	kt_complete(done);
}

static struct kthread_create_info *next_request(struct kthreadd *d)
{
	kt_queue_node *node = kt_queue_pop(&d->create_list, KT_SITE_NAMED("kthreadd.unlinked"));

	return node ? container_of(node, struct kthread_create_info, list) : NULL;
}

/* Unlink each request and make its thread. */
static void create_all(struct kthreadd *d)
{
	struct kthread_create_info *create;

	while ((create = next_request(d)) != NULL)
		create_kthread(d, create);
}

static void kthreadd_main(void *arg)
{
	struct kthreadd *d = arg;

	kthreadd_setup();
	for (;;) {
		bool shutdown;

		/*
		 * Set the state before the test. A creator pushes, then wakes. Either the
		 * daemon sees the request, or the wake-up finds the state.
		 */
		set_current_state(TASK_INTERRUPTIBLE);
		/*
		 * Test the flag before the queue: no request is queued after
		 * shutdown began, so a queue found empty then stays empty. In the other
		 * order, the daemon could leave a request behind whose creator was killed
		 * and is gone.
		 */
		shutdown = test_bit(KTHREADD_SHUTDOWN, &d->flags);
		if (kt_queue_is_empty(&d->create_list)) {
			if (shutdown)
				break;
			KT_POINT(kthreadd.idle);
			schedule();
		}
		__set_current_state(TASK_RUNNING);
		create_all(d);
	}
	set_special_state(TASK_DEAD);
}

int kthreadd_boot(struct kthreadd *d)
{
	int err;

	task_init(&d->daemon, d, "kthreadd");
	err = os_spawn(&d->daemon.os, "kthreadd", OS_JOINABLE, kthreadd_main, d);
	if (err) {
		task_destroy(&d->daemon);
		return err;
	}
	d->task = &d->daemon;		/* before ready: creators wake it */
	kt_complete_all(&d->ready);
	return 0;
}

void kthreadd_shutdown(struct kthreadd *d)
{
	set_bit(KTHREADD_SHUTDOWN, &d->flags);	/* before the wake-up: as for a request */
	wake_up_process(d->task);
	os_join(&d->daemon.os);
	KT_ASSERT(kt_queue_is_empty(&d->create_list));
	if (!refcount_dec_and_test(&d->threads))
		kt_completion_wait(&d->all_gone);
	rcu_barrier();		/* wait until the tasks of those threads are freed */
	kthread_registry_destroy(&d->registry);
	timer_base_shutdown(&d->timers);
	freezer_destroy(&d->freezer);
	smpboot_destroy(&d->smpboot);
	cpus_destroy(&d->cpus);
	d->task = NULL;
	task_destroy(&d->daemon);
	kt_completion_destroy(&d->all_gone);
	kt_completion_destroy(&d->ready);
	kt_queue_destroy(&d->create_list);
}
