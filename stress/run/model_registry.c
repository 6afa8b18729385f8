/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of the registry: who must be met by a walk or a search, and who
 * must not.
 *
 * A thread is surely there from its create's return (`id`) to the first call
 * that may end it (`ending`), and surely not once a stop of it has returned
 * (`gone`). So what must be met has its id before the reader began and is not
 * ending after the reader is done; what must not be met was gone before. In
 * between either is right. The flags are atomics of the harness, ordered by the
 * core: a reader who misses a thread has seen its unlinking, which comes after
 * the call that ended it and so after `ending`.
 */
#include <string.h>

#include "stress/run/model.h"

struct model_search model_search(const struct exec_thread *t)
{
	/* Acquire: with the number t->task is seen. */
	return (struct model_search){
		.id = __atomic_load_n(&t->id, __ATOMIC_ACQUIRE),
		.gone = __atomic_load_n(&t->gone, __ATOMIC_ACQUIRE),
	};
}

static bool is_ending(const struct exec_thread *t)
{
	return __atomic_load_n(&t->ending, __ATOMIC_ACQUIRE);
}

/* What may be read of every thread that is met. */
static void check_met(const struct exec_thread *t, const struct model_search *s,
		      const struct task_struct *k, const char *call)
{
	if (s->gone)
		kt_fail(KT_MODEL, "%s met a thread that had been stopped before: %s", call,
			t->name);
	if (k != t->task)
		kt_fail(KT_MODEL, "%s met another task under the number of %s", call, t->name);
	if (strncmp(k->comm, t->name, OS_COMM_MAX - 1) != 0)
		kt_fail(KT_MODEL, "%s met %s under another name: '%s'", call, t->name, k->comm);
}

void model_found(const struct exec_thread *t, const struct model_search *s,
		 const struct task_struct *k)
{
	if (!k) {
		if (s->id && !is_ending(t))
			kt_fail(KT_MODEL, "find did not meet a thread that is there: %s",
				t->name);
		return;
	}
	if (!s->id || kthread_id(k) != s->id)
		kt_fail(KT_MODEL, "find returned number %u, %u was asked for: %s", kthread_id(k),
			s->id, t->name);
	check_met(t, s, k, "find");
}

void model_walk_begin(struct model_walk *w)
{
	for (unsigned i = 0; i < exec.plan->threads_count; i++)
		w->before[i] = model_search(&exec.thread[i]);
	w->met = 0;
	w->last = 0;
}

void model_walk_met(struct model_walk *w, const struct task_struct *k)
{
	if (k->id <= w->last)
		kt_fail(KT_MODEL, "a walk met number %u after %u", k->id, w->last);
	if (!(__atomic_load_n(&k->flags, __ATOMIC_RELAXED) & PF_KTHREAD))
		kt_fail(KT_MODEL, "a walk met what is no kthread, number %u", k->id);
	w->last = k->id;
	for (unsigned i = 0; i < exec.plan->threads_count; i++) {
		if (w->before[i].id != k->id)
			continue;
		check_met(&exec.thread[i], &w->before[i], k, "a walk");
		w->met |= 1u << i;
		return;
	}
}

void model_walk_end(const struct model_walk *w)
{
	for (unsigned i = 0; i < exec.plan->threads_count; i++)
		if (w->before[i].id && !(w->met >> i & 1) && !is_ending(&exec.thread[i]))
			kt_fail(KT_MODEL, "a walk did not meet a thread that is there: %s",
				exec.thread[i].name);
}
