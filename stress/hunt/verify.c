/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `verify`: every execution of a plan up to equivalence, or those with few
 * preemptions. A child explores; what fails is a counterexample, saved and shown as
 * `stress` does.
 *
 * Of the plan's directives, kill, fail, oom and spurious are part of what is
 * verified. Its switches and its strategy are not: all schedules are tried.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stress/hunt/finding.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/take.h"

static struct {
	const struct options *o;
	double started, last_progress;
	bool out_of_time;
} job;

static volatile sig_atomic_t interrupted;

static const char *strategy_name(const struct options *o)
{
	return o->has_strategy ? o->strategy_text : "dpor";
}

/* ---- the child ---------------------------------------------------------- */

static bool goes_on(const struct world_explored *e)
{
	if (__atomic_load_n(&shared->stop, __ATOMIC_RELAXED))
		return false;
	return !job.o->executions || e->executions + e->blocked < job.o->executions;
}

static void explore_child(void *unused)
{
	const struct options *o = job.o;
	const struct world_exploration x = {
		.brute = o->brute, .bounded = o->bounded, .preemptions = o->depth,
		.teardown = o->teardown, .kills = (uint32_t)o->kills,
		.fails = (uint32_t)o->fails, .spurious = (uint32_t)o->spurious,
	};
	struct world_options w = { .explores = true, .check_expects = !o->kills && !o->fails };
	bool more;

	(void)unused;
	world_load(&shared->plan);
	shared->options = w;
	shared->explored.no_memory = !world_explore(&x);
	if (shared->explored.no_memory)
		return;
	do {
		world_run(&w, &shared->verdict);
		__atomic_store_n(&shared->executions, shared->executions + 1, __ATOMIC_RELAXED);
		shared->points += shared->verdict.steps;
		more = world_explored(&shared->explored);
		if (shared->verdict.failure != KT_PASS)
			return;
	} while (more && goes_on(&shared->explored));
	shared->exhausted = !more;
}

/* ---- the parent --------------------------------------------------------- */

static void show_progress(void)
{
	const struct world_explored *e = &shared->explored;
	double s = now_s() - job.started;

	fprintf(stderr, "%s%.0f s  %llu executions  %.0f/s%s", isatty(2) ? "\r" : "", s,
		(unsigned long long)e->executions, (double)e->executions / s,
		isatty(2) ? "   " : "\n");
}

static bool tick(void *unused)
{
	(void)unused;
	if (job.o->progress && now_s() - job.last_progress >= (isatty(2) ? 1 : 10)) {
		job.last_progress = now_s();
		show_progress();
	}
	job.out_of_time = job.o->seconds > 0 && now_s() - job.started >= job.o->seconds;
	return !interrupted && !job.out_of_time;
}

static void print_verdict(const char *verdict)
{
	const struct world_explored *e = &shared->explored;

	printf("{\"type\":\"summary\",\"verdict\":\"%s\",\"executions\":%llu,\"redundant\":%llu,"
	       "\"blocked\":%llu,\"dropped\":%llu,\"classes\":%llu,\"events\":%llu,"
	       "\"points\":%llu,\"kills\":%llu,\"fails\":%llu,\"spurious\":%llu,"
	       "\"seconds\":%.3f}\n", verdict,
	       (unsigned long long)e->executions, (unsigned long long)e->redundant,
	       (unsigned long long)e->blocked, (unsigned long long)e->dropped,
	       (unsigned long long)(e->executions - e->redundant),
	       (unsigned long long)e->events, (unsigned long long)shared->points,
	       (unsigned long long)job.o->kills, (unsigned long long)job.o->fails,
	       (unsigned long long)job.o->spurious, now_s() - job.started);
	fflush(stdout);
}

static void print_counters(void)
{
	const struct world_explored *e = &shared->explored;
	double s = now_s() - job.started;

	printf("%llu executions explored, %llu redundant, %llu blocked; %.1f s, %.0f/s\n",
	       (unsigned long long)e->executions, (unsigned long long)e->redundant,
	       (unsigned long long)e->blocked + e->dropped, s,
	       (double)(e->executions + e->blocked) / s);
}

static const char *why_not_finished(void)
{
	const struct world_explored *e = &shared->explored;

	if (e->no_memory)
		return "out of memory";
	if (e->too_long)
		return "some execution has more events than there is room for";
	return interrupted ? "interrupted" : job.out_of_time ? "out of time" :
	       "the number of executions was limited";
}

static int conclude(void)
{
	const struct options *o = job.o;
	bool verified = shared->exhausted && !shared->explored.too_long &&
			!shared->explored.no_memory;

	if (o->json) {
		print_verdict(verified ? "verified" : "not finished");
	} else {
		print_counters();
		if (verified)
			printf("verified within these bounds: ");
		else
			printf("not finished (%s); bounds: ", why_not_finished());
		if (o->bounded)
			printf("at most %u preemptions, memory %s, ", o->depth,
			       plan_memory_name(shared->plan.memory));
		printf("at most %llu kills, %llu failed allocations, %llu spurious wake-ups "
		       "besides the plan's%s\n", (unsigned long long)o->kills,
		       (unsigned long long)o->fails, (unsigned long long)o->spurious,
		       o->teardown || o->bounded ? "" : "; teardown in one order");
	}
	if (shared->explored.no_memory)
		fprintf(stderr, "kthrash: verify: no memory for what is still to be tried\n");
	return verified ? EXIT_CLEAN : EXIT_ENVIRONMENT;
}

static int explore(void)
{
	struct taken t = { .found_by = "verify", .strategy = strategy_name(job.o) };
	struct verdict v;

	if (!isolate_run(explore_child, tick, NULL, SILENCE_S, &v)) {
		fprintf(stderr, "kthrash: %s\n", v.message);
		return EXIT_ENVIRONMENT;
	}
	if (job.o->progress && isatty(2))
		fputc('\n', stderr);
	if (v.failure == KT_PASS)
		return conclude();
	if (job.o->json)
		print_verdict("counterexample");
	else
		print_counters();
	t.number = shared->executions;
	if (!take_finding(job.o, &t, &v))
		return EXIT_ENVIRONMENT;
	return EXIT_FINDINGS;
}

/* ---- the command -------------------------------------------------------- */

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

static bool set_memory(struct plan *p, const struct options *o)
{
	struct plan_error err;

	if (o->has_memory)
		p->memory = o->memory;
	if (p->memory != PLAN_SC && !o->bounded) {
		fprintf(stderr, "kthrash: verify knows what depends on what with memory sc only; "
			"--strategy=bound:N needs not know\n");
		return false;
	}
	if (plan_check(p, &err) == 0)
		return true;
	fprintf(stderr, "kthrash: %s: %s\n", o->files[0], err.message);
	return false;
}

static void print_options(const struct options *o)
{
	if (o->json)
		return;
	printf("kthrash verify: %s\n", build_name());
	printf("  plan %s  strategy %s  memory %s  kills %llu  fails %llu  spurious %llu  "
	       "teardown %s\n", o->files[0],
	       strategy_name(o), plan_memory_name(shared->plan.memory),
	       (unsigned long long)o->kills, (unsigned long long)o->fails,
	       (unsigned long long)o->spurious,
	       o->teardown || o->bounded ? "explored" : "in one order");
	printf("  executions %llu  seconds %g  findings %s\n", (unsigned long long)o->executions,
	       o->seconds, o->findings);
}

/*
 * Of the futex and the semaphore, on which other back ends sleep, the simulator does
 * not tell the exploration who may wake whom.
 */
#if defined(KT_OS_SIM) && defined(KT_LOCK_MODELLED) && !defined(KT_LOCK_CHECKED) &&                \
	(defined(KT_COMPLETION_MODELLED) || defined(KT_COMPLETION_PARK)) && defined(KT_RCU_MODELLED)
static const bool knows_dependencies = true;
#else
static const bool knows_dependencies = false;
#endif

int command_verify(const struct options *o)
{
	job.o = o;
	if (!knows_dependencies && !o->bounded) {
		fprintf(stderr, "kthrash: verify knows what depends on what in the simulator with "
			"modelled locks and RCU and modelled or park completions; this is %s; "
			"--strategy=bound:N needs not know\n", build_name());
		return EXIT_USAGE;
	}
	if (o->files_count != 1) {
		fprintf(stderr, "kthrash: verify takes one plan: kthrash verify PLAN\n");
		return EXIT_USAGE;
	}
	if (plan_read(o->files[0], &shared->plan) != 0)
		return EXIT_USAGE;
	if (!set_memory(&shared->plan, o))
		return EXIT_USAGE;
	plan_drop_schedule(&shared->plan);
	if (!make_findings_folder(o))
		return EXIT_ENVIRONMENT;
	signal(SIGINT, on_interrupt);
	signal(SIGTERM, on_interrupt);
	job.started = job.last_progress = now_s();
	print_options(o);
	return explore();
}
