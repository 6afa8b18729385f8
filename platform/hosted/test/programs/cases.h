/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test program is a table of cases. Each case is a small program, run by its name. It says how
 * its executions end:
 *
 *	CASE(name)		all pass, and it passes natively, too
 *	SIM_CASE(name)		all pass; natively it need not
 *	BAD_CASE(name, text)	some fail, and each failure has the text in its message. Of
 *				"text|other", the first must be in some, and one in each
 *
 * Without an argument the program prints the table, which models_test.py reads. This header is
 * for C and C++.
 */
#ifndef PLATFORM_HOSTED_TEST_PROGRAMS_CASES_H
#define PLATFORM_HOSTED_TEST_PROGRAMS_CASES_H

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct test_case {
	const char *name;
	const char *text;	/* NULL: it passes */
	int native;
	void (*run)(void);
	struct test_case *next;
};

static struct test_case *first_case;

static inline int add_case(struct test_case *c)
{
	c->next = first_case;
	first_case = c;
	return 0;
}

#define CASE_OF(name_, text_, native_)                                         \
	static void name_(void);                                               \
	__attribute__((constructor)) static void add_##name_(void)             \
	{                                                                      \
		static struct test_case here = { #name_, text_, native_, name_, 0 }; \
		add_case(&here);                                               \
	}                                                                      \
	static void name_(void)

#define CASE(name)           CASE_OF(name, 0, 1)
#define SIM_CASE(name)       CASE_OF(name, 0, 0)
#define BAD_CASE(name, text) CASE_OF(name, text, 0)

static inline int run_case(int argc, char **argv)
{
	for (struct test_case *c = first_case; c; c = c->next) {
		if (argc < 2)
			printf("%s\t%d\t%s\n", c->name, c->native, c->text ? c->text : "");
		else if (!strcmp(argv[1], c->name)) {
			c->run();
			return 0;
		}
	}
	return argc < 2 ? 0 : 2;
}

#endif
