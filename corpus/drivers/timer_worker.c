// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sensor that is read by a kthread_worker. A timer queues the read again and again.
 *
 * The bug: remove destroys the worker while the timer goes on queueing on it. The twin stops the
 * timer first, for good.
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timer.h>

#include <kthrash/driver.h>

struct sensor {
	struct kthread_worker *worker;
	struct kthread_delayed_work read;
	struct timer_list timer;
	int value;
};

static struct sensor *sensor;

static void sensor_read(struct kthread_work *work)
{
	struct sensor *s = container_of(work, struct sensor, read.work);

	s->value++;
}

static void sensor_tick(struct timer_list *t)
{
	struct sensor *s = from_timer(s, t, timer);

	kthread_mod_delayed_work(s->worker, &s->read, msecs_to_jiffies(1));
	mod_timer(&s->timer, jiffies + msecs_to_jiffies(5));
}

static int __init sensor_init(void)
{
	sensor = kzalloc(sizeof(*sensor), GFP_KERNEL);
	if (!sensor)
		return -ENOMEM;
	sensor->worker = kthread_run_worker(0, "sensor");
	if (IS_ERR(sensor->worker)) {
		int err = PTR_ERR(sensor->worker);

		kfree(sensor);
		return err;
	}
	kthread_init_delayed_work(&sensor->read, sensor_read);
	timer_setup(&sensor->timer, sensor_tick, 0);
	mod_timer(&sensor->timer, jiffies + msecs_to_jiffies(5));
	return 0;
}

static void __exit sensor_exit(void)
{
#ifdef REPAIRED
	timer_shutdown_sync(&sensor->timer);
	kthread_cancel_delayed_work_sync(&sensor->read);
	kthread_destroy_worker(sensor->worker);
#else
	kthread_destroy_worker(sensor->worker);
	timer_shutdown_sync(&sensor->timer);
#endif
	kfree(sensor);
}

int kthrash_test(void)
{
	schedule_timeout_uninterruptible(msecs_to_jiffies(6));
	return 0;
}

module_init(sensor_init);
module_exit(sensor_exit);
MODULE_LICENSE("GPL");
