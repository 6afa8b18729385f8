/* SPDX-License-Identifier: GPL-2.0-only */
/* The frames of each thread, for reports. They are not kept yet. */
#include "platform/hosted/internal.h"

HOSTED_EXPORT void __tsan_func_entry(void *caller);
HOSTED_EXPORT void __tsan_func_entry(void *caller)
{
	(void)caller;
}

HOSTED_EXPORT void __tsan_func_exit(void);
HOSTED_EXPORT void __tsan_func_exit(void)
{
}
