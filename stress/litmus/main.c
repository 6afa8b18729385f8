/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program that `tools/kthrash litmus` calls: runs litmus tests from files, and prints their
 * states and verdicts in herd's words.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress/litmus/explore.h"
#include "stress/litmus/run.h"

enum { STATUS_SAME, STATUS_DIFFERS, STATUS_USAGE, STATUS_UNFINISHED };
enum { TEXT_MAX = 1 << 20, EXECUTIONS_USUAL = 20000000 };
enum verdict { NEVER, SOMETIMES, ALWAYS, NOTHING };

static const char *const memories[] = { "sc", "tso", "pso", "arm" };
static const char *const verdicts[] = { "Never", "Sometimes", "Always", "DEADLOCK" };
enum { MEMORIES = sizeof memories / sizeof memories[0] };

static struct {
	enum sim_model memory;
	uint64_t limit;
	bool states, table, may_miss;
} options = { .memory = SIM_ARM, .limit = EXECUTIONS_USUAL };

/* For the last lines: tests by what the file says and what was shown. */
static struct {
	unsigned tests, sometimes, never;	/* that the files say */
	unsigned shown[MEMORIES];		/* of the tests that say Sometimes */
	unsigned forbidden[MEMORIES];		/* tests of which a forbidden outcome was shown */
} total;

static struct test test;
static struct run_outcome outcome;

static char *read_file(const char *name)
{
	static char text[TEXT_MAX + 1];
	FILE *f = fopen(name, "r");
	size_t n;

	if (!f) {
		fprintf(stderr, "%s: %s, expected a litmus test\n", name, strerror(errno));
		return NULL;
	}
	n = fread(text, 1, TEXT_MAX + 1, f);
	if (ferror(f) || n > TEXT_MAX) {
		fprintf(stderr, "%s: %s\n", name, ferror(f) ? strerror(errno) :
			"more than 1 MiB, expected a litmus test");
		fclose(f);
		return NULL;
	}
	fclose(f);
	text[n] = '\0';
	if (memchr(text, '\0', n)) {
		fprintf(stderr, "%s: a byte 0, expected a litmus test\n", name);
		return NULL;
	}
	return text;
}

/* ---- verdicts ------------------------------------------------------------------------- */

static enum verdict seen_of(const struct run_outcome *o)
{
	if (!o->positive)
		return o->negative ? NEVER : NOTHING;
	return o->negative ? SOMETIMES : ALWAYS;
}

/* What the file says, or -1. */
static int said_of(const struct test *t)
{
	for (int i = NEVER; i <= NOTHING; i++)
		if (strcmp(t->result, verdicts[i]) == 0)
			return i;
	return -1;
}

/* Was shown what the file forbids? */
static bool is_forbidden(int said, const struct run_outcome *o)
{
	switch (said) {
	case NEVER: return o->positive > 0;
	case ALWAYS: return o->negative > 0;
	case NOTHING: return o->positive + o->negative > 0;
	default: return false;
	}
}

static bool differs(int said, const struct run_outcome *o)
{
	if (said < 0)
		return false;
	if (is_forbidden(said, o))
		return true;
	return said == SOMETIMES && !options.may_miss && seen_of(o) != SOMETIMES;
}

/* Herd has no word for "no state": its "Never 0 0" is that. */
static const char *word_of(enum verdict v)
{
	return verdicts[v == NOTHING ? NEVER : v];
}

/* ---- what is printed --------------------------------------------------------------------- */

static const char *kind_of(const struct test *t)
{
	switch (t->quantifier) {
	case QUANTIFIER_NOT_EXISTS: return "Forbidden";
	case QUANTIFIER_FORALL: return "Required";
	default: return "Allowed";
	}
}

static bool is_ok(const struct test *t, const struct run_outcome *o)
{
	switch (t->quantifier) {
	case QUANTIFIER_NOT_EXISTS: return o->positive == 0;
	case QUANTIFIER_FORALL: return o->negative == 0;
	default: return o->positive > 0;
	}
}

static void print_states(const struct test *t, const struct run_outcome *o)
{
	char name[2 * TEST_NAME_MAX], value[TEST_NAME_MAX];

	printf("Test %s %s\nStates %u\n", t->name, kind_of(t), o->states);
	for (unsigned i = 0; i < o->states; i++) {
		printf("%-8llu%c>", (unsigned long long)o->state[i].executions,
		       o->state[i].holds ? '*' : ':');
		for (unsigned k = 0; k < t->items; k++)
			printf("%s%s=%s;", k ? " " : "", test_item_name(t, k, name, sizeof name),
			       run_value_name(t, o->state[i].value[k], value, sizeof value));
		printf("\n");
	}
	printf("%s\nWitnesses\nPositive: %llu Negative: %llu\nCondition %s\n",
	       is_ok(t, o) ? "Ok" : "No", (unsigned long long)o->positive,
	       (unsigned long long)o->negative, t->cond_text);
}

static void print_observation(const struct test *t, const struct run_outcome *o)
{
	printf("Observation %s %s %llu %llu\n", t->name, word_of(seen_of(o)),
	       (unsigned long long)o->positive, (unsigned long long)o->negative);
}

static void print_rest(const struct test *t, const struct run_outcome *o)
{
	printf("Memory %s, %llu executions, %llu of them redundant", memories[options.memory],
	       (unsigned long long)o->executions, (unsigned long long)o->redundant);
	if (o->deadlocks)
		printf(", %llu deadlocks", (unsigned long long)o->deadlocks);
	if (o->endless)
		printf(", %llu with a loop of more than %d rounds",
		       (unsigned long long)o->endless, RUN_ROUNDS_MAX);
	printf(". The file says %s.\n\n", t->result[0] ? t->result : "nothing");
}

static void print_difference(const struct test *t, const struct run_outcome *o,
			     enum sim_model memory)
{
	printf("%s: %s says %s, %s shows %s%s\n", t->name, t->file, t->result, memories[memory],
	       word_of(seen_of(o)), is_forbidden(said_of(t), o) ? ": forbidden" : "");
}

/* ---- tests ------------------------------------------------------------------------------- */

/* Run it with that memory. Returns an exit status; STATUS_SAME and STATUS_DIFFERS: it ran. */
static int run(enum sim_model memory)
{
	int said = said_of(&test);

	run_test(&test, memory, options.limit, &outcome);
	if (outcome.end == RUN_WRONG) {
		fprintf(stderr, "%s\n", outcome.message);
		return STATUS_USAGE;
	}
	if (outcome.end == RUN_LIMIT || outcome.is_short) {
		fprintf(stderr, "%s: %s under %s\n", test.file, outcome.is_short ?
			"more stores wait at a time than the simulator can choose among" :
			"more executions than --executions says", memories[memory]);
		return STATUS_UNFINISHED;
	}
	total.shown[memory] += said == SOMETIMES && seen_of(&outcome) == SOMETIMES;
	total.forbidden[memory] += is_forbidden(said, &outcome);
	return differs(said, &outcome) ? STATUS_DIFFERS : STATUS_SAME;
}

static int max(int a, int b)
{
	return a > b ? a : b;
}

static int in_table(void)
{
	int status = STATUS_SAME;

	printf("| %s | %s |", test.name, test.result[0] ? test.result : "");
	for (enum sim_model m = SIM_SC; m <= SIM_ARM; m++) {
		int one = run(m);

		status = max(status, one);
		if (one > STATUS_DIFFERS)
			printf(" ? |");
		else
			printf(is_forbidden(said_of(&test), &outcome) ? " **%s** |" : " %s |",
			       word_of(seen_of(&outcome)));
	}
	printf("\n");
	return status;
}

static int one_test(const char *file)
{
	const char *text = read_file(file);
	int status, said;

	if (!text || !test_parse(&test, file, text))
		return STATUS_USAGE;
	said = said_of(&test);
	total.tests++;
	total.sometimes += said == SOMETIMES;
	total.never += said == NEVER || said == NOTHING;
	if (options.table)
		return in_table();
	status = run(options.memory);
	if (status > STATUS_DIFFERS)
		return status;
	if (options.states)
		print_states(&test, &outcome);
	print_observation(&test, &outcome);
	if (options.states)
		print_rest(&test, &outcome);
	if (status == STATUS_DIFFERS)
		print_difference(&test, &outcome, options.memory);
	return status;
}

static void print_total(void)
{
	enum sim_model first = options.table ? SIM_SC : options.memory;
	enum sim_model last = options.table ? SIM_ARM : options.memory;

	printf("\n%u tests. The files say Sometimes of %u, Never of %u.\n", total.tests,
	       total.sometimes, total.never);
	for (enum sim_model m = first; m <= last; m++)
		printf("%s shows %u of the %u, and forbidden outcomes of %u tests.\n", memories[m],
		       total.shown[m], total.sometimes, total.forbidden[m]);
}

/* ---- the command line ----------------------------------------------------------------------- */

static int usage(const char *word, const char *expected)
{
	fprintf(stderr, "kthrash: %s: expected %s\n", word, expected);
	return STATUS_USAGE;
}

static int take_option(const char *word)
{
	static const char memory[] = "--memory=", executions[] = "--executions=";
	const char *value = strchr(word, '=');
	char *end;

	if (strncmp(word, memory, strlen(memory)) == 0) {
		for (enum sim_model m = SIM_SC; m <= SIM_ARM; m++)
			if (strcmp(value + 1, memories[m]) == 0) {
				options.memory = m;
				return STATUS_SAME;
			}
		return usage(word, "sc, tso, pso or arm");
	}
	if (strncmp(word, executions, strlen(executions)) == 0) {
		errno = 0;
		options.limit = strtoull(value + 1, &end, 10);
		if (value[1] < '0' || value[1] > '9' || *end || errno || options.limit == 0)
			return usage(word, "a number from 1 on");
		return STATUS_SAME;
	}
	if (strcmp(word, "--states") == 0)
		options.states = true;
	else if (strcmp(word, "--every") == 0)
		explore_every();
	else if (strcmp(word, "--table") == 0)
		options.table = options.may_miss = true;
	else if (strcmp(word, "--may-miss") == 0)
		options.may_miss = true;
	else
		return usage(word, "--memory=, --executions=, --states, --every, --table or "
			     "--may-miss");
	return STATUS_SAME;
}

int main(int argc, char **argv)
{
	int first = 1, status = STATUS_SAME;

	for (; first < argc && argv[first][0] == '-'; first++) {
		if (strcmp(argv[first], "--") == 0) {
			first++;
			break;
		}
		if (take_option(argv[first]) != STATUS_SAME)
			return STATUS_USAGE;
	}
	if (first == argc)
		return usage(argv[0], "files with litmus tests");
	options.states |= argc - first == 1 && !options.table;
	if (options.table)
		printf("| test | the file says | sc | tso | pso | arm |\n"
		       "|---|---|---|---|---|---|\n");
	for (int i = first; i < argc; i++)
		status = max(status, one_test(argv[i]));
	if (argc - first > 1)
		print_total();
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "kthrash: standard output: %s\n", strerror(errno));
		return STATUS_UNFINISHED;
	}
	return status;
}
