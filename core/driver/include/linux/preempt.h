/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_PREEMPT_H
#define KTHRASH_LINUX_PREEMPT_H

#include <linux/kernel.h>

#define preempt_disable()  kd_preempt(1)
#define preempt_enable()   kd_preempt(-1)
#define in_interrupt()     kd_in_interrupt()
#define in_hardirq()       kd_in_hardirq()
#define in_irq()           kd_in_hardirq()
#define in_softirq()       (kd_in_interrupt() && !kd_in_hardirq())
#define in_serving_softirq() in_softirq()
#define in_task()          (!kd_in_interrupt())
#define in_atomic()        kd_in_atomic()
#define local_bh_disable() kd_bh(1)
#define local_bh_enable()  kd_bh(-1)

#endif
