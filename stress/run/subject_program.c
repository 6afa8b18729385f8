/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The subject that is a user's program. A process has one program with one command line, so it
 * has one case. All that a plan adds is a schedule, faults and a memory model.
 *
 * Which plain accesses are choice points is learned: those to memory that two threads were seen
 * to use. A hunt learns from execution to execution. A replay can't know what a hunt had
 * learned, so it runs the plan until nothing new is learned, and the last of these runs counts.
 * The directives of a plan do not depend on what was learned, because their places are always
 * choice points and their numbers count all visits (hosted_nth()).
 */
#include "stress/run/subject_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/hosted/hosted.h"
#include "platform/sim/sim.h"
#include "platform/sim/sim_detail.h"

enum { EXIT_FAILS = 3 };	/* as a driver's status for a failed environment */
enum { PROCESS_STEPS = 5000 };
enum { LEARNS_FIRST = 2 };	/* so many executions of a case look for racing memory */

/*
 * The variants that a hunt tries in turn. Points at every shared access find what hides between
 * two plain accesses. They also dilute every strategy. So in half of the variants only those
 * accesses are points on which races were seen. If the creator goes on, all threads are there
 * before any of them works.
 */
static const struct {
	enum hosted_points points;
	bool creators_go_on;
} variants[] = {
	{ HOSTED_POINTS_FINE, false },	/* replays have this one */
	{ HOSTED_POINTS_COARSE, true },
	{ HOSTED_POINTS_FINE, true },
	{ HOSTED_POINTS_COARSE, false },
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };
enum { LAPS = 2 * 63 };	/* each is half of SIM_STEPS_MAX */

static struct {
	struct subject_settings asked;
	bool expects_race, expects_leak;
	bool is_finding;	/* the loaded plan expects something, so it is no hunt */
	bool has_faults;	/* the loaded plan makes allocations fail */
	bool explores;
	/* What the loaded plan allows. */
	bool early_timeouts, failing_trylocks;
	enum hosted_volatile volatiles;
	uint32_t executions;	/* of the loaded case */
	struct {
		bool printed, endless;
	} *done;		/* in any process of this driver */
} program;

static void configure(const struct subject_settings *s)
{
	program.asked = *s;
	program.done = mmap(NULL, sizeof *program.done, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (program.done == MAP_FAILED) {
		perror("kthrash: no memory");
		exit(EXIT_FAILS);
	}
}

/* "./queue_test 3 100 (queue_test 5f2c9a01d3e4b7c6)" */
static const char *describe(void)
{
	static char text[1024];
	size_t used = 0;

	for (int i = 0; i < hosted_argc() && used < sizeof text; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
					 hosted_argv()[i]);
	if (used < sizeof text)
		snprintf(text + used, sizeof text - used, " (%s)", hosted_build());
	return text;
}

static const char *blind_to(void)
{
	return program.asked.races && program.asked.leaks ? "errors on stacks and in globals" :
	       program.asked.races ? "leaks of memory (--leaks), errors on stacks and in globals" :
	       "data races (--races), leaks of memory (--leaks), errors on stacks and in globals";
}

/* ---- cases ----------------------------------------------------------------- */

/* Called in the parent of the process that ran the executions. */
static const char *note(void)
{
	static char text[512];

	if (hosted_filter_was_full())
		return "the program uses so much memory that kthrash could not look at all of it: "
		       "some accesses that threads share were no choice points";
	if (program.asked.isolate || !hosted_not_reset())
		return NULL;
	snprintf(text, sizeof text, "each execution ran in a process of its own, which is slower, "
		 "because of what can't be put back: %s", hosted_not_reset());
	return text;
}

static bool is_isolated(void)
{
	return program.asked.isolate || hosted_not_reset();
}

/* A process for each execution takes about as long as that many steps. */
static uint32_t overhead(void)
{
	return is_isolated() ? PROCESS_STEPS : 0;
}

static bool is_this(const struct plan *p)
{
	char **argv = hosted_argv();

	if (p->args_count != hosted_argc())
		return false;
	/* The first word may be another path to the same file. */
	for (int i = 1; i < hosted_argc(); i++)
		if (strcmp(plan_string(p, p->args[i]), argv[i]) != 0)
			return false;
	return true;
}

static bool accepts(const struct plan *p)
{
	return plan_is_program(p) && is_this(p);
}

static const char *remark(const struct plan *p)
{
	static char text[3 * PLAN_QUOTED_MAX];

	if (!p->binary || strcmp(plan_string(p, p->binary), hosted_build()) == 0)
		return NULL;
	snprintf(text, sizeof text, "the plan was made with another build of the program, \"%s\", "
		 "and this is \"%s\"; its places may be elsewhere", plan_string(p, p->binary),
		 hosted_build());
	return text;
}

static void generate(struct plan *p, uint64_t seed, bool faults)
{
	(void)seed, (void)faults;
	plan_init(p);
	for (int i = 0; i < hosted_argc() && i < PLAN_ARGS_MAX; i++)
		p->args[p->args_count++] = plan_intern_printable(p, hosted_argv()[i]);
	p->binary = plan_intern_printable(p, hosted_build());
	p->early_timeouts = program.asked.early_timeouts;
	p->failing_trylocks = program.asked.fails_trylocks;
	p->volatile_races = program.asked.volatile_races;
	p->volatile_orders = program.asked.volatile_orders;
}

/* ---- executions ------------------------------------------------------------- */

static void load(const struct plan *p)
{
	static const char blocked[] = "blocked:";

	program.expects_race = p->has_expect && p->expect == KT_RACE;
	program.expects_leak = p->has_expect && p->expect == KT_LEAK;
	program.is_finding = p->has_expect;
	program.has_faults = false;
	program.explores = false;
	program.early_timeouts = p->early_timeouts;
	program.failing_trylocks = p->failing_trylocks;
	program.volatiles = p->volatile_races ? HOSTED_VOLATILE_PLAIN :
			    p->volatile_orders ? HOSTED_VOLATILE_ORDERED : HOSTED_VOLATILE_RELAXED;
	program.executions = 0;
	hosted_filter_forget();
	hosted_watch_none();
	for (unsigned i = 0; i < p->directives_count; i++) {
		const char *point = plan_string(p, p->directives[i].point);

		if (p->directives[i].kind == PLAN_D_FAIL) {
			program.has_faults = true;
			continue;
		}
		if (strncmp(point, blocked, strlen(blocked)) == 0)
			point += strlen(blocked);
		hosted_watch(kt_name_hash(point));
		if (p->directives[i].store)
			hosted_watch(kt_name_hash(plan_string(p, p->directives[i].store)));
	}
}

static enum hosted_races races(void)
{
	if (program.asked.races || program.expects_race)
		return HOSTED_RACES_REPORTED;
	if (program.explores)
		return HOSTED_RACES_IGNORED;
	return program.executions < LEARNS_FIRST ? HOSTED_RACES_LEARNED : HOSTED_RACES_IGNORED;
}

/* The program did what kthrash can't control, so no execution of it means anything. */
static void refuse(const char *why)
{
	fprintf(stderr, "%s\n", why);
	fflush(stderr);
	_exit(SUBJECT_REFUSES);
}

static void explore(void)
{
	program.explores = true;
	hosted_filter_settle();
}

/* A program with one thread has one schedule. Only what is asked for besides can be hunted. */
static bool nothing_to_hunt(const struct sim_record *r)
{
	return r->tasks == 1 && r->failure == KT_PASS && !program.is_finding && !program.explores &&
	       !program.has_faults && !program.asked.fails_malloc && !program.asked.leaks;
}

/* The program prints once, also if a hunt goes on in other processes. */
static void choose_silence(void)
{
	bool may_print = program.asked.prints || !program.done->printed;

	hosted_set_silent(program.executions > 0 || !may_print);
}

static const struct sim_record *run(const struct sim_options *o, uint32_t variant)
{
	const struct sim_record *r;

	choose_silence();
	r = hosted_run(o, &(struct hosted_options){
		.points = variants[variant].points,
		.races = races(),
		.leaks = program.asked.leaks || program.expects_leak,
				  .isolate = is_isolated(),
		.early_timeouts = program.early_timeouts,
		.failing_trylocks = program.failing_trylocks,
		.volatiles = program.volatiles,
		.explores = program.explores,
	});
	if (r->failure == KT_UNSUPPORTED)
		refuse(r->message);
	return r;
}

/*
 * A program whose test is long is no livelock. So the first livelock of a hunt runs again, with the
 * same schedule, for sixty-four times as many steps. If it ends there, the hunt can't go on: the
 * record of an execution is too short for this program.
 */
static const struct sim_record *run_to_the_end(const struct sim_options *o, uint32_t variant)
{
	const struct sim_record *r = run(o, variant);
	struct sim_options longer = *o;
	char text[128];

	if (r->failure != KT_LIVELOCK || o->steps_max != SIM_STEPS_MAX || program.is_finding ||
	    program.explores || program.done->endless)
		return r;
	longer.laps = LAPS;
	longer.on_lap = program.asked.goes_on;
	if (run(&longer, variant)->failure != KT_LIVELOCK) {
		snprintf(text, sizeof text,
			 "an execution of the program takes more than %d steps; "
			 "give it less work, such as fewer rounds",
			 SIM_STEPS_MAX);
		refuse(text);
	}
	program.done->endless = true;
	return run(o, variant);
}

static void execute(const struct sim_options *o, uint32_t variant)
{
	const struct sim_record *r = run_to_the_end(o, variant);

	if (program.explores && hosted_not_reset()) {
		fprintf(stderr, "the program can't be verified, because %s, and kthrash can't put "
			"that back\n", hosted_not_reset());
		fflush(stderr);
		_exit(SUBJECT_REFUSES);
	}
	if (program.executions == 0 && nothing_to_hunt(r))
		refuse("the program has ended without a second thread, so there is nothing to "
		       "hunt");
	program.executions++;
	program.done->printed = true;
}

/* Which thread does which half of a race, and so the message, depends on the schedule. */
static unsigned places(enum kt_failure failure, struct kt_site **place)
{
	return failure == KT_RACE ? hosted_race_places(place) : 0;
}

/* The runtime asks about the program's own allocations only. */
static bool may_fail(enum kt_role role)
{
	if (program.has_faults || program.explores)
		return true;
	return role == KT_ROLE_MALLOC ? program.asked.fails_malloc :
	       role == KT_ROLE_THREAD && program.asked.fails_threads;
}

static uint32_t variant_count(void)
{
	return VARIANTS;
}

static bool creators_go_on(uint32_t variant)
{
	return variants[variant].creators_go_on;
}

static const struct sim_namer namer = { .other = hosted_global_name };

const struct subject subject_program = {
	.name = "program",
	.configure = configure,
	.describe = describe,
	.blind_to = blind_to,
	.note = note,
	.accepts = accepts,
	.remark = remark,
	.generate = generate,
	.runs_per_case = 256,
	/* A test that is long is no livelock. A strategy that never lets a thread go on is. */
	.steps_max = SIM_STEPS_MAX,
	.steps_fair = 1 << 15,
	.pieces = plan_pieces,
	.without = plan_without,
	.simplers = plan_simplers,
	.simpler = plan_simpler,
	.load = load,
	.apart = hosted_sites_apart,
	.execute = execute,
	.variants = variant_count,
	.creators_go_on = creators_go_on,
	.overhead = overhead,
	.learned = hosted_filter_grew,
	.explore = explore,
	.visit = hosted_nth,
	.places = places,
	.may_fail = may_fail,
	.namer = &namer,
};
