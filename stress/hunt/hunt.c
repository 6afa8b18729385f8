/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `stress`: run plans under many schedules until something breaks.
 *
 * Execution number i is a function of (seed, i) alone: which plan, which
 * strategy, which faults. A child runs them one after another; when it dies or
 * finds something, the parent takes the execution from shared memory, saves it
 * as a plan first, and goes on from i + 1 if asked to. So a range of numbers may
 * be cut and handed out in any way. With --jobs=N there are N such parents, each
 * with every N-th plan.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "platform/rng.h"
#include "stress/hunt/adaptive.h"
#include "stress/hunt/coverage.h"
#include "stress/hunt/finding.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/jobs.h"
#include "stress/hunt/kept.h"
#include "stress/hunt/take.h"
#include "stress/hunt/tally.h"
#include "stress/hunt/twice.h"
#include "stress/run/subject.h"

enum {
	RUNS_PER_PLAN = 16,	/* schedules of one plan before the next */
	FILES_MAX = 4096,
	SCHEDULE_BITS = 1 << 22,
	SCHEDULE_BYTES = SCHEDULE_BITS / 8,
};

static struct {
	const struct options *o;
	char *file[FILES_MAX];		/* plans given; none: generated */
	unsigned files;
	double started, last_progress;
	uint64_t first;			/* execution the next child begins with */
	unsigned job;			/* of o->jobs: which plans are ours */
	struct jobs jobs;		/* one, with the process's own `shared`, if alone */
	uint8_t *schedule_seen;		/* SCHEDULE_BYTES for each job, shared with its children */
	unsigned due;			/* bit per enum kt_failure that is no finding */
} hunt;

static volatile sig_atomic_t interrupted;

double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool out_of_budget(void)
{
	const struct options *o = hunt.o;

	return interrupted || (o->seconds > 0 && now_s() - hunt.started >= o->seconds);
}

/* ---- which execution is number i ---------------------------------------- */

static bool load_plan(uint64_t number)
{
	hunt.due = 0;
	/* What is steered by coverage looks at all. */
	coverage_watch(hunt.o->adaptive || hunt.o->mutate ||
		       number % hunt.o->coverage_every == 0);
	if (hunt.o->illegal)
		hunt.due = subject->generate_illegal(&shared->plan,
						     kt_rng_derive(hunt.o->seed, number));
	else if (hunt.files == 0 && !kept_mutate(&shared->plan,
						 kt_rng_derive(hunt.o->seed ^ 0x4e47, number)))
		subject->generate(&shared->plan, kt_rng_derive(hunt.o->seed, number),
				  hunt.o->faults);
	else if (hunt.files && plan_read(hunt.file[number % hunt.files], &shared->plan) != 0)
		return false;
	if (hunt.o->has_memory)
		shared->plan.memory = hunt.o->memory;
	world_load(&shared->plan);
	return true;
}

/* Whose turn of the portfolio it is (platform/strategy.h); returns which turn. */
static uint32_t choose_strategy(struct world_options *w, uint64_t i)
{
	uint32_t turns = kt_portfolio_places(), n = (uint32_t)(i % turns);
	struct kt_strategy_place place;

	if (hunt.o->adaptive)
		n = adaptive_choose(&shared->adaptive, turns,
				    kt_rng_derive(hunt.o->seed ^ 0xada, i));
	place = kt_portfolio_place(n);
	w->strategy = (enum plan_strategy_kind)place.strategy;
	w->depth = place.depth;
	if (hunt.o->has_strategy) {
		w->strategy = hunt.o->strategy;
		w->depth = hunt.o->depth;
	}
	return n;
}

static uint32_t victims(void)
{
	return subject->victims ? subject->victims() : 0;
}

/* Half of the executions kill a creator somewhere, a quarter fail an allocation. */
static void choose_faults(struct world_options *w, struct kt_rng *rng, uint32_t steps,
			  uint32_t allocations)
{
	uint32_t dice = kt_rng_below(rng, 8);

	if (!hunt.o->faults || victims() == 0)
		return;
	if (dice < 4) {
		w->faults.kill_step = 1 + kt_rng_below(rng, steps + 1);
		w->faults.kill_task = kt_rng_below(rng, victims());
	}
	if ((dice & 3) == 3)
		w->faults.fail_nth = 1 + kt_rng_below(rng, allocations + 1);
	if (kt_rng_below(rng, 8) == 0)
		w->faults.spurious_nth = 1 + kt_rng_below(rng, steps / 16 + 1);
}

/* ---- the child ---------------------------------------------------------- */

/* Is it the first time that we meet this trace? */
static bool note_schedule(uint64_t hash)
{
	uint32_t bit = (uint32_t)(hash >> 16) % SCHEDULE_BITS;
	uint8_t *seen = hunt.schedule_seen + (size_t)hunt.job * SCHEDULE_BYTES + bit / 8;

	if (!world_is_deterministic || (*seen >> (bit % 8) & 1))
		return false;
	*seen |= (uint8_t)(1u << (bit % 8));
	return true;
}

static void count(uint64_t i, const struct verdict *v)
{
	tally_execution(&shared->tally, i, v, note_schedule(v->hash));
}

/* One execution; false if it is a finding. `thorough`: with --twice. */
static bool execute(const struct world_options *w, bool thorough)
{
	struct verdict *v = &shared->verdict;

	shared->options = *w;
	if (hunt.o->twice)
		run_twice(w, thorough, v);
	else
		world_run(w, v);
	__atomic_store_n(&shared->executions, shared->executions + 1, __ATOMIC_RELAXED);
	if (v->failure == KT_PASS)
		return true;
	if (!(hunt.due >> v->failure & 1))
		return false;
	v->failure = KT_PASS;
	return true;
}

static bool child_goes_on(uint64_t i)
{
	if (__atomic_load_n(&shared->stop, __ATOMIC_RELAXED))
		return false;
	return !hunt.o->executions || i < hunt.o->first + hunt.o->executions;
}

/* From i on the first execution that is ours. */
static uint64_t next_of_job(uint64_t i)
{
	uint64_t jobs = hunt.o->jobs, plan = i / RUNS_PER_PLAN;

	if (plan % jobs == hunt.job)
		return i;
	return (plan + (hunt.job + jobs - plan % jobs) % jobs) * RUNS_PER_PLAN;
}

/* How long the loaded plan is: one execution that deviates from nothing. */
static bool measure(uint32_t *steps, uint32_t *allocations)
{
	struct world_options w = { .strategy = PLAN_BLOCK };
	bool clean = execute(&w, true);

	*steps = shared->verdict.steps ? shared->verdict.steps : 100;
	*allocations = inject_allocations();
	return clean;
}

/* What the execution, by the strategy with that number, has shown. */
static void learn(uint32_t strategy)
{
	uint32_t fresh = coverage_fresh();

	shared->fresh += fresh;
	if (hunt.o->adaptive)
		adaptive_note(&shared->adaptive, strategy, fresh);
}

/* The loaded plan is done with. */
static void keep_plan(uint64_t number)
{
	if (shared->fresh)
		kept_add(&shared->plan, kt_rng_derive(hunt.o->seed ^ 0x6ee9, number));
	shared->fresh = 0;
}

static void random_child(void *unused)
{
	uint32_t steps = 0, allocations = 0;
	uint64_t loaded = UINT64_MAX;

	(void)unused;
	for (uint64_t i = next_of_job(hunt.first); child_goes_on(i); i = next_of_job(i + 1)) {
		struct world_options w = { 0 };
		struct kt_rng rng = { kt_rng_derive(hunt.o->seed ^ 0x5eed, i) };
		uint32_t strategy;
		bool clean;

		shared->next = i;
		if (i / RUNS_PER_PLAN != loaded) {
			if (loaded != UINT64_MAX)
				keep_plan(loaded);
			loaded = i / RUNS_PER_PLAN;
			if (!load_plan(loaded) || !measure(&steps, &allocations))
				return;
		}
		strategy = choose_strategy(&w, i);
		w.steps_estimate = steps;
		choose_faults(&w, &rng, steps, allocations);
		w.seed = kt_rng_next(&rng);
		clean = execute(&w, false);
		count(i, &shared->verdict);
		learn(strategy);
		if (!clean)
			return;
	}
}

/*
 * Every n-th allocation, every point and task for a kill, and all pairs, every
 * sleep, or every moment at which time may pass, of each plan. shared->cursor:
 * plan, task, kill step, and the number of what is counted.
 */
static bool exhaust_kills(void)
{
	return hunt.o->exhaustive == EXHAUST_KILL || hunt.o->exhaustive == EXHAUST_PAIRS;
}

static bool exhaust_counts(void)
{
	return hunt.o->exhaustive != EXHAUST_KILL;
}

/* Was there an n-th in the last execution? */
static bool exhaust_hit(uint64_t n)
{
	switch (hunt.o->exhaustive) {
	case EXHAUST_SPURIOUS: return inject_sleeps() >= n;
	case EXHAUST_TIMERS: return inject_timer_moments() >= n;
	default: return inject_allocations() >= n;
	}
}

static bool exhaust_next(uint64_t *c, uint32_t steps, bool hit)
{
	if (exhaust_counts()) {
		c[3]++;
		if (hit || c[3] == 1)
			return true;
		c[3] = exhaust_kills() ? 1 : 0;
	}
	if (exhaust_kills()) {
		if (++c[2] <= steps)
			return true;
		c[2] = 1;
		if (++c[1] < victims())
			return true;
	}
	return false;
}

static bool exhaust_plan(uint64_t *c)
{
	bool first = c[1] == 0 && c[2] == 0 && c[3] == 0;
	struct world_options w = { .strategy = hunt.o->strategy, .depth = hunt.o->depth,
				   .seed = hunt.o->seed };
	uint32_t steps, allocations;
	bool clean;

	shared->next = tally_counts(&shared->tally)->executions;
	if (!load_plan(c[0]))
		return false;
	c[0]++;		/* if this is a finding, the next child goes on behind the plan */
	if (!measure(&steps, &allocations))
		return false;
	c[0]--;
	if (first) {
		c[2] = exhaust_kills();
		c[3] = exhaust_counts();
	} else if (!exhaust_next(c, steps, true)) {	/* after a finding: it was hit */
		return true;
	}
	w.steps_estimate = steps;
	do {
		if (!child_goes_on(tally_counts(&shared->tally)->executions))
			return false;
		w.faults = (struct inject_faults){
			.kill_task = (uint32_t)c[1], .kill_step = (uint32_t)c[2],
		};
		if (hunt.o->exhaustive == EXHAUST_SPURIOUS)
			w.faults.spurious_nth = (uint32_t)c[3];
		else if (hunt.o->exhaustive == EXHAUST_TIMERS)
			w.faults.timer_nth = (uint32_t)c[3];
		else
			w.faults.fail_nth = (uint32_t)c[3];
		shared->next = tally_counts(&shared->tally)->executions;
		clean = execute(&w, false);
		count(shared->next, &shared->verdict);
		if (!clean)
			return false;
	} while (exhaust_next(c, steps, exhaust_hit(c[3])));
	return true;
}

static void exhaustive_child(void *unused)
{
	uint64_t *c = shared->cursor;
	unsigned plans = hunt.files ? hunt.files : 1;

	(void)unused;
	while (c[0] < plans && exhaust_plan(c)) {
		c[0]++;
		c[1] = c[2] = c[3] = 0;
	}
}

/* ---- the parent --------------------------------------------------------- */

/* Seen by anybody: the sum counts twice what two have seen. */
static uint64_t distinct_schedules(void)
{
	uint64_t n = 0;

	for (size_t byte = 0; byte < SCHEDULE_BYTES; byte++) {
		unsigned seen = 0;

		for (unsigned i = 0; i < hunt.jobs.count; i++)
			seen |= hunt.schedule_seen[(size_t)i * SCHEDULE_BYTES + byte];
		n += (unsigned)__builtin_popcount(seen);
	}
	return n;
}

static void print_counters(const char *type, const struct totals *t)
{
	printf("{\"type\":\"%s\",\"executions\":%llu,\"points\":%llu,\"seconds\":%.3f,"
	       "\"schedules\":%llu,\"pairs\":%u,\"findings\":%llu,\"digest\":\"%016llx\"}\n", type,
	       (unsigned long long)t->executions, (unsigned long long)t->points,
	       now_s() - hunt.started, (unsigned long long)t->schedules, coverage_pairs(),
	       (unsigned long long)t->findings, (unsigned long long)t->digest);
	fflush(stdout);
}

static void show_progress(void)
{
	double s = now_s() - hunt.started;
	struct totals t = tally_total(&hunt.jobs);

	if (hunt.o->json) {
		print_counters("progress", &t);
		return;
	}
	fprintf(stderr, "%s%.0f s  %llu executions  %.0f/s  %llu schedules  %llu findings%s",
		isatty(2) ? "\r" : "", s, (unsigned long long)t.executions,
		(double)t.executions / s, (unsigned long long)t.schedules,
		(unsigned long long)t.findings, isatty(2) ? "   " : "\n");
}

static void look_at_clock(void)
{
	double interval = hunt.o->json || isatty(2) ? 1 : 10;

	if (hunt.o->progress && now_s() - hunt.last_progress >= interval) {
		hunt.last_progress = now_s();
		show_progress();
	}
}

static bool tick(void *unused)
{
	(void)unused;
	if (hunt.o->jobs == 1)
		look_at_clock();
	return !out_of_budget();
}

static const char *strategy_words(const struct world_options *w, char *buf, size_t size)
{
	const char *name = plan_strategy_name(w->strategy);

	if (plan_strategy_has_depth(w->strategy))
		snprintf(buf, size, "%s:%u", name, w->depth);
	else
		snprintf(buf, size, "%s", name);
	return buf;
}

/* False if it could not be saved. */
static bool take(struct verdict *v)
{
	char strategy[32], found_by[128];
	struct taken t = {
		.found_by = found_by, .number = shared->next - hunt.o->first + 1,
		.quietly = hunt.o->jobs > 1,
	};

	count(shared->next, v);
	t.strategy = strategy_words(&shared->options, strategy, sizeof strategy);
	snprintf(found_by, sizeof found_by, "%s, seed %llu, execution %llu", t.strategy,
		 (unsigned long long)hunt.o->seed, (unsigned long long)shared->next);
	if (!take_finding(hunt.o, &t, v))
		return false;
	tally_finding(&shared->tally, shared->next, v);
	return true;
}

/* A sanitizer ended the child over what an illegal plan is due: go on behind it. */
static bool due_anyway(const struct verdict *v)
{
	load_plan(shared->next / RUNS_PER_PLAN);
	if (!(hunt.due >> v->failure & 1) || out_of_budget())
		return false;
	count(shared->next, v);
	hunt.first = shared->next + 1;
	return true;
}

static int hunt_loop(void)
{
	void (*child)(void *) = hunt.o->exhaustive ? exhaustive_child : random_child;

	for (;;) {
		struct verdict v;

		if (!isolate_run(child, tick, NULL, SILENCE_S, &v)) {
			if (interrupted)
				break;
			fprintf(stderr, "kthrash: %s\n", v.message);
			return EXIT_ENVIRONMENT;
		}
		if (v.failure == KT_PASS)
			break;
		if (due_anyway(&v))
			continue;
		if (!take(&v))
			return EXIT_ENVIRONMENT;
		if (!hunt.o->keep_going || out_of_budget())
			break;
		hunt.first = shared->next + 1;
	}
	return shared->tally.findings ? EXIT_FINDINGS : EXIT_CLEAN;
}

/* ---- several processes --------------------------------------------------- */

static int work(unsigned job)
{
	hunt.job = job;
	coverage_job(job);
	hunt.first = shared->next;
	return hunt_loop();
}

/* Without --keep-going who is behind the first finding can only find later ones. */
static bool is_over(unsigned job)
{
	return interrupted ||
	       (!hunt.o->keep_going && hunt.jobs.shared[job].next > tally_first_found(&hunt.jobs));
}

static void show_found(void)
{
	static struct found found[FOUND_MAX];
	unsigned n = tally_found(&hunt.jobs, found);

	for (unsigned i = 0; i < n && (i == 0 || hunt.o->keep_going); i++) {
		char path[4096];

		finding_path(path, sizeof path, hunt.o->findings, found[i].failure,
			     found[i].signature);
		show_finding(path, found[i].number - hunt.o->first + 1);
	}
}

static int hunt_together(void)
{
	int status;

	hunt.jobs.work = work;
	hunt.jobs.is_over = is_over;
	hunt.jobs.tick = look_at_clock;
	for (unsigned i = 0; i < hunt.jobs.count; i++)
		hunt.jobs.shared[i].next = hunt.o->first;
	status = jobs_run(&hunt.jobs);
	if (!hunt.o->json)
		show_found();
	return status;
}

static bool map_counters(void)
{
	size_t size = (size_t)hunt.o->jobs * SCHEDULE_BYTES;
	void *seen = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (seen == MAP_FAILED) {
		perror("kthrash: no shared memory");
		return false;
	}
	hunt.schedule_seen = seen;
	hunt.jobs.count = (unsigned)hunt.o->jobs;
	hunt.jobs.shared = shared;
	hunt.first = hunt.o->first;
	return hunt.o->jobs == 1 || jobs_map(&hunt.jobs);
}

/* ---- the command -------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_plans(const char *path)
{
	struct stat st;
	struct dirent *e;
	DIR *dir;

	if (stat(path, &st) != 0) {
		fprintf(stderr, "kthrash: %s: %s\n", path, strerror(errno));
		return EXIT_USAGE;
	}
	if (!S_ISDIR(st.st_mode)) {
		hunt.file[hunt.files++] = strdup(path);
		return EXIT_CLEAN;
	}
	dir = opendir(path);
	while (dir && (e = readdir(dir)) && hunt.files < FILES_MAX) {
		size_t len = strlen(e->d_name);

		if (len < 5 || strcmp(e->d_name + len - 5, ".plan") != 0)
			continue;
		if (asprintf(&hunt.file[hunt.files], "%s/%s", path, e->d_name) < 0)
			return EXIT_ENVIRONMENT;
		hunt.files++;
	}
	if (dir)
		closedir(dir);
	/* The order of a folder is the file system's; ours is the same anywhere. */
	qsort(hunt.file, hunt.files, sizeof hunt.file[0], by_name);
	if (hunt.files)
		return EXIT_CLEAN;
	fprintf(stderr, "kthrash: %s: no *.plan in it\n", path);
	return EXIT_USAGE;
}

static int check_plans(void)
{
	static struct plan p;
	struct plan_error err;

	for (unsigned i = 0; i < hunt.files; i++) {
		if (plan_read(hunt.file[i], &p) != 0)
			return EXIT_USAGE;
		if (!hunt.o->has_memory)
			continue;
		p.memory = hunt.o->memory;
		if (plan_check(&p, &err) != 0) {
			fprintf(stderr, "kthrash: %s: %s\n", hunt.file[i], err.message);
			return EXIT_USAGE;
		}
	}
	return EXIT_CLEAN;
}

/* What looks at coverage, or is steered by it. An exit status. */
static int prepare_coverage(const struct options *o)
{
	if (!o->coverage && !o->adaptive && !o->mutate)
		return EXIT_CLEAN;
	if (!coverage_map((unsigned)o->jobs) || (o->mutate && !kept_map(o->kept)))
		return EXIT_ENVIRONMENT;
	/* Saved at once: that a file can't be is said before the hunt. */
	return o->coverage ? coverage_save(o->coverage) : EXIT_CLEAN;
}

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

static void print_options(void)
{
	const struct options *o = hunt.o;
	const char *memory = o->has_memory ? plan_memory_name(o->memory) :
			     o->plan ? "the plan's" : "sc";

	if (o->json) {
		printf("{\"type\":\"options\",\"build\":\"%s\",\"strategy\":\"%s\","
		       "\"memory\":\"%s\",\"plan\":\"%s\","
		       "\"executions\":%llu,\"seconds\":%g,\"seed\":%llu,\"faults\":%s,"
		       "\"twice\":%s,\"jobs\":%llu,\"first\":%llu}\n",
		       build_name(), o->strategy_text, memory, o->plan ? o->plan : "",
		       (unsigned long long)o->executions, o->seconds,
		       (unsigned long long)o->seed, o->faults ? "true" : "false",
		       o->twice ? "true" : "false", (unsigned long long)o->jobs,
		       (unsigned long long)o->first);
		fflush(stdout);
		return;
	}
	printf("kthrash stress: %s\n", build_name());
	printf("  strategy %s  memory %s  plan %s  seed %llu  faults %s%s\n", o->strategy_text,
	       memory,
	       o->plan ? o->plan : o->illegal ? "generated, illegal" : "generated",
	       (unsigned long long)o->seed,
	       o->faults ? "on" : "off", o->twice ? "  each twice" : "");
	printf("  executions %llu from %llu  seconds %g  jobs %llu  findings %s\n",
	       (unsigned long long)o->executions, (unsigned long long)o->first, o->seconds,
	       (unsigned long long)o->jobs, o->findings);
}

static void print_summary(int status)
{
	double s = now_s() - hunt.started;
	struct totals t = tally_total(&hunt.jobs);

	t.schedules = distinct_schedules();
	if (hunt.o->json)
		print_counters("summary", &t);
	else
		printf("%s: %llu executions in %.1f s, %.0f/s, %llu schedules, %llu findings\n",
		       status == EXIT_CLEAN ? "clean" : "done", (unsigned long long)t.executions,
		       s, (double)t.executions / s, (unsigned long long)t.schedules,
		       (unsigned long long)t.findings);
}

int command_stress(const struct options *given)
{
	static struct options o;
	int status;

	o = *given;
	hunt.o = &o;
	if (o.exhaustive && !world_is_deterministic) {
		fprintf(stderr, "kthrash: --exhaustive needs the simulator\n");
		return EXIT_USAGE;
	}
	if (o.twice && !world_is_deterministic) {
		fprintf(stderr, "kthrash: --twice needs the simulator\n");
		return EXIT_USAGE;
	}
	if (o.memory != PLAN_SC && !world_is_deterministic) {
		fprintf(stderr, "kthrash: --memory=%s needs the simulator\n",
			plan_memory_name(o.memory));
		return EXIT_USAGE;
	}
	if (o.illegal && (!world_is_deterministic || o.plan || o.exhaustive)) {
		fprintf(stderr, "kthrash: --illegal makes its own plans, on the simulator\n");
		return EXIT_USAGE;
	}
	if ((o.coverage || o.adaptive || o.mutate) && !world_is_deterministic) {
		fprintf(stderr, "kthrash: --coverage, --mutate and --strategy=adaptive need the "
			"simulator\n");
		return EXIT_USAGE;
	}
	if (o.kept && !o.mutate) {
		fprintf(stderr, "kthrash: --kept=%s needs --mutate\n", o.kept);
		return EXIT_USAGE;
	}
	if (o.mutate && (o.plan || o.illegal || o.jobs > 1)) {
		fprintf(stderr, "kthrash: --mutate makes its own plans, in one process\n");
		return EXIT_USAGE;
	}
	if (o.files_count) {
		fprintf(stderr, "kthrash: unexpected '%s'; a plan is given as --plan=%s\n",
			o.files[0], o.files[0]);
		return EXIT_USAGE;
	}
	if (o.exhaustive && (o.jobs > 1 || o.first)) {
		fprintf(stderr, "kthrash: --exhaustive goes through all of its plans, in one "
			"process\n");
		return EXIT_USAGE;
	}
	if (!o.executions && !(o.seconds > 0) && !o.exhaustive)
		o.seconds = 60;
	status = o.plan ? list_plans(o.plan) : EXIT_CLEAN;
	if (status == EXIT_CLEAN)
		status = check_plans();
	if (status != EXIT_CLEAN)
		return status;
	if (!make_findings_folder(&o) || !map_counters())
		return EXIT_ENVIRONMENT;
	status = prepare_coverage(&o);
	if (status != EXIT_CLEAN)
		return status;
	signal(SIGINT, on_interrupt);
	signal(SIGTERM, on_interrupt);
	hunt.started = hunt.last_progress = now_s();
	print_options();
	status = o.jobs > 1 ? hunt_together() : hunt_loop();
	if (o.coverage && coverage_save(o.coverage) != EXIT_CLEAN)
		status = EXIT_ENVIRONMENT;
	if (o.progress && !o.json && isatty(2))
		fputc('\n', stderr);
	print_summary(status);
	return status;
}
