/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `bench`: what the simulator costs. The two-creator plan under a random walk,
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

static const char bench_plan[] =
	"kthrash-plan 1\n"
	"task C1: a = create \"a\" return 0\n"
	"task C2: b = create \"b\" return 0\n";

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

int command_bench(const struct options *o)
{
	static struct plan p;
	struct round r[ROUNDS];
	struct plan_error e;
	double rate, points, ns, sw;

	if (plan_parse(&p, bench_plan, strlen(bench_plan), &e) != 0) {
		fprintf(stderr, "kthrash: bench: %u:%u: %s\n", e.line, e.column, e.message);
		return EXIT_ENVIRONMENT;
	}
	world_load(&p);
	for (int i = 0; i < ROUNDS; i++)
		if (!run_round(&r[i], (o->seconds > 0 ? o->seconds : 5) / ROUNDS,
			       o->seed + (uint64_t)i))
			return EXIT_FINDINGS;
	rate = median(r, offsetof(struct round, executions_per_second));
	points = median(r, offsetof(struct round, points_per_execution));
	ns = median(r, offsetof(struct round, ns_per_point));
	sw = median(r, offsetof(struct round, switch_ns));
	if (o->json) {
		printf("{\"build\":\"%s\",\"executions_per_second\":%.0f,"
		       "\"points_per_execution\":%.1f,\"ns_per_point\":%.2f,\"switch_ns\":%.2f,"
		       "\"ratio\":%.2f}\n", build_name(), rate, points, ns, sw,
		       sw > 0 ? ns / sw : 0);
		return EXIT_CLEAN;
	}
	printf("%s, two creators, random walk, median of %d rounds\n", build_name(), ROUNDS);
	printf("  %.0f executions/s, %.1f schedule points each\n", rate, points);
	printf("  %.2f ns per point; a bare fiber switch %.2f ns; ratio %.2f\n", ns, sw,
	       sw > 0 ? ns / sw : 0);
	return EXIT_CLEAN;
}
