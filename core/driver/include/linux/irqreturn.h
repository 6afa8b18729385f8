/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_IRQRETURN_H
#define KTHRASH_LINUX_IRQRETURN_H

typedef int irqreturn_t;
#define IRQ_NONE        0
#define IRQ_HANDLED     1
#define IRQ_WAKE_THREAD 2
#define IRQ_RETVAL(x)   ((x) ? IRQ_HANDLED : IRQ_NONE)

#endif
