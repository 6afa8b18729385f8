/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules of the registry. */
#include "stress/run/model_test.h"

static struct model_met met_of(unsigned number, const char *comm, bool same)
{
	return (struct model_met){ .number = number, .same = same, .comm = comm, .comm_max = 16 };
}

static void find_gone(bool bad)
{
	struct model_met met = met_of(5, "a", true);
	struct model_search s;

	ledger_numbered(A, 5);
	if (bad)
		ledger_gone(A);
	s = model_search(A);
	ledger_gone(A);		/* after the search began, so the search may meet a or miss it */
	model_found(A, &s, &met);
}

static void find_there(bool bad)
{
	struct model_search s;

	ledger_numbered(A, 5);
	s = model_search(A);
	if (!bad)
		ledger_ending(A);
	model_found(A, &s, NULL);
}

static void find_number(bool bad)
{
	struct model_met met = met_of(bad ? 6 : 5, "a", true);
	struct model_search s = { .number = 5 };

	model_found(A, &s, &met);
}

static void find_same(bool bad)
{
	struct model_met met = met_of(5, "a", !bad);
	struct model_search s = { .number = 5 };

	model_found(A, &s, &met);
}

static void find_name(bool bad)
{
	struct model_met met = met_of(5, bad ? "b" : "a", true);
	struct model_search s = { .number = 5 };

	model_found(A, &s, &met);
}

/* A walk in which a and b are there, and both are met unless `misses`. */
static void walk(unsigned number_of_b, bool is_kthread, bool misses)
{
	struct model_met met_a = met_of(5, "a", true), met_b = met_of(number_of_b, "b", true);
	struct model_walk walk;

	ledger_numbered(A, 5);
	ledger_numbered(B, number_of_b);
	model_walk_begin(&walk);
	model_walk_thread(&walk, model_walk_met(&walk, 5, true), &met_a);
	if (!misses)
		model_walk_thread(&walk, model_walk_met(&walk, number_of_b, is_kthread), &met_b);
	model_walk_end(&walk);
}

static void walk_order(bool bad)
{
	walk(bad ? 4 : 6, true, false);
}

static void walk_kthread(bool bad)
{
	walk(6, !bad, false);
}

static void walk_there(bool bad)
{
	if (!bad)
		ledger_ending(B);
	walk(6, true, true);
}

static void walk_gone(bool bad)
{
	if (bad)
		ledger_gone(B);
	walk(6, true, false);
}

const struct model_rule model_registry_rules[] = {
	RULE(find_gone, "find met a thread that had been stopped before: a"),
	RULE(find_there, "find did not meet a thread that is there: a"),
	RULE(find_number, "find returned another number than was asked for: 6, not 5, a"),
	RULE(find_same, "find met another task under the number of a thread: a"),
	RULE(find_name, "find met a thread under another name: a is called 'b'"),
	RULE(walk_order, "a walk met threads out of order: number 4 after 5"),
	RULE(walk_kthread, "a walk met a task that is no kthread: number 6"),
	RULE(walk_there, "a walk did not meet a thread that is there: b"),
	RULE(walk_gone, "a walk met a thread that had been stopped before: b"),
	{ 0 },
};
