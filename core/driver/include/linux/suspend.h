/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_SUSPEND_H
#define KTHRASH_LINUX_SUSPEND_H

#include <linux/freezer.h>

/* What a suspend does to kthreads. Each freeze that succeeded (0) is followed by a thaw. */
#define freeze_kernel_threads() kd_freeze()
#define thaw_kernel_threads()   kd_thaw()

#endif
