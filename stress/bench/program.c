/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `bench` in a user's program: what an execution of it costs, beside an execution of a plan in
 * the same process. It is the processor time that counts, of this process and its children,
 * because the machine may have other work. A round measures each row once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "platform/rng.h"
#include "stress/bench/bench.h"
#include "stress/hunt/build.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/json.h"
#include "stress/run/subject.h"
#include "stress/run/world.h"

enum { ROUNDS = 5, LEARNING = 300, AT_ONCE = 64 };

static const struct row {
	const char *name;
	struct subject_settings settings;
	bool plan;
} rows[] = {
	{ "reset", { 0 }, false },
	{ "races", { .races = true }, false },
	{ "isolate", { .isolate = true }, false },
	{ "plan", { 0 }, true },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

struct measured {
	double executions_per_second, points_per_execution, ns_per_point;
};

static struct results {
	struct measured m[ROWS][ROUNDS];
	struct verdict failed;
} *results;

static double seconds_of(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static double processor_time(void)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return seconds_of(&self.ru_utime) + seconds_of(&self.ru_stime) +
	       seconds_of(&children.ru_utime) + seconds_of(&children.ru_stime);
}

/* Two creators, as in the other benchmark. */
static bool load_plan(void)
{
	static const char text[] = "kthrash-plan 1\n"
				   "task C1: a1 = create \"a1\" return 0\n"
				   "task C2: a2 = create \"a2\" return 0\n";
	static struct plan p;
	struct plan_error e;

	subject_use(&subject_plan);
	if (plan_parse(&p, text, sizeof text - 1, &e) != 0)
		return false;
	world_load(&p);
	return true;
}

/* A finding ends the benchmark: the program must have none. */
static bool run(uint64_t seed, uint64_t count, uint64_t *points)
{
	struct world_options w = { .strategy = PLAN_RANDOM, .steps_estimate = 200 };

	for (uint64_t i = 0; i < count; i++) {
		w.seed = kt_rng_derive(seed, i);
		world_run(&w, &results->failed);
		*points += results->failed.steps;
		shared_beat();
		if (results->failed.failure != KT_PASS)
			return false;
	}
	return true;
}

static bool measure(struct measured *out, double seconds, uint64_t seed)
{
	uint64_t executions = 0, points = 0;
	double begin = processor_time(), took;

	do {
		if (!run(seed + executions, AT_ONCE, &points))
			return false;
		executions += AT_ONCE;
		took = processor_time() - begin;
	} while (took < seconds);
	out->executions_per_second = (double)executions / took;
	out->points_per_execution = (double)points / (double)executions;
	out->ns_per_point = points ? took * 1e9 / (double)points : 0;
	return true;
}

static void child(void *options)
{
	const struct options *o = options;
	const struct subject *program = subject;
	double seconds = (o->seconds > 0 ? o->seconds : 5) / ROUNDS / ROWS;

	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < ROWS; i++) {
			struct subject_settings s = rows[i].settings;
			uint64_t points = 0;

			subject_use(program);
			program->configure(&s);
			if (!rows[i].plan)
				world_load(&shared->plan);
			else if (!load_plan())
				return;
			if (!run(o->seed, s.isolate ? AT_ONCE : LEARNING, &points) ||
			    !measure(&results->m[i][round], seconds, o->seed))
				return;
		}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const struct measured *m, size_t offset)
{
	double v[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		memcpy(&v[i], (const char *)&m[i] + offset, sizeof v[i]);
	qsort(v, ROUNDS, sizeof v[0], by_value);
	return v[ROUNDS / 2];
}

static struct measured medians(const struct measured *m)
{
	return (struct measured){
		median(m, offsetof(struct measured, executions_per_second)),
		median(m, offsetof(struct measured, points_per_execution)),
		median(m, offsetof(struct measured, ns_per_point)),
	};
}

static void print_json(void)
{
	struct json j;

	json_begin(&j, stdout);
	build_put(&j);
	for (int i = 0; i < ROWS; i++) {
		struct measured m = medians(results->m[i]);

		json_open_object(&j, rows[i].name);
		json_double(&j, "executions_per_second", m.executions_per_second, 0);
		json_double(&j, "points_per_execution", m.points_per_execution, 1);
		json_double(&j, "ns_per_point", m.ns_per_point, 2);
		json_close_object(&j);
	}
	json_end(&j);
}

static void print_table(void)
{
	printf("  random walk, medians of %d rounds, per second of processor time\n", ROUNDS);
	printf("           executions/s  points each  ns per point\n");
	for (int i = 0; i < ROWS; i++) {
		struct measured m = medians(results->m[i]);

		printf("  %-7s  %12.0f  %11.1f  %12.2f\n", rows[i].name,
		       m.executions_per_second, m.points_per_execution, m.ns_per_point);
	}
}

int bench_program(const struct options *o)
{
	struct options own = *o;
	struct verdict v;

	results = mmap(NULL, sizeof *results, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (results == MAP_FAILED) {
		perror("kthrash: bench");
		return EXIT_ENVIRONMENT;
	}
	if (!o->json)
		build_show("bench");
	subject->generate(&shared->plan, o->seed, false);
	if (!isolate_run(child, NULL, &own, SILENCE_S, &v)) {
		fprintf(stderr, "kthrash: %s\n", v.message);
		return EXIT_ENVIRONMENT;
	}
	if (v.failure == KT_PASS)
		v = results->failed;
	if (v.failure != KT_PASS) {
		fprintf(stderr, "kthrash: bench: %s: %s\n", kt_failure_name(v.failure), v.message);
		return EXIT_FINDINGS;
	}
	(o->json ? print_json : print_table)();
	return EXIT_CLEAN;
}
