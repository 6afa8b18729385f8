/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `replay`: run plans exactly as written and compare with what they expect.
 *
 * On the simulator one run says it all; --times repeats it, and --twice requires
 * that each is the same (twice.h). On real threads a plan is run until
 * the expected failure shows, at most --times; a plan that expects to pass is
 * run that often.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress/hunt/finding.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/twice.h"

enum { TIMES_ON_THREADS = 200 };

static struct {
	uint64_t times;
	bool twice;
} job;

static void replay_child(void *unused)
{
	struct world_options w = world_options_of(&shared->plan);

	(void)unused;
	world_load(&shared->plan);
	for (uint64_t i = 0; i < job.times; i++) {
		shared->options = w;
		if (job.twice)
			run_twice(&w, true, &shared->verdict);
		else
			world_run(&w, &shared->verdict);
		__atomic_store_n(&shared->executions, shared->executions + 1, __ATOMIC_RELAXED);
		if (shared->verdict.failure != KT_PASS)
			return;
		w.seed += !world_is_deterministic;	/* other delays */
	}
}

/* A plan that expects to be no function of itself is run twice in any case. */
static bool run_times(const struct plan *p, uint64_t times, bool twice, struct verdict *v)
{
	shared->plan = *p;
	job.times = times;
	job.twice = twice || (p->has_expect && p->expect == KT_NONDETERMINISM);
	memset(v, 0, sizeof *v);
	if (!isolate_run(replay_child, NULL, NULL, SILENCE_S, v))
		return false;
	if (v->failure == KT_PASS) {
		v->hash = shared->verdict.hash;
		v->steps = shared->verdict.steps;
	}
	return true;
}

bool run_as_written(const struct plan *p, struct verdict *v)
{
	return run_times(p, world_is_deterministic ? 1 : TIMES_ON_THREADS, false, v);
}

/* NULL if it is what the plan expects, else what is not. */
static const char *differs(const struct plan *p, const struct verdict *v)
{
	enum kt_failure due = p->has_expect ? p->expect : KT_PASS;

	if (v->failure != due)
		return "another verdict than the plan expects";
	if (p->has_trace && world_is_deterministic && v->hash != p->trace)
		return "another trace hash than the plan expects";
	return NULL;
}

static void print_result(const struct options *o, const char *file, const struct plan *p,
			 const struct verdict *v, const char *wrong, uint64_t nth)
{
	char message[VERDICT_MESSAGE_MAX * 2], signature[SIGNATURE_MAX * 2], name[8192];
	char options[256];

	if (o->json) {
		replay_options(options, sizeof options);
		printf("{\"file\":\"%s\",\"run\":%llu,\"ok\":%s,\"kind\":\"%s\","
		       "\"hash\":\"%016llx\","
		       "\"steps\":%u,\"signature\":\"%s\",\"message\":\"%s\","
		       "\"options\":\"%s\",\"build\":\"%s\"}\n",
		       json_escape(name, sizeof name, file), (unsigned long long)nth,
		       wrong ? "false" : "true", kt_failure_name(v->failure),
		       (unsigned long long)v->hash, v->steps,
		       json_escape(signature, sizeof signature, v->signature),
		       json_escape(message, sizeof message, v->message), options, build_name());
		return;
	}
	printf("%s %s: %s", wrong ? "NOT AS EXPECTED" : "as expected", file,
	       kt_failure_name(v->failure));
	if (world_is_deterministic)
		printf(", trace %016llx, %u steps", (unsigned long long)v->hash, v->steps);
	printf("%s%s\n", v->message[0] ? "\n  " : "", v->message);
	if (wrong && p->has_trace && p->expect == v->failure)
		printf("  the plan says trace %016llx: it was made with other code\n",
		       (unsigned long long)p->trace);
	else if (wrong)
		printf("  the plan says %s\n",
		       kt_failure_name(p->has_expect ? p->expect : KT_PASS));
}

static int replay_file(const struct options *o, const char *file)
{
	static struct plan p;
	struct verdict v;
	uint64_t rounds = world_is_deterministic && o->times ? o->times : 1;
	uint64_t times = world_is_deterministic ? 1 : o->times ? o->times : TIMES_ON_THREADS;
	int status = EXIT_CLEAN;

	if (plan_read(file, &p) != 0)
		return EXIT_USAGE;
	for (uint64_t i = 1; i <= rounds; i++) {
		const char *wrong;

		if (!run_times(&p, times, o->twice, &v)) {
			fprintf(stderr, "kthrash: %s\n", v.message);
			return EXIT_ENVIRONMENT;
		}
		wrong = differs(&p, &v);
		if (wrong)
			status = EXIT_FINDINGS;
		print_result(o, file, &p, &v, wrong, i);
	}
	return status;
}

int command_replay(const struct options *o)
{
	int status = EXIT_CLEAN;

	if (o->files_count == 0) {
		fprintf(stderr, "kthrash: replay needs a plan: kthrash replay FILE...\n");
		return EXIT_USAGE;
	}
	if (o->twice && !world_is_deterministic) {
		fprintf(stderr, "kthrash: --twice needs the simulator\n");
		return EXIT_USAGE;
	}
	for (unsigned i = 0; i < o->files_count; i++) {
		int one = replay_file(o, o->files[i]);

		if (one > status)
			status = one;
	}
	return status;
}
