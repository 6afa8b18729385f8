/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int set_strategy(struct options *o, const char *v)
{
	bool verifies = strcmp(o->command, "verify") == 0;
	uint64_t depth;

	o->has_strategy = true;
	o->strategy_text = v;
	if (verifies) {
		o->brute = strcmp(v, "dfs") == 0;
		o->bounded = strncmp(v, "bound:", 6) == 0 && parse_u64(v + 6, &depth) &&
			     depth <= PLAN_DEPTH_MAX;
		o->depth = o->bounded ? (uint32_t)depth : 0;
		return o->brute || o->bounded || strcmp(v, "dpor") == 0 ? EXIT_CLEAN :
		       complain("unknown strategy", v, "dpor, dfs, or bound:N with N from 0 to 64");
	}
	o->adaptive = strcmp(v, "adaptive") == 0;
	if (o->adaptive || strcmp(v, "portfolio") == 0) {
		o->has_strategy = false;
		return EXIT_CLEAN;
	}
	for (enum plan_strategy_kind k = 0; k < PLAN_STRATEGIES; k++) {
		const char *name = plan_strategy_name(k);
		size_t len = strlen(name);

		if (strncmp(v, name, len) != 0)
			continue;
		o->strategy = k;
		if (!plan_strategy_has_depth(k) && v[len] == '\0')
			return EXIT_CLEAN;
		if (plan_strategy_has_depth(k) && v[len] == ':' &&
		    parse_u64(v + len + 1, &depth) && depth >= 1 && depth <= PLAN_DEPTH_MAX) {
			o->depth = (uint32_t)depth;
			return EXIT_CLEAN;
		}
	}
	return complain("unknown strategy", v,
			"block, random, pos, surw, pct:D or delay:D with D from 1 to 64, "
			"portfolio or adaptive");
}

static int set_memory(struct options *o, const char *v)
{
	o->has_memory = true;
	for (o->memory = PLAN_SC; o->memory < PLAN_MEMORIES; o->memory++)
		if (strcmp(v, plan_memory_name(o->memory)) == 0)
			return EXIT_CLEAN;
	return complain("--memory", v, "sc, tso or pso");
}

static int set_number(uint64_t *out, const char *name, const char *v)
{
	if (parse_u64(v, out))
		return EXIT_CLEAN;
	fprintf(stderr, "kthrash: --%s=%s: expected a whole number from 0 to %llu\n", name, v,
		~0ull);
	return EXIT_USAGE;
}

/* How often something may happen in an execution. */
static int set_few(uint64_t *out, const char *name, const char *v)
{
	if (parse_u64(v, out) && *out <= 16)
		return EXIT_CLEAN;
	fprintf(stderr, "kthrash: --%s=%s: expected a whole number from 0 to 16\n", name, v);
	return EXIT_USAGE;
}

static int set_jobs(struct options *o, const char *v)
{
	if (parse_u64(v, &o->jobs) && o->jobs >= 1 && o->jobs <= 256)
		return EXIT_CLEAN;
	fprintf(stderr, "kthrash: --jobs=%s: expected a whole number from 1 to 256\n", v);
	return EXIT_USAGE;
}

static int set_every(struct options *o, const char *v)
{
	if (parse_u64(v, &o->coverage_every) && o->coverage_every)
		return EXIT_CLEAN;
	fprintf(stderr, "kthrash: --coverage-every=%s: expected a whole number from 1\n", v);
	return EXIT_USAGE;
}

static int set_seconds(struct options *o, const char *v)
{
	char *end;

	errno = 0;
	o->seconds = strtod(v, &end);
	if (end == v || *end || errno || !(o->seconds > 0 && o->seconds <= 1e7))
		return complain("--seconds", v, "a number above 0 and at most 10000000");
	return EXIT_CLEAN;
}

static int set_word(struct options *o, const char *name, const char *v)
{
	if (strcmp(name, "faults") == 0) {
		o->faults = strcmp(v, "on") == 0;
		if (!o->faults && strcmp(v, "off") != 0)
			return complain("--faults", v, "on or off");
	} else if (strcmp(name, "exhaustive") == 0) {
		if (strcmp(v, "fail") == 0)
			o->exhaustive = EXHAUST_FAIL;
		else if (strcmp(v, "kill") == 0)
			o->exhaustive = EXHAUST_KILL;
		else if (strcmp(v, "pairs") == 0)
			o->exhaustive = EXHAUST_PAIRS;
		else if (strcmp(v, "spurious") == 0)
			o->exhaustive = EXHAUST_SPURIOUS;
		else if (strcmp(v, "timers") == 0)
			o->exhaustive = EXHAUST_TIMERS;
		else
			return complain("--exhaustive", v, "fail, kill, pairs, spurious or timers");
	} else {
		if (strcmp(v, "text") != 0 && strcmp(v, "json") != 0)
			return complain("--format", v, "text or json");
		o->format = v;
	}
	return EXIT_CLEAN;
}

/* --name=value */
static int set_value(struct options *o, const char *name, const char *v)
{
	if (strcmp(name, "strategy") == 0)
		return set_strategy(o, v);
	if (strcmp(name, "memory") == 0)
		return set_memory(o, v);
	if (strcmp(name, "seconds") == 0)
		return set_seconds(o, v);
	if (strcmp(name, "executions") == 0)
		return set_number(&o->executions, name, v);
	if (strcmp(name, "seed") == 0)
		return set_number(&o->seed, name, v);
	if (strcmp(name, "first") == 0)
		return set_number(&o->first, name, v);
	if (strcmp(name, "jobs") == 0)
		return set_jobs(o, v);
	if (strcmp(name, "coverage-every") == 0)
		return set_every(o, v);
	if (strcmp(name, "times") == 0)
		return set_number(&o->times, name, v);
	if (strcmp(name, "kills") == 0)
		return set_few(&o->kills, name, v);
	if (strcmp(name, "fails") == 0)
		return set_few(&o->fails, name, v);
	if (strcmp(name, "spurious") == 0)
		return set_few(&o->spurious, name, v);
	if (strcmp(name, "faults") == 0 || strcmp(name, "exhaustive") == 0 ||
	    strcmp(name, "format") == 0)
		return set_word(o, name, v);
	if (!*v) {
		fprintf(stderr, "kthrash: --%s= needs a value\n", name);
		return EXIT_USAGE;
	}
	if (strcmp(name, "plan") == 0)
		o->plan = v;
	else if (strcmp(name, "findings") == 0)
		o->findings = v;
	else if (strcmp(name, "coverage") == 0)
		o->coverage = v;
	else if (strcmp(name, "kept") == 0)
		o->kept = v;
	else
		return complain("unknown option", name,
				"strategy, memory, plan, executions, first, seconds, seed, jobs, "
				"findings, coverage, coverage-every, kept, faults, exhaustive, "
				"kills, fails, spurious, times or format");
	return EXIT_CLEAN;
}

static int set_flag(struct options *o, const char *arg)
{
	if (strcmp(arg, "--json") == 0)
		o->json = true;
	else if (strcmp(arg, "--progress") == 0)
		o->progress = true;
	else if (strcmp(arg, "--keep-going") == 0)
		o->keep_going = true;
	else if (strcmp(arg, "--illegal") == 0)
		o->illegal = true;
	else if (strcmp(arg, "--teardown") == 0)
		o->teardown = true;
	else if (strcmp(arg, "--twice") == 0)
		o->twice = true;
	else if (strcmp(arg, "--mutate") == 0)
		o->mutate = true;
	else
		return complain("unknown option", arg, "--json, --progress, --keep-going, "
				"--illegal, --teardown, --twice or --mutate, or an option with a "
				"value, as in --seed=7");
	return EXIT_CLEAN;
}

static int option(struct options *o, const char *arg)
{
	const char *equals = strchr(arg, '=');
	char name[32];
	size_t len;

	if (!equals)
		return set_flag(o, arg);
	len = (size_t)(equals - arg) - 2;
	if (len >= sizeof name)
		len = sizeof name - 1;
	memcpy(name, arg + 2, len);
	name[len] = '\0';
	return set_value(o, name, equals + 1);
}

void options_usage(void)
{
	puts("usage: kthrash COMMAND [OPTION]... [FILE]...\n"
	     "  stress    hunt          --strategy= --plan= --executions= --seconds= --seed=\n"
	     "                          --findings= --faults=on|off --keep-going --json\n"
	     "                          --exhaustive=fail|kill|pairs|spurious|timers\n"
	     "                          --memory=sc|tso|pso --illegal --twice --progress\n"
	     "                          --jobs= --first= --coverage= --coverage-every=\n"
	     "                          --mutate --kept=\n"
	     "  verify    PLAN          --kills= --fails= --spurious= --teardown\n"
	     "                          --strategy=dpor|dfs|bound:N --executions= --seconds=\n"
	     "                          --findings= --json --progress\n"
	     "  replay    FILE...       --times= --twice --json\n"
	     "  shrink    FILE -o OUT   --seconds= --json\n"
	     "  explain   FILE          --format=text|json\n"
	     "  bench                   --seconds= --json\n"
	     "  generate                --seed=\n"
	     "  about");
}

int options_parse(struct options *o, int argc, char **argv)
{
	static const char *files[4096];

	*o = (struct options){
		.strategy_text = "portfolio", .seed = 1, .jobs = 1, .coverage_every = 1,
		.faults = true, .format = "text", .findings = ".kthrash/findings", .files = files,
	};
	if (argc < 2) {
		fprintf(stderr, "kthrash: expected a command; --help lists them\n");
		return EXIT_USAGE;
	}
	o->command = argv[1];
	for (int i = 2; i < argc; i++) {
		int status = EXIT_CLEAN;

		if (strcmp(argv[i], "-o") == 0) {
			if (++i == argc)
				return complain("option", "-o", "a file after it");
			o->output = argv[i];
		} else if (strncmp(argv[i], "--", 2) == 0) {
			status = option(o, argv[i]);
		} else if (o->files_count == sizeof files / sizeof files[0]) {
			return complain("too many files at", argv[i], "at most 4096");
		} else {
			files[o->files_count++] = argv[i];
		}
		if (status != EXIT_CLEAN)
			return status;
	}
	return EXIT_CLEAN;
}
