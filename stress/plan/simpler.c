/* SPDX-License-Identifier: GPL-2.0-only */
/* Simpler plans, for the shrinker: the list of all kinds. pieces.c takes single things away. */
#include <string.h>

#include "stress/plan/simpler.h"

/* 0, a half, three quarters, and so on up to the next smaller number. */
bool simpler_number(uint32_t value, unsigned n, uint32_t *smaller)
{
	uint32_t step = n ? value >> n : value;

	if (step == 0 || value == 0 || (n > 0 && step == value))
		return false;
	*smaller = value - step;
	return true;
}

static void rename_one(struct plan *p, plan_str *s, const char *from, plan_str to)
{
	if (*s && strcmp(plan_string(p, *s), from) == 0)
		*s = to;
}

void simpler_rename(struct plan *p, const char *from, const char *to)
{
	plan_str s = plan_intern_text(p, to);

	for (unsigned i = 0; i < p->directives_count; i++) {
		rename_one(p, &p->directives[i].task, from, s);
		rename_one(p, &p->directives[i].target, from, s);
	}
}

/* The n-th change of those in a table, or of none. */
static bool apply(const struct simpler *kind, unsigned kinds, struct plan *p, unsigned *n)
{
	for (unsigned k = 0; k < kinds; k++) {
		unsigned count = kind[k].count(p);

		if (*n < count)
			return kind[k].apply(p, *n);
		*n -= count;
	}
	return false;
}

static unsigned count(const struct simpler *kind, unsigned kinds, const struct plan *p)
{
	unsigned sum = 0;

	for (unsigned k = 0; k < kinds; k++)
		sum += kind[k].count(p);
	return sum;
}

static unsigned of_program(const struct plan *p)
{
	return plan_is_program(p) ? 0 : count(simpler_program, simpler_program_kinds, p);
}

unsigned plan_simplers(const struct plan *p)
{
	return of_program(p) + count(simpler_schedule, simpler_schedule_kinds, p);
}

bool plan_simpler(struct plan *out, const struct plan *p, unsigned n)
{
	unsigned programs = of_program(p);
	struct plan_error err;
	bool any;

	*out = *p;
	if (n < programs) {
		any = apply(simpler_program, simpler_program_kinds, out, &n);
	} else {
		n -= programs;
		any = apply(simpler_schedule, simpler_schedule_kinds, out, &n);
	}
	if (!any)
		return false;
	plan_drop_dangling(out);
	plan_compact(out);
	return plan_check(out, &err) == 0;
}
