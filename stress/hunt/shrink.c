/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `shrink`: looks for the smallest plan with the same finding.
 *
 * Delta debugging over the pieces of a plan (subject.h): remove ranges of pieces, first long
 * ones and then ever shorter ones, and keep each removal after which the plan shows the same
 * finding (Zeller, Hildebrandt: "Simplifying and Isolating Failure-Inducing Input", TSE 2002).
 * If an operation is missing, the directives of the schedule name the wrong visits. So a program
 * that became simpler is also tried with a few hundred other schedules, and the finding is
 * captured anew as directives. Then come the changes that are no removals: smaller numbers,
 * simpler bodies, one task in place of two (plan_simpler()), earlier kills.
 *
 * The plan is minimal when none of all these changes leaves the finding as it is.
 */
#include <stdio.h>
#include <string.h>

#include "platform/check.h"
#include "stress/hunt/attempt.h"
#include "stress/hunt/budget.h"
#include "stress/hunt/build.h"
#include "stress/hunt/files.h"
#include "stress/hunt/finding.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/json.h"
#include "stress/hunt/target.h"
#include "stress/hunt/unsaved.h"
#include "stress/hunt/why.h"
#include "stress/run/subject.h"

enum { SECONDS_USUAL = 60 };

static struct {
	struct plan best, candidate;
	struct verdict verdict;		/* what `best` ends with */
} shrinking;

/* The candidate shows the finding. */
static bool accept(const struct verdict *v)
{
	shrinking.best = shrinking.candidate;
	shrinking.verdict = *v;
	return true;
}

/* Is the candidate's program, with its faults and its memory model, not that of `best`? */
static bool is_other_program(void)
{
	static struct plan a, b;

	a = shrinking.best;
	b = shrinking.candidate;
	plan_drop_schedule(&a);
	plan_drop_schedule(&b);
	b.strategy = a.strategy;
	b.depth = a.depth;
	b.seed = a.seed;
	b.steps_estimate = a.steps_estimate;
	return !plan_equal(&a, &b);
}

/* Does the plan still need a strategy, because its schedule took too many directives? */
static bool has_strategy(void)
{
	return shrinking.best.strategy != PLAN_BLOCK;
}

/* Has the candidate fewer tasks, operations or faults? They are worth more directives. */
static bool is_shorter(void)
{
	const struct plan *a = &shrinking.candidate, *b = &shrinking.best;

	return plan_all_tasks(a) < plan_all_tasks(b) || a->ops_count < b->ops_count ||
	       attempt_faults(a) < attempt_faults(b);
}

/*
 * Another program is also tried with other schedules. If it is not shorter, but has a smaller
 * number or a simpler body, they may not take more directives.
 */
static unsigned directives_limit(void)
{
	if (!is_other_program())
		return 0;
	return is_shorter() || has_strategy() ? PLAN_DIRECTIVES_MAX
					      : shrinking.best.directives_count + 1u;
}

static bool try_candidate(void)
{
	struct verdict v;

	return attempt_plan(&shrinking.candidate, directives_limit(), &v) && accept(&v);
}

/* Without pieces only the schedule of a case can become smaller. */
static unsigned pieces(const struct plan *p)
{
	return subject->pieces ? subject->pieces(p) : 0;
}

/* Try the best plan without its pieces first..first+count-1. */
static bool try_without(unsigned first, unsigned count)
{
	return subject->without(&shrinking.candidate, &shrinking.best, first, count) &&
	       try_candidate();
}

/* Try each range of `size` pieces once. True if one of them could be removed. */
static bool pass(unsigned size)
{
	bool any = false;

	/*
	 * Begin at the end, where tasks and operations are, because their removal also removes
	 * directives.
	 */
	for (unsigned end = pieces(&shrinking.best); end > 0 && !attempt_out_of_time();) {
		unsigned first = end > size ? end - size : 0;

		if (try_without(first, end - first)) {
			unsigned left = pieces(&shrinking.best);

			any = true;
			end = first < left ? first : left;
		} else {
			end = first;
		}
	}
	return any;
}

static void remove_pieces(void)
{
	for (unsigned size = pieces(&shrinking.best); size >= 1 && !attempt_out_of_time();) {
		bool any = pass(size);

		if (size == 1 && !any)
			break;
		size = size > 1 ? size / 2 : 1;
	}
}

/* Try each change that is no removal. True if one of them was kept. */
static bool simplify(void)
{
	bool any = false;

	for (unsigned n = 0; subject->simplers && n < subject->simplers(&shrinking.best) &&
			     !attempt_out_of_time();) {
		if (subject->simpler(&shrinking.candidate, &shrinking.best, n) && try_candidate())
			any = true;	/* its number may have another change now */
		else
			n++;
	}
	return any;
}

/* Look for a simpler schedule of the same program. */
static bool reschedule(void)
{
	unsigned limit = has_strategy() ? PLAN_DIRECTIVES_MAX : shrinking.best.directives_count;
	struct verdict v;

	shrinking.candidate = shrinking.best;
	return attempt_schedule(&shrinking.candidate, limit, &v) && accept(&v);
}

/* Look for a schedule with fewer directives among those that lack one directive of `best`. */
static bool reschedule_near(void)
{
	struct verdict v;

	for (unsigned i = 0; i < shrinking.best.directives_count && subject->without; i++)
		if (subject->without(&shrinking.candidate, &shrinking.best, i, 1) &&
		    !is_shorter() &&
		    attempt_near(&shrinking.candidate, shrinking.best.directives_count, &v))
			return accept(&v);
	return false;
}

/* Have each kill come as early as it can. */
static bool kill_earlier(void)
{
	bool any = false;
	struct verdict v;

	for (unsigned i = 0; i < shrinking.best.directives_count; i++) {
		if (shrinking.best.directives[i].kind != PLAN_D_KILL)
			continue;
		shrinking.candidate = shrinking.best;
		if (attempt_earlier(&shrinking.candidate, i, &v))
			any = accept(&v);
	}
	return any;
}

/*
 * Kill `victim` by a directive in place of a piece that kills it in another way, if that takes
 * fewer directives than `limit`.
 */
static bool kill_by_directive(unsigned piece, const char *victim, unsigned limit)
{
	struct verdict v;

	return subject->without(&shrinking.candidate, &shrinking.best, piece, 1) &&
	       attempt_kill(&shrinking.candidate, victim, limit, &v) && accept(&v);
}

/*
 * Kills by an operation, or by an allocation that runs out of memory, need another task that
 * does it.
 */
static bool kill_simply(void)
{
	const struct plan *p = &shrinking.best;
	unsigned directives = p->directives_count;

	for (unsigned i = 0; i < directives && subject->without; i++)
		if (p->directives[i].kind == PLAN_D_OOM &&
		    kill_by_directive(i, plan_string(p, p->directives[i].target), directives + 1))
			return true;
	for (unsigned i = 0; i < p->ops_count && subject->without; i++)
		if (p->ops[i].kind == PLAN_KILL &&
		    kill_by_directive(directives + i,
				      plan_string(p, p->tasks[p->ops[i].victim].name),
				      directives + 2))
			return true;
	return false;
}

struct shrunk shrink_plan(struct plan *p, struct verdict *v, double seconds)
{
	bool any;

	shrinking.best = *p;
	shrinking.best.has_trace = false;
	shrinking.verdict = *v;
	attempt_begin(p, v, now_s() + seconds);
	if (has_strategy())
		reschedule();
	do {
		remove_pieces();
		any = simplify() || kill_simply() || reschedule() || reschedule_near() ||
		      kill_earlier() ||
		      attempt_learn_cause(&shrinking.best, &shrinking.verdict);
	} while (any && !attempt_out_of_time());
	*p = shrinking.best;
	*v = shrinking.verdict;
	return (struct shrunk){
		.runs = attempt_runs(),
		.minimal = !attempt_out_of_time() && world_can(WORLD_REPEATS),
	};
}

static void print_json(const char *file, const struct plan *p, const struct verdict *v,
		       struct shrunk how)
{
	char id[SIGNATURE_ID_MAX];
	struct json j;

	json_begin(&j, stdout);
	json_string(&j, "file", file);
	build_put(&j);
	json_string(&j, "kind", kt_failure_name(v->failure));
	json_unsigned(&j, "executions", how.runs);
	json_bool(&j, "minimal", how.minimal);
	json_unsigned(&j, "tasks", plan_all_tasks(p));
	json_unsigned(&j, "operations", p->ops_count);
	json_unsigned(&j, "directives", p->directives_count);
	json_hash(&j, "hash", v->hash);
	json_string(&j, "id", signature_id(id, v->failure, v->signature));
	json_end(&j);
}

static void print_text(const char *file, const struct plan *original, const struct plan *p,
		       struct shrunk how)
{
	const char *end =
		how.minimal ? "minimal"
		: world_can(WORLD_REPEATS)
			? "not minimal: budget"
			: "perhaps not minimal, because real threads do not repeat an execution";

	printf("%s: %s; %u execution%s, tasks %u -> %u, operations %u -> %u, "
	       "directives %u -> %u\n",
	       file, end, how.runs, kt_plural(how.runs), plan_all_tasks(original),
	       plan_all_tasks(p),
	       original->ops_count, p->ops_count, original->directives_count, p->directives_count);
}

/*
 * Read the plan and run it. Returns EXIT_CLEAN if it fails, with *v; if not, another exit
 * status after a sentence on stderr.
 */
static int read_failing(const char *file, struct plan *p, struct verdict *v)
{
	if (case_read(file, p) != 0)
		return EXIT_USAGE;
	if (!run_as_written(p, v)) {
		fprintf(stderr, "kthrash: %s\n", v->message);
		return isolate_status();
	}
	if (v->failure != KT_PASS)
		return EXIT_CLEAN;
	fprintf(stderr, "kthrash: %s: does not fail here, nothing to shrink\n", file);
	return EXIT_USAGE;
}

int command_shrink(const struct options *o)
{
	static struct plan p, original;
	const char *refused;
	struct verdict v;
	struct unsaved unsaved = { .path = o->output, .report = "", .v = &v, .strategy = "" };
	struct shrunk how;
	int status, err;

	if (!o->output) {
		fprintf(stderr, "kthrash: shrink needs a file for the smaller plan: -o FILE\n");
		return EXIT_USAGE;
	}
	refused = target_refusal(o->output);
	if (refused) {
		fprintf(stderr, "kthrash: %s: %s\n", o->output, refused);
		return EXIT_USAGE;
	}
	status = read_failing(o->files[0], &p, &v);
	if (status != EXIT_CLEAN)
		return status;
	unsaved.json = o->json;
	original = p;
	if (!o->json)
		build_show("shrink");
	how = shrink_plan(&p, &v, o->seconds > 0 ? o->seconds : SECONDS_USUAL);
	finding_annotate(&p, &v);
	if (world_can(WORLD_REPEATS))
		finding_set_cause(&p, why(&p, &v));
	if (!p.origin.by)
		finding_set_origin(&p, &(struct finding_origin){ .by = "shrink" });
	err = plan_write(o->output, &p);
	if (err) {
		unsaved.error = -err;
		unsaved.executions = how.runs;
		unsaved_print(&unsaved, &p);
		return EXIT_ENVIRONMENT;
	}
	if (o->json)
		print_json(o->output, &p, &v, how);
	else
		print_text(o->output, &original, &p, how);
	return EXIT_CLEAN;
}
