/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An execution: its beginning, its end, its failure. It resets only what the previous
 * execution used. The first execution of a process makes what the process needs once.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "platform/rcu.h"
#include "platform/sim/internal.h"
#include "platform/sim/strategy_random.h"

/* ---- starting up -------------------------------------------------------- */

void *sim_shared_map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* An execution touches only as much of the trace as it has steps. */
static void record_map(void)
{
	struct sim_record *r = sim_shared_map(sizeof *r);

	if (!r) {
		perror("kthrash: no memory for the simulator's record");
		exit(3);
	}
	sim.record = r;
}

static void sim_init(void)
{
	if (sim.record)
		return;
	record_map();
	fiber_host(&sim.host);
	sim.told = fiber_sanitized;
	sim_crash_init();
}

struct sim_record *sim_record(void)
{
	sim_init();
	return sim.record;
}

void sim_record_apart(void)
{
	sim_init();
	record_map();	/* the parent keeps the other record */
}

/* ---- failures ----------------------------------------------------------- */

void sim_leave(void)
{
	fiber_leave(&sim_current()->fiber, &sim.host);
}

void kt_fail(enum kt_failure kind, const char *fmt, ...)
{
	struct sim_record *r = sim_record();
	va_list ap;

	sim_unseen_begin();
	va_start(ap, fmt);
	vsnprintf(r->message, sizeof r->message, fmt, ap);
	va_end(ap);
	sim_unseen_end();
	if (!sim.running) {
		fprintf(stderr, "kthrash: %s: %s\n", kt_failure_name(kind), r->message);
		abort();
	}
	r->failure = kind;
	r->failed_task = sim.current;
	r->failed_site = r->steps ? r->trace[r->steps - 1].site : NULL;
	for (uint32_t i = r->steps; i-- > 0; )
		if (r->trace[i].task == sim.current) {
			r->failed_site = r->trace[i].site;
			break;
		}
	sim_leave();
}

void kt_assert_failed(const char *file, int line, const char *func, const char *expr)
{
	struct kt_site here = { .file = file };

	kt_fail(KT_ASSERTION, "%s:%d: %s: %s", kt_site_file(&here), line, func, expr);
}

/* ---- an execution ------------------------------------------------------- */

/* The strategy may add itself to the observers when it begins. */
static void observers_begin(const struct sim_options *o)
{
	sim.observers = sim.observed = 0;
	sim_edges_begin();
	sim_weak_begin(o->memory, o->seed, o->loads_drawn);
	sim_cover_begin();
	sim_notes_begin();
	sim_details_begin();
	sim_accesses_begin();
	if (o->profiles)
		sim_profile_begin();
}

static void execution_begin(const struct sim_options *o)
{
	struct sim_record *r = sim.record;

	r->failure = KT_PASS;
	r->message[0] = '\0';
	r->hash = 0x6b7468726173682dull;
	r->steps = r->events = r->tasks = 0;
	r->fair_from = UINT32_MAX;
	r->events_lost = false;
	r->failed_task = 0;
	r->failed_site = NULL;
	sim.strategy = o->strategy;
	sim.runnable = sim.yielded = sim.timed = 0;
	sim_wide_reset();
	sim.current = 0;
	sim_self = &sim.task[0].handle;
	sim.unfinished = 0;
	sim.steps_max = o->steps_max ? o->steps_max : SIM_STEPS_USUAL;
	if (sim.steps_max > SIM_STEPS_MAX)
		sim.steps_max = SIM_STEPS_MAX;
	sim.steps_max--;	/* trace[] has room for the step that fails */
	sim.laps = o->laps;
	sim.on_lap = o->on_lap;
	sim.steps_fair = o->steps_fair ? o->steps_fair : sim.steps_max / 2;
	sim.steps_alarm = sim_busy_alarm(0, sim.steps_fair);
	sim.fair = sim.aside = false;
	sim.fires = sim.starved = 0;
	sim.looked_ns = 0;
	sim.cut = false;
	observers_begin(o);
	sim.draws = o->strategy->next == sim_random_next;
	sim.clock_ns = 0;
	sim.far_from = UINT64_MAX;
	sim_memory_begin(o->moved);
	KT_RCU_IMPL(_begin)();
	sim_futex_begin();
	sim_lockdep_begin();
	sim.strategy->begin(sim.strategy, o->seed, o->steps_estimate ? o->steps_estimate : 100);
	sim.visits_all = sim.strategy->visit && !sim.strategy->visits_from;
	sim_set_slow_from();
}

/* Each bit of the result depends on all bits of h. */
static uint64_t hash_finish(uint64_t h)
{
	h = (h ^ (h >> 32)) * 0xd6e8feb86659fd93ull;
	h = (h ^ (h >> 32)) * 0xd6e8feb86659fd93ull;
	return h ^ (h >> 32);
}

const struct sim_record *sim_run(const struct sim_options *o, void (*body)(void *), void *arg)
{
	struct sim_record *r = sim_record();

	execution_begin(o);
	sim_task_new("init", body, arg);
	sim.task[0].attributes = (struct sim_attributes){
		.comm = "init", .cpus = SIM_CPUS_ALL, .all_nodes = true,
		.spawn_node = OS_NO_NODE,
	};
	sim_tsan_release(&sim.sync);
	sim.running = true;
	fiber_switch(&sim.host, &sim.task[0].fiber);
	sim.running = false;
	sim_tsan_acquire(&sim.sync);
	sim_details_end();
	r->hash = hash_finish(r->hash);
	if (r->failure != KT_PASS || sim.cut)	/* the tasks' frames are abandoned */
		for (uint32_t i = 0; i < r->tasks; i++)
			fiber_make(&sim.task[i].fiber, i, sim_task_main);
	else if (sim_rcu_end())
		sim_memory_end();
	return r;
}

/* ---- measuring ---------------------------------------------------------- */

double sim_bare_switch_ns(uint64_t rounds)
{
	sim_init();
	return fiber_bare_ns(rounds);
}

double sim_own_switch_ns(uint64_t rounds)
{
	sim_init();
	return fiber_own_ns(rounds);
}
