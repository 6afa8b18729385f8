/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/tally.h"

#include <stdlib.h>

#include "platform/point.h"
#include "platform/rng.h"

/* Where a file is in the list, or its end. */
static unsigned find(const struct found *list, unsigned count, const struct found *f)
{
	unsigned i = 0;

	while (i < count &&
	       (list[i].failure != f->failure || list[i].signature != f->signature))
		i++;
	return i;
}

/* A file that is not in the list any more, if that is full, is a file nevertheless. */
static void add(struct found *list, unsigned *count, const struct found *f)
{
	unsigned i = find(list, *count, f);

	if (i == FOUND_MAX)
		return;
	if (i == *count)
		list[(*count)++] = *f;
	else if (f->number < list[i].number)
		list[i] = *f;
}

void tally_execution(struct tally *t, uint64_t number, const struct verdict *v, bool is_new)
{
	unsigned next = !t->now;
	struct counts *c = &t->counts[next];

	*c = t->counts[t->now];
	if (number < c->counted)
		return;
	c->counted = number + 1;
	c->executions++;
	c->points += v->steps;
	c->schedules += is_new;
	c->digest += kt_rng_derive(v->hash, number);
	__atomic_store_n(&t->now, next, __ATOMIC_RELEASE);
}

void tally_finding(struct tally *t, uint64_t number, const struct verdict *v)
{
	const struct found f = {
		.number = number, .failure = v->failure,
		.signature = kt_name_hash(v->signature),
	};

	add(t->found, &t->found_count, &f);
	if (number < t->taken)
		return;
	t->taken = number + 1;
	t->findings++;
}

struct totals tally_total(const struct jobs *j)
{
	struct totals sum = { 0 };

	for (unsigned i = 0; i < j->count; i++) {
		const struct tally *t = &j->shared[i].tally;
		const struct counts *c = tally_counts(t);

		sum.executions += c->executions;
		sum.points += c->points;
		sum.schedules += c->schedules;
		sum.digest += c->digest;
		sum.findings += t->findings;
	}
	return sum;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = ((const struct found *)a)->number, y = ((const struct found *)b)->number;

	return (x > y) - (x < y);
}

unsigned tally_found(const struct jobs *j, struct found *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < j->count; i++)
		for (unsigned k = 0; k < j->shared[i].tally.found_count; k++)
			add(out, &n, &j->shared[i].tally.found[k]);
	qsort(out, n, sizeof out[0], by_number);
	return n;
}

uint64_t tally_first_found(const struct jobs *j)
{
	uint64_t first = UINT64_MAX;

	for (unsigned i = 0; i < j->count; i++) {
		const struct tally *t = &j->shared[i].tally;

		for (unsigned k = 0; k < t->found_count; k++)
			if (t->found[k].number < first)
				first = t->found[k].number;
	}
	return first;
}
