/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_SMP_H
#define KTHRASH_LINUX_SMP_H

#include <linux/sched.h>

#endif
