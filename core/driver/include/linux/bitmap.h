/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_BITMAP_H
#define KTHRASH_LINUX_BITMAP_H

#include <linux/bitops.h>

#endif
