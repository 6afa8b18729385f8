/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `bench`: what the simulator costs. Plans of 1 to 16 creators under a random walk,
 * beside one bare fiber switch measured in the same run; several rounds in
 * turn, medians, because machines are shared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/rng.h"
#include "stress/finding.h"
#include "stress/hunt.h"
#include "stress/isolate.h"

enum { ROUNDS = 5 };

static const unsigned creators[] = { 1, 2, 4, 8, 16 };

enum { SIZES = sizeof creators / sizeof creators[0], USUAL = 1 };

struct round {
	double executions_per_second, points_per_execution, ns_per_point, switch_ns;
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
	out->switch_ns = world_switch_ns();
	return true;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const struct round *r, size_t offset)
{
	double v[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		memcpy(&v[i], (const char *)&r[i] + offset, sizeof v[i]);
	qsort(v, ROUNDS, sizeof v[0], by_value);
	return v[ROUNDS / 2];
}

/* Each field's own. */
static struct round medians(const struct round *r)
{
	return (struct round){
		median(r, offsetof(struct round, executions_per_second)),
		median(r, offsetof(struct round, points_per_execution)),
		median(r, offsetof(struct round, ns_per_point)),
		median(r, offsetof(struct round, switch_ns)),
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
	world_load(&p);
	return true;
}

static void print_json(const struct round *m)
{
	const struct round *u = &m[USUAL];

	printf("{\"build\":\"%s\",\"executions_per_second\":%.0f,"
	       "\"points_per_execution\":%.1f,\"ns_per_point\":%.2f,\"switch_ns\":%.2f,"
	       "\"ratio\":%.2f,\"growth\":[", build_name(), u->executions_per_second,
	       u->points_per_execution, u->ns_per_point, u->switch_ns,
	       u->switch_ns > 0 ? u->ns_per_point / u->switch_ns : 0);
	for (int i = 0; i < SIZES; i++)
		printf("%s{\"creators\":%u,\"executions_per_second\":%.0f,"
		       "\"points_per_execution\":%.1f,\"ns_per_point\":%.2f}", i ? "," : "",
		       creators[i], m[i].executions_per_second, m[i].points_per_execution,
		       m[i].ns_per_point);
	printf("]}\n");
}

static void print_table(const struct round *m)
{
	const struct round *u = &m[USUAL];

	printf("%s, random walk, medians of %d rounds\n", build_name(), ROUNDS);
	printf("  creators  executions/s  points each  ns per point\n");
	for (int i = 0; i < SIZES; i++)
		printf("  %8u  %12.0f  %11.1f  %12.2f\n", creators[i],
		       m[i].executions_per_second, m[i].points_per_execution,
		       m[i].ns_per_point);
	printf("  a bare fiber switch %.2f ns; a point of two creators %.2f times that\n",
	       u->switch_ns, u->switch_ns > 0 ? u->ns_per_point / u->switch_ns : 0);
}

int command_bench(const struct options *o)
{
	struct round r[SIZES][ROUNDS], m[SIZES];
	double seconds = (o->seconds > 0 ? o->seconds : 5) / ROUNDS / SIZES;

	for (int i = 0; i < ROUNDS; i++)
		for (int k = 0; k < SIZES; k++) {
			if (!load(creators[k]))
				return EXIT_ENVIRONMENT;
			if (!run_round(&r[k][i], seconds, o->seed + (uint64_t)i))
				return EXIT_FINDINGS;
		}
	for (int k = 0; k < SIZES; k++)
		m[k] = medians(r[k]);
	(o->json ? print_json : print_table)(m);
	return EXIT_CLEAN;
}
