// SPDX-License-Identifier: GPL-2.0-only
/*
 * A serial port: the interrupt puts bytes into a ring, and a reader takes them out.
 *
 * The bug: the reader holds the lock that the handler takes, with interrupts enabled. On the
 * reader's processor the handler would wait for it for ever. The twin disables interrupts.
 */
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include <kthrash/driver.h>

#define UART_IRQ  4
#define RING_SIZE 8

static struct port {
	spinlock_t lock;
	wait_queue_head_t read_wait;
	unsigned char ring[RING_SIZE]; /* under lock */
	unsigned int head, tail;       /* under lock */
	unsigned int received;
} port;

static irqreturn_t uart_irq(int irq, void *dev)
{
	struct port *p = dev;

	spin_lock(&p->lock);
	if (p->head - p->tail < RING_SIZE)
		p->ring[p->head++ % RING_SIZE] = 'x';
	spin_unlock(&p->lock);
	wake_up_interruptible(&p->read_wait);
	return IRQ_HANDLED;
}

static bool has_byte(struct port *p)
{
	bool has;

	spin_lock_irq(&p->lock);
	has = p->head != p->tail;
	spin_unlock_irq(&p->lock);
	return has;
}

static int read_thread(void *data)
{
	struct port *p = data;
	unsigned long flags = 0;

	while (!kthread_should_stop()) {
		if (wait_event_interruptible(p->read_wait, has_byte(p) || kthread_should_stop()))
			continue;
#ifdef REPAIRED
		spin_lock_irqsave(&p->lock, flags);
#else
		spin_lock(&p->lock);
		(void)flags;
#endif
		if (p->head != p->tail) {
			p->tail++;
			p->received++;
		}
#ifdef REPAIRED
		spin_unlock_irqrestore(&p->lock, flags);
#else
		spin_unlock(&p->lock);
#endif
	}
	return 0;
}

int kthrash_test(void)
{
	struct task_struct *reader;

	spin_lock_init(&port.lock);
	init_waitqueue_head(&port.read_wait);
	if (request_irq(UART_IRQ, uart_irq, IRQF_SHARED, "uart", &port))
		return 0;
	reader = kthread_run(read_thread, &port, "uart-read");
	if (!IS_ERR(reader)) {
		kthrash_raise_irq(UART_IRQ);
		kthrash_raise_irq(UART_IRQ);
		kthread_stop(reader);
	}
	free_irq(UART_IRQ, &port);
	return 0;
}
