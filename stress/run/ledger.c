/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * This is a part of the harness, not of the code under test. It is compiled without
 * sanitizers, because a hook calls ledger_alloc_failed(). On the simulator every fiber runs the
 * hook, and nothing orders one fiber before another.
 */
#include "stress/run/ledger.h"

#include <string.h>

struct ledger ledger;

/* Facts of the plan about its works. Each execution begins with a copy of them. */
static struct {
	bool delayed;
	uint32_t takers;
} works[PLAN_THREADS_MAX][PLAN_WORKS];

static void load_op(const struct plan_op *op, unsigned task)
{
	if (op->kind == PLAN_CPU_DOWN)
		ledger.cpus_down |= 1ull << op->cpu;
	if (op->kind == PLAN_CPU_DOWN || op->kind == PLAN_CPU_UP)
		ledger.cpu_tasks |= 1u << task;
	ledger.searches |= op->kind == PLAN_WALK || plan_op_has(op->kind, PLAN_BY_ID);
	ledger.has_calls |= op->kind == PLAN_CPU_UP || op->kind == PLAN_REGISTER;
	if (!plan_op_has(op->kind, PLAN_HAS_WORK))
		return;
	works[op->thread][op->work].delayed |= plan_op_has(op->kind, PLAN_HAS_DELAY);
	if (op->kind == PLAN_CANCEL || op->kind == PLAN_MOD)
		works[op->thread][op->work].takers |= 1u << task;
}

void ledger_load(const struct plan *p)
{
	ledger.plan = p;
	ledger.has_calls = ledger.searches = false;
	ledger.cpus_down = 0;
	ledger.cpu_tasks = 0;
	memset(works, 0, sizeof works);
	for (unsigned i = 0; i < plan_all_tasks(p); i++)
		for (unsigned k = 0; k < p->tasks[i].ops_count; k++)
			load_op(&p->ops[p->tasks[i].ops_first + k], i);
}

static void begin_thread(unsigned i)
{
	const struct plan *p = ledger.plan;
	struct ledger_thread *t = &ledger.thread[i];

	*t = (struct ledger_thread){
		.plan = &p->threads[i],
		.name = plan_string(p, p->threads[i].name),
	};
	if (t->plan->body != PLAN_WORKER)
		return;
	for (unsigned k = 0; k < PLAN_WORKS; k++) {
		t->job[k].delayed = works[i][k].delayed;
		t->job[k].takers = works[i][k].takers;
	}
}

/* The moments of requests that were not served, each as its place among them; 0: not yet. */
static struct {
	uint8_t begun, queued;
} moments[PLAN_THREADS_MAX];

static uint8_t place_of(unsigned moment)
{
	uint8_t place = 1;

	for (unsigned i = 0; moment && i < ledger.plan->threads_count; i++) {
		const struct ledger_thread *t = &ledger.thread[i];

		if (t->served)
			continue;
		place += t->begun && t->begun < moment;
		place += t->queued && t->queued < moment;
	}
	return moment ? place : 0;
}

void ledger_normalize(void)
{
	for (unsigned i = 0; i < ledger.plan->threads_count; i++) {
		const struct ledger_thread *t = &ledger.thread[i];

		moments[i].begun = t->served ? 0 : place_of(t->begun);
		moments[i].queued = t->served ? 0 : place_of(t->queued);
	}
}

static void thread_memory(const struct ledger_thread *t,
			  void (*add)(const void *at, size_t size))
{
	enum {
		NUMBER = offsetof(struct ledger_thread, number),
		BEGUN = offsetof(struct ledger_thread, begun),
		DAEMON = offsetof(struct ledger_thread, failed_daemon),
		JOB = offsetof(struct ledger_thread, job),
	};
	const char *at = (const char *)t;

	add(at, ledger.searches ? BEGUN : NUMBER);
	add(at + DAEMON, (t->plan->body == PLAN_WORKER ? sizeof *t : JOB) - DAEMON);
}

void ledger_memory(void (*add)(const void *at, size_t size))
{
	const struct plan *p = ledger.plan;

	add(ledger.task, plan_all_tasks(p) * sizeof ledger.task[0]);
	for (unsigned i = 0; i < p->threads_count; i++) {
		ledger.thread[i].plan = &p->threads[i];
		thread_memory(&ledger.thread[i], add);
	}
	if (ledger.has_calls)
		add(ledger.call, p->ops_count * sizeof ledger.call[0]);
	add(moments, p->threads_count * sizeof moments[0]);
	add(&ledger.queued, sizeof ledger - offsetof(struct ledger, queued));
}

void ledger_begin(uint64_t cpus)
{
	const struct plan *p = ledger.plan;

	for (unsigned i = 0; i < p->threads_count; i++)
		begin_thread(i);
	for (unsigned i = 0; i < plan_all_tasks(p); i++)
		ledger.task[i] = (struct ledger_task){ 0 };
	if (ledger.has_calls)
		memset(ledger.call, 0, p->ops_count * sizeof ledger.call[0]);
	ledger.clock = ledger.queued = ledger.served = 0;
	ledger.freezes_begun = ledger.freezes_done = ledger.freezes_in_force = 0;
	ledger.forking = NULL;
	ledger.forking_call = NULL;
	ledger.cpus_tried = 0;
	ledger.online = cpus;
}

void ledger_alloc_failed(const struct ledger_task *by, bool daemon, enum kt_role role)
{
	unsigned bit = 1u << role;

	if (by && by->creating)
		by->creating->failed_creator |= bit;
	else if (by && by->calling)
		by->calling->failed_caller |= bit;
	else if (daemon && ledger.forking)
		ledger.forking->failed_daemon |= bit;
	else if (daemon && ledger.forking_call)
		ledger.forking_call->failed_daemon |= bit;
}

const void *ledger_peek_pointer(const void *at)
{
	return *(const void *const volatile *)at;
}

bool ledger_peek_bool(const bool *at)
{
	return *(const volatile bool *)at;
}
