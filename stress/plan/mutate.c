/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes plans from plans, for the fuzzing engines. Each change is tried on a copy and kept if
 * the result is legal. The schedule (switch directives, strategy) is changed as often as the
 * program, because either kind of change finds bugs.
 *
 * The draws are a format, like those of generate.c: a change must not add, drop or reorder one.
 */
#include <string.h>

#include "stress/plan/draw.h"

static uint32_t below(struct kt_rng *rng, uint32_t n)
{
	return n ? kt_rng_below(rng, n) : 0;
}

static plan_str any_name(struct plan *p, struct kt_rng *rng)
{
	uint32_t n = below(rng, p->tasks_count + p->threads_count + 1u);

	if (n < p->tasks_count)
		return p->tasks[n].name;
	n -= p->tasks_count;
	if (n < p->threads_count)
		return draw_thread_name(p, rng, n);
	return plan_intern_text(p, "kthreadd");
}

static void add_directive(struct plan *p, struct kt_rng *rng)
{
	const struct named_point *point = draw_point(rng);
	struct plan_directive d = { .nth = 1 + below(rng, 3) };

	if (p->directives_count >= 64)
		return;
	switch (below(rng, 6)) {
	case 0:
		d.kind = PLAN_D_FAIL;
		d.role = (enum kt_role)below(rng, KT_ROLE_TEST);
		break;
	case 1:
		d.kind = PLAN_D_OOM;
		d.role = (enum kt_role)below(rng, KT_ROLE_TEST);
		d.target = p->tasks[below(rng, p->tasks_count)].name;
		break;
	case 2:
		d.kind = PLAN_D_KILL;
		d.target = p->tasks[below(rng, p->tasks_count)].name;
		break;
	default:
		d.kind = PLAN_D_SWITCH;
		d.target = any_name(p, rng);
		break;
	}
	if (d.kind == PLAN_D_KILL || d.kind == PLAN_D_SWITCH) {
		d.task = draw_name(p, rng, point->side);
		d.point = plan_intern_text(p, point->name);
	}
	p->directives[p->directives_count++] = d;
}

static void change_directive(struct plan *p, struct kt_rng *rng)
{
	struct plan_directive *d;

	if (p->directives_count == 0)
		return;
	d = &p->directives[below(rng, p->directives_count)];
	switch (below(rng, 3)) {
	case 0:
		plan_remove_directive(p, (unsigned)(d - p->directives));
		break;
	case 1:
		d->nth = 1 + below(rng, d->nth + 2);
		break;
	default:
		if (d->kind == PLAN_D_SWITCH || d->kind == PLAN_D_VISIBLE)
			d->target = any_name(p, rng);
		else if (d->target)
			d->target = p->tasks[below(rng, p->tasks_count)].name;
		break;
	}
}

static void change_op(struct plan *p, struct kt_rng *rng)
{
	unsigned task = below(rng, plan_all_tasks(p));
	unsigned at = below(rng, p->tasks[task].ops_count + 1u);
	struct plan_op op = { .kind = (enum plan_op_kind)below(rng, PLAN_OPS) };

	if (p->ops_count && below(rng, 3) == 0) {
		unsigned i = below(rng, p->ops_count);

		if (!plan_op_has(p->ops[i].kind, PLAN_MAKES))
			plan_remove_op(p, i);
		return;
	}
	if (plan_op_has(op.kind, PLAN_MAKES))
		return;
	if (plan_op_has(op.kind, PLAN_NO_HANDLE)) {
		op.victim = plan_op_has(op.kind, PLAN_HAS_VICTIM) ?
			    (uint8_t)below(rng, p->tasks_count) : 0;
	} else if (at > 0) {
		const struct plan_op *before = &p->ops[p->tasks[task].ops_first + at - 1];

		if (plan_op_has(before->kind, PLAN_NO_HANDLE))
			return;
		op.thread = before->thread;
	} else if (p->threads_count) {	/* use another task's thread, if that is legal */
		op.thread = (uint8_t)below(rng, p->threads_count);
		if (p->threads[op.thread].body == PLAN_PERCPU)
			op.kind = below(rng, 2) ? PLAN_POKE : PLAN_SETTLE;
		else if (p->threads[op.thread].body != PLAN_WORKER && op.kind != PLAN_FIND)
			op.kind = PLAN_WAKE;
	} else {
		return;
	}
	if (plan_op_has(op.kind, PLAN_HAS_CPU))
		op.cpu = (int8_t)below(rng, PLAN_CPUS);
	if (plan_op_has(op.kind, PLAN_HAS_WORK))
		op.work = (uint8_t)below(rng, PLAN_WORKS);
	if (plan_op_has(op.kind, PLAN_HAS_DELAY))
		op.delay_us = below(rng, 3) * 50;
	plan_insert_op(p, task, at, &op);
}

static void change_thread(struct plan *p, struct kt_rng *rng)
{
	struct plan_thread *t;

	if (p->threads_count == 0)
		return;
	t = &p->threads[below(rng, p->threads_count)];
	if (t->body == PLAN_PERCPU)
		return;
	switch (below(rng, 3)) {
	case 0:
		t->body = (enum plan_body)below(rng, PLAN_BODIES);
		if (t->body == PLAN_WORKER)
			t->result = 0;
		t->freezable = t->body == PLAN_WORKER && below(rng, 2);
		break;
	case 1:
		t->node = t->cpu >= 0 ? -1 : (int16_t)((int)below(rng, 3) - 1);
		break;
	default:
		t->result = t->body == PLAN_WORKER ? 0 : (int32_t)below(rng, 100);
		break;
	}
}

static void change_schedule(struct plan *p, struct kt_rng *rng)
{
	bool deep;

	p->strategy = (enum plan_strategy_kind)below(rng, PLAN_STRATEGIES);
	deep = plan_strategy_has_depth(p->strategy);
	p->depth = deep ? 1 + below(rng, 4) : 0;
	p->steps_estimate = deep && below(rng, 2) ? 1u << below(rng, 12) : 0;
	p->seed = p->strategy == PLAN_BLOCK ? 0 : kt_rng_next(rng) >> 32;
	p->memory = below(rng, 4) ? PLAN_SC : (enum plan_memory)below(rng, PLAN_MEMORIES);
}

static void change(struct plan *p, struct kt_rng *rng)
{
	switch (below(rng, 8)) {
	case 0:
		change_op(p, rng);
		break;
	case 1:
		change_thread(p, rng);
		break;
	case 2:
		p->boot_concurrent = !p->boot_concurrent;
		break;
	case 3:
		if (p->tasks_count > 1)
			plan_remove_task(p, below(rng, p->tasks_count));
		break;
	case 4:
		change_directive(p, rng);
		break;
	case 5:
		change_schedule(p, rng);
		break;
	default:
		add_directive(p, rng);
		break;
	}
	plan_drop_dangling(p);
}

static bool is_legal(const struct plan *p, size_t size_max)
{
	struct plan_error err;

	return plan_check(p, &err) == 0 && plan_print(p, NULL, 0) <= size_max;
}

void plan_mutate(struct plan *p, uint64_t seed, size_t size_max)
{
	static const struct plan_generate_options generated = { .faults = true };
	static struct plan tried;
	struct kt_rng rng = { seed };
	unsigned changes = 1 + below(&rng, 3);

	p->has_expect = p->has_trace = false;
	p->note[0] = '\0';
	plan_drop_identity(p);
	for (unsigned i = 0; i < p->ops_count; i++)
		p->ops[i].has_expect = p->ops[i].expect_ok = false;
	if (below(&rng, 16) == 0 || plan_is_program(p) || !is_legal(p, size_max))
		plan_generate(p, kt_rng_next(&rng), &generated);
	for (unsigned i = 0; i < changes * 4 && changes > 0; i++) {
		tried = *p;
		change(&tried, &rng);
		if (!is_legal(&tried, size_max))
			continue;
		*p = tried;
		changes--;
	}
	plan_compact(p);
}

/* ---- crossover ---------------------------------------------------------- */

static plan_str copy_string(struct plan *out, const struct plan *from, plan_str s)
{
	return plan_intern_text(out, plan_string(from, s));
}

static bool name_clashes(const struct plan *out, const struct plan *from, unsigned task)
{
	char buf[PLAN_NAME_MAX + 16];

	if (plan_knows_name(out, plan_string(from, from->tasks[task].name)))
		return true;
	for (unsigned i = 0; i < from->threads_count; i++)
		if (from->threads[i].task == task) {
			for (unsigned n = 0; n < plan_names(&from->threads[i]); n++)
				if (plan_knows_name(out, plan_thread_name(from, &from->threads[i],
									  n, buf)))
					return true;
			for (unsigned k = 0; k < out->threads_count; k++)
				if (strcmp(plan_string(out, out->threads[k].var),
					   plan_string(from, from->threads[i].var)) == 0)
					return true;
		}
	return false;
}

/* Copy task `task` of `from` with its threads. Leave out the kill operations in it. */
static void take_task(struct plan *out, const struct plan *from, unsigned task)
{
	const struct plan_task *t = &from->tasks[task];
	unsigned first = out->threads_count, mine = out->tasks_count;
	uint8_t map[PLAN_THREADS_MAX] = { 0 };

	if (mine == PLAN_TASKS_MAX || name_clashes(out, from, task))
		return;
	for (unsigned i = 0; i < from->threads_count; i++) {
		struct plan_thread n = from->threads[i];

		if (n.task != task || first == PLAN_THREADS_MAX)
			continue;
		n.var = copy_string(out, from, n.var);
		n.format = copy_string(out, from, n.format);
		n.name = copy_string(out, from, n.name);
		n.task = (uint8_t)mine;
		map[i] = (uint8_t)first;
		out->threads[first++] = n;
	}
	out->threads_count = (uint16_t)first;
	out->tasks[mine] = (struct plan_task){
		.name = copy_string(out, from, t->name), .ops_first = out->ops_count,
	};
	out->tasks_count++;
	for (unsigned i = 0; i < t->ops_count; i++) {
		struct plan_op op = from->ops[t->ops_first + i];

		bool handle = !plan_op_has(op.kind, PLAN_NO_HANDLE);

		if (op.kind == PLAN_KILL || out->ops_count == PLAN_OPS_MAX ||
		    (handle && from->threads[op.thread].task != task))
			continue;
		if (handle)
			op.thread = map[op.thread];
		plan_insert_op(out, mine, out->tasks[mine].ops_count, &op);
	}
}

static void take_directives(struct plan *out, const struct plan *from, struct kt_rng *rng)
{
	for (unsigned i = 0; i < from->directives_count; i++) {
		struct plan_directive d = from->directives[i];

		if (below(rng, 2) == 0 || out->directives_count == 64)
			continue;
		d.task = copy_string(out, from, d.task);
		d.point = copy_string(out, from, d.point);
		d.target = copy_string(out, from, d.target);
		d.store = copy_string(out, from, d.store);
		out->directives[out->directives_count++] = d;
	}
}

void plan_crossover(struct plan *out, const struct plan *a, const struct plan *b, uint64_t seed)
{
	const struct plan *parent[2] = { a, b };
	struct kt_rng rng = { seed };
	struct plan_error err;

	plan_init(out);
	if (plan_is_program(a) || plan_is_program(b)) {
		plan_generate(out, seed, &(struct plan_generate_options){ .faults = true });
		return;
	}
	for (unsigned k = 0; k < 2; k++)
		for (unsigned i = 0; i < parent[k]->tasks_count && out->tasks_count < 4; i++)
			if (below(&rng, 2))
				take_task(out, parent[k], i);
	for (unsigned k = 0; k < 2; k++)
		take_directives(out, parent[k], &rng);
	out->boot_concurrent = parent[below(&rng, 2)]->boot_concurrent;
	out->memory = b->memory;
	out->strategy = a->strategy;
	out->depth = a->depth;
	out->steps_estimate = a->steps_estimate;
	out->seed = b->seed;
	if (out->strategy == PLAN_BLOCK)
		out->seed = out->depth = 0;
	plan_drop_dangling(out);
	if (plan_check(out, &err) != 0) {
		*out = *a;
		out->has_expect = out->has_trace = false;
		plan_drop_identity(out);
		if (plan_check(out, &err) != 0)
			plan_generate(out, seed, &(struct plan_generate_options){ .faults = true });
	}
}
