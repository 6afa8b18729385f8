/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_INTERRUPT_H
#define KTHRASH_LINUX_INTERRUPT_H

#include <linux/irqflags.h>
#include <linux/irqreturn.h>
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>

#define IRQF_SHARED          0x80
#define IRQF_ONESHOT         0x2000
#define IRQF_NO_AUTOEN       0x80000
#define IRQF_TRIGGER_NONE    0
#define IRQF_TRIGGER_RISING  1
#define IRQF_TRIGGER_FALLING 2
#define IRQF_TRIGGER_HIGH    4
#define IRQF_TRIGGER_LOW     8

typedef irqreturn_t (*irq_handler_t)(int irq, void *dev);

KD_INLINE int request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags,
			  const char *name, void *dev)
{
	return kd_request_irq(irq, handler, NULL, flags, name, dev);
}

KD_INLINE int request_threaded_irq(unsigned int irq, irq_handler_t handler,
				   irq_handler_t thread_fn, unsigned long flags, const char *name,
				   void *dev)
{
	return kd_request_irq(irq, handler, thread_fn, flags, name, dev);
}

KD_INLINE const void *free_irq(unsigned int irq, void *dev)
{
	return kd_free_irq(irq, dev);
}

#define synchronize_irq(irq)     kd_synchronize_irq(irq)
#define synchronize_hardirq(irq) kd_synchronize_irq(irq)
#define disable_irq(irq)         kd_disable_irq((irq), true)
#define disable_irq_nosync(irq)  kd_disable_irq((irq), false)
#define enable_irq(irq)          kd_enable_irq(irq)

struct tasklet_struct {
	struct kd_tasklet kd;
};

#define tasklet_setup(t, fn)                                                   \
	((t)->kd = (struct kd_tasklet){ .callback = (void (*)(void *))(fn), .tasklet = (t) })
#define tasklet_init(t, fn, arg) \
	((t)->kd = (struct kd_tasklet){ .func = (fn), .data = (arg) })
#define from_tasklet(var, t, field) container_of(t, __typeof__(*(var)), field)
#define tasklet_schedule(t)       kd_tasklet_schedule(&(t)->kd)
#define tasklet_hi_schedule(t)    kd_tasklet_schedule(&(t)->kd)
#define tasklet_kill(t)           kd_tasklet_kill(&(t)->kd)
#define tasklet_disable(t)        kd_tasklet_disable(&(t)->kd, true)
#define tasklet_disable_nosync(t) kd_tasklet_disable(&(t)->kd, false)
#define tasklet_enable(t)         kd_tasklet_enable(&(t)->kd)

#endif
