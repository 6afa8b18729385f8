/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_BUILD_BUG_H
#define KTHRASH_LINUX_BUILD_BUG_H

#include <linux/bug.h>

#endif
