// SPDX-License-Identifier: GPL-2.0-only
/*
 * A watchdog: a delayed work pings the device while somebody has it open. If no ping comes for some
 * time, a timer asks for a reset, by a work.
 *
 * The bug: the timer's function takes the mutex of the device, and so may sleep where it must not.
 * The twin leaves that to the work.
 */
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include <kthrash/driver.h>

static struct watchdog {
	struct mutex lock;
	int pings, resets; /* under lock */
	struct timer_list expired;
	struct work_struct reset;
	struct delayed_work ping;
	struct workqueue_struct *wq;
} dog;

static void dog_reset(struct work_struct *work)
{
	struct watchdog *w = container_of(work, struct watchdog, reset);

	mutex_lock(&w->lock);
	w->resets++;
	mutex_unlock(&w->lock);
}

static void dog_expired(struct timer_list *t)
{
	struct watchdog *w = from_timer(w, t, expired);

#ifndef REPAIRED
	mutex_lock(&w->lock);
	w->resets++;
	mutex_unlock(&w->lock);
#endif
	queue_work(w->wq, &w->reset);
}

static void dog_ping(struct work_struct *work)
{
	struct watchdog *w = container_of(to_delayed_work(work), struct watchdog, ping);
	bool again;

	mutex_lock(&w->lock);
	again = ++w->pings < 3;
	mutex_unlock(&w->lock);
	mod_timer(&w->expired, jiffies + msecs_to_jiffies(15));
	if (again)
		queue_delayed_work(w->wq, &w->ping, msecs_to_jiffies(10));
}

int kthrash_test(void)
{
	mutex_init(&dog.lock);
	timer_setup(&dog.expired, dog_expired, 0);
	INIT_WORK(&dog.reset, dog_reset);
	INIT_DELAYED_WORK(&dog.ping, dog_ping);
	dog.wq = alloc_ordered_workqueue("watchdog", WQ_MEM_RECLAIM);
	if (!dog.wq)
		return 0;
	queue_delayed_work(dog.wq, &dog.ping, 1);
	schedule_timeout_uninterruptible(msecs_to_jiffies(12));
	cancel_delayed_work_sync(&dog.ping);
	timer_shutdown_sync(&dog.expired);
	cancel_work_sync(&dog.reset);
	destroy_workqueue(dog.wq);
	return 0;
}
