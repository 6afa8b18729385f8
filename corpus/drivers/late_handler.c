// SPDX-License-Identifier: GPL-2.0-only
/*
 * A link monitor: its work looks at the link and queues itself again while the monitor runs. An
 * interrupt queues it, too.
 *
 * The bug: stop clears the flag and cancels the work, but the interrupt handler does not look at
 * the flag, and the interrupt is freed later. So the work runs once more, after the monitor was
 * freed. The twin frees the interrupt before it cancels the work.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <kthrash/driver.h>

#define LINK_IRQ 5

struct monitor {
	bool running;
	int changes;
	struct delayed_work look;
};

static struct monitor *monitor;

static void look_at_link(struct work_struct *work)
{
	struct monitor *m = container_of(work, struct monitor, look.work);

	m->changes++;
	if (READ_ONCE(m->running))
		schedule_delayed_work(&m->look, msecs_to_jiffies(10));
}

static irqreturn_t link_irq(int irq, void *dev)
{
	struct monitor *m = dev;

	mod_delayed_work(system_wq, &m->look, 0);
	return IRQ_HANDLED;
}

static int __init monitor_init(void)
{
	int err;

	monitor = kzalloc(sizeof(*monitor), GFP_KERNEL);
	if (!monitor)
		return -ENOMEM;
	INIT_DELAYED_WORK(&monitor->look, look_at_link);
	monitor->running = true;
	err = request_irq(LINK_IRQ, link_irq, 0, "link", monitor);
	if (err)
		kfree(monitor);
	return err;
}

static void __exit monitor_exit(void)
{
	WRITE_ONCE(monitor->running, false);
#ifdef REPAIRED
	free_irq(LINK_IRQ, monitor);
	cancel_delayed_work_sync(&monitor->look);
#else
	cancel_delayed_work_sync(&monitor->look);
	free_irq(LINK_IRQ, monitor);
#endif
	kfree(monitor);
}

int kthrash_test(void)
{
	kthrash_raise_irq(LINK_IRQ);
	return 0;
}

module_init(monitor_init);
module_exit(monitor_exit);
MODULE_LICENSE("GPL");
