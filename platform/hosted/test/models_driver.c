/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver for models_test.py: runs main() as often as its first word says, each time with
 * another seed, and each time twice to compare. Prints one line for each way in which
 * executions ended. Other words:
 *
 *	spurious	some waits end for no reason, and some attempts to lock fail
 *	near		any time may pass at any moment
 *	no-threads	no thread can be created
 *	tso		with store buffers
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/hosted/hosted.h"
#include "platform/os.h"

enum { ENDS_MAX = 16, LINE_MAX_ = 1200 };

static char ends[ENDS_MAX][LINE_MAX_];
static int count;
static int out;

static void note(const char *line)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(ends[i], line))
			return;
	if (count == ENDS_MAX)
		return;
	snprintf(ends[count++], LINE_MAX_, "%s", line);
	dprintf(out, "%s\n", line);
}

/* Some waits end for no reason: the strategy's answers to that question, by turns. */
static uint32_t asked;

static uint32_t sometimes(struct sim_strategy *s, enum sim_choice kind, uint32_t below)
{
	(void)s;
	return kind == SIM_CHOOSE_SPURIOUS && asked++ % 5 == 0 ? below - 1 : 0;
}

static const struct sim_record *again(const struct sim_options *o, const struct hosted_options *h)
{
	asked = (uint32_t)o->seed;
	return hosted_run(o, h);
}

static void run(const struct sim_options *o, const struct hosted_options *h)
{
	const struct sim_record *r;
	uint64_t hash;
	char line[LINE_MAX_];

	r = again(o, h);
	hash = r->hash;
	if (hosted_filter_grew())
		hash = again(o, h)->hash;
	snprintf(line, sizeof line, "%s %s", kt_failure_name(r->failure), r->message);
	note(line);
	if (!hosted_filter_grew() && again(o, h)->hash != hash && !hosted_filter_grew())
		note("the same seed gave another execution");
}

static bool no_thread(enum kt_role role, struct kt_site *site)
{
	(void)site;
	return role == KT_ROLE_THREAD;
}

static bool has(int argc, char **argv, const char *word)
{
	for (int i = 2; i < argc; i++)
		if (!strcmp(argv[i], word))
			return true;
	return false;
}

static int drive(int argc, char **argv)
{
	const struct os_hooks hooks = { .alloc_fails = no_thread };
	const struct hosted_options h = {
		.points = HOSTED_POINTS_FINE,
		.failing_trylocks = has(argc, argv, "spurious"),
		.early_timeouts = has(argc, argv, "near"),
	};
	long executions = argc > 1 ? atol(argv[1]) : 1;
	struct sim_strategy random = *sim_strategy_random(), pos = *sim_strategy_pos();

	if (h.failing_trylocks)
		random.choose = pos.choose = sometimes;
	if (has(argc, argv, "no-threads"))
		os_set_hooks(&hooks);
	out = dup(STDOUT_FILENO);
	hosted_set_silent(true);
	for (long seed = 0; seed < executions; seed++) {
		const struct sim_options o = {
			.strategy = seed % 2 ? &pos : &random,
			.seed = (uint64_t)seed,
			.memory = has(argc, argv, "tso") ? SIM_TSO : SIM_SC,
		};

		run(&o, &h);
	}
	_exit(0);
}

__attribute__((constructor))
static void set_driver(void)
{
	hosted_driver = drive;
}
