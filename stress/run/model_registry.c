/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of the registry: which threads a walk or a search must meet, and
 * which it must not.
 *
 * A thread is surely in the registry from its create's return (`number`) to the first call that
 * may end it (`ending`). It is surely not there once a stop of it has returned (`gone`). So the
 * reader must meet a thread that had its number before the reader began, and that is not `ending`
 * after the reader is done. The reader must not meet a thread that was `gone` before the reader
 * began. The reader may meet or miss any other thread.
 *
 * The flags are atomics of the harness, and core/ orders them: a reader that misses a thread
 * has seen that the thread was unlinked. The unlinking comes after the call that ended the
 * thread, and so after `ending`.
 */
#include <string.h>

#include "platform/check.h"
#include "stress/run/model.h"

struct model_search model_search(const struct ledger_thread *t)
{
	return (struct model_search){
		.number = ledger_number(t),
		.gone = ledger_is_gone(t),
	};
}

/* Check what holds for every thread that a search or a walk meets. */
static void check_met(const struct ledger_thread *t, const struct model_search *s,
		      const struct model_met *met, const char *call)
{
	if (s->gone)
		kt_fail(KT_MODEL, "%s met a thread that had been stopped before: %s", call,
			t->name);
	if (!met->same)
		kt_fail(KT_MODEL, "%s met another task under the number of a thread: %s", call,
			t->name);
	if (strncmp(met->comm, t->name, met->comm_max - 1) != 0)
		kt_fail(KT_MODEL, "%s met a thread under another name: %s is called '%s'", call,
			t->name, met->comm);
}

void model_found(const struct ledger_thread *t, const struct model_search *s,
		 const struct model_met *met)
{
	if (!met) {
		if (s->number && !ledger_is_ending(t))
			kt_fail(KT_MODEL, "find did not meet a thread that is there: %s",
				t->name);
		return;
	}
	if (!s->number || met->number != s->number)
		kt_fail(KT_MODEL, "find returned another number than was asked for: %u, not %u, "
			"%s", met->number, s->number, t->name);
	check_met(t, s, met, "find");
}

void model_walk_begin(struct model_walk *w)
{
	for (unsigned i = 0; i < ledger.plan->threads_count; i++)
		w->before[i] = model_search(&ledger.thread[i]);
	w->met = 0;
	w->last = 0;
}

int model_walk_met(struct model_walk *w, unsigned number, bool is_kthread)
{
	if (number <= w->last)
		kt_fail(KT_MODEL, "a walk met threads out of order: number %u after %u", number,
			w->last);
	if (!is_kthread)
		kt_fail(KT_MODEL, "a walk met a task that is no kthread: number %u", number);
	w->last = number;
	for (unsigned i = 0; i < ledger.plan->threads_count; i++)
		if (w->before[i].number == number)
			return (int)i;
	return -1;
}

void model_walk_thread(struct model_walk *w, int thread, const struct model_met *met)
{
	check_met(&ledger.thread[thread], &w->before[thread], met, "a walk");
	w->met |= 1u << thread;
}

void model_walk_end(const struct model_walk *w)
{
	for (unsigned i = 0; i < ledger.plan->threads_count; i++)
		if (w->before[i].number && !(w->met >> i & 1) &&
		    !ledger_is_ending(&ledger.thread[i]))
			kt_fail(KT_MODEL, "a walk did not meet a thread that is there: %s",
				ledger.thread[i].name);
}
