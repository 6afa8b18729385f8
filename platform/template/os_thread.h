/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A port to another operating system begins here. Copy this folder. Give the copy
 * a line in platform/os.h, a word in `OS` of tools/bazel/choice.bzl and a library in
 * platform/BUILD. Fill in the functions until platform/conformance/ passes.
 *
 * The caller of os_spawn() owns the memory of struct os_thread, and the thread itself may
 * free it. So what must outlive it (the sleeper, RCU's record, what `checked` locks know)
 * is elsewhere: platform/posix/os_thread.h shows how.
 */
#ifndef PLATFORM_TEMPLATE_OS_THREAD_H
#define PLATFORM_TEMPLATE_OS_THREAD_H

#include <stddef.h>

#include "platform/rcu/reader.h"

struct os_thread {
	const char *name;
};

typedef struct template_sleeper os_sleeper;

#define os_delay()                  ((void)0)
#define os_object_begin(addr, size) ((void)(addr), (void)(size))
#define os_object_end(addr, size)   ((void)(addr), (void)(size))

#endif
