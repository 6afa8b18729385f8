/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_SPINLOCK_TYPES_H
#define KTHRASH_LINUX_SPINLOCK_TYPES_H

#include <linux/spinlock.h>

#endif
