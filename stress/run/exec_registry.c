/* SPDX-License-Identifier: GPL-2.0-only */
/* Operations on the registry. */
#include "stress/run/exec_ops.h"

static struct model_met met_of(const struct task_struct *k, bool same)
{
	return (struct model_met){
		.number = kthread_id(k), .same = same, .comm = k->comm, .comm_max = OS_COMM_MAX,
	};
}

/* t may be the thread of any task. It may be gone, or not be made yet. */
void do_find(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct model_search s;
	struct task_struct *k;
	struct model_met met;

	(void)by;
	/* What the model expects is what was true at this moment. */
	KT_CATCH_UP();
	s = model_search(t->facts);
	k = kthread_find(&exec.kthreadd, s.number);
	if (k)	/* a task that sees the number sees t->task, too */
		met = met_of(k, s.number && k == t->task);
	model_found(t->facts, &s, k ? &met : NULL);
	if (k)
		put_task_struct(k);
	exec_expect(op, t->name, k != NULL);
}

static void meet(struct model_walk *w, const struct task_struct *k)
{
	bool is_kthread = __atomic_load_n(&k->flags, __ATOMIC_RELAXED) & PF_KTHREAD;
	int i = model_walk_met(w, k->id, is_kthread);
	struct model_met met;

	if (i < 0)
		return;
	met = met_of(k, k == exec.thread[i].task);
	model_walk_thread(w, i, &met);
}

void do_walk(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct model_walk w;
	struct task_struct *k;

	(void)by, (void)t, (void)op;
	/* What the model expects is what was true at this moment. */
	KT_CATCH_UP();
	model_walk_begin(&w);
	rcu_read_lock();
	kthread_for_each(&exec.kthreadd, k) {
		KT_POINT(walk.met);
		meet(&w, k);
	}
	rcu_read_unlock();
	model_walk_end(&w);
}
