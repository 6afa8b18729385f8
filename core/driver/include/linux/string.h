/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_STRING_H
#define KTHRASH_LINUX_STRING_H

#include <linux/slab.h>

#endif
