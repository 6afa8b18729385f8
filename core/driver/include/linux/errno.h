/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_ERRNO_H
#define KTHRASH_LINUX_ERRNO_H

#include_next <linux/errno.h>

#include <errno.h>

#define ERESTARTSYS    512
#define ERESTARTNOINTR 513
#define ENOIOCTLCMD    515
#define EPROBE_DEFER   517
#define ENOTSUPP       524

#endif
