/* SPDX-License-Identifier: GPL-2.0-only */
/* The model of requests to kthreadd: first come, first served, none lost, none twice. */
#include "platform/check.h"
#include "stress/run/model.h"

void model_booted(int err)
{
	if (err)
		kt_fail(KT_MODEL, "kthreadd did not boot, although nothing was made to fail");
}

/*
 * First come, first served: each request that had its place (`queued`) before t's creator
 * began to take one is served. Where points come in the order of places, `begun` is the
 * place itself; else a creator begins at create.allocated, and of requests that overlap
 * any may be first.
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

		/* A thread that was woken, not stopped, and is gone has run. */
		if (t->plan->body != PLAN_WORKER && t->created && t->woken && !t->stopped &&
		    t->runs != 1)
			kt_fail(KT_MODEL, "threadfn was never called, although the thread was "
				"woken and not stopped: %s", t->name);
	}
	if (ledger.queued != ledger.served)
		kt_fail(KT_MODEL, "requests lost: %u queued, %u served", ledger.queued,
			ledger.served);
}
