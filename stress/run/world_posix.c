/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The world of real threads. Two runs differ by the operating system's schedule and by the seed
 * of the delays at named points. There is no trace, so a finding is the plan and that seed.
 */
#include "stress/run/world.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "platform/check.h"
#include "platform/posix/posix.h"
#include "stress/run/subject.h"

const char world_os[] = "posix";

/* How many processes for each processor: most threads wait, for each other or for a delay. */
enum { JOBS_PER_PROCESSOR = 4, JOBS_MAX = 256 };

/* How much memory one process may take, ThreadSanitizer's included. */
static const uint64_t job_kib = 192 * 1024;

/* What the kernel could give without swapping. If /proc does not say: enough for one process. */
static uint64_t available_kib(void)
{
	unsigned long long kib = 0;
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

/* Half of the memory at most, because other processes may want some, too. */
unsigned world_jobs(void)
{
	uint64_t room = available_kib() / 2 / job_kib;
	uint64_t jobs = JOBS_PER_PROCESSOR;
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof cpus, &cpus) == 0)
		jobs *= (uint64_t)CPU_COUNT(&cpus);
	if (jobs > room)
		jobs = room;
	if (jobs > JOBS_MAX)
		jobs = JOBS_MAX;
	return jobs ? (unsigned)jobs : 1;
}

const char *world_lacks(enum world_ability a)
{
	(void)a;
	return "needs the simulator";
}

const struct sim_record *world_record(void)
{
	return NULL;
}

void world_note_details(bool on)
{
	(void)on;
}

const struct sim_details *world_details(void)
{
	return NULL;
}

const struct kt_site *world_round_of(uint32_t task)
{
	(void)task;
	return NULL;
}

enum { DELAYS_PERMILLE = 250 };

static struct verdict *last_words;

void world_init(struct verdict *words)
{
	last_words = words;
}

void world_apart(struct verdict *words)
{
	last_words = words;
}

/* A thread called kt_fail(). This gives the verdict to the parent; kt_fail() then aborts. */
static void on_failed(enum kt_failure kind, const char *message)
{
	struct verdict *v = last_words;

	snprintf(v->message, sizeof v->message, "%s", message);
	signature_of_message(v->signature, kind, message, NULL);
	v->failure = kind;
}

void world_load(const struct plan *p)
{
	struct os_hooks hooks;

	subject->load(p);
	inject_load(p);
	hooks = inject_hooks();
	hooks.failed = on_failed;
	os_set_hooks(&hooks);
}

/* Check that no block is still allocated. LeakSanitizer would look only at exit. */
static void check_leaks(void)
{
	for (int role = 0; role < KT_ROLE_TEST; role++)
		if (os_live((enum kt_role)role))
			kt_fail(KT_LEAK, "never freed: %zu block%s for %s",
				os_live((enum kt_role)role), kt_plural(os_live((enum kt_role)role)),
				kt_role_name((enum kt_role)role));
}

void world_run(const struct world_options *o, struct verdict *v)
{
	struct inject_faults faults = { .fail_nth = o->faults.fail_nth };

	v->failure = KT_PASS;
	v->hash = 0;
	v->steps = 0;
	inject_begin(&faults);
	posix_set_delays(o->seed, DELAYS_PERMILLE);
	subject->run(o->check_expects);
	check_leaks();
}

void world_keep(const struct verdict *v)
{
	(void)v;
}

bool world_differs(const struct verdict *again, struct verdict *v)
{
	(void)again, (void)v;
	return false;
}

struct world_options world_options_of(const struct plan *p)
{
	return (struct world_options){
		.strategy = p->strategy, .depth = p->depth, .seed = p->seed,
		.check_expects = true,
	};
}

bool world_capture(const struct plan *p, const struct world_options *o, struct plan *out)
{
	*out = *p;
	out->strategy = PLAN_RANDOM;	/* a strategy with a seed, so that the plan keeps it */
	out->depth = 0;
	out->seed = o->seed;
	return false;
}

uint32_t world_killed_at(const char *name)
{
	(void)name;
	return 0;
}

void world_post_mortem(struct verdict *v)
{
	(void)v;
}

void world_dump_waits(int fd)
{
	posix_dump_waits(fd);
}

struct world_switch world_switch(void)
{
	return (struct world_switch){ 0 };
}

bool world_explore(const struct world_exploration *o)
{
	(void)o;
	return false;
}

bool world_knows_states(void)
{
	return false;
}

bool world_explored(struct world_explored *out)
{
	*out = (struct world_explored){ 0 };
	return false;
}

const size_t world_coverage_bytes;

void world_cover(void *coverage)
{
	(void)coverage;
}

uint32_t world_cover_fresh(void)
{
	return 0;
}

uint32_t world_pairs(const void *coverage)
{
	(void)coverage;
	return 0;
}

uint32_t world_pairs_of_all(const void *coverages, unsigned count)
{
	(void)coverages, (void)count;
	return 0;
}

char *world_pair(const void *coverage, uint32_t i, char *buf, size_t size)
{
	(void)coverage, (void)i;
	snprintf(buf, size, "-");
	return buf;
}
