/* SPDX-License-Identifier: GPL-2.0-only */
/* The model of what threads borrow: address spaces and a cgroup. */
#include "platform/check.h"
#include "stress/run/model.h"

void model_borrowed(const struct ledger_thread *t, bool used, bool mm_right, bool active_right)
{
	const char *call = used ? "kthread_use_mm" : "kthread_unuse_mm";

	if (!mm_right)
		kt_fail(KT_MODEL, "%s returned and current->mm is not %s: %s", call,
			used ? "the mm that it was given" : "NULL", t->name);
	if (!active_right)
		kt_fail(KT_MODEL, "%s returned and current->active_mm is not the mm used last: %s",
			call, t->name);
}

void model_blkcg(const struct ledger_thread *t, bool right)
{
	if (!right)
		kt_fail(KT_MODEL, "kthread_blkcg is not what was associated: %s", t->name);
}

void model_cgroup_left(unsigned references)
{
	if (references != 1)
		kt_fail(KT_MODEL, "references left to the cgroup by threads that ended: %u",
			references - 1);
}

void model_cgroup_released(bool owned)
{
	if (owned)
		kt_fail(KT_MODEL, "the cgroup was released, and its owner still has a reference");
}
