/* SPDX-License-Identifier: GPL-2.0-only */
/* The functions of the threads that a plan creates. */
#include "stress/run/exec_internal.h"

/* ---- what the model asks on the thread --------------------------------------------- */

static struct model_place place_of(const struct exec_thread *t)
{
	uint64_t cpus = t->facts->cpus;

	return (struct model_place){
		.running = exec_is_running(),
		.on_cpus = !cpus || os_on_cpus(cpus),
	};
}

void exec_unparked(const struct exec_thread *t)
{
	model_unparked(t->facts, place_of(t));
}

static void check_allowed(const struct exec_thread *t)
{
	uint64_t cpus = __atomic_load_n(&t->facts->affine, __ATOMIC_ACQUIRE);
	bool on_cpus;

	if (!cpus)
		return;
	on_cpus = os_on_cpus(cpus);
	model_allowed(t->facts, cpus, on_cpus,
		      __atomic_load_n(&t->facts->affine, __ATOMIC_ACQUIRE));
}

/* A sleep of the thread's loop has ended. */
static void turned(const struct exec_thread *t)
{
	model_turned(t->facts);
	check_allowed(t);
}

static void check_context(const struct exec_thread *t)
{
	struct task_struct *self = current;
	struct os_attributes a;
	char name[OS_NAME_MAX];

	get_kthread_comm(name, sizeof name, self);
	model_context(t->facts, &(struct model_context){
		.name = name, .comm = self->comm, .comm_max = OS_COMM_MAX,
		.from_daemon = (self->flags & PF_KTHREAD) && (self->flags & PF_NOFREEZE) &&
			       !self->no_cgroup_migration,
	});
	_Static_assert(OS_POLICY_NORMAL == 0, "what the model takes for the normal policy");
	if (os_get_attributes(&a) == 0)
		model_attributes(t->facts, &(struct model_attributes){
			.comm = a.comm, .comm_max = OS_COMM_MAX, .policy = (int)a.policy,
			.signals_ignored = a.signals_ignored,
		});
}

static void check_entry(const struct exec_thread *t)
{
	t->facts->runs++;
	model_running(t->facts);
	model_entered(t->facts, place_of(t));
	check_allowed(t);
	check_context(t);
}

/* ---- functions --------------------------------------------------------------------- */

/* Sleep until the thread should stop. If `parks`, park whenever it should park. */
static void until_stop(struct exec_thread *t, unsigned state, bool parks)
{
	for (;;) {
		set_current_state(state);
		if (kthread_should_stop())
			break;
		if (parks && kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			kthread_parkme();
			exec_unparked(t);
			continue;
		}
		schedule();
		turned(t);
	}
	__set_current_state(TASK_RUNNING);
}

static void looked(struct exec_thread *t, unsigned freezes, bool was_frozen, bool stop)
{
	t->facts->froze += was_frozen;
	model_looked(t->facts, freezes, was_frozen, stop);
}

/* Should the thread stop? If a freeze is in force, the call freezes the thread first. */
static bool freezable_stops(struct exec_thread *t)
{
	unsigned freezes = ledger_freezes();
	bool was_frozen, stop = kthread_freezable_should_stop(&was_frozen);

	looked(t, freezes, was_frozen, stop);
	return stop;
}

/*
 * Sleep uninterruptibly. The notification that a stop sets ends interruptible sleeps, so it could
 * hide a lost wake-up.
 */
static void freezable(struct exec_thread *t)
{
	bool was_frozen = set_freezable();

	/* This call can't miss an earlier freeze, because the thread was not freezable then. */
	looked(t, ledger_freezes(), was_frozen, kthread_should_stop());
	while (!freezable_stops(t)) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			kthread_parkme();
			exec_unparked(t);
			if (!kthread_should_stop())
				model_may_run(t->facts, "kthread_parkme returned");
		} else if (!kthread_should_stop() && !freezing(current)) {
			schedule();
			turned(t);
		}
		__set_current_state(TASK_RUNNING);
	}
}

/*
 * A signal can't be taken back, so the thread sleeps uninterruptibly after it. The signal stays
 * pending until the end.
 */
static void killable(struct exec_thread *t)
{
	allow_fatal_signal();
	ledger_takes_signals(t->facts);
	kt_complete_all(&t->ready);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (fatal_signal_pending(current) || kthread_should_stop())
			break;
		schedule();
		turned(t);
	}
	__set_current_state(TASK_RUNNING);
	if (fatal_signal_pending(current)) {
		model_got_signal(t->facts);
		kt_complete(&t->left);
		until_stop(t, TASK_UNINTERRUPTIBLE, false);
	}
	/* A sender that has counted its signal has sent it before. */
	if (ledger_signals(t->facts))
		model_keeps_signal(t->facts, fatal_signal_pending(current));
}

/* The switch has no default, so that the compiler reports a body without a case. */
int exec_thread_fn(void *data)
{
	struct exec_thread *t = data;

	check_entry(t);
	if (t->inner)
		exec_run_inner(t->inner);
	switch (t->plan->body) {
	case PLAN_RETURN:
		break;
	case PLAN_UNTIL_STOP:
		until_stop(t, TASK_INTERRUPTIBLE, false);
		break;
	case PLAN_UNTIL_STOP_HARD:
		until_stop(t, TASK_UNINTERRUPTIBLE, false);
		break;
	case PLAN_PARKABLE:
		until_stop(t, TASK_INTERRUPTIBLE, true);
		break;
	case PLAN_PARKABLE_HARD:
		until_stop(t, TASK_UNINTERRUPTIBLE, true);
		break;
	case PLAN_FREEZABLE:
		freezable(t);
		break;
	case PLAN_BORROW:
		exec_borrow(t);
		break;
	case PLAN_KILLABLE:
		killable(t);
		break;
	case PLAN_EXIT:
		kthread_exit(t->plan->result);
	case PLAN_COMPLETE_EXIT:
		kthread_complete_and_exit(&t->left, t->plan->result);
	case PLAN_WORKER:	/* such a thread runs kthread_worker_fn() */
	case PLAN_PERCPU:	/* such a thread runs a function of smpboot */
		kt_fail(KT_ASSERTION, "no function of the plan: %s", t->name);
	}
	return t->plan->result;
}
