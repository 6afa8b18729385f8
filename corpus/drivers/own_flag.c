// SPDX-License-Identifier: GPL-2.0-only
/*
 * An updater thread that frees its own context. The thread ends when it sees its stop flag, and
 * frees the context. The function that stops it sets the flag and then wakes the thread, by the
 * pointer in the context.
 *
 * The bug: after the flag is set, the context may be gone. The twin lets the stopper free it, when
 * kthread_stop() has returned.
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>

struct updater {
	bool stop;
	struct task_struct *sleeper;
	struct task_struct *task;
	int updates;
};

static int updater_thread(void *data)
{
	struct updater *u = data;

	u->sleeper = current;
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
#ifdef REPAIRED
		if (kthread_should_stop())
			break;
#else
		if (u->stop)
			break;
#endif
		schedule();
		u->updates++;
	}
	__set_current_state(TASK_RUNNING);
#ifndef REPAIRED
	kfree(u);
#endif
	return 0;
}

static void updater_stop(struct updater *u)
{
#ifdef REPAIRED
	kthread_stop(u->task);
	kfree(u);
#else
	u->stop = true;
	smp_mb();
	if (u->sleeper)
		wake_up_process(u->sleeper);
#endif
}

static struct updater *updater;

static int __init updater_init(void)
{
	updater = kzalloc(sizeof(*updater), GFP_KERNEL);
	if (!updater)
		return -ENOMEM;
	updater->task = kthread_run(updater_thread, updater, "updater");
	if (IS_ERR(updater->task)) {
		int err = PTR_ERR(updater->task);

		kfree(updater);
		return err;
	}
	return 0;
}

static void __exit updater_exit(void)
{
	updater_stop(updater);
}

module_init(updater_init);
module_exit(updater_exit);
MODULE_LICENSE("GPL");
