/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of the freezer. Its counts are relaxed: a thread that runs after a
 * thaw sees the thaw's, and none of a freeze that can't be done before the
 * thread is frozen, because the freezer has ordered them. That is what is
 * checked.
 */
#include "stress/run/model.h"

void model_freezing(void)
{
	counter_add(&exec.freezes_begun, 1);
}

void model_froze(int err, bool in_time)
{
	if (err)
		kt_fail(KT_MODEL, "freeze returned %d, and every thread of the plan looks", err);
	if (!in_time)
		kt_fail(KT_MODEL, "freeze was ended by its deadline, and not by the last thread "
			"to freeze");
	counter_add(&exec.freezes_done, 1);
	counter_add(&exec.freezes_in_force, 1);
}

void model_thawing(void)
{
	counter_add(&exec.freezes_in_force, -1u);
}

void model_may_run(const struct exec_thread *t, const char *what)
{
	if (counter_get(&exec.freezes_in_force))
		kt_fail(KT_MODEL, "%s in a freeze: %s", what, t->name);
}

unsigned model_freezes(void)
{
	return counter_get(&exec.freezes_done);
}

/* Each time it froze it was another freeze that kept it. */
static void check_frozen(struct exec_thread *t, bool was_frozen)
{
	t->froze += was_frozen;
	if (t->froze > counter_get(&exec.freezes_begun))
		kt_fail(KT_MODEL, "was_frozen without a freeze: %s froze %u times in %u", t->name,
			t->froze, counter_get(&exec.freezes_begun));
}

void model_looked(struct exec_thread *t, unsigned freezes, bool was_frozen, bool stop)
{
	check_frozen(t, was_frozen);
	if (stop)
		return;		/* it may have left before the thaw, or not have frozen */
	model_may_run(t, "a freezable thread runs");
	/* One was done meanwhile, so it had frozen: where, if not in this call? */
	if (!was_frozen && model_freezes() != freezes)
		kt_fail(KT_MODEL, "a freeze was done while the thread looked, and was_frozen is "
			"false: %s", t->name);
}
