/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a port to another operating system begins: copy this folder, give the copy
 * a line in platform/os.h, in `OS` of tools/bazel/choice.bzl and a library in
 * platform/BUILD, and fill it in until platform/conformance/ passes.
 *
 * struct os_thread is what a user of os_spawn() has room for. It may be freed by
 * the thread itself, so what must outlive that (the sleeper, RCU's record, what
 * `checked` locks know) is elsewhere: platform/posix/os_thread.h says how.
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
