/* SPDX-License-Identifier: GPL-2.0-only */
/* How large the kernel's structs may be of which others have some. unit_kthread.c checks it. */
#ifndef CORE_LINUX_ROOM_H
#define CORE_LINUX_ROOM_H

#define KT_LINUX_WORK_BYTES         64
#define KT_LINUX_DELAYED_WORK_BYTES 160
#define KT_LINUX_WORKER_BYTES       160

#endif
