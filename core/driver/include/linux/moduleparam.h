/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_MODULEPARAM_H
#define KTHRASH_LINUX_MODULEPARAM_H

#include <linux/module.h>

#endif
