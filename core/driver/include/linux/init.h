/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_INIT_H
#define KTHRASH_LINUX_INIT_H

#include <linux/compiler.h>

#define __init
#define __exit
#define __initdata
#define __exitdata
#define __initconst

#endif
