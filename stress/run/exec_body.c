/* SPDX-License-Identifier: GPL-2.0-only */
/* What the threads do that a plan creates. */
#include "stress/run/exec_internal.h"
#include "stress/run/model.h"

/* Sleep until stopped, parking when asked to if `parks`. */
static void until_stop(struct exec_thread *t, unsigned state, bool parks)
{
	for (;;) {
		set_current_state(state);
		if (kthread_should_stop())
			break;
		if (parks && kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			kthread_parkme();
			model_unparked(t);
			continue;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

/* To be stopped? Freezes first, if it must. */
static bool freezable_stops(struct exec_thread *t)
{
	unsigned freezes = model_freezes();
	bool was_frozen, stop = kthread_freezable_should_stop(&was_frozen);

	model_looked(t, freezes, was_frozen, stop);
	return stop;
}

/* Uninterruptibly, so that stop's notify does not stand in for a wake-up. */
static void freezable(struct exec_thread *t)
{
	bool was_frozen = set_freezable();

	/* What was done before this is not missed: it was not freezable. */
	model_looked(t, model_freezes(), was_frozen, kthread_should_stop());
	while (!freezable_stops(t)) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			kthread_parkme();
			model_unparked(t);
			if (!kthread_should_stop())
				model_may_run(t, "kthread_parkme returned");
		} else if (!kthread_should_stop() && !freezing(current)) {
			schedule();
		}
		__set_current_state(TASK_RUNNING);
	}
}

int exec_thread_fn(void *data)
{
	struct exec_thread *t = data;

	t->runs++;
	model_running(t);
	switch (t->plan->body) {
	case PLAN_UNTIL_STOP:
	case PLAN_PARKABLE:
		until_stop(t, TASK_INTERRUPTIBLE, t->plan->body == PLAN_PARKABLE);
		break;
	case PLAN_UNTIL_STOP_HARD:
	case PLAN_PARKABLE_HARD:
		until_stop(t, TASK_UNINTERRUPTIBLE, t->plan->body == PLAN_PARKABLE_HARD);
		break;
	case PLAN_FREEZABLE:
		freezable(t);
		break;
	case PLAN_BORROW:
		exec_borrow(t);
		break;
	case PLAN_EXIT:
		kthread_exit(t->plan->result);
	case PLAN_COMPLETE_EXIT:
		kthread_complete_and_exit(&t->left, t->plan->result);
	default:
		break;
	}
	return t->plan->result;
}
