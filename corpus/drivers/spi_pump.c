// SPDX-License-Identifier: GPL-2.0-only
/*
 * An SPI controller: messages wait in a queue, and a kthread_worker pumps them out, one after the
 * other. The interrupt says that a transfer is done. Transfers that take too long are given up.
 *
 * The bug: the message that is under way is given up after a timeout, and its memory is the
 * caller's again. The interrupt that comes late still completes it. The twin looks under the lock
 * which message is under way, both in the handler and when it gives up.
 */
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <kthrash/driver.h>

#define SPI_IRQ 9

struct message {
	struct list_head entry;
	struct completion done;
	int status;
};

struct controller {
	spinlock_t lock;
	struct list_head queue;          /* under lock */
	struct message *current_message; /* under lock */
	struct kthread_worker *worker;
	struct kthread_work pump;
};

static struct controller *ctlr;

static void pump_messages(struct kthread_work *work)
{
	struct controller *c = container_of(work, struct controller, pump);
	struct message *m;

	spin_lock_irq(&c->lock);
	m = list_first_entry_or_null(&c->queue, struct message, entry);
	if (m)
		list_del_init(&m->entry);
	c->current_message = m;
	spin_unlock_irq(&c->lock);
	if (m)
		kthrash_raise_irq(SPI_IRQ); /* the device has done the transfer */
}

static irqreturn_t spi_irq(int irq, void *dev)
{
	struct controller *c = dev;
	struct message *m;

#ifdef REPAIRED
	spin_lock(&c->lock);
	m = c->current_message;
	c->current_message = NULL;
	if (m) {
		m->status = 0;
		complete(&m->done);
	}
	spin_unlock(&c->lock);
#else
	spin_lock(&c->lock);
	m = c->current_message;
	c->current_message = NULL;
	spin_unlock(&c->lock);
	if (m) {
		m->status = 0;
		complete(&m->done);
	}
#endif
	return m ? IRQ_HANDLED : IRQ_NONE;
}

static int spi_sync(struct controller *c)
{
	struct message *m = kzalloc(sizeof(*m), GFP_KERNEL);
	int status;

	if (!m)
		return -ENOMEM;
	m->status = -EINPROGRESS;
	init_completion(&m->done);
	spin_lock_irq(&c->lock);
	list_add_tail(&m->entry, &c->queue);
	spin_unlock_irq(&c->lock);
	kthread_queue_work(c->worker, &c->pump);
	if (!wait_for_completion_timeout(&m->done, msecs_to_jiffies(20))) {
		spin_lock_irq(&c->lock);
		if (c->current_message == m)
			c->current_message = NULL;
		list_del_init(&m->entry);
		spin_unlock_irq(&c->lock);
	}
	status = m->status;
	kfree(m);
	return status;
}

static int __init spi_init(void)
{
	int err;

	ctlr = kzalloc(sizeof(*ctlr), GFP_KERNEL);
	if (!ctlr)
		return -ENOMEM;
	spin_lock_init(&ctlr->lock);
	INIT_LIST_HEAD(&ctlr->queue);
	kthread_init_work(&ctlr->pump, pump_messages);
	ctlr->worker = kthread_run_worker(0, "spi%d", 0);
	if (IS_ERR(ctlr->worker)) {
		err = PTR_ERR(ctlr->worker);
		goto free;
	}
	err = request_irq(SPI_IRQ, spi_irq, 0, "spi", ctlr);
	if (!err)
		return 0;
	kthread_destroy_worker(ctlr->worker);
free:
	kfree(ctlr);
	return err;
}

static void __exit spi_exit(void)
{
	kthread_destroy_worker(ctlr->worker);
	free_irq(SPI_IRQ, ctlr);
	kfree(ctlr);
}

int kthrash_test(void)
{
	spi_sync(ctlr);
	return 0;
}

module_init(spi_init);
module_exit(spi_exit);
MODULE_LICENSE("GPL");
