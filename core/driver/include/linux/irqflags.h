/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_IRQFLAGS_H
#define KTHRASH_LINUX_IRQFLAGS_H

#include <linux/kernel.h>

#define local_irq_disable()      kd_irqs(true)
#define local_irq_enable()       kd_irqs(false)
#define local_irq_save(flags)    ((flags) = kd_irqs_save())
#define local_irq_restore(flags) kd_irqs_restore(flags)
#define irqs_disabled()          kd_irqs_disabled()

#endif
