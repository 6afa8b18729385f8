/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_CONTAINER_OF_H
#define KTHRASH_LINUX_CONTAINER_OF_H

#include <linux/kernel.h>

#endif
