/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress/hunt/options_words.h"

static int complain(const char *what, const char *value, const char *expected)
{
	fprintf(stderr, "kthrash: %s '%s', expected %s\n", what, value, expected);
	return EXIT_USAGE;
}

static bool parse_u64(const char *s, uint64_t *out)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*out = strtoull(s, &end, 10);
	return errno == 0 && *end == '\0';
}

/* Digits, and a point with digits behind it if need be; nothing else that strtod() reads. */
static bool parse_real(const char *s, double *out)
{
	size_t whole = strspn(s, "0123456789");
	size_t part = s[whole] == '.' ? strspn(s + whole + 1, "0123456789") : 0;

	if (whole == 0 || (s[whole] == '.' && part == 0) || s[whole + (part ? part + 1 : 0)])
		return false;
	*out = strtod(s, NULL);
	return true;
}

/* ---- values ---------------------------------------------------------------- */

struct row {
	const char *commands, *name, *value, *help, *preset;
	bool sets;		/* true: `preset` is the default value. false: `preset` is only a
				 * text for readers */
	int (*set)(struct options *o, const struct row *row, const char *value);
	size_t field;
	uint64_t min, max;
};

/* "--", or "-" before a name of one letter. */
static const char *dashes(const struct row *row)
{
	return row->name[1] ? "--" : "-";
}

/* The text between an option's name and its value. */
static const char *between(const struct row *row)
{
	return !*row->value ? "" : row->name[1] ? "=" : " ";
}

static int set_flag(struct options *o, const struct row *row, const char *value)
{
	(void)value;
	*(bool *)((char *)o + row->field) = true;
	return EXIT_CLEAN;
}

static int set_text(struct options *o, const struct row *row, const char *value)
{
	if (!*value) {
		fprintf(stderr, "kthrash: --%s= needs a value\n", row->name);
		return EXIT_USAGE;
	}
	*(const char **)((char *)o + row->field) = value;
	return EXIT_CLEAN;
}

static int set_number(struct options *o, const struct row *row, const char *value)
{
	uint64_t n;

	if (!parse_u64(value, &n) || n < row->min || n > row->max) {
		fprintf(stderr, "kthrash: --%s=%s: expected a whole number from %llu to %llu%s\n",
			row->name, value, (unsigned long long)row->min,
			(unsigned long long)row->max,
			row->min && !row->sets ? "; omit it for the default" : "");
		return EXIT_USAGE;
	}
	*(uint64_t *)((char *)o + row->field) = n;
	return EXIT_CLEAN;
}

/* Is `v` the word of strategy k, with a depth if it takes one? *depth becomes that depth, or 0. */
static bool has_depth(enum plan_strategy_kind k, const char *v, uint32_t *depth)
{
	size_t len = strlen(plan_strategy_name(k));
	uint64_t n;

	*depth = 0;
	if (strncmp(v, plan_strategy_name(k), len) != 0)
		return false;
	if (!plan_strategy_has_depth(k))
		return v[len] == '\0';
	if (v[len] != ':' || !parse_u64(v + len + 1, &n) || n < 1 ||
	    n > kt_strategy_depth_max((enum kt_strategy)k))
		return false;
	*depth = (uint32_t)n;
	return true;
}

static int set_strategy(struct options *o, const struct row *row, const char *v)
{
	struct words expected = { .used = 0 };

	(void)row;
	o->strategy_text = v;
	o->adaptive = strcmp(v, "adaptive") == 0;
	o->has_strategy = !o->adaptive && strcmp(v, "portfolio") != 0;
	if (!o->has_strategy)
		return EXIT_CLEAN;
	for (enum plan_strategy_kind k = 0; k < PLAN_STRATEGIES; k++)
		if (has_depth(k, v, &o->depth)) {
			o->strategy = k;
			return EXIT_CLEAN;
		}
	words_add_strategies(&expected);
	words_add(&expected, "portfolio", false);
	words_add(&expected, "adaptive, with D from 1 to 64", true);
	return complain("unknown strategy", v, expected.text);
}

static int set_exploration(struct options *o, const struct row *row, const char *v)
{
	uint64_t depth;

	(void)row;
	o->has_strategy = true;
	o->strategy_text = v;
	o->brute = strcmp(v, "dfs") == 0;
	o->bounded = strncmp(v, "bound:", 6) == 0 && parse_u64(v + 6, &depth) &&
		     depth <= PLAN_DEPTH_MAX;
	o->depth = o->bounded ? (uint32_t)depth : 0;
	o->states = strcmp(v, "states") == 0;
	return o->brute || o->bounded || o->states || strcmp(v, "dpor") == 0 ? EXIT_CLEAN :
	       complain("unknown strategy", v,
			"states, dpor, dfs, or bound:N with N from 0 to 64");
}

static int set_memory(struct options *o, const struct row *row, const char *v)
{
	struct words expected = { .used = 0 };

	(void)row;
	o->has_memory = true;
	for (o->memory = 0; o->memory < PLAN_MEMORIES; o->memory++)
		if (strcmp(v, plan_memory_name(o->memory)) == 0)
			return EXIT_CLEAN;
	words_add_memories(&expected);
	return complain("--memory", v, expected.text);
}

static int set_exhaustive(struct options *o, const struct row *row, const char *v)
{
	struct words expected = { .used = 0 };

	(void)row;
	for (unsigned i = EXHAUST_NOT + 1; i < EXHAUST_KINDS; i++)
		if (strcmp(v, words_exhaustive(i)) == 0) {
			o->exhaustive = (enum exhaustive)i;
			return EXIT_CLEAN;
		}
	words_add_exhaustives(&expected);
	return complain("--exhaustive", v, expected.text);
}

static int set_seconds(struct options *o, const struct row *row, const char *v)
{
	(void)row;
	if (!parse_real(v, &o->seconds) || !(o->seconds > 0 && o->seconds <= 1e7))
		return complain("--seconds", v,
				"a number above 0 and at most 10000000, such as "
				"5 or 0.5; omit it for the default");
	return EXIT_CLEAN;
}

static int set_faults(struct options *o, const struct row *row, const char *v)
{
	(void)row;
	o->faults = strcmp(v, "on") == 0;
	if (!o->faults && strcmp(v, "off") != 0)
		return complain("--faults", v, "on or off");
	return EXIT_CLEAN;
}

/* The faults of programs: commas stand between the words. */
static int set_program_faults(struct options *o, const struct row *row, const char *v)
{
	struct subject_settings *s = &o->program;
	const struct { const char *word; bool *fault; } words[] = {
		{ "spurious", &s->ends_sleeps }, { "malloc", &s->fails_malloc },
		{ "thread", &s->fails_threads },
		{ "timeout", &s->early_timeouts }, { "trylock", &s->fails_trylocks },
	};
	bool all = strcmp(v, "all") == 0;

	(void)row;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		*words[i].fault = all;
	for (const char *at = v; !all && strcmp(v, "none") != 0; at++) {
		size_t len = strcspn(at, ","), i = 0;

		while (i < sizeof words / sizeof words[0] &&
		       (strlen(words[i].word) != len || memcmp(words[i].word, at, len) != 0))
			i++;
		if (i == sizeof words / sizeof words[0])
			return complain("--faults", v, "none, all, or words of spurious, malloc, "
					"thread, timeout and trylock with commas between them");
		*words[i].fault = true;
		at += len;
		if (!*at)
			break;
	}
	o->program_faults = v;
	o->faults = s->fails_malloc || s->fails_threads;
	return EXIT_CLEAN;
}

static int set_volatile(struct options *o, const struct row *row, const char *v)
{
	(void)row;
	o->program.volatile_races = strcmp(v, "race") == 0;
	o->program.volatile_orders = strcmp(v, "ordered") == 0;
	if (!o->program.volatile_races && !o->program.volatile_orders && strcmp(v, "relaxed") != 0)
		return complain("--volatile", v, "race, relaxed or ordered");
	return EXIT_CLEAN;
}

static int set_format(struct options *o, const struct row *row, const char *v)
{
	(void)row;
	if (strcmp(v, "text") != 0 && strcmp(v, "json") != 0)
		return complain("--format", v, "text or json");
	o->format = v;
	return EXIT_CLEAN;
}

/* ---- the tables ------------------------------------------------------------ */

#define FLAG(member) .set = set_flag, .field = offsetof(struct options, member)
#define TEXT(member) .set = set_text, .field = offsetof(struct options, member)
#define NUMBER(member, least, most) \
	.set = set_number, .field = offsetof(struct options, member), .min = (least), .max = (most)
#define CALL(function) .set = function
#define SETS  true
#define MEANS false
#define OPTION(commands, name, value, help, preset, field, sets) \
	{ commands, name, value, help, preset, sets, field },
static const struct row rows[] = {
#include "stress/hunt/options.def"
};
#undef OPTION

enum { ROWS = sizeof rows / sizeof rows[0] };

static const struct {
	const char *name, *arguments, *help;
} commands[] = {
#define COMMAND(name, arguments, help) { name, arguments, help },
#include "stress/hunt/options.def"
#undef COMMAND
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static bool is_of(const struct row *row, const char *command)
{
	size_t len = strlen(command);

	for (const char *c = row->commands; (c = strstr(c, command)) != NULL; c += len)
		if ((c == row->commands || c[-1] == ' ') && (c[len] == ' ' || c[len] == '\0'))
			return true;
	return false;
}

static bool has_name(const struct row *row, const char *name, size_t len)
{
	return strlen(row->name) == len && memcmp(row->name, name, len) == 0;
}

/* The command's option of that name, or NULL. */
static const struct row *find(const char *command, const char *name, size_t len)
{
	for (unsigned i = 0; i < ROWS; i++)
		if (has_name(&rows[i], name, len) && is_of(&rows[i], command))
			return &rows[i];
	return NULL;
}

/* The values on the command line, by row. NULL: the option is not there. */
static const char *given[ROWS];

bool options_given(const struct options *o, const char *name)
{
	const struct row *row = find(o->command, name, strlen(name));

	return row && given[row - rows];
}

/* ---- help ------------------------------------------------------------------ */

static void print_option(const struct row *row)
{
	char value[1024];

	printf("  %s%s%s%s\n      %s", dashes(row), row->name, between(row),
	       words_expand(row->value, value, sizeof value), row->help);
	printf(*row->preset ? "; default: %s\n" : "\n", row->preset);
	if (strcmp(row->value, "EXHAUSTIVE") != 0)
		return;
#define EXHAUSTIVE(id, word, help) printf("      %s: %s\n", word, help);
#include "stress/hunt/options.def"
#undef EXHAUSTIVE
}

bool options_help(const char *command)
{
	bool known = false;

	if (!command) {
		puts("usage: kthrash COMMAND [OPTION]... [FILE]...");
		for (unsigned i = 0; i < COMMANDS; i++)
			printf("  %-9s %-13s %s\n", commands[i].name, commands[i].arguments,
			       commands[i].help);
		puts("kthrash COMMAND --help: its options\n"
		     "kthrash plan --help: the words of a plan");
		return true;
	}
	if (strcmp(command, "plan") == 0) {
		plan_print_words(stdout);
		return true;
	}
	for (unsigned i = 0; i < COMMANDS; i++)
		if (strcmp(command, commands[i].name) == 0) {
			printf("usage: kthrash %s%s%s [OPTION]...\n%s\n", command,
			       *commands[i].arguments ? " " : "", commands[i].arguments,
			       commands[i].help);
			known = true;
		}
	for (unsigned i = 0; known && i < ROWS; i++)
		if (is_of(&rows[i], command))
			print_option(&rows[i]);
	return known;
}

static bool check_command(const char *command)
{
	struct words expected = { .used = 0 };

	for (unsigned i = 0; i < COMMANDS; i++) {
		if (strcmp(command, commands[i].name) == 0)
			return true;
		words_add(&expected, commands[i].name, i + 1 == COMMANDS);
	}
	complain("unknown command", command, expected.text);
	return false;
}

/* ---- the command line -------------------------------------------------------- */

static int unknown(const char *command, const char *arg)
{
	struct words known = { .used = 0 };
	unsigned last = ROWS;

	while (last > 0 && !is_of(&rows[last - 1], command))
		last--;
	for (unsigned i = 0; i < last; i++) {
		char word[32];

		if (!is_of(&rows[i], command))
			continue;
		snprintf(word, sizeof word, "%s%s%s", dashes(&rows[i]), rows[i].name,
			 rows[i].name[1] ? between(&rows[i]) : "");
		words_add(&known, word, i + 1 == last);
	}
	fprintf(stderr, "kthrash: %s takes no option '%s', expected %s\n", command, arg,
		last ? known.text : "no option");
	return EXIT_USAGE;
}

/* Set the option. The same option may stand there again only if it has the same value. */
static int set(struct options *o, const struct row *row, const char *value)
{
	const char *before = given[row - rows];

	if (before && strcmp(before, value) != 0) {
		fprintf(stderr, "kthrash: %s%s given twice, as '%s' and as '%s'\n", dashes(row),
			row->name, before, value);
		return EXIT_USAGE;
	}
	given[row - rows] = value;
	return row->set(o, row, value);
}

/* Parse the option at argv[i], and the word after it if that word is its value. */
static int option(struct options *o, int argc, char **argv, int *i)
{
	const char *arg = argv[*i], *equals = strchr(arg, '=');
	const char *name = arg + (arg[1] == '-' ? 2 : 1);
	const struct row *row = find(o->command, name, equals ? (size_t)(equals - name) :
								strlen(name));

	if (!row || strlen(dashes(row)) != (size_t)(name - arg))
		return unknown(o->command, arg);
	if (strcmp(between(row), " ") == 0) {
		if (++*i == argc)
			return complain("option", arg, "a file after it");
		return set(o, row, argv[*i]);
	}
	if (*row->value && !equals) {
		fprintf(stderr, "kthrash: %s needs a value, as in --%s=%s\n", arg, row->name,
			row->value);
		return EXIT_USAGE;
	}
	if (!*row->value && equals) {
		fprintf(stderr, "kthrash: --%s takes no value\n", row->name);
		return EXIT_USAGE;
	}
	return set(o, row, equals ? equals + 1 : "");
}

/* Has the command as many files as the table says? */
static int check_files(const struct options *o)
{
	const struct row *plan = find(o->command, "plan", strlen("plan"));
	const char *arguments = "";
	bool many;

	for (unsigned i = 0; i < COMMANDS; i++)
		if (strcmp(o->command, commands[i].name) == 0)
			arguments = commands[i].arguments;
	many = strstr(arguments, "...") != NULL;
	if (strcmp(o->command, "verify") == 0 && !o->files_count)
		return EXIT_CLEAN;	/* a program is its own plan */
	if (*arguments ? o->files_count == 1 || (many && o->files_count) : !o->files_count)
		return EXIT_CLEAN;
	if (*arguments)
		fprintf(stderr, "kthrash: %s %s %s, got %u: kthrash %s %s [OPTION]...\n",
			o->command, many ? "needs a" : "takes one",
			strncmp(arguments, "PLAN", 4) == 0 ? "plan" : "report", o->files_count,
			o->command, arguments);
	else
		fprintf(stderr, "kthrash: unexpected '%s': %s takes no file%s%s\n", o->files[0],
			o->command, plan ? "; a plan is given as --plan=" : "",
			plan ? o->files[0] : "");
	return EXIT_USAGE;
}

int options_parse(struct options *o, int argc, char **argv)
{
	static const char *files[4096];

	*o = (struct options){ .files = files };
	memset(given, 0, sizeof given);
	if (argc < 2) {
		fprintf(stderr, "kthrash: expected a command; --help lists them\n");
		return EXIT_USAGE;
	}
	o->command = argv[1];
	if (!check_command(o->command))
		return EXIT_USAGE;
	for (unsigned i = 0; i < ROWS; i++)
		if (rows[i].sets)
			rows[i].set(o, &rows[i], rows[i].preset);
	if (strcmp(o->command, "run") == 0)
		set_program_faults(o, NULL, "spurious");
	for (int i = 2; i < argc; i++) {
		int status = EXIT_CLEAN;

		if (argv[i][0] == '-' && argv[i][1] != '\0')
			status = option(o, argc, argv, &i);
		else if (o->files_count == sizeof files / sizeof files[0])
			return complain("too many files at", argv[i], "at most 4096");
		else
			files[o->files_count++] = argv[i];
		if (status != EXIT_CLEAN)
			return status;
	}
	return check_files(o);
}
