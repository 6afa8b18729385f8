/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_EXPORT_H
#define KTHRASH_LINUX_EXPORT_H

#include <linux/module.h>

#endif
