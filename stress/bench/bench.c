/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `bench` measures what the simulator costs. It runs creators under a random walk, as plans and
 * as the bare hand-off (hand_off.h). In the same run it measures one fiber switch. It takes the
 * median of several rounds, and a round measures each row once, because the machine may have
 * other work.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/rng.h"
#include "stress/bench/bench.h"
#include "stress/bench/hand_off.h"
#include "stress/hunt/budget.h"
#include "stress/hunt/build.h"
#include "stress/hunt/json.h"
#include "stress/run/subject.h"
#include "stress/run/world.h"

enum { ROUNDS = 5 };

/* The rows of plans come first, then those of the bare hand-off. */
static const struct {
	unsigned creators;
	bool bare;
} what[] = {
	{ 1, false }, { 2, false }, { 4, false }, { 8, false }, { 16, false },
	{ 1, true }, { 2, true }, { 3, true },
};

enum { ROWS = sizeof what / sizeof what[0], PLANS = 5, USUAL = 1 };

struct round {
	double executions_per_second, points_per_execution, ns_per_point;
};

static bool run_round(struct round *out, double seconds, uint64_t seed)
{
	struct world_options w = { .strategy = PLAN_RANDOM, .steps_estimate = 200 };
	struct verdict v = { 0 };
	uint64_t executions = 0, points = 0;
	double begin = now_s(), took = 0;

	do {
		for (unsigned i = 0; i < 256; i++) {
			w.seed = kt_rng_derive(seed, executions++);
			world_run(&w, &v);
			points += v.steps;
			if (v.failure != KT_PASS) {
				fprintf(stderr, "kthrash: bench: %s: %s\n",
					kt_failure_name(v.failure), v.message);
				return false;
			}
		}
		took = now_s() - begin;
	} while (took < seconds);
	out->executions_per_second = (double)executions / took;
	out->points_per_execution = (double)points / (double)executions;
	out->ns_per_point = points ? took * 1e9 / (double)points : 0;
	return true;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of the doubles at `offset` in ROUNDS structures of that size. */
static double median(const void *of, size_t size, size_t offset)
{
	double v[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		memcpy(&v[i], (const char *)of + (size_t)i * size + offset, sizeof v[i]);
	qsort(v, ROUNDS, sizeof v[0], by_value);
	return v[ROUNDS / 2];
}

/* The median of each field, over the rounds. */
static struct round medians(const struct round *r)
{
	return (struct round){
		median(r, sizeof *r, offsetof(struct round, executions_per_second)),
		median(r, sizeof *r, offsetof(struct round, points_per_execution)),
		median(r, sizeof *r, offsetof(struct round, ns_per_point)),
	};
}

static bool load(unsigned tasks)
{
	static struct plan p;
	char text[1024];
	struct plan_error e;
	int n = snprintf(text, sizeof text, "kthrash-plan 1\n");

	for (unsigned i = 1; i <= tasks; i++)
		n += snprintf(text + n, sizeof text - (size_t)n,
			      "task C%u: a%u = create \"a%u\" return 0\n", i, i, i);
	if (plan_parse(&p, text, (size_t)n, &e) != 0) {
		fprintf(stderr, "kthrash: bench: %u:%u: %s\n", e.line, e.column, e.message);
		return false;
	}
	subject_use(&subject_plan);
	world_load(&p);
	return true;
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

static void put_round(struct json *j, const struct round *m)
{
	json_double(j, "executions_per_second", m->executions_per_second, 0);
	json_double(j, "points_per_execution", m->points_per_execution, 1);
	json_double(j, "ns_per_point", m->ns_per_point, 2);
}

static void put_rows(struct json *j, const char *key, const struct round *m, int first, int end)
{
	json_open_array(j, key);
	for (int i = first; i < end; i++) {
		json_open_object(j, NULL);
		json_unsigned(j, "creators", what[i].creators);
		put_round(j, &m[i]);
		json_close_object(j);
	}
	json_close_array(j);
}

static void print_json(const struct round *m, struct world_switch change)
{
	const struct round *u = &m[USUAL];
	struct json j;

	json_begin(&j, stdout);
	build_put(&j);
	put_round(&j, u);
	json_double(&j, "switch_ns", change.bare, 2);
	json_double(&j, "ratio", ratio(u->ns_per_point, change.bare), 2);
	json_double(&j, "own_switch_ns", change.own, 2);
	json_double(&j, "own_ratio", ratio(u->ns_per_point, change.own), 2);
	put_rows(&j, "growth", m, 0, PLANS);
	put_rows(&j, "hand_off", m, PLANS, ROWS);
	json_end(&j);
}

static void print_table(const struct round *m, struct world_switch change)
{
	const struct round *u = &m[USUAL];

	printf("  random walk, medians of %d rounds\n", ROUNDS);
	printf("  creators  executions/s  points each  ns per point\n");
	for (int i = 0; i < ROWS; i++) {
		if (i == PLANS)
			printf("  the bare hand-off, without core/:\n");
		printf("  %8u  %12.0f  %11.1f  %12.2f\n", what[i].creators,
		       m[i].executions_per_second, m[i].points_per_execution,
		       m[i].ns_per_point);
	}
	printf("  a fiber switch %.2f ns, bare %.2f; a point of two creators %.2f and %.2f times "
	       "that\n", change.own, change.bare, ratio(u->ns_per_point, change.own),
	       ratio(u->ns_per_point, change.bare));
}

static bool load_row(int row)
{
	if (!what[row].bare)
		return load(what[row].creators);
	hand_off_load(what[row].creators);
	return true;
}

int command_bench(const struct options *o)
{
	struct round r[ROWS][ROUNDS], m[ROWS];
	struct world_switch s[ROUNDS], change;
	double seconds = (o->seconds > 0 ? o->seconds : 5) / ROUNDS / ROWS;

	if (subject->execute)
		return bench_program(o);
	if (!o->json)
		build_show("bench");
	for (int i = 0; i < ROUNDS; i++) {
		s[i] = world_switch();
		for (int k = 0; k < ROWS; k++) {
			if (!load_row(k))
				return EXIT_ENVIRONMENT;
			if (!run_round(&r[k][i], seconds, o->seed + (uint64_t)i))
				return EXIT_FINDINGS;
		}
	}
	for (int k = 0; k < ROWS; k++)
		m[k] = medians(r[k]);
	change.bare = median(s, sizeof s[0], offsetof(struct world_switch, bare));
	change.own = median(s, sizeof s[0], offsetof(struct world_switch, own));
	(o->json ? print_json : print_table)(m, change);
	return EXIT_CLEAN;
}
