/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A unit includes this after the kernel's text. What follows is ours: no named points, and its
 * plain accesses are no choice points.
 */
#undef list_add_tail
#undef list_del_init
#undef complete
#undef wake_up_process
#undef wake_up_state
#undef wait_for_completion
#undef wait_for_completion_killable

#define LINUX_OURS __attribute__((disable_sanitizer_instrumentation))
