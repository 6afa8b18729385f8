/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of the freezer. Its counts are relaxed atomics, because the freezer itself orders
 * them. A thread that runs after a thaw sees the count of that thaw. A freeze is done only after
 * the thread is frozen, so a thread that runs does not see the count of that freeze. The checks
 * test this order.
 */
#include <errno.h>

#include "platform/check.h"
#include "stress/run/model.h"

void model_froze(int err, bool in_time, bool parks)
{
	/* A freeze that failed may have taken the clock to the deadline of another. */
	if ((err == 0 || err == -EBUSY) && parks && model_differs(MODEL_PARKED_AWAKE))
		return;
	if (err)
		kt_fail(KT_MODEL, "freeze returned %s, expected 0", model_value(err).s);
	if (!in_time)
		kt_fail(KT_MODEL, "freeze was ended by its deadline, and not by the last thread "
			"to freeze");
}

void model_may_run(const struct ledger_thread *t, const char *what)
{
	if (!counter_get(&ledger.freezes_in_force))
		return;
	if (counter_get(&ledger.freezes_begun) > 1)
		model_explained = model_differences & MODEL_FREEZE_ESCAPED;
	kt_fail(KT_MODEL, "%s in a freeze: %s", what, t->name);
}

/* The thread can't have frozen more often than freezes have begun. */
static void check_frozen(const struct ledger_thread *t)
{
	unsigned begun = counter_get(&ledger.freezes_begun);

	if (t->froze > begun)
		kt_fail(KT_MODEL,
			"was_frozen is true without a freeze: %s froze %u time%s in "
			"%u freeze%s",
			t->name, t->froze, kt_plural(t->froze), begun, kt_plural(begun));
}

void model_looked(const struct ledger_thread *t, unsigned freezes, bool was_frozen, bool stop)
{
	check_frozen(t);
	if (stop)
		return;		/* a thread that should stop may run in a freeze */
	model_may_run(t, "a freezable thread runs");
	/* A freeze was done during this call, so the thread must have frozen in the call. */
	if (!was_frozen && ledger_freezes() != freezes && !model_differs(MODEL_FREEZE_UNSEEN))
		kt_fail(KT_MODEL, "a freeze was done while the thread looked, and was_frozen is "
			"false: %s", t->name);
}
