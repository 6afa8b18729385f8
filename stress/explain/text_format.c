/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "stress/explain/formats.h"
#include "stress/explain/telling.h"

enum { COLUMNS_MAX = 5, COLUMN_WIDTH = 34 };

static void step_words(const struct sim_step *t, char *buf, size_t size)
{
	char name[KT_SITE_NAME_MAX];

	kt_site_label(t->site, name, sizeof name);
	snprintf(buf, size, "%s%s", t->why == SIM_BLOCKED ? "sleeps " : "", name);
}

/* A condition's signal that wakes the waiter that came last, and not the one that came first. */
static bool is_signal(const struct sim_record *r, const struct sim_event *e)
{
	const struct kt_site *site = e->step < r->steps ? r->trace[e->step].site : NULL;

	return site && strcmp(site->op, "signal") == 0;
}

static void print_event(const struct sim_record *r, const struct sim_event *e)
{
	const char *task = r->task[e->task].name;
	char name[KT_SITE_NAME_MAX];

	if (e->kind == SIM_EVENT_KILL)
		printf("      *** %s is killed\n", task);
	else if (e->kind == SIM_EVENT_SPURIOUS && is_signal(r, e))
		printf("      *** %s wakes the waiter that came last\n", task);
	else if (e->kind == SIM_EVENT_SPURIOUS)
		printf("      *** %s wakes up spuriously\n", task);
	else if (e->kind == SIM_EVENT_VISIBLE)
		printf("      *** store visible: %s of %s, done at step %u\n",
		       kt_site_label(e->site, name, sizeof name), task, e->nth);
	else
		printf("      *** allocation of %s #%u by %s fails\n",
		       kt_role_name((enum kt_role)e->role), e->nth, task);
}

static void print_step(const struct sim_record *r, uint32_t i, bool columns)
{
	const struct sim_step *t = &r->trace[i];
	char what[KT_SITE_NAME_MAX + 16], place[160];

	step_words(t, what, sizeof what);
	snprintf(place, sizeof place, "%s:%u", kt_site_file(t->site), kt_site_line(t->site));
	if (kt_site_line(t->site) == 0)
		place[0] = '\0';
	if (columns)
		printf("%5u %*s%-*.*s%*s %s\n", i, t->task * COLUMN_WIDTH, "", COLUMN_WIDTH,
		       COLUMN_WIDTH - 1, what, (int)(r->tasks - 1 - t->task) * COLUMN_WIDTH, "",
		       place);
	else
		printf("%5u %-20s %-50s %s\n", i, r->task[t->task].name, what, place);
	for (uint32_t k = 0; k < r->events; k++)
		if (r->event[k].step == i && event_is_telling(r, &r->event[k]))
			print_event(r, &r->event[k]);
}

static void print_heading(const struct sim_record *r)
{
	printf(" step ");
	for (uint32_t i = 0; i < r->tasks; i++)
		printf("%-*.*s", COLUMN_WIDTH, COLUMN_WIDTH - 1, r->task[i].name);
	printf(" source\n");
}

void print_as_text(const struct sim_record *r, const struct verdict *v)
{
	bool columns = r->tasks <= COLUMNS_MAX;
	uint32_t shown = steps_to_show(r, v);

	if (columns)
		print_heading(r);
	for (uint32_t i = 0; i < shown; i++)
		if (step_is_telling(r, i))
			print_step(r, i, columns);
	if (shown < r->steps)
		printf("      ... and so on, %u steps at places that are all above\n",
		       r->steps - shown);
	printf("\n%s%s%s\ntrace %016llx, %u steps\n", kt_failure_name(v->failure),
	       v->message[0] ? ": " : "", v->message, (unsigned long long)v->hash, v->steps);
}
