/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_HARDIRQ_H
#define KTHRASH_LINUX_HARDIRQ_H

#include <linux/preempt.h>

#endif
