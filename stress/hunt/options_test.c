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

/* The same for a command that needs a plan. */
static int parse_with_plan(struct options *o, char *command, char *option)
{
	char *argv[] = { "kthrash", command, "a.plan", option, NULL };

	return options_parse(o, 4, argv);
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
	CHECK_EQ(o.jobs, 0);
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
	CHECK_EQ(parse_with_plan(&o, "verify", "--strategy=bound:2"), EXIT_CLEAN);
	CHECK(o.bounded && o.has_strategy && o.depth == 2);
	CHECK_EQ(parse_with_plan(&o, "verify", "--strategy=bound:64"), EXIT_CLEAN);
	CHECK_EQ(parse_with_plan(&o, "verify", "--strategy=bound:65"), EXIT_USAGE);
	CHECK_EQ(parse_with_plan(&o, "verify", "--strategy=pos"), EXIT_USAGE);
	CHECK_EQ(parse_with_plan(&o, "verify", "--kills=16"), EXIT_CLEAN);
	CHECK_EQ(parse_with_plan(&o, "verify", "--kills=17"), EXIT_USAGE);
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
		{ "stress", "--first=9223372036854775807", EXIT_CLEAN },
		{ "stress", "--first=9223372036854775808", EXIT_USAGE },
		{ "shrink", "-o", EXIT_USAGE },
		{ "shrink", "--o=x", EXIT_USAGE },
		{ "stress", "-seed=1", EXIT_USAGE },
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
	CHECK_EQ(parse_with_plan(&o, "explain", "--format=html"), EXIT_USAGE);
	CHECK_EQ(parse(&o, "stress", "--faults=off"), EXIT_CLEAN);
	CHECK(!o.faults);
	printf("ok values\n");
}

/* ---- each command and each option of the table ----------------------------------- */

static const struct {
	const char *commands, *name, *value;
} options[] = {
#define OPTION(commands, name, value, help, preset, field, sets) { commands, name, value },
#include "stress/hunt/options.def"
#undef OPTION
};

static const struct {
	const char *name, *arguments;
} commands[] = {
#define COMMAND(name, arguments, help) { name, arguments },
#include "stress/hunt/options.def"
#undef COMMAND
};

enum {
	OPTIONS = sizeof options / sizeof options[0],
	COMMANDS = sizeof commands / sizeof commands[0],
};

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *w = words; (w = strstr(w, word)) != NULL; w += len)
		if ((w == words || w[-1] == ' ') && (w[len] == ' ' || w[len] == '\0'))
			return true;
	return false;
}

static bool is_of(unsigned option, const char *command)
{
	return has_word(options[option].commands, command);
}

/* Does the command have an option of that name? Two rows may have the same name. */
static bool takes(const char *command, const char *name)
{
	for (unsigned i = 0; i < OPTIONS; i++)
		if (strcmp(options[i].name, name) == 0 && is_of(i, command))
			return true;
	return false;
}

/* A value that the option takes; another one if `other`. NULL: the option takes no value. */
static const char *sample(unsigned option, bool other)
{
	static const struct {
		const char *value, *one, *other;
	} samples[] = {
		{ "", NULL, NULL },
		{ "N", "1", "2" },
		{ "portfolio|adaptive|STRATEGY", "portfolio", "random" },
		{ "states|dpor|dfs|bound:N", "dpor", "bound:2" },
		{ "MEMORY", "tso", "pso" },
		{ "EXHAUSTIVE", "fail", "kill" },
		{ "on|off", "on", "off" },
		{ "none|all|FAULTS", "all", "malloc,timeout" },
		{ "text|json", "text", "json" },
		{ "race|relaxed|ordered", "race", "ordered" },
	};

	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
		if (strcmp(options[option].value, samples[i].value) == 0)
			return other ? samples[i].other : samples[i].one;
	return other ? "y" : "x";
}

/* Parse a command line of the command, the files that it needs, and at most two options. */
static int parse_line(struct options *o, unsigned command, unsigned option, const char *first,
		      const char *second)
{
	const char *name = options[option].name, *values[] = { first, second };
	static char words[2][300];
	char *argv[10] = { "kthrash", (char *)commands[command].name };
	int argc = 2;

	if (*commands[command].arguments)
		argv[argc++] = "a.plan";
	for (int i = 0; i < 2; i++) {
		if (!values[i])
			continue;
		if (!*options[option].value)
			snprintf(words[i], sizeof words[i], "--%s", name);
		else if (name[1])
			snprintf(words[i], sizeof words[i], "--%s=%s", name, values[i]);
		else
			snprintf(words[i], sizeof words[i], "-%s", name);
		argv[argc++] = words[i];
		if (!name[1])
			argv[argc++] = (char *)values[i];
	}
	return options_parse(o, argc, argv);
}

static void expect(unsigned command, unsigned option, const char *first, const char *second,
		   int status)
{
	struct options o;

	if (parse_line(&o, command, option, first, second) != status)
		kt_fail(KT_ASSERTION, "%s, option %s, values '%s' and '%s': expected status %d",
			commands[command].name, options[option].name, first, second ? second : "",
			status);
}

/* A command takes its own options, and no option of another command. */
static void test_each_command_has_its_own_options(void)
{
	unsigned own = 0, foreign = 0;

	for (unsigned c = 0; c < COMMANDS; c++)
		for (unsigned i = 0; i < OPTIONS; i++) {
			const char *value = sample(i, false) ? sample(i, false) : "";
			bool mine = is_of(i, commands[c].name);

			if (!mine && takes(commands[c].name, options[i].name))
				continue;
			expect(c, i, value, NULL, mine ? EXIT_CLEAN : EXIT_USAGE);
			own += mine;
			foreign += !mine;
		}
	CHECK(own > 40 && foreign > 150);
	printf("ok each command has its own options\n");
}

static void test_an_option_given_twice(void)
{
	for (unsigned c = 0; c < COMMANDS; c++)
		for (unsigned i = 0; i < OPTIONS; i++) {
			const char *one = sample(i, false), *other = sample(i, true);

			if (!is_of(i, commands[c].name))
				continue;
			expect(c, i, one ? one : "", one ? one : "", EXIT_CLEAN);
			if (one)
				expect(c, i, one, other, EXIT_USAGE);
		}
	printf("ok an option given twice\n");
}

static void test_one_grammar_of_numbers(void)
{
	static const char *const bad[] = {
		"",    "0x10",  "1e3",
		" 5",  "5 ",    "+5",
		"-1",  "-0",    "nan",
		"NaN", "inf",   "infinity",
		"5_0", "5,0",   "5.",
		".5",  "5.5.5", "0x1p3",
		"1\t", "five",  "99999999999999999999999999999999",
	};

	for (unsigned c = 0; c < COMMANDS; c++)
		for (unsigned i = 0; i < OPTIONS; i++) {
			bool seconds = strcmp(options[i].name, "seconds") == 0;

			if (!is_of(i, commands[c].name) || strcmp(options[i].value, "N") != 0)
				continue;
			for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
				expect(c, i, bad[k], NULL, EXIT_USAGE);
			expect(c, i, "1.5", NULL, seconds ? EXIT_CLEAN : EXIT_USAGE);
			expect(c, i, "007", NULL, EXIT_CLEAN);
		}
	printf("ok one grammar of numbers\n");
}

/* 0 is no word for "no limit". */
static void test_zero_is_no_limit(void)
{
	static const char *const limits[] = { "executions", "seconds", "times", "jobs" };

	for (unsigned c = 0; c < COMMANDS; c++)
		for (unsigned i = 0; i < OPTIONS; i++)
			for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++)
				if (is_of(i, commands[c].name) &&
				    strcmp(options[i].name, limits[k]) == 0)
					expect(c, i, "0", NULL, EXIT_USAGE);
	printf("ok zero is no limit\n");
}

static void test_files(void)
{
	for (unsigned c = 0; c < COMMANDS; c++) {
		char *name = (char *)commands[c].name;
		char *none[] = { "kthrash", name, NULL }, *one[] = { "kthrash", name, "a", NULL };
		char *two[] = { "kthrash", name, "a", "b", NULL };
		const char *arguments = commands[c].arguments;
		bool many = strstr(arguments, "...") != NULL;
		/* A program is its own plan. With another subject the command asks for one. */
		bool needs_one = *arguments && strcmp(name, "verify") != 0;
		struct options o;

		CHECK_EQ(options_parse(&o, 2, none), needs_one ? EXIT_USAGE : EXIT_CLEAN);
		CHECK_EQ(options_parse(&o, 3, one), *arguments ? EXIT_CLEAN : EXIT_USAGE);
		CHECK_EQ(options_parse(&o, 4, two), many ? EXIT_CLEAN : EXIT_USAGE);
	}
	printf("ok files\n");
}

static void test_given(void)
{
	struct options o;

	CHECK_EQ(parse(&o, "stress", "--seed=1"), EXIT_CLEAN);
	CHECK(options_given(&o, "seed") && !options_given(&o, "jobs"));
	CHECK_EQ(parse(&o, "stress", ""), EXIT_CLEAN);
	CHECK(!options_given(&o, "seed") && !options_given(&o, "no-such-option"));
	printf("ok given\n");
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
	test_each_command_has_its_own_options();
	test_an_option_given_twice();
	test_one_grammar_of_numbers();
	test_zero_is_no_limit();
	test_files();
	test_given();
	test_help();
	return 0;
}
