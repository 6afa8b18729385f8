/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of one thread, within the caller rules: what it does, and what is done to it. */
#include <stdio.h>
#include <string.h>

#include "stress/plan/generate.h"

enum { TURNS = 7 }; /* the draw of a body has this many turns; the last is for DRAW_REST */

/* When and how often a body is drawn: words.def has the rules. */
static const struct {
	unsigned turn;
	enum swarm swarm;
	uint32_t one_in;
} draws[] = {
#define DRAW(turn, swarm, n) { turn, SWARM_##swarm, n }
#define DRAW_REST            { TURNS, SWARM_ALL, 1 }
#define DRAW_NONE            { TURNS + 1, SWARM_ALL, 1 }
/* NOLINTNEXTLINE(bugprone-macro-parentheses): it is braces */
#define BODY(id, word, traits, draw, help) [PLAN_##id] = draw,
#include "stress/plan/words.def"
#undef BODY
#undef DRAW_NONE
#undef DRAW_REST
#undef DRAW
};

/* Draw one of the bodies of that turn. */
static enum plan_body draw_of_turn(struct generator *g, unsigned turn, bool hard)
{
	enum plan_body of_turn[PLAN_BODIES] = { 0 };
	bool hards = false;
	uint32_t n = 0;

	for (enum plan_body b = 0; b < PLAN_BODIES; b++)
		if (draws[b].turn == turn)
			hards |= plan_body_has(b, PLAN_HARD);
	for (enum plan_body b = 0; b < PLAN_BODIES; b++)
		if (draws[b].turn == turn && (!hards || plan_body_has(b, PLAN_HARD) == hard))
			of_turn[n++] = b;
	return of_turn[n > 1 ? kt_rng_below(&g->rng, n) : 0];
}

static enum plan_body draw_body(struct generator *g)
{
	bool hard = gen_may(g, SWARM_HARD, 2);

	for (unsigned turn = 1; turn < TURNS; turn++) {
		enum plan_body b = 0;

		while (b < PLAN_BODIES && draws[b].turn != turn)
			b++;
		if (b < PLAN_BODIES && gen_may(g, draws[b].swarm, draws[b].one_in))
			return draw_of_turn(g, turn, hard);
	}
	return draw_of_turn(g, TURNS, hard);
}

/* Draw where the thread runs: on a node, on a CPU, or anywhere. */
static void draw_place(struct generator *g, struct plan_thread *t)
{
	t->node = -1;
	if (t->body != PLAN_WORKER && gen_may(g, SWARM_NODE, 4))
		t->node = (int16_t)kt_rng_below(&g->rng, 2);
	t->cpu = -1;
	if (t->node < 0 && t->has_number && t->number < PLAN_CPUS && gen_may(g, SWARM_CPU, 4))
		t->cpu = (int16_t)t->number;
}

/* Add a thread of g->task, without its create. Returns its index. */
static unsigned add_thread(struct generator *g)
{
	struct plan *p = g->p;
	unsigned n = p->threads_count++;
	struct plan_thread *t = &p->threads[n];
	char var[8], format[32], name[PLAN_NAME_MAX];

	memset(t, 0, sizeof *t);
	snprintf(var, sizeof var, "%c%.0u", 'a' + (int)(n % 26), n / 26);
	t->has_number = gen_one_in(g, 2);
	t->number = (int32_t)n;
	snprintf(format, sizeof format, "%s%s",
		 gen_may(g, SWARM_LONG_NAME, 3) ? "a-name-longer-than-comm/" : "w",
		 t->has_number ? "%u" : var);
	if (!plan_format_name(format, t->has_number, t->number, name, sizeof name))
		name[0] = '\0'; /* can't happen with these formats */
	t->var = plan_intern_text(p, var);
	t->format = plan_intern_text(p, format);
	t->name = plan_intern_text(p, name);
	t->body = draw_body(g);
	t->result = t->body == PLAN_WORKER ? 0 : (int32_t)kt_rng_below(&g->rng, 8);
	t->freezable = t->body == PLAN_WORKER && (g->swarm & SWARM_FREEZE) && !gen_one_in(g, 4);
	draw_place(g, t);
	t->task = (uint8_t)g->task;
	return n;
}

/* Perhaps bind the thread, between its create and its first wake-up. True if it is bound. */
static bool add_binding(struct generator *g, unsigned t)
{
	bool bound = g->p->threads[t].cpu >= 0;

	if (gen_may(g, SWARM_CPU, 4)) {
		gen_cpu_op(g, PLAN_BIND, t, (int)kt_rng_below(&g->rng, PLAN_CPUS));
		bound = true;
	}
	if (gen_may(g, SWARM_CPU, 4))
		gen_cpu_op(g, PLAN_AFFINE, t, (int)kt_rng_below(&g->rng, PLAN_CPUS));
	if (bound && gen_may(g, SWARM_PER_CPU, 2))
		gen_cpu_op(g, PLAN_PER_CPU, t, (int)kt_rng_below(&g->rng, PLAN_CPUS + 1) - 1);
	return bound;
}

/* Park the thread, and perhaps let it go on. */
static void add_parking(struct generator *g, unsigned t, bool bound)
{
	do {
		gen_op(g, PLAN_PARK, t);
		if (gen_may(g, SWARM_AGAIN, 4))
			gen_op(g, PLAN_PARK, t);
		if (bound && gen_may(g, SWARM_CPU, 2))
			gen_op(g, PLAN_DISPLACE, t);
		if (bound && gen_may(g, SWARM_PER_CPU, 4))
			gen_cpu_op(g, PLAN_PER_CPU, t, (int)kt_rng_below(&g->rng, PLAN_CPUS));
		if (gen_one_in(g, 4))
			return; /* stays parked until it is stopped */
		gen_op(g, PLAN_UNPARK, t);
	} while (plan_body_parks(g->p->threads[t].body) && gen_one_in(g, 4));
	if (gen_may(g, SWARM_AGAIN, 8) && !plan_body_exits(g->p->threads[t].body))
		gen_op(g, PLAN_UNPARK, t);
}

/* A freezable thread is perhaps stopped while it is frozen. */
static void add_stop(struct generator *g, unsigned t)
{
	bool in_freeze = g->p->threads[t].body == PLAN_FREEZABLE && gen_one_in(g, 2);

	if (in_freeze)
		gen_op(g, PLAN_FREEZE, 0);
	gen_op(g, PLAN_STOP, t);
	if (in_freeze)
		gen_op(g, PLAN_THAW, 0);
}

/* Add several finds, because an ending thread can be found only during one step. */
static void add_finds(struct generator *g, unsigned t)
{
	for (unsigned n = 1 + kt_rng_below(&g->rng, 4); n > 0; n--)
		gen_op(g, PLAN_FIND, t);
}

/* The thread ends: by itself, by a stop, or by teardown. */
static void add_end(struct generator *g, unsigned t, bool started, bool ref)
{
	bool exits = plan_body_exits(g->p->threads[t].body);

	if ((exits && started && !ref) || gen_may(g, SWARM_TEARDOWN_STOPS, 4))
		return;
	if (ref && gen_one_in(g, 4)) {
		gen_op(g, PLAN_STOP_PUT, t);
		return;
	}
	add_stop(g, t);
	if (ref && gen_may(g, SWARM_AGAIN, 4))
		gen_op(g, gen_one_in(g, 2) ? PLAN_STOP : PLAN_PARK, t);
	if (ref)
		gen_op(g, PLAN_PUT, t);
}

void gen_life(struct generator *g)
{
	unsigned t = add_thread(g);
	enum plan_body body = g->p->threads[t].body;
	bool exits = plan_body_exits(body);
	bool run = gen_may(g, SWARM_RUN, 4);
	bool wake = !run && !gen_may(g, SWARM_NO_WAKE, 4);
	bool ref = !run && (gen_may(g, SWARM_EXTRA_REF, 4) || (exits && wake && gen_one_in(g, 2)));
	bool early = !run && gen_may(g, SWARM_PARK, 6); /* parked before it ever runs */
	bool bound;

	if (body == PLAN_WORKER) {
		gen_worker_life(g, t);
		return;
	}
	gen_op(g, run ? PLAN_RUN : PLAN_CREATE, t);
	if (ref)
		gen_op(g, PLAN_GET, t);
	bound = run ? g->p->threads[t].cpu >= 0 : add_binding(g, t);
	if (early)
		add_parking(g, t, bound);
	else if (wake)
		gen_op(g, PLAN_WAKE, t);
	if (!early && (run || wake) && plan_body_parks(body))
		add_parking(g, t, bound);
	if (body == PLAN_COMPLETE_EXIT && !early && (run || wake) && gen_one_in(g, 2))
		gen_op(g, PLAN_AWAIT, t);
	if ((g->swarm & SWARM_REGISTRY) && (exits ? !ref : gen_one_in(g, 8)))
		add_finds(g, t);
	add_end(g, t, run || wake || early, ref);
}

unsigned gen_self_parker(struct generator *g)
{
	unsigned t = add_thread(g);
	struct plan_thread *thread = &g->p->threads[t];

	thread->body = gen_one_in(g, 2) ? PLAN_PARKABLE : PLAN_PARKABLE_HARD;
	thread->freezable = false;
	thread->cpu = -1;
	gen_op(g, PLAN_RUN, t);
	for (unsigned n = kt_rng_below(&g->rng, 3); n > 0; n--)
		gen_op(g, PLAN_UNPARK, t);
	if (gen_one_in(g, 2))
		gen_op(g, PLAN_STOP, t);
	return t;
}

unsigned gen_killable(struct generator *g)
{
	unsigned t = add_thread(g);
	struct plan_thread *thread = &g->p->threads[t];

	thread->body = PLAN_KILLABLE;
	thread->freezable = false;
	gen_op(g, PLAN_RUN, t);
	for (unsigned n = kt_rng_below(&g->rng, 3); n > 0; n--)
		gen_op(g, PLAN_SIGNAL, t);
	if (gen_one_in(g, 2)) {
		gen_op(g, PLAN_SIGNAL, t);
		gen_op(g, PLAN_AWAIT, t);
	}
	if (gen_one_in(g, 2))
		gen_op(g, PLAN_STOP, t);
	return t;
}
