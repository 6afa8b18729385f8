/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The texts of deadlocks and livelocks: for a deadlock, which task waits for which other
 * task; for a livelock, which tasks go round in circles. Each text is one line, because the
 * driver prints the interleaving separately.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "platform/check.h"
#include "platform/sim/internal.h"

static size_t append_waiter(char *buf, size_t size, const struct sim_task_record *t)
{
	char name[KT_SITE_NAME_MAX];
	int n;

	n = snprintf(buf, size, "%s waits at %s [%s:%u]", t->name,
		     kt_site_label(t->why, name, sizeof name), kt_site_file(t->why),
		     kt_site_line(t->why));
	if (n > 0 && (size_t)n < size && t->waits_for >= 0) {
		const struct sim_task_record *other = &sim.record->task[t->waits_for];

		n += snprintf(buf + n, size - (size_t)n, " for %s%s", other->name,
			      other->state == SIM_FINISHED ? ", which has finished" : "");
	}
	return n < 0 ? 0 : (size_t)n;
}

enum { MORE_BYTES = sizeof "; ; 256 more wait" };

void sim_fail_deadlock(void)
{
	struct sim_record *r = sim.record;
	char text[SIM_MESSAGE_MAX - 32], one[512];
	size_t used = 0;
	uint32_t left = 0;

	sim_unseen_begin();
	text[0] = '\0';
	for (uint32_t i = 0; i < r->tasks; i++) {
		if (r->task[i].state != SIM_SLEEPING)
			continue;
		append_waiter(one, sizeof one, &r->task[i]);
		if (left || used + strlen(one) + MORE_BYTES >= sizeof text)
			left++;
		else
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
						 used ? "; " : "", one);
	}
	if (left)
		snprintf(text + used, sizeof text - used, "; %u more wait", left);
	sim_unseen_end();
	kt_fail(KT_DEADLOCK, "nobody can run: %s", text);
}

/* ---- livelock ----------------------------------------------------------- */

/* The first step of the window in which all tasks were scheduled fairly. */
static uint32_t window(void)
{
	return sim.fair ? sim.record->fair_from : 0;
}

/* Sites are compared by name, because an inline function has one site per caller. */
static uint32_t find_site(const struct sim_circle *c, struct kt_site *site)
{
	uint32_t i = 0;

	while (i < c->sites && kt_site_hash(c->site[i]) != kt_site_hash(site))
		i++;
	return i;
}

static void set_mark(struct sim_circle *c, struct kt_site *site, bool yields, bool *is_yield)
{
	if (c->mark && (*is_yield != yields ? *is_yield :
			kt_site_hash(c->mark) <= kt_site_hash(site)))
		return;
	c->mark = site;
	*is_yield = yields;
}

/* The task's places in the second half of the window; false if there are too many. */
static bool collect(uint32_t task, uint32_t from, uint32_t to, struct sim_circle *c)
{
	bool is_yield = false;

	for (uint32_t i = from; i < to; i++) {
		const struct sim_step *t = &sim.record->trace[i];

		if (t->task != task)
			continue;
		c->steps++;
		set_mark(c, t->site, t->why == SIM_YIELDED, &is_yield);
		if (find_site(c, t->site) < c->sites)
			continue;
		if (c->sites == SIM_CIRCLE_MAX)
			return false;
		c->site[c->sites++] = t->site;
	}
	return c->sites > 0;
}

/* Was the task at each of these places in the first half, too? */
static bool is_nothing_new(uint32_t task, uint32_t from, uint32_t to, struct sim_circle *c)
{
	uint32_t seen = 0;	/* bit per place */

	for (uint32_t i = from; i < to; i++) {
		const struct sim_step *t = &sim.record->trace[i];

		if (t->task != task)
			continue;
		c->steps++;
		seen |= 1u << find_site(c, t->site);
	}
	return (seen & ((1u << c->sites) - 1)) == (1u << c->sites) - 1;
}

/*
 * Places are reported in the order of the source, because it is chance where in the circle
 * the window ends.
 */
static bool comes_before(const struct kt_site *a, const struct kt_site *b)
{
	int order = strcmp(kt_site_file(a), kt_site_file(b));

	return order ? order < 0 : kt_site_line(a) < kt_site_line(b);
}

static void sort_sites(struct sim_circle *c)
{
	for (uint32_t i = 1; i < c->sites; i++)
		for (uint32_t k = i; k > 0 && comes_before(c->site[k], c->site[k - 1]); k--) {
			struct kt_site *swap = c->site[k];

			c->site[k] = c->site[k - 1];
			c->site[k - 1] = swap;
		}
}

bool sim_circle_of(uint32_t task, struct sim_circle *out)
{
	uint32_t from = window(), end = sim.record->steps, half = from + (end - from) / 2;

	*out = (struct sim_circle){ 0 };
	if (!collect(task, half, end, out) || !is_nothing_new(task, from, half, out))
		return false;
	sort_sites(out);
	return true;
}

/* How many steps have passed since the task's last step, or else since the execution began. */
static uint32_t idle_steps(uint32_t task)
{
	uint32_t i = sim.record->steps;

	while (i > 0 && sim.record->trace[i - 1].task != task)
		i--;
	return sim.record->steps - i;
}

/* For how many steps in a row, up to the last step, could the task have run and did not? */
static uint32_t passed_over(uint32_t task)
{
	uint32_t i = sim.record->steps;

	while (i > 0 && sim.record->trace[i - 1].task != task &&
	       sim_step_can(sim.record, i - 1, task))
		i--;
	return sim.record->steps - i;
}

struct line {
	char text[SIM_MESSAGE_MAX - 96];
	size_t used;
};

__attribute__((format(printf, 2, 3)))
static void append(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->used, sizeof l->text - l->used, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->used += (size_t)n;
	if (l->used >= sizeof l->text)
		l->used = sizeof l->text - 1;
}

static void append_circle(struct line *l, const char *name, const struct sim_circle *c)
{
	enum { SHOWN = 3 };
	char site[KT_SITE_NAME_MAX];

	append(l, "%s%s goes round", l->used ? "; " : "", name);
	for (uint32_t i = 0; i < c->sites && i < SHOWN; i++)
		append(l, "%s %s [%s:%u]", i ? "," : "",
		       kt_site_label(c->site[i], site, sizeof site), kt_site_file(c->site[i]),
		       kt_site_line(c->site[i]));
	if (c->sites > SHOWN)
		append(l, " and %u more", c->sites - SHOWN);
	append(l, " in %u step%s", c->steps, kt_plural(c->steps));
}

/* The tasks that go round in circles, reach new places, or could run and never did. */
static void append_runners(struct line *l)
{
	const struct sim_record *r = sim.record;
	struct sim_circle c;

	for (uint32_t i = 0; i < r->tasks; i++) {
		const struct sim_task_record *t = &r->task[i];

		if (t->state == SIM_FINISHED)
			continue;
		if (sim_circle_of(i, &c))
			append_circle(l, t->name, &c);
		else if (c.steps)
			append(l, "%s%s still comes to new places", l->used ? "; " : "", t->name);
		else if (t->state == SIM_RUNNABLE)
			append(l, "%s%s could run and was not let for %u step%s",
			       l->used ? "; " : "", t->name, passed_over(i),
			       kt_plural(passed_over(i)));
	}
}

/* The tasks that wait. */
static void append_waiters(struct line *l)
{
	const struct sim_record *r = sim.record;
	struct sim_circle c;

	for (uint32_t i = 0; i < r->tasks; i++) {
		if (r->task[i].state != SIM_SLEEPING || sim_circle_of(i, &c) || c.steps)
			continue;
		append(l, "; ");
		l->used += append_waiter(l->text + l->used, sizeof l->text - l->used, &r->task[i]);
		if (l->used >= sizeof l->text)
			l->used = sizeof l->text - 1;
		append(l, ", for %u step%s", idle_steps(i), kt_plural(idle_steps(i)));
	}
}

void sim_fail_livelock(uint32_t step)
{
	struct line l = { .used = 0 };

	sim_unseen_begin();
	append_runners(&l);
	append_waiters(&l);
	sim_unseen_end();
	kt_fail(KT_LIVELOCK, "%u steps, the last %u of them scheduled fairly, and no end: %s",
		step, step - window(), l.text);
}
