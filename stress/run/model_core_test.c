/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules that differ on the kernel's own files, by version. Bad: what our core does. */
#include <errno.h>

#include "stress/run/model_test.h"

#define VERSION(major, minor) ((major) << 16 | (minor) << 8)

static void fork_no_kthread(bool bad)
{
	model_set_core(VERSION(6, 12));
	A->failed_daemon = MODEL_ROLE(KTHREAD);
	model_created(A, false, bad ? -ENOMEM : -EAGAIN, false);
}

static void percpu_no_kthread(bool bad)
{
	model_set_core(VERSION(6, 1));
	ledger.call[4].failed_daemon = MODEL_ROLE(KTHREAD);
	model_answered(&ledger.call[4], "register", bad ? -ENOMEM : -EAGAIN, false);
}

static void name_cut(bool bad)
{
	model_set_core(bad ? VERSION(6, 4) : VERSION(6, 3));
	A->failed_creator = MODEL_ROLE(NAME);
	model_created(A, true, 0, false);
}

static void name_cut_in_context(bool bad)
{
	model_set_core(VERSION(6, 1));
	A->failed_creator = bad ? 0 : MODEL_ROLE(NAME);
	model_context(A, &(struct model_context){
		.name = "ab", .comm = "a", .comm_max = 2, .from_daemon = true,
	});
}

static void worker_awake(bool bad)
{
	model_set_core(bad ? VERSION(6, 14) : VERSION(6, 12));
	model_woken(W, true, 0);
}

static void drops_of_delayed(bool bad)
{
	model_set_core(VERSION(6, 12));
	W->job[bad ? 0 : 1].accepted = 2;
	W->job[bad ? 0 : 1].finished = 1;
	model_destroyed(W);
}

static void none_too_many(bool bad)
{
	model_set_core(VERSION(6, 12));
	W->job[1].accepted = 1;
	W->job[1].finished = bad ? 2 : 1;
	model_destroyed(W);
}

static void freeze_of_parked(bool bad)
{
	model_set_core(VERSION(6, 12));
	model_froze(-EBUSY, false, !bad);
}

static void freeze_unseen(bool bad)
{
	model_set_core(bad ? 0 : VERSION(6, 12));
	ledger.freezes_done = 1;
	model_looked(A, 0, false, false);
}

const struct model_rule model_core_rules[] = {
	RULE(fork_no_kthread, "create returned -ENOMEM without a cause: a"),
	RULE(percpu_no_kthread, "register returned -ENOMEM without a cause"),
	RULE(name_cut, "create returned a task after a failed allocation, expected -ENOMEM: a"),
	RULE(name_cut_in_context, "the thread's full name is wrong: a is called 'ab'"),
	RULE(worker_awake, "the first wake-up did not find the thread asleep: w"),
	RULE(drops_of_delayed, "works lost or made up: w, work 0 queued 2 times, run 1"),
	RULE(none_too_many, "works lost or made up: w, work 1 queued 1 time, run 2"),
	RULE(freeze_of_parked, "freeze returned -EBUSY, expected 0"),
	RULE(freeze_unseen, "a freeze was done while the thread looked, and was_frozen is false"),
	{ 0 },
};
