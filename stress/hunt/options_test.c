/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line as options.def has it: defaults, values, and what is refused. */
#include <stdio.h>
#include <string.h>

#include "platform/conformance/test.h"
#include "stress/hunt/options.h"

/* o->command points into `words`, which the next call overwrites. */
static int parse(struct options *o, const char *a, const char *b)
{
	static char words[3][64] = { "kthrash" };
	char *argv[] = { words[0], words[1], words[2], NULL };

	snprintf(words[1], sizeof words[1], "%s", a);
	snprintf(words[2], sizeof words[2], "%s", b);
	return options_parse(o, *b ? 3 : 2, argv);
}

static void test_defaults(void)
{
	struct options o;

	CHECK_EQ(parse(&o, "stress", ""), EXIT_CLEAN);
	CHECK_STR(o.command, "stress");
	CHECK_STR(o.strategy_text, "portfolio");
	CHECK(!o.has_strategy && !o.adaptive && !o.has_memory && !o.json && !o.brute);
	CHECK(o.faults);
	CHECK_EQ(o.seed, 1);
	CHECK_EQ(o.jobs, 1);
	CHECK_EQ(o.coverage_every, 1);
	CHECK_EQ(o.executions, 0);
	CHECK(o.seconds == 0);
	CHECK_STR(o.findings, ".kthrash/findings");
	CHECK_STR(o.format, "text");
	CHECK(!o.plan && !o.coverage && !o.kept && !o.output);
	CHECK_EQ(o.exhaustive, EXHAUST_NOT);
	printf("ok defaults\n");
}

static void test_every_strategy_has_its_word(void)
{
	struct options o;
	char word[64];

	for (enum kt_strategy s = 0; s < KT_STRATEGY_COUNT; s++) {
		uint32_t most = kt_strategy_depth_max(s);

		snprintf(word, sizeof word, "--strategy=%s", kt_strategy_name(s));
		CHECK_EQ(parse(&o, "stress", word), most ? EXIT_USAGE : EXIT_CLEAN);
		snprintf(word, sizeof word, "--strategy=%s:%u", kt_strategy_name(s), most + !most);
		CHECK_EQ(parse(&o, "stress", word), most ? EXIT_CLEAN : EXIT_USAGE);
		if (most)
			CHECK_EQ(o.depth, most);
		snprintf(word, sizeof word, "--strategy=%s:%u", kt_strategy_name(s), most + 1);
		CHECK_EQ(parse(&o, "stress", word), EXIT_USAGE);
	}
	CHECK_EQ(parse(&o, "stress", "--strategy=adaptive"), EXIT_CLEAN);
	CHECK(o.adaptive && !o.has_strategy);
	CHECK_EQ(parse(&o, "stress", "--strategy=dpor"), EXIT_USAGE);
	CHECK_EQ(parse(&o, "verify", "--strategy=pos"), EXIT_USAGE);
	CHECK_EQ(parse(&o, "verify", "--strategy=bound:2"), EXIT_CLEAN);
	CHECK(o.bounded && o.has_strategy && o.depth == 2);
	CHECK_EQ(parse(&o, "verify", "--strategy=bound:65"), EXIT_USAGE);
	printf("ok every strategy has its word\n");
}

static void test_values(void)
{
	static const struct {
		const char *command, *word;
		int status;
	} lines[] = {
		{ "stress", "--seed=18446744073709551615", EXIT_CLEAN },
		{ "stress", "--seed=18446744073709551616", EXIT_USAGE },
		{ "stress", "--seed=", EXIT_USAGE },
		{ "stress", "--seed", EXIT_USAGE },
		{ "stress", "--jobs=0", EXIT_USAGE },
		{ "stress", "--jobs=256", EXIT_CLEAN },
		{ "stress", "--coverage-every=0", EXIT_USAGE },
		{ "stress", "--plan=", EXIT_USAGE },
		{ "stress", "--json", EXIT_CLEAN },
		{ "stress", "--json=1", EXIT_USAGE },
		{ "stress", "--js", EXIT_USAGE },
		{ "stress", "--memory=pso", EXIT_CLEAN },
		{ "stress", "--memory=none", EXIT_USAGE },
		{ "stress", "--exhaustive=timers", EXIT_CLEAN },
		{ "stress", "--exhaustive=all", EXIT_USAGE },
		{ "stress", "--seconds=0.5", EXIT_CLEAN },
		{ "stress", "--seconds=0", EXIT_USAGE },
		{ "verify", "--kills=16", EXIT_CLEAN },
		{ "verify", "--kills=17", EXIT_USAGE },
		{ "shrink", "-o", EXIT_USAGE },
		{ "shrink", "--o=x", EXIT_USAGE },
		{ "stress", "-seed=1", EXIT_USAGE },
		{ "explain", "--format=html", EXIT_USAGE },
		{ "replay", "-", EXIT_CLEAN },
		{ "frobnicate", "", EXIT_USAGE },
	};
	struct options o;

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (parse(&o, lines[i].command, lines[i].word) != lines[i].status)
			kt_fail(KT_ASSERTION, "%s %s: expected status %d", lines[i].command,
				lines[i].word, lines[i].status);
	CHECK_EQ(parse(&o, "stress", "--exhaustive=spurious"), EXIT_CLEAN);
	CHECK_EQ(o.exhaustive, EXHAUST_SPURIOUS);
	CHECK_EQ(parse(&o, "replay", "a.plan"), EXIT_CLEAN);
	CHECK_EQ(o.files_count, 1);
	CHECK_STR(o.files[0], "a.plan");
	CHECK_EQ(parse(&o, "stress", "--faults=off"), EXIT_CLEAN);
	CHECK(!o.faults);
	printf("ok values\n");
}

static void test_help(void)
{
	CHECK(options_help(NULL));
	CHECK(options_help("stress"));
	CHECK(options_help("plan"));
	CHECK(!options_help("frobnicate"));
	printf("ok help\n");
}

int main(void)
{
	test_defaults();
	test_every_strategy_has_its_word();
	test_values();
	test_help();
	return 0;
}
