/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/explain/chain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stress/run/subject.h"

static bool sleeps(const struct told *t, uint32_t task)
{
	return t->r->task[task].state == SIM_SLEEPING;
}

static int find_task(const struct told *t, const char *name)
{
	for (uint32_t i = 0; name[0] && i < t->r->tasks; i++)
		if (strcmp(t->r->task[i].name, name) == 0)
			return (int)i;
	return CHAIN_NOBODY;
}

/* Is it the step at which the task sleeps, or one inside of that wait? */
static bool is_in_wait(const struct told *t, uint32_t task, const struct kt_site *site)
{
	return site == t->r->task[task].why ||
	       (site->func && (strncmp(site->func, "kt_completion_", 14) == 0 ||
			       strncmp(site->func, "kt_lock_", 8) == 0));
}

/*
 * The task that serves the object on which `task` sleeps. The sleep itself names no object: the
 * operations just before it do.
 */
static int served_by(const struct told *t, uint32_t task)
{
	for (uint32_t i = t->r->steps; t->d && i-- > 0;) {
		const struct sim_detail *d = &t->d->detail[i];
		uint32_t step = step_of(t, i);
		int owner;

		if (task_of(t, i) != task || step == SIM_NO_STEP)
			continue;
		if (!is_in_wait(t, task, t->r->trace[step].site))
			break;
		owner = find_task(t, t->d->object[d->object].owner);
		if (owner != CHAIN_NOBODY && owner != (int)task)
			return owner;
	}
	return CHAIN_NOBODY;
}

/* The name of the handle's thread: of a percpu's, that of the CPU. */
static void thread_name(const struct told *t, const struct plan_op *op, char *buf, size_t size)
{
	const struct plan_thread *thread = &t->p->threads[op->thread];
	const char *format = plan_string(t->p, thread->format), *number = strchr(format, '%');

	if (thread->body != PLAN_PERCPU || !plan_op_has(op->kind, PLAN_HAS_CPU) || !number)
		snprintf(buf, size, "%s", plan_string(t->p, thread->name));
	else
		snprintf(buf, size, "%.*s%d%s", (int)(number - format), format, op->cpu,
			 number + 2);
}

/* The task of the handle in the operation that `task` is in; for one that is not made, kthreadd. */
static int handle_of_op(const struct told *t, uint32_t task)
{
	int op = op_at(t, task, t->r->steps), found;
	char name[OS_NAME_MAX];

	if (op < 0 || plan_op_has(t->p->ops[op].kind, PLAN_NO_HANDLE))
		return CHAIN_NOBODY;
	thread_name(t, &t->p->ops[op], name, sizeof name);
	found = find_task(t, name);
	if (found == CHAIN_NOBODY && plan_op_has(t->p->ops[op].kind, PLAN_MAKES))
		found = find_task(t, "kthreadd");
	return found == (int)task ? CHAIN_NOBODY : found;
}

static bool idles(const struct told *t, uint32_t task)
{
	const struct sim_namer *n = subject->namer;

	return n && n->idles && t->r->task[task].why && n->idles(t->r->task[task].why);
}

/*
 * The task that `task` tried to wake last, if that task sleeps: the call asked it for something
 * and waits until that is done.
 */
static int last_woken_by(const struct told *t, uint32_t task)
{
	for (uint32_t i = t->r->steps; t->d && i-- > 0;) {
		uint32_t step = step_of(t, i);
		const struct kt_site *site;
		int found;

		if (task_of(t, i) != task || step == SIM_NO_STEP)
			continue;
		site = t->r->trace[step].site;
		if (!site->func || strcmp(site->func, "wake_up_state") != 0)
			continue;
		found = find_task(t, t->d->object[t->d->detail[i].object].name);
		if (found != CHAIN_NOBODY)
			return found != (int)task && sleeps(t, (uint32_t)found) ? found
										: CHAIN_NOBODY;
	}
	return CHAIN_NOBODY;
}

/* The first task of the plan that sleeps: init waits for all of them. */
static int task_of_plan(const struct told *t)
{
	for (unsigned i = 0; i < t->p->tasks_count; i++) {
		int found = find_task(t, plan_string(t->p, t->p->tasks[i].name));

		if (found != CHAIN_NOBODY && sleeps(t, (uint32_t)found))
			return found;
	}
	return CHAIN_NOBODY;
}

static int awaited(const struct told *t, uint32_t task)
{
	const struct kt_site *why = t->r->task[task].why;
	int found = t->r->task[task].waits_for;

	if (found < 0 && why && why->func && strcmp(why->func, "run_tasks") == 0)
		return task_of_plan(t);
	if (found >= 0 || idles(t, task))
		return found >= 0 ? found : CHAIN_NOBODY;
	found = served_by(t, task);
	if (found == CHAIN_NOBODY)
		found = handle_of_op(t, task);
	return found != CHAIN_NOBODY ? found : last_woken_by(t, task);
}

__attribute__((format(printf, 2, 3))) static void add(char words[CHAIN_WORDS_MAX], const char *fmt,
						      ...)
{
	size_t used = strlen(words);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words + used, CHAIN_WORDS_MAX - used, fmt, ap);
	va_end(ap);
}

/* The task, and the function in which it sleeps. */
static void add_task(const struct told *t, struct chain *c, uint32_t task)
{
	const struct kt_site *why = t->r->task[task].why;

	add(c->words, "%s", t->r->task[task].name);
	if (sleeps(t, task) && why && why->func && why->func[0])
		add(c->words, " (%s)", why->func);
}

/* Follow the waits from `task`, as far as they were not told yet. */
static void follow(const struct told *t, struct chain *c, uint32_t task)
{
	add(c->words, "%s", c->words[0] ? "; " : "");
	add_task(t, c, task);
	for (;;) {
		int next = c->waits_for[task];

		c->on[task] = true;
		if (next == CHAIN_NOBODY) {
			add(c->words, " -> nobody");
			return;
		}
		add(c->words, " -> ");
		add_task(t, c, (uint32_t)next);
		if (!sleeps(t, (uint32_t)next)) {
			add(c->words,
			    t->r->task[next].state == SIM_FINISHED ? ", which has ended" : "");
			return;
		}
		if (c->on[next]) {
			c->is_circle |= next == (int)task || c->waits_for[next] != CHAIN_NOBODY;
			return;
		}
		task = (uint32_t)next;
	}
}

void chain_find(const struct told *t, struct chain *c)
{
	bool is_awaited[SIM_TASKS_MAX] = { false };

	memset(c, 0, sizeof *c);
	for (uint32_t i = 0; i < t->r->tasks; i++) {
		c->waits_for[i] = (int16_t)(sleeps(t, i) ? awaited(t, i) : CHAIN_NOBODY);
		if (c->waits_for[i] != CHAIN_NOBODY)
			is_awaited[c->waits_for[i]] = true;
	}
	for (uint32_t i = 0; i < t->r->tasks; i++)
		c->idle[i] = sleeps(t, i) && idles(t, i) && !is_awaited[i];
	/* First from those for whom nobody waits, then what is left: circles. */
	for (unsigned pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < t->r->tasks; i++)
			if (sleeps(t, i) && !c->on[i] && !c->idle[i] && (pass || !is_awaited[i]))
				follow(t, c, i);
	for (uint32_t i = 0; i < t->r->tasks; i++)
		if (c->idle[i])
			add(c->idlers, "%s%s", c->idlers[0] ? " " : "", t->r->task[i].name);
}
