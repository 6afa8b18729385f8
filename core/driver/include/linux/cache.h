/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_CACHE_H
#define KTHRASH_LINUX_CACHE_H

#include <linux/compiler.h>

#endif
