/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver for tests of the runtime: it runs main() so many times, in a child process, and
 * prints what happened. Its words are name=value:
 *
 *	executions	at most so many; it stops at the first failure
 *	keep		1: it goes on after a failure
 *	strategy	a word of platform/words.def
 *	seed		of the first execution
 *	points		fine, coarse or all
 *	memory		sc, tso, pso or arm
 *	isolate		1: a process for each execution
 *	forget		1: the filter is forgotten before each execution
 *	watch		the name of a site that is a choice point in any case
 *	fail		the number of the allocation that fails, or 0
 *	trace		1: it prints the last execution's steps
 *	silent		1: the program's output goes nowhere
 *	races		1: the first data race is a failure
 *	volatile	1: volatile accesses order others; 2: they race as plain ones do
 *	silence		seconds without progress that end an execution; 0: the usual number
 *	leaks		1: memory that is still allocated is a failure
 *
 * Every second execution repeats the seed of the one before: if the filter did not grow, it
 * must have the same trace.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/hosted/hosted.h"
#include "platform/os.h"

static struct {
	long executions, keep, seed, isolate, fail, trace, silent, leaks, forget;
	long races, volatiles, silence;
	const char *strategy, *points, *memory, *watch;
} option = { .executions = 1, .strategy = "random", .points = "fine", .memory = "sc" };

static struct result { /* shared with the child */
	long executions, failures, repeats, differences;
	unsigned long long steps;
	char not_reset[100], message[SIM_MESSAGE_MAX];
	enum kt_failure failure;
} *result;

static void set(const char *word)
{
	static const struct {
		const char *name;
		long *number;
		const char **text;
	} options[] = {
		{ "executions", &option.executions, NULL },
		{ "keep", &option.keep, NULL },
		{ "seed", &option.seed, NULL },
		{ "isolate", &option.isolate, NULL },
		{ "fail", &option.fail, NULL },
		{ "trace", &option.trace, NULL },
		{ "silent", &option.silent, NULL },
		{ "leaks", &option.leaks, NULL },
		{ "silence", &option.silence, NULL },
		{ "races", &option.races, NULL },
		{ "volatile", &option.volatiles, NULL },
		{ "forget", &option.forget, NULL },
		{ "watch", NULL, &option.watch },
		{ "strategy", NULL, &option.strategy },
		{ "points", NULL, &option.points },
		{ "memory", NULL, &option.memory },
	};
	const char *value = strchr(word, '=');

	for (size_t i = 0; value && i < sizeof options / sizeof options[0]; i++) {
		size_t length = (size_t)(value - word);

		if (strlen(options[i].name) != length || strncmp(word, options[i].name, length))
			continue;
		if (options[i].number)
			*options[i].number = atol(value + 1);
		else
			*options[i].text = value + 1;
		return;
	}
	fprintf(stderr, "bad word '%s'\n", word);
	exit(2);
}

static long allocations;

static bool alloc_fails(enum kt_role role, struct kt_site *site)
{
	(void)role, (void)site;
	return ++allocations == option.fail;
}

static struct sim_strategy *strategy(void)
{
	for (unsigned i = 0; i < KT_STRATEGY_COUNT; i++)
		if (strcmp(kt_strategy_name((enum kt_strategy)i), option.strategy) == 0)
			return sim_strategy_of((enum kt_strategy)i, 3);
	exit(2);
}

static void child(void)
{
	const struct os_hooks hooks = { .alloc_fails = alloc_fails };
	const struct hosted_options h = {
		.points = option.points[0] == 'c'   ? HOSTED_POINTS_COARSE
			  : option.points[0] == 'a' ? HOSTED_POINTS_ALL
						    : HOSTED_POINTS_FINE,
		.isolate = option.isolate,
		.leaks = option.leaks,
		.silence_s = (uint32_t)option.silence,
		.races = option.races ? HOSTED_RACES_REPORTED : HOSTED_RACES_IGNORED,
		.volatiles = (enum hosted_volatile)option.volatiles,
	};
	struct sim_options o = {
		.strategy = strategy(),
		.memory = option.memory[0] == 't'   ? SIM_TSO
			  : option.memory[0] == 'a' ? SIM_ARM
			  : option.memory[0] == 'p' ? SIM_PSO
						    : SIM_SC,
	};
	uint64_t hash = 0;
	bool grew = true;

	os_set_hooks(&hooks);
	if (option.watch)
		hosted_watch(kt_name_hash(option.watch));
	hosted_set_silent(option.silent);
	for (long i = 0; i < option.executions; i++) {
		const struct sim_record *r;

		o.seed = (uint64_t)(option.seed + i / 2);
		allocations = 0;
		if (option.forget)
			hosted_filter_forget();
		r = hosted_run(&o, &h);
		result->executions++;
		result->steps += r->steps;
		if (i % 2 && !grew && !hosted_filter_grew()) {
			result->repeats++;
			result->differences += r->hash != hash;
		}
		hash = r->hash;
		grew = hosted_filter_grew();
		if (hosted_not_reset())
			snprintf(result->not_reset, sizeof result->not_reset, "%s",
				 hosted_not_reset());
		if (r->failure == KT_PASS)
			continue;
		result->failures++;
		result->failure = r->failure;
		snprintf(result->message, sizeof result->message, "%s", r->message);
		if (!option.keep)
			break;
	}
	_exit(0);
}

static void print_trace(void)
{
	const struct sim_record *r = sim_record();
	char name[KT_SITE_NAME_MAX];

	for (uint32_t i = 0; i < r->steps; i++) {
		const struct sim_step *t = &r->trace[i];

		printf("step=%s %s:%u %s #%u\n", r->task[t->task].name, t->site->file,
		       t->site->line, kt_site_label(t->site, name, sizeof name), hosted_nth(i));
	}
}

static int drive(int argc, char **argv)
{
	int status = 0;
	pid_t pid;

	for (int i = 1; i < argc; i++)
		set(argv[i]);
	result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	sim_record();
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		child();
	waitpid(pid, &status, 0);
	printf("status=%d\nexecutions=%ld\nfailures=%ld\nrepeats=%ld\ndifferences=%ld\nsteps=%llu\n"
	       "not_reset=%s\nkind=%s\nmessage=%s\n",
	       status, result->executions, result->failures, result->repeats, result->differences,
	       result->steps, result->not_reset, kt_failure_name(result->failure), result->message);
	if (option.trace)
		print_trace();
	fflush(stdout);
	return 0;
}

__attribute__((constructor)) static void init(void)
{
	hosted_driver = drive;
}
