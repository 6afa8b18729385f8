/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each error message lists exactly the words that the parser takes at its place. The
 * fuzzing dictionary has all words of the tables and no other, and README.md has them all.
 *
 * usage: words_test DICTIONARY README
 */
#include <stdio.h>
#include <string.h>

#include "platform/conformance/test.h"
#include "stress/plan/plan.h"
#include "stress/plan/points.h"

#define HEAD "kthrash-plan 1\n"

/* ---- messages ----------------------------------------------------------- */

struct list {
	const char *word[256];
	unsigned count;
};

static void add(struct list *l, const char *word)
{
	CHECK(l->count < sizeof l->word / sizeof l->word[0]);
	l->word[l->count++] = word;
}

/* "unexpected '?', expected WHAT a, b or c" is what the parser says of `text`. */
static void check_message(const char *text, const char *unexpected, const char *what,
			  const struct list *l)
{
	static struct plan p;
	struct plan_error e;
	char full[sizeof e.message];
	size_t used = (size_t)snprintf(full, sizeof full, "%s, expected %s", unexpected, what);

	for (unsigned i = 0; i < l->count; i++)
		used += (size_t)snprintf(full + used, sizeof full - used, "%s%s", i == 0 ? "" :
					 i + 1 == l->count ? " or " : ", ", l->word[i]);
	CHECK(used < sizeof full);
	CHECK(plan_parse(&p, text, strlen(text), &e) != 0);
	CHECK_STR(e.message, full);
}

static void test_operations(void)
{
	static char form[PLAN_OPS][32];
	struct list ops = { .count = 0 }, makers = { .count = 0 };
	struct list of_worker = { .count = 0 }, of_percpu = { .count = 0 };

	for (enum plan_op_kind k = 0; k < PLAN_OPS; k++) {
		snprintf(form[k], sizeof form[k], "V = %s", plan_op_name(k));
		if (plan_op_has(k, PLAN_MAKES)) {
			add(&ops, form[k]);
			add(&makers, plan_op_name(k));
		}
		if (k == PLAN_WAKE || (plan_op_has(k, PLAN_OF_WORKER) && k != PLAN_DESTROY_RAW))
			add(&of_worker, plan_op_name(k));
		if (plan_op_has(k, PLAN_OF_PERCPU))
			add(&of_percpu, plan_op_name(k));
	}
	for (enum plan_op_kind k = 0; k < PLAN_OPS; k++)
		if (!plan_op_has(k, PLAN_MAKES))
			add(&ops, plan_op_name(k));
	check_message(HEAD "task C: ?", "unexpected '?'", "an operation: ", &ops);
	check_message(HEAD "task C: a = ?", "unexpected '?'", "", &makers);
	check_message(HEAD "task C: a = run \"a\" worker; stop a", "stop a: a worker", "",
		      &of_worker);
	check_message(HEAD "task C: p = percpu \"p%u\"; stop p", "stop p: per-CPU threads", "",
		      &of_percpu);
	printf("ok operations\n");
}

static void test_bodies(void)
{
	struct list l = { .count = 0 };

	for (enum plan_body b = 0; b < PLAN_BODIES; b++)
		add(&l, plan_body_name(b));
	check_message(HEAD "task C: a = run \"a\" ? 1", "unexpected '?'", "", &l);
	printf("ok bodies\n");
}

static void test_lines(void)
{
	struct list l = { .count = 0 };

	add(&l, plan_line_name(PLAN_LINE_TASK));
	for (enum plan_directive_kind k = 0; k < PLAN_DIRECTIVES; k++)
		add(&l, plan_directive_name(k));
	for (enum plan_line k = 0; k < PLAN_LINE_KINDS; k++)
		if (k != PLAN_LINE_TASK)
			add(&l, plan_line_name(k));
	check_message(HEAD "?", "unexpected '?'", "", &l);
	printf("ok lines\n");
}

static void test_strategies(void)
{
	struct list l = { .count = 0 };

	for (enum plan_strategy_kind k = 0; k < PLAN_STRATEGIES; k++)
		add(&l, plan_strategy_name(k));
	check_message(HEAD "strategy ?", "unexpected '?'", "", &l);
	for (uint32_t i = 0; i < kt_portfolio_places(); i++) {
		struct kt_strategy_place place = kt_portfolio_place(i);

		CHECK((place.depth > 0) == (kt_strategy_depth_max(place.strategy) > 0));
		CHECK(place.depth <= kt_strategy_depth_max(place.strategy));
	}
	printf("ok strategies\n");
}

static void test_memories(void)
{
	struct list l = { .count = 0 };

	for (enum plan_memory m = 0; m < PLAN_MEMORIES; m++)
		add(&l, plan_memory_name(m));
	check_message(HEAD "memory ?", "unexpected '?'", "", &l);
	printf("ok memory models\n");
}

static void test_failures(void)
{
	struct list l = { .count = 0 };

	for (enum kt_failure f = 1; f < KT_FAILURES; f++)
		add(&l, kt_failure_name(f));
	check_message(HEAD "expect ?", "unexpected '?'", "pass or a failure: ", &l);
	printf("ok failures\n");
}

static void test_roles(void)
{
	struct list l = { .count = 0 };

	for (enum kt_role r = 0; r < KT_ROLE_COUNT; r++)
		add(&l, kt_role_name(r));
	add(&l, "any");
	check_message(HEAD "fail ? #1", "unexpected '?'", "a role: ", &l);
	printf("ok roles\n");
}

/* ---- the dictionary ------------------------------------------------------ */

/* Words inside a line that no table has. */
static const char *const inside[] = {
	"kthrash-plan 1", "\\x0a", "; ", " = ", " == ", " #1", "\\\"",
	"init", "kthreadd", "ktimers",
	"after", "any", "at", "bare", "by", "concurrent", "cpu", "execution", "kills", "node", "ok",
	"on", "seed", "steps", "to", "trace",
};

static const char *const named_points[] = {
#define X(side, name) name,
	NAMED_POINTS(X)
#undef X
};

static const char *const errnos[] = {
#define ERRNO(id, word, help) word,
#include "stress/plan/words.def"
#undef ERRNO
};

/* Call meet() with each word of the tables, twice if the word is in two tables. */
static void meet_all(void (*meet)(const char *word))
{
	for (unsigned i = 0; i < sizeof errnos / sizeof errnos[0]; i++)
		meet(errnos[i]);
	for (enum plan_op_kind k = 0; k < PLAN_OPS; k++)
		meet(plan_op_name(k));
	for (enum plan_body b = 0; b < PLAN_BODIES; b++)
		meet(plan_body_name(b));
	for (enum plan_directive_kind k = 0; k < PLAN_DIRECTIVES; k++)
		meet(plan_directive_name(k));
	for (enum plan_line k = 0; k < PLAN_LINE_KINDS; k++)
		meet(plan_line_name(k));
	for (enum plan_strategy_kind k = 0; k < PLAN_STRATEGIES; k++)
		meet(plan_strategy_name(k));
	for (enum plan_memory m = 0; m < PLAN_MEMORIES; m++)
		meet(plan_memory_name(m));
	for (enum kt_role r = 0; r < KT_ROLE_COUNT; r++)
		meet(kt_role_name(r));
	for (enum kt_failure f = 0; f < KT_FAILURES; f++)
		meet(kt_failure_name(f));
}

static const char *read_file(const char *path, char *text, size_t max)
{
	FILE *f = fopen(path, "r");
	size_t size;

	if (!f)
		kt_fail(KT_ASSERTION, "can't read %s", path);
	size = fread(text, 1, max - 1, f);
	fclose(f);
	CHECK(size < max - 1);
	text[size] = '\0';
	return text;
}

static struct list words;	/* of the dictionary */
static bool met[sizeof words.word / sizeof words.word[0]];	/* in a table, at least once */

static void meet_in_dictionary(const char *word)
{
	unsigned i = 0;

	while (i < words.count && strcmp(words.word[i], word) != 0)
		i++;
	if (i == words.count)
		kt_fail(KT_ASSERTION, "the dictionary lacks \"%s\"", word);
	met[i] = true;
}

static void read_dictionary(const char *path)
{
	static char text[1 << 16];

	read_file(path, text, sizeof text);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		size_t len = strlen(line);

		if (line[0] == '#')
			continue;
		CHECK(len > 2 && line[0] == '"' && line[len - 1] == '"');
		line[len - 1] = '\0';
		add(&words, line + 1);
	}
}

static void test_dictionary(const char *path)
{
	read_dictionary(path);
	for (unsigned i = 0; i < sizeof inside / sizeof inside[0]; i++)
		meet_in_dictionary(inside[i]);
	for (unsigned i = 0; i < sizeof named_points / sizeof named_points[0]; i++)
		meet_in_dictionary(named_points[i]);
	meet_all(meet_in_dictionary);
	for (unsigned i = 0; i < words.count; i++)
		if (!met[i])
			kt_fail(KT_ASSERTION, "the dictionary has \"%s\", which is no word "
				"of plans", words.word[i]);
	printf("ok the dictionary has all words and no other\n");
}

/* ---- the documentation ----------------------------------------------------- */

static char readme[1 << 16];

static bool is_of_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* README.md must have the word in backticks, and not as a part of another word. */
static void meet_in_readme(const char *word)
{
	size_t len = strlen(word);
	bool code = false;

	for (const char *c = readme + 1; *c; c++) {
		if (*c == '`')
			code = !code;
		if (code && strncmp(c, word, len) == 0 && !is_of_word(c[-1]) &&
		    !is_of_word(c[len]))
			return;
	}
	kt_fail(KT_ASSERTION, "README.md lacks `%s`", word);
}

/* Each block of code that begins like a plan is one. */
static unsigned parse_examples(void)
{
	static const char begin[] = "```\nkthrash-plan 1\n";
	static struct plan p;
	struct plan_error e;
	unsigned n = 0;

	for (const char *c = readme; (c = strstr(c, begin)) != NULL; n++) {
		const char *text = strchr(c, '\n') + 1, *end = strstr(text, "```");

		CHECK(end != NULL);
		if (plan_parse(&p, text, (size_t)(end - text), &e) != 0)
			kt_fail(KT_ASSERTION, "example %u of README.md: %u:%u: %s", n + 1, e.line,
				e.column, e.message);
		c = end;
	}
	return n;
}

static void test_readme(const char *path)
{
	read_file(path, readme, sizeof readme);
	meet_all(meet_in_readme);
	CHECK_EQ(parse_examples(), 2);
	printf("ok README.md has all words, and its examples are plans\n");
}

int main(int argc, char **argv)
{
	CHECK_EQ(argc, 3);
	test_operations();
	test_bodies();
	test_lines();
	test_strategies();
	test_memories();
	test_failures();
	test_roles();
	test_dictionary(argv[1]);
	test_readme(argv[2]);
	return 0;
}
