/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's freezer.c. */
#include "core/linux/shim.h"

#undef schedule
#define schedule()                                                             \
	do {                                                                   \
		KT_POINT(freezer.frozen);                                      \
		schedule_at(KT_SITE("schedule", ""));                          \
		KT_POINT(freezer.woken);                                       \
	} while (0)

#include "kernel/freezer.c"

#include "core/linux/unit_end.h"

LINUX_OURS void linux_set_freezing(bool on)
{
	__atomic_store_n(&pm_nosig_freezing, on, __ATOMIC_RELAXED);
	if (on)
		static_branch_inc(&freezer_active);
	else
		static_branch_dec(&freezer_active);
}

LINUX_OURS bool linux_freeze_task(struct task_struct *t)
{
	return freeze_task(t);
}

LINUX_OURS void linux_thaw_task(struct task_struct *t)
{
	__thaw_task(t);
}

/* Inline functions of the kernel. */
bool linux_freezing(struct task_struct *t) __asm__("kt_core_freezing");
LINUX_OURS bool linux_freezing(struct task_struct *t)
{
	return freezing(t);
}

bool linux_try_to_freeze(void) __asm__("kt_core_try_to_freeze");
LINUX_OURS bool linux_try_to_freeze(void)
{
	return try_to_freeze();
}
