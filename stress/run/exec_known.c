/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's own files are known to do, and core/ does not: the hangs among the rows of
 * model_core.c. A hunt does not report them again. They are plans under corpus/linux/, which
 * expect them.
 */
#include "stress/run/exec_internal.h"

void exec_waits(struct exec_task *by, enum exec_wait_kind kind, const struct exec_thread *t)
{
	struct exec_wait *wait = by ? &by->wait : &exec.init_wait;

	*wait = (struct exec_wait){ .kind = kind, .thread = t };
	if (kind == EXEC_WAITS_STOP)
		wait->second = t->facts->stopped;
}

void exec_waits_for_work(struct exec_task *by, const struct exec_thread *t,
			 const struct exec_job *j, bool flushes)
{
	exec_waits(by, EXEC_WAITS_WORK, t);
	by->wait.flushes_delayed = flushes && j->facts->delayed;
}

/* The one that waits has a reference to the thread, or the thread can't end before. */
static bool is_frozen(const struct exec_thread *t)
{
	return __atomic_load_n(&t->task->state, __ATOMIC_RELAXED) & TASK_FROZEN;
}

static uint32_t known_of(const struct exec_wait *w)
{
	switch (w->kind) {
	case EXEC_NO_WAIT:
		break;
	case EXEC_WAITS_STOP:
		if (w->second)
			return MODEL_STOP_ONCE;
		if (is_frozen(w->thread))
			return MODEL_FROZEN_STAYS;
		break;
	case EXEC_WAITS_WORK:
		if (w->flushes_delayed)
			return MODEL_FLUSH_TIMER;
		/* fall through */
	case EXEC_WAITS_WORKER:
		if (is_frozen(w->thread))
			return MODEL_FROZEN_WORK;
		break;
	case EXEC_WAITS_FREEZE:	/* it fails at its deadline, which tasks may keep away */
		if (exec.parks_freezable)
			return MODEL_PARKED_AWAKE;
		break;
	}
	return 0;
}

const char *exec_known(enum kt_failure failure)
{
	uint32_t known;

	if (failure == KT_MODEL)
		return model_difference(model_explained);
	/* A work that queues itself again makes a livelock of a hang. */
	if ((failure != KT_DEADLOCK && failure != KT_LIVELOCK) || !model_differences)
		return NULL;
	known = known_of(&exec.init_wait);
	for (unsigned i = 0; !known && i < plan_all_tasks(exec.plan); i++)
		known = known_of(&exec.task[i].wait);
	if (!known || !model_differs((enum model_differences)known))
		return NULL;
	return model_difference(known);
}

const char *exec_refuses(const struct plan *p)
{
	for (unsigned i = 0; core_linux_version() && i < p->ops_count; i++)
		if (p->ops[i].kind == PLAN_FIND || p->ops[i].kind == PLAN_WALK)
			return "a plan with find or walk, which look at a registry of "
			       "threads. The kernel's files have none: its lists of tasks are "
			       "kernel/fork.c's";
	return NULL;
}

static bool stops(const struct plan_op *op)
{
	return op->kind == PLAN_STOP || op->kind == PLAN_STOP_PUT;
}

static bool has_earlier_stop(const struct plan *p, unsigned op)
{
	for (unsigned i = 0; i < op; i++)
		if (stops(&p->ops[i]) && p->ops[i].thread == p->ops[op].thread)
			return true;
	return false;
}

static bool is_delayed(const struct plan *p, const struct plan_op *flush)
{
	for (unsigned i = 0; i < p->ops_count; i++)
		if (plan_op_has(p->ops[i].kind, PLAN_HAS_DELAY) &&
		    p->ops[i].thread == flush->thread && p->ops[i].work == flush->work)
			return true;
	return false;
}

bool exec_may_hang(const struct plan *p)
{
	for (unsigned i = 0; core_linux_version() && i < p->ops_count; i++) {
		const struct plan_op *op = &p->ops[i];

		if (op->kind == PLAN_FREEZE || (stops(op) && has_earlier_stop(p, i)) ||
		    (op->kind == PLAN_FLUSH && is_delayed(p, op)))
			return true;
	}
	return false;
}
