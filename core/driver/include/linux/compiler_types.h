/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_COMPILER_TYPES_H
#define KTHRASH_LINUX_COMPILER_TYPES_H

#include <linux/compiler.h>

#endif
