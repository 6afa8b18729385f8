/* SPDX-License-Identifier: GPL-2.0-only */
/* The explanation as text, below 100 columns for any number of tasks. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "platform/check.h"
#include "stress/explain/formats.h"
#include "stress/explain/happening.h"
#include "stress/explain/story.h"
#include "stress/explain/telling.h"

enum { COLUMNS = 98, HEAD = 7, NAME_MIN = 4, NAME_MAX_WIDTH = 26 };

/* ---- lines ------------------------------------------------------------------- */

/*
 * Print the text behind the first `used` columns, with breaks at blanks. Later lines begin at
 * `indent`. A word that is longer than a line is not cut. Returns how many columns are used.
 */
static unsigned print_wrapped(const char *text, unsigned used, unsigned indent)
{
	bool first = true;

	while (*text) {
		unsigned len = (unsigned)strcspn(text, " ");

		if (!first && used + 1 + len > COLUMNS) {
			printf("\n%*s", (int)indent, "");
			used = indent;
		} else if (!first) {
			putchar(' ');
			used++;
		}
		printf("%.*s", (int)len, text);
		used += len;
		text += len;
		text += strspn(text, " ");
		first = false;
	}
	return used;
}

/* A line that begins with a word in the left margin. */
static void print_line(const char *head, const char *text)
{
	printf("%-*s", HEAD, head);
	print_wrapped(text, HEAD, HEAD);
	putchar('\n');
}

/* The source place at the right end, on a line of its own if it does not fit. */
static void print_place(const char *place, unsigned used)
{
	unsigned len = (unsigned)strlen(place);

	if (len && used + 2 + len <= COLUMNS)
		printf("%*s", (int)(COLUMNS - used), place);
	else if (len)
		printf("\n%*s", COLUMNS, place);
	putchar('\n');
}

/* ---- the plan -------------------------------------------------------------------- */

/* The program, and what the plan does besides: kills and failures, but not the schedule. */
void print_plan(const struct plan *p)
{
	char text[8192];

	if (plan_is_program(p))
		print_line("runs", plan_program_words(p, text, sizeof text));
	for (unsigned i = 0; i < plan_all_tasks(p); i++)
		print_line(i ? "" : "plan", plan_task_words(p, i, text, sizeof text));
	for (unsigned i = 0; i < p->directives_count; i++) {
		const struct plan_directive *d = &p->directives[i];

		if (d->kind == PLAN_D_SWITCH || d->kind == PLAN_D_VISIBLE ||
		    d->kind == PLAN_D_STALE)
			continue;
		plan_print_directive(p, d, text, sizeof text);
		print_line("with", text);
	}
}

static void print_results(const struct told *t)
{
	char text[4096];

	for (unsigned i = 0; i < plan_all_tasks(t->p); i++) {
		results_words(t, i, text, sizeof text);
		if (text[0])
			print_line("calls", text);
	}
}

/* ---- rows -------------------------------------------------------------------------- */

/* The width of the column of names: a longer name moves its own row only. */
static unsigned wider(unsigned width, const char *name)
{
	unsigned len = (unsigned)strlen(name);

	return len > width && len <= NAME_MAX_WIDTH ? len : width;
}

static unsigned width_of_rows(const struct told *t, const struct story *story)
{
	unsigned width = NAME_MIN;

	for (uint32_t i = 0; i < story->rows; i++)
		width = wider(width, t->r->task[story->row[i].task].name);
	return width;
}

static unsigned width_of_all(const struct told *t)
{
	unsigned width = NAME_MIN;

	for (uint32_t i = 0; i < t->r->tasks; i++)
		width = wider(width, t->r->task[i].name);
	return width;
}

/* An access of freed memory fails itself; a check fails after the last access. */
static const char *fails_words(const struct row *row, const struct verdict *v)
{
	if (!row->fails || row->kind != ROW_DOES)
		return "";
	if (v->failure == KT_MEMORY || v->failure == KT_RACE)
		return " FAILS";
	return v->failure == KT_MODEL || v->failure == KT_DISCIPLINE ? "; the next check FAILS" :
								       "; then it FAILS";
}

static void print_row(const struct told *t, const struct verdict *v, const struct row *row,
		      unsigned width, bool names_op)
{
	const char *name = t->r->task[row->task].name;
	char words[HAPPENING_WORDS_MAX + 300], op[256], place[256] = "";
	unsigned indent;

	if (row->site)
		source_place(row->site, place, sizeof place);
	words[0] = '\0';
	if (names_op && row->op >= 0) {
		op_words(t, row->op, op, sizeof op);
		snprintf(words, sizeof words, "[%s] ", op);
	}
	snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s", row->words,
		 fails_words(row, v));
	printf("%5u%c %-*s ", row->at, row->in_cause ? '*' : ' ', (int)width, name);
	indent = HEAD + width + 1;
	print_place(place, print_wrapped(words, indent, indent));
}

static void print_rows(const struct told *t, const struct verdict *v, const struct story *story)
{
	int op[SIM_TASKS_MAX];
	unsigned width = width_of_rows(t, story);
	char text[640];

	memset(op, -1, sizeof op);
	if (story->folded) {
		snprintf(text, sizeof text, "%s%s(steps 0 to %u)", story->before,
			 story->before[0] ? " " : "", story->folded - 1);
		print_line("   ..", text);
	}
	for (uint32_t i = 0; i < story->rows; i++) {
		const struct row *row = &story->row[i];

		print_row(t, v, row, width, row->op != op[row->task]);
		op[row->task] = row->op;
	}
}

/* ---- the whole -------------------------------------------------------------------------- */

/* If not, the message says why the task can't go on: it locks a lock that it holds. */
static bool has_sleeper(const struct sim_record *r)
{
	for (uint32_t i = 0; i < r->tasks; i++)
		if (r->task[i].state == SIM_SLEEPING)
			return true;
	return false;
}

static void print_verdict(const struct told *t, const struct verdict *v)
{
	char text[VERDICT_MESSAGE_MAX + 64];
	bool has_chain = v->failure == KT_DEADLOCK && has_sleeper(t->r);

	if (v->failure == KT_PASS) {
		printf("passes\n");
		return;
	}
	snprintf(text, sizeof text, "FAIL %s: %s", kt_failure_name(v->failure),
		 has_chain ? "nobody can run" : v->message);
	print_wrapped(text, 0, 5);
	putchar('\n');
}

static void print_end(const struct told *t, const struct story *story, const struct verdict *v,
		      const struct cause *c)
{
	char text[CHAIN_WORDS_MAX * 2 + 64];

	if (v->failure == KT_DEADLOCK && has_sleeper(t->r)) {
		snprintf(text, sizeof text, "%s%s%s%s%s",
			 story->chain.words[0] ? story->chain.words
					       : "nobody waits for another task",
			 story->chain.is_circle ? " (a circle)" : "",
			 story->chain.idlers[0] ? "   (idle by design: " : "", story->chain.idlers,
			 story->chain.idlers[0] ? ")" : "");
		print_line("chain", text);
	}
	if (story->states[0])
		print_line("state", story->states);
	if (story->memory[0])
		print_line("block", story->memory);
	if (c && c->sentence[0])
		print_line("cause", c->sentence);
}

void print_as_text(const struct told *t, const struct verdict *v, const struct cause *c)
{
	static struct story story;

	story_tell(t, v, c, &story);
	print_verdict(t, v);
	print_plan(t->p);
	print_results(t);
	print_rows(t, v, &story);
	print_end(t, &story, v, c);
	printf("trace %016llx, %u step%s\n", (unsigned long long)v->hash, v->steps,
	       kt_plural(v->steps));
}

/* ---- the whole trace -------------------------------------------------------------------- */

static void print_step(const struct told *t, const struct verdict *v, uint32_t i, unsigned width)
{
	const struct sim_step *s = &t->r->trace[i];
	struct row row = { .at = i, .task = s->task, .site = s->site };

	if (is_preempted(t, i) || s->why >= SIM_YIELDED) {
		char words[HAPPENING_WORDS_MAX - 32];

		pending_words(t, i, words, sizeof words);
		snprintf(row.words, sizeof row.words, "%s %s",
			 s->why == SIM_BLOCKED   ? "sleeps in"
			 : s->why == SIM_EXITED  ? "ends"
			 : s->why == SIM_YIELDED ? "spins at"
						 : "<preempted before>",
			 words);
		print_row(t, v, &row, width, false);
	}
	if (step_of(t, i) == SIM_NO_STEP || t->r->trace[i].why == SIM_EXITED)
		return;
	row.task = task_of(t, i);
	row.site = t->r->trace[step_of(t, i)].site;
	slot_words(t, i, row.words, sizeof row.words);
	print_row(t, v, &row, width, false);
	changes_words(t, i, 8, row.words, sizeof row.words);
	row.site = NULL;
	if (row.words[0])
		print_row(t, v, &row, width, false);
}

void print_all_as_text(const struct told *t, const struct verdict *v)
{
	uint32_t shown = steps_to_show(t->r, v);
	unsigned width = width_of_all(t);

	print_verdict(t, v);
	print_plan(t->p);
	for (uint32_t i = 0; i < shown; i++)
		print_step(t, v, i, width);
	if (shown < t->r->steps)
		printf("   ... and so on, %u step%s at places that are all above\n",
		       t->r->steps - shown, kt_plural(t->r->steps - shown));
	printf("trace %016llx, %u step%s\n", (unsigned long long)v->hash, v->steps,
	       kt_plural(v->steps));
}
