// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver with a polling thread for each of its channels. One processor reports an event, and
 * wakes the thread of the channel; another one unregisters the channel and stops its thread.
 *
 * The bug: the event takes the thread's pointer under the lock, and wakes the thread after it has
 * dropped the lock. The thread may be stopped and gone by then. The twin wakes it under the lock.
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <kthrash/driver.h>

static struct channel {
	spinlock_t lock;
	struct task_struct *poller; /* under lock */
	int events;                 /* under lock */
	struct work_struct report;
} channel;

static int poll_thread(void *data)
{
	struct channel *c = data;

	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		spin_lock(&c->lock);
		if (c->events) {
			c->events--;
			__set_current_state(TASK_RUNNING);
		}
		spin_unlock(&c->lock);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

static void report_event(struct work_struct *work)
{
	struct channel *c = container_of(work, struct channel, report);
	struct task_struct *poller;

	spin_lock(&c->lock);
	c->events++;
	poller = c->poller;
#ifdef REPAIRED
	if (poller)
		wake_up_process(poller);
	spin_unlock(&c->lock);
#else
	spin_unlock(&c->lock);
	if (poller)
		wake_up_process(poller);
#endif
}

static void channel_unregister(struct channel *c)
{
	struct task_struct *poller;

	spin_lock(&c->lock);
	poller = c->poller;
	c->poller = NULL;
	spin_unlock(&c->lock);
	kthread_stop(poller);
}

static int __init channel_init(void)
{
	struct task_struct *poller;

	spin_lock_init(&channel.lock);
	INIT_WORK(&channel.report, report_event);
	poller = kthread_run(poll_thread, &channel, "poll/%d", 0);
	if (IS_ERR(poller))
		return PTR_ERR(poller);
	spin_lock(&channel.lock);
	channel.poller = poller;
	spin_unlock(&channel.lock);
	return 0;
}

static void __exit channel_exit(void)
{
	channel_unregister(&channel);
	cancel_work_sync(&channel.report);
}

int kthrash_test(void)
{
	schedule_work(&channel.report);
	return 0;
}

module_init(channel_init);
module_exit(channel_exit);
MODULE_LICENSE("GPL");
