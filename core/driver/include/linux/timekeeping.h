/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_TIMEKEEPING_H
#define KTHRASH_LINUX_TIMEKEEPING_H

#include <linux/ktime.h>

#endif
