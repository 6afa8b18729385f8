/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `verify`: runs every execution of a plan up to equivalence, or every execution with few
 * preemptions. A child runs them. An execution that fails is a counterexample. It is saved and
 * shown like a finding of `stress`.
 *
 * The plan's kill, fail, oom and spurious directives happen in every execution. Its
 * switches and its strategy do not count, because all schedules are tried.
 */
#include <stdio.h>

#include "platform/check.h"
#include "stress/hunt/budget.h"
#include "stress/hunt/build.h"
#include "stress/hunt/files.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/json.h"
#include "stress/hunt/output.h"
#include "stress/hunt/take.h"

/* ---- the child ---------------------------------------------------------- */

static bool goes_on(const struct options *o, const struct world_explored *e)
{
	if (shared_should_stop())
		return false;
	return !o->executions || e->executions + e->blocked + e->cut < o->executions;
}

enum { RESTARTS_MAX = 10000 };

/* Has the execution shown something that adds choices to those before it, too? */
static bool has_learned(void)
{
	return subject->explore && subject->learned && subject->learned();
}

/* The executions that were run so far do not count. */
static bool begin_again(const struct world_exploration *x)
{
	shared->explored.no_memory = false;
	if (++shared->restarts > RESTARTS_MAX)
		return false;
	shared->explored.no_memory = !world_explore(x);
	return !shared->explored.no_memory;
}

static void explore_child(void *options)
{
	const struct options *o = options;
	const struct world_exploration x = {
		.brute = o->brute, .states = o->states,
		.memory_limit = o->memory_limit << 20,
		.bounded = o->bounded, .preemptions = o->depth,
		.teardown = o->teardown, .kills = (uint32_t)o->kills,
		.fails = (uint32_t)o->fails, .spurious = (uint32_t)o->spurious,
	};
	struct world_options w = { .explores = true, .check_expects = !o->kills && !o->fails };
	bool more;

	world_load(&shared->plan);
	shared->options = w;
	shared->explored.no_memory = !world_explore(&x);
	if (shared->explored.no_memory)
		return;
	do {
		world_run(&w, &shared->verdict);
		shared_beat();
		shared->points += shared->verdict.steps;
		more = world_explored(&shared->explored);
		if (shared->verdict.failure != KT_PASS)
			return;
		if (has_learned()) {
			more = begin_again(&x);
			if (!more)
				return;
		}
	} while (more && goes_on(o, &shared->explored));
	shared->exhausted = !more;
}

/* ---- the parent --------------------------------------------------------- */

static bool tick(void *options)
{
	const struct options *o = options;

	if (o->progress && is_time_for_progress(false))
		progress_line(shared->explored.executions, "");
	return !budget_is_spent() && !output_failed();
}

/* `v`: the verdict of the counterexample, or NULL. */
static void print_json(const struct options *o, const char *verdict, const struct verdict *v)
{
	const struct world_explored *e = &shared->explored;
	char id[SIGNATURE_ID_MAX] = "";
	struct json j;

	if (v)
		signature_id(id, v->failure, v->signature);
	json_begin(&j, stdout);
	json_string(&j, "type", "summary");
	build_put(&j);
	json_string(&j, "verdict", verdict);
	json_unsigned(&j, "executions", e->executions);
	json_unsigned(&j, "redundant", e->redundant);
	json_unsigned(&j, "blocked", e->blocked);
	json_unsigned(&j, "dropped", e->dropped);
	json_unsigned(&j, "classes", e->executions - e->redundant);
	if (o->states) {
		json_unsigned(&j, "states", e->states);
		json_unsigned(&j, "cut", e->cut);
		json_unsigned(&j, "memory", e->bytes);
		json_bool(&j, "limited", e->limited);
	}
	json_unsigned(&j, "events", e->events);
	json_unsigned(&j, "points", shared->points);
	if (subject->explore)
		json_unsigned(&j, "restarts", shared->restarts);
	json_unsigned(&j, "kills", o->kills);
	json_unsigned(&j, "fails", o->fails);
	json_unsigned(&j, "spurious", o->spurious);
	json_double(&j, "seconds", budget_elapsed(), 3);
	json_string(&j, "id", id);
	json_end(&j);
}

static void print_counters(const struct options *o)
{
	const struct world_explored *e = &shared->explored;
	double s = budget_elapsed();

	if (o->states)
		printf("%llu state%s, %.1f MiB%s; %llu execution%s to an end, %llu to a state that "
		       "was explored; %.1f s, %.0f/s\n", (unsigned long long)e->states,
		       kt_plural(e->states), (double)e->bytes / (1 << 20),
		       e->limited ? ", the limit" : "", (unsigned long long)e->executions,
		       kt_plural(e->executions), (unsigned long long)e->cut, s,
		       (double)(e->executions + e->cut) / s);
	else
		printf("%llu execution%s explored, %llu redundant, %llu blocked; %.1f s, "
		       "%.0f/s\n", (unsigned long long)e->executions, kt_plural(e->executions),
		       (unsigned long long)e->redundant,
		       (unsigned long long)e->blocked + e->dropped, s,
		       (double)(e->executions + e->blocked) / s);
	if (shared->restarts)
		printf("begun again %llu time%s, because an execution showed that threads share "
		       "more memory\n",
		       (unsigned long long)shared->restarts, kt_plural(shared->restarts));
}

static const char *why_not_finished(void)
{
	const struct world_explored *e = &shared->explored;

	if (e->no_memory)
		return "out of memory";
	if (e->too_long)
		return "an execution has more events than verify has room for";
	if (shared->restarts > RESTARTS_MAX)
		return "executions showed new shared memory too often";
	return budget_was_interrupted() ? "interrupted" : budget_ran_out() ? "out of time" :
	       "the number of executions was limited";
}

static void print_bounds(const struct options *o)
{
	if (o->bounded)
		printf("at most %u preemption%s, memory %s, ", o->depth, kt_plural(o->depth),
		       plan_memory_name(shared->plan.memory));
	printf("at most %llu kill%s, %llu failed allocation%s, %llu spurious wake-up%s "
	       "besides the plan's%s\n",
	       (unsigned long long)o->kills, kt_plural(o->kills), (unsigned long long)o->fails,
	       kt_plural(o->fails), (unsigned long long)o->spurious, kt_plural(o->spurious),
	       o->teardown || o->bounded ? "" : "; teardown in one order");
}

/* No counterexample was found. */
static int conclude(const struct options *o)
{
	bool verified = shared->exhausted && !shared->explored.too_long &&
			!shared->explored.no_memory;

	if (o->json) {
		print_json(o, verified ? "verified" : "not finished", NULL);
	} else {
		print_counters(o);
		if (verified)
			printf("verified within these bounds: ");
		else
			printf("not finished (%s); bounds: ", why_not_finished());
		print_bounds(o);
		if (!verified && !o->bounded)
			printf("--strategy=bound:1 tries only executions with at most one "
			       "preemption, which are far fewer\n");
	}
	if (shared->explored.no_memory)
		fprintf(stderr, "kthrash: verify: no memory for the executions that are still to "
			"be tried\n");
	if (verified)
		return EXIT_CLEAN;
	return budget_was_interrupted() ? EXIT_SIGNAL + budget_was_interrupted() : EXIT_ENVIRONMENT;
}

static const char *strategy_name(const struct options *o)
{
	return o->has_strategy ? o->strategy_text : "dpor";
}

/*
 * An exploration of a program has more choice points than a replay of the same execution, which
 * matters to the trace and to the signature. So a finding is what its replay shows.
 */
static void run_again(struct verdict *v)
{
	static struct plan captured;
	uint64_t executions = shared->executions;
	struct verdict again;

	if (!subject->explore)
		return;
	world_capture(&shared->plan, &shared->options, &captured);
	if (!run_as_written(&captured, &again) || again.failure != v->failure)
		return;		/* take_finding() will say so */
	shared->executions = executions;
	*v = again;
}

static int explore(const struct options *o)
{
	struct taken t = { .strategy = strategy_name(o), .origin = { .by = "verify" } };
	struct options own = *o;
	struct verdict v;

	if (!isolate_run(explore_child, tick, &own, SILENCE_S, &v)) {
		fprintf(stderr, "kthrash: %s\n", v.message);
		return isolate_status();
	}
	if (o->progress)
		progress_end();
	if (v.failure == KT_PASS)
		return conclude(o);
	run_again(&v);
	if (o->json)
		print_json(o, "counterexample", &v);
	else
		print_counters(o);
	t.executions = shared->executions;
	if (!take_finding(o, &t, &v))
		return EXIT_ENVIRONMENT;
	output_findings_are_kept();
	return EXIT_FINDINGS;
}

static const char *plan_name(const struct options *o)
{
	return o->files_count ? o->files[0] : "of the program";
}

/* ---- the command -------------------------------------------------------- */

/* Can this world explore in the way that the options ask for? */
static bool can_do(const struct options *o)
{
	if (!world_allows(WORLD_BOUNDS, "verify"))
		return false;
	if (o->states && !(world_can(WORLD_EXPLORES) && world_knows_states())) {
		fprintf(stderr, "kthrash: verify --strategy=states works on plans, core/ and the "
			"modelled back ends, without sanitizers, on x86-64; this is %s\n",
			build_name());
		return false;
	}
	if (o->bounded || world_can(WORLD_EXPLORES))
		return true;
	fprintf(stderr, "kthrash: verify without --strategy=bound:N %s; this is %s\n",
		world_lacks(WORLD_EXPLORES), build_name());
	return false;
}

static bool set_memory(struct plan *p, const struct options *o)
{
	struct plan_error err;

	if (o->has_memory)
		p->memory = o->memory;
	if (p->memory != PLAN_SC && !o->bounded) {
		fprintf(stderr, "kthrash: verify without --strategy=bound:N works with memory sc "
			"only: with others it does not know which operations depend on each "
			"other\n");
		return false;
	}
	if (plan_check(p, &err) == 0)
		return true;
	fprintf(stderr, "kthrash: %s: %s\n", plan_name(o), err.message);
	return false;
}

static void print_options(const struct options *o)
{
	char executions[32], seconds[32];

	if (o->json)
		return;
	build_show("verify");
	printf("  plan %s  strategy %s  memory %s  kills %llu  fails %llu  spurious %llu  "
	       "teardown %s\n", plan_name(o),
	       strategy_name(o), plan_memory_name(shared->plan.memory),
	       (unsigned long long)o->kills, (unsigned long long)o->fails,
	       (unsigned long long)o->spurious,
	       o->teardown || o->bounded ? "explored" : "in one order");
	snprintf(executions, sizeof executions, "%llu", (unsigned long long)o->executions);
	snprintf(seconds, sizeof seconds, "%g", o->seconds);
	printf("  executions %s  seconds %s  findings %s\n",
	       o->executions ? executions : "without limit",
	       o->seconds > 0 ? seconds : "without limit", o->findings);
}

/* The case in the file, or, without a file, the only one that the subject has. */
static bool make_case(const struct options *o)
{
	if (o->files_count)
		return case_read(o->files[0], &shared->plan) == 0;
	if (!subject->explore || !subject->generate) {
		fprintf(stderr, "kthrash: verify takes one plan, got 0: kthrash verify PLAN "
			"[OPTION]...\n");
		return false;
	}
	subject->generate(&shared->plan, o->seed, false);
	return true;
}

int command_verify(const struct options *o)
{
	if (!can_do(o))
		return EXIT_USAGE;
	if (!make_case(o) || !set_memory(&shared->plan, o))
		return EXIT_USAGE;
	plan_drop_schedule(&shared->plan);
	if (!make_findings_folder(o))
		return EXIT_USAGE;
	budget_begin(o->seconds);
	print_options(o);
	output_flush();
	if (output_failed())
		return EXIT_ENVIRONMENT;	/* no reader would learn the verdict */
	return explore(o);
}
