/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_SIGNAL_H
#define KTHRASH_LINUX_SIGNAL_H

#include <linux/sched/signal.h>

#endif
