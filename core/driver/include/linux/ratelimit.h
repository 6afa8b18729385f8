/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_RATELIMIT_H
#define KTHRASH_LINUX_RATELIMIT_H

#include <linux/printk.h>

#endif
