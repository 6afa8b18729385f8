/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/tally.h"

#include <stdlib.h>
#include <string.h>

#include "platform/rng.h"
#include "stress/hunt/jobs.h"
#include "stress/hunt/memory.h"

/* ---- schedules -------------------------------------------------------------- */

enum {
	SCHEDULE_BITS = 1 << 22,
	SCHEDULE_BYTES = SCHEDULE_BITS / 8,
};

/* A bit for each trace hash. Each process has its own part, shared with its children. */
static struct {
	unsigned jobs;
	uint8_t *seen;		/* SCHEDULE_BYTES for each */
} schedules;

bool tally_map(unsigned jobs)
{
	schedules.jobs = jobs;
	schedules.seen = memory_map((size_t)jobs * SCHEDULE_BYTES);
	return schedules.seen != NULL;
}

/* Is this the first time that process `job` sees this trace? */
static bool note_schedule(unsigned job, uint64_t hash)
{
	uint32_t bit = (uint32_t)(hash >> 16) % SCHEDULE_BITS;
	uint8_t *byte = schedules.seen + (size_t)job * SCHEDULE_BYTES + bit / 8;

	if (!world_can(WORLD_REPEATS) || (*byte >> (bit % 8) & 1))
		return false;
	*byte |= (uint8_t)(1u << (bit % 8));
	return true;
}

uint64_t tally_distinct_schedules(void)
{
	uint64_t n = 0;

	for (size_t byte = 0; byte < SCHEDULE_BYTES; byte++) {
		unsigned seen = 0;

		for (unsigned i = 0; i < schedules.jobs; i++)
			seen |= schedules.seen[(size_t)i * SCHEDULE_BYTES + byte];
		n += (unsigned)__builtin_popcount(seen);
	}
	return n;
}

/* ---- executions and findings of one process ----------------------------------- */

/* The index of a file in the list, or `count`. */
static unsigned find(const struct found *list, unsigned count, const struct found *f)
{
	unsigned i = 0;

	while (i < count && strcmp(list[i].id, f->id) != 0)
		i++;
	return i;
}

/* If the list is full, the file is not added to it. The file itself is in the folder. */
static void add(struct found *list, unsigned *count, const struct found *f)
{
	unsigned i = find(list, *count, f);

	if (i == FOUND_MAX)
		return;
	if (i == *count)
		list[(*count)++] = *f;
	else if (f->number < list[i].number)
		list[i].number = f->number;
	if (!f->error)
		list[i].error = 0;
}

void tally_execution(struct tally *t, unsigned job, uint64_t number, uint64_t plan,
		     const struct verdict *v)
{
	unsigned next = !t->now;
	struct counts *c = &t->counts[next];
	bool is_new = note_schedule(job, v->hash);

	*c = t->counts[t->now];
	if (number < c->counted)
		return;
	c->counted = number + 1;
	c->executions++;
	c->plans += c->plan_end != plan + 1;
	c->plan_end = plan + 1;
	c->points += v->steps;
	c->schedules += is_new;
	c->digest += kt_rng_derive(v->hash, number);
	__atomic_store_n(&t->now, next, __ATOMIC_RELEASE);
}

void tally_finding(struct tally *t, uint64_t number, const struct verdict *v, int error)
{
	struct found f = { .number = number, .error = error };

	signature_id(f.id, v->failure, v->signature);
	add(t->found, &t->found_count, &f);
	if (number < t->taken)
		return;
	t->taken = number + 1;
	t->findings++;
	if (error) {
		t->unsaved++;
		t->unsaved_error = error;
	}
}

/* ---- all processes ------------------------------------------------------------ */

struct totals tally_total(const struct jobs *j)
{
	struct totals sum = { 0 };

	for (unsigned i = 0; i < j->count; i++) {
		const struct tally *t = &j->shared[i].tally;
		const struct counts *c = tally_counts(t);

		sum.executions += c->executions;
		sum.plans += c->plans;
		sum.points += c->points;
		sum.schedules += c->schedules;
		sum.digest += c->digest;
		sum.findings += t->findings;
		sum.unsaved += t->unsaved;
		sum.unsaved_error = t->unsaved_error ? t->unsaved_error : sum.unsaved_error;
		sum.output_error = t->output_error ? t->output_error : sum.output_error;
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
