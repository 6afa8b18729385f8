// SPDX-License-Identifier: GPL-2.0-only
/*
 * A submission thread that a reset parks. When its queue is closed, the thread ends by itself.
 *
 * The bug: the reset parks the thread while the queue is being closed. If the thread ends before it
 * sees that it should park, kthread_park() waits for it for ever. The twin's thread waits for
 * kthread_stop() after the close, and parks when it is asked to.
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <kthrash/driver.h>

static struct queue {
	wait_queue_head_t wait;
	bool closed;
	struct task_struct *thread;
	struct work_struct close;
} queue;

static int queue_thread(void *data)
{
	struct queue *q = data;

	for (;;) {
		if (kthread_should_park()) {
			kthread_parkme();
			continue;
		}
#ifdef REPAIRED
		if (kthread_should_stop())
			break;
		wait_event_interruptible(q->wait, kthread_should_park() || kthread_should_stop());
#else
		if (READ_ONCE(q->closed))
			break;
		wait_event_interruptible(q->wait, READ_ONCE(q->closed) || kthread_should_park());
#endif
	}
	return 0;
}

static void close_queue(struct work_struct *work)
{
	struct queue *q = container_of(work, struct queue, close);

	WRITE_ONCE(q->closed, true);
	wake_up(&q->wait);
}

int kthrash_test(void)
{
	init_waitqueue_head(&queue.wait);
	INIT_WORK(&queue.close, close_queue);
	queue.thread = kthread_create(queue_thread, &queue, "sq/%d", 1);
	if (IS_ERR(queue.thread))
		return 0;
	get_task_struct(queue.thread);
	wake_up_process(queue.thread);
	schedule_work(&queue.close);
	if (!kthread_park(queue.thread))
		kthread_unpark(queue.thread);
	flush_work(&queue.close);
	kthread_stop(queue.thread);
	put_task_struct(queue.thread);
	return 0;
}
