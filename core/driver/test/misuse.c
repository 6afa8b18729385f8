// SPDX-License-Identifier: GPL-2.0-only
/*
 * Misuses of the kernel, one for each argument. drivers_test.py has the finding that each gives.
 */
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <kthrash/driver.h>

struct thing {
	spinlock_t lock;
	struct mutex mutex;
	struct timer_list timer;
	struct work_struct work;
	struct delayed_work dwork;
	wait_queue_head_t wait;
	struct list_head entry;
	refcount_t refs;
	bool done;
};

static struct thing *thing;
static DECLARE_COMPLETION(started);

static void on_timer(struct timer_list *t)
{
	(void)t;
}

static void on_work(struct work_struct *w)
{
	(void)w;
}

static int sleeping_thread(void *data)
{
	complete(&started);
	wait_event(thing->wait, READ_ONCE(thing->done));
	return 0;
}

static int unlocking_thread(void *data)
{
	mutex_unlock(&thing->mutex);
	complete(&started);
	return 0;
}

static int locked_thread(void *data)
{
	spin_lock(&thing->lock);
	complete(&started);
	return 0;
}

static void make(void)
{
	thing = kzalloc(sizeof(*thing), GFP_KERNEL);
	BUG_ON(!thing);
	spin_lock_init(&thing->lock);
	mutex_init(&thing->mutex);
	timer_setup(&thing->timer, on_timer, 0);
	INIT_WORK(&thing->work, on_work);
	INIT_DELAYED_WORK(&thing->dwork, on_work);
	init_waitqueue_head(&thing->wait);
	INIT_LIST_HEAD(&thing->entry);
	refcount_set(&thing->refs, 1);
}

static void misuse(const char *what)
{
#define CASE(name) else if (!strcmp(what, name))
	if (0)
		;
	CASE("kthread_left")
	kthread_run(sleeping_thread, NULL, "forgotten");
	CASE("kthread_never_woken")
	kthread_create(sleeping_thread, NULL, "asleep");
	CASE("sleep_in_spin_lock")
	{
		spin_lock(&thing->lock);
		mutex_lock(&thing->mutex);
	}
	CASE("gfp_kernel_in_spin_lock")
	{
		spin_lock(&thing->lock);
		kfree(kmalloc(1, GFP_KERNEL));
	}
	CASE("sleep_in_rcu")
	{
		rcu_read_lock();
		schedule_timeout_uninterruptible(1);
	}
	CASE("sleep_between_state_and_schedule")
	{
		set_current_state(TASK_INTERRUPTIBLE);
		mutex_lock(&thing->mutex);
	}
	CASE("spin_lock_twice")
	{
		spin_lock(&thing->lock);
		spin_lock(&thing->lock);
	}
	CASE("mutex_twice")
	{
		mutex_lock(&thing->mutex);
		mutex_lock(&thing->mutex);
	}
	CASE("foreign_mutex_unlock")
	{
		mutex_lock(&thing->mutex);
		kthread_run(unlocking_thread, NULL, "unlocker");
		wait_for_completion(&started);
	}
	CASE("end_with_spin_lock")
	{
		kthread_run(locked_thread, NULL, "locker");
		wait_for_completion(&started);
	}
	CASE("free_pending_timer")
	{
		mod_timer(&thing->timer, jiffies + 100 * HZ);
		kfree(thing);
	}
	CASE("free_pending_delayed_work")
	{
		schedule_delayed_work(&thing->dwork, 100 * HZ);
		kfree(thing);
	}
	CASE("free_locked_mutex")
	{
		mutex_lock(&thing->mutex);
		kfree(thing);
	}
	CASE("free_wait_queue")
	{
		struct task_struct *k = kthread_run(sleeping_thread, NULL, "sleeper");

		wait_for_completion(&started);
		while (!waitqueue_active(&thing->wait))
			schedule_timeout_uninterruptible(1);
		kfree(thing);
		kthread_stop(k);
	}
	CASE("stop_error_pointer")
	kthread_stop(ERR_PTR(-ENOMEM));
	CASE("wake_null")
	wake_up_process(NULL);
	CASE("no_init")
	{
		memset(&thing->mutex, 0, sizeof(thing->mutex));
		mutex_lock(&thing->mutex);
	}
	CASE("list_del_twice")
	{
		LIST_HEAD(head);

		list_add(&thing->entry, &head);
		list_del(&thing->entry);
		list_del(&thing->entry);
	}
	CASE("refcount_underflow")
	{
		refcount_dec_and_test(&thing->refs);
		refcount_dec_and_test(&thing->refs);
	}
	CASE("warn")
	WARN(thing->done == false, "state %d\n", 7);
	CASE("stop_itself")
	kthread_stop(current);
	CASE("leak")
	thing = NULL;
	CASE("destroyed_queue")
	{
		struct workqueue_struct *wq = alloc_workqueue("short", 0, 1);

		destroy_workqueue(wq);
		queue_work(wq, &thing->work);
	}
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	make();
	misuse(argv[1]);
	return 0;
}
