/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_BITS_H
#define KTHRASH_LINUX_BITS_H

#include <linux/bitops.h>

#endif
