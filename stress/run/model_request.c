/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of requests to kthreadd: they are served in the order in which they come, none is
 * lost, and none is served twice.
 */
#include "platform/check.h"
#include "stress/run/model.h"

void model_booted(int err)
{
	if (err)
		kt_fail(KT_MODEL, "kthreadd did not boot, although nothing was made to fail");
}

/*
 * First come, first served: each request that had its place in the queue (`queued`) before t's
 * creator began to take a place (`begun`) is served already. If the queue's points come in the
 * order of places, `begun` is the moment of the place itself. If not, a creator begins at
 * create.allocated, and of two requests that overlap either may be first.
 */
static void check_order(const struct ledger_thread *t)
{
	unsigned begun = ledger_begun(t);

	for (unsigned i = 0; i < ledger.plan->threads_count; i++) {
		const struct ledger_thread *other = &ledger.thread[i];
		unsigned place = ledger_queued(other);

		if (place != 0 && place < begun && !other->served)
			kt_fail(KT_MODEL, "served out of order: %s is served before %s, which was "
				"queued earlier", t->name, other->name);
	}
}

void model_serving(const struct ledger_thread *t)
{
	if (t->served)
		kt_fail(KT_MODEL, "request served twice: %s", t->name);
	check_order(t);
}

void model_end(void)
{
	for (unsigned i = 0; i < ledger.plan->threads_count; i++) {
		const struct ledger_thread *t = &ledger.thread[i];

		/* A thread that was woken, was not stopped and has ended must have run. */
		if (t->plan->body != PLAN_WORKER && t->created && t->woken && !t->stopped &&
		    t->runs != 1)
			kt_fail(KT_MODEL, "threadfn was never called, although the thread was "
				"woken and not stopped: %s", t->name);
	}
	if (ledger.queued != ledger.served)
		kt_fail(KT_MODEL, "requests lost: %u queued, %u served", ledger.queued,
			ledger.served);
}
