/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the words of the format by their numbers, and tasks and threads by their names. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stress/plan/internal.h"

static const struct {
	int32_t value;
	const char *name, *help;
} errnos[] = {
#define ERRNO(id, word, help) { -(id), word, help },
#include "stress/plan/words.def"
#undef ERRNO
};

static const struct {
	const char *name, *help;
	unsigned traits, weight;
} ops[] = {
#define OPERATION(id, word, traits, weight, help) [PLAN_##id] = { word, help, traits, weight },
#include "stress/plan/words.def"
#undef OPERATION
};

static const struct {
	const char *name, *help;
	unsigned traits;
} bodies[] = {
#define BODY(id, word, traits, draw, help) [PLAN_##id] = { word, help, traits },
#include "stress/plan/words.def"
#undef BODY
};

static const struct {
	const char *name, *form, *task, *target, *help;
} directives[] = {
#define DIRECTIVE(id, word, form, task, target, help) \
	[PLAN_D_##id] = { word, form, task, target, help },
#include "stress/plan/words.def"
#undef DIRECTIVE
};

static const struct {
	const char *name, *form, *help;
} lines[] = {
#define LINE(id, word, form, help) [PLAN_LINE_##id] = { word, form, help },
#include "stress/plan/words.def"
#undef LINE
};

static const struct {
	const char *name, *help;
} memories[] = {
#define MEMORY(id, word, help) [PLAN_##id] = { word, help },
#include "stress/plan/words.def"
#undef MEMORY
};

const char *plan_errno_name(int32_t value)
{
	for (size_t i = 0; i < sizeof errnos / sizeof errnos[0]; i++)
		if (errnos[i].value == value)
			return errnos[i].name;
	return NULL;
}

bool plan_errno_find(const char *name, size_t len, int32_t *value)
{
	for (size_t i = 0; i < sizeof errnos / sizeof errnos[0]; i++)
		if (strlen(errnos[i].name) == len && memcmp(errnos[i].name, name, len) == 0) {
			*value = errnos[i].value;
			return true;
		}
	return false;
}

const char *plan_op_name(enum plan_op_kind k)
{
	return ops[k].name;
}

unsigned plan_op_weight(enum plan_op_kind k)
{
	return ops[k].weight;
}

bool plan_op_has(enum plan_op_kind k, unsigned traits)
{
	return (ops[k].traits & traits) == traits;
}

const char *plan_body_name(enum plan_body b)
{
	return bodies[b].name;
}

bool plan_body_has(enum plan_body b, unsigned traits)
{
	return b < PLAN_BODIES && (bodies[b].traits & traits) == traits;
}

bool plan_body_exits(enum plan_body b)
{
	return plan_body_has(b, PLAN_ENDS);
}

bool plan_body_parks(enum plan_body b)
{
	return plan_body_has(b, PLAN_PARKS);
}

const char *plan_directive_name(enum plan_directive_kind k)
{
	return directives[k].name;
}

const char *plan_directive_form(enum plan_directive_kind k)
{
	return directives[k].form;
}

const char *plan_directive_task(enum plan_directive_kind k)
{
	return directives[k].task;
}

const char *plan_directive_target(enum plan_directive_kind k)
{
	return directives[k].target;
}

bool plan_form_next(const char **form, struct plan_form_part *part)
{
	static const char *const fields[] = {
		[PLAN_FORM_TASK] = "TASK", [PLAN_FORM_TARGET] = "TARGET",
		[PLAN_FORM_POINT] = "POINT", [PLAN_FORM_STORE] = "STORE",
		[PLAN_FORM_ROLE] = "ROLE", [PLAN_FORM_NTH] = "#N",
		[PLAN_FORM_AFTER] = "[after N]", [PLAN_FORM_OLDER] = "K",
	};
	const char *f = *form;
	size_t len;

	if (!*f)
		return false;
	len = *f == '[' ? strcspn(f, "]") + 1 : strcspn(f, " ");
	snprintf(part->word, sizeof part->word, "%.*s", (int)len, f);
	part->kind = PLAN_FORM_WORD;
	for (unsigned i = PLAN_FORM_TASK; i < sizeof fields / sizeof fields[0]; i++)
		if (strcmp(part->word, fields[i]) == 0)
			part->kind = i;
	*form = f + len + strspn(f + len, " ");
	return true;
}

const char *plan_line_name(enum plan_line k)
{
	return lines[k].name;
}

const char *plan_memory_name(enum plan_memory m)
{
	return memories[m].name;
}

enum { STRATEGIES = PLAN_STRATEGIES, OF_THE_PLATFORM = KT_STRATEGY_COUNT };
_Static_assert(STRATEGIES == OF_THE_PLATFORM, "both are made from the same rows");

const char *plan_strategy_name(enum plan_strategy_kind k)
{
	return kt_strategy_name((enum kt_strategy)k);
}

bool plan_strategy_has_depth(enum plan_strategy_kind k)
{
	return kt_strategy_depth_max((enum kt_strategy)k) > 0;
}

const char *plan_making_word(unsigned i)
{
	return plan_op_has(i, PLAN_MAKES) ? plan_op_name(i) : NULL;
}

const char *plan_one_of(char *buf, size_t size, const char *(*word)(unsigned i), unsigned count)
{
	size_t used = 0;
	unsigned last = count;

	while (last > 0 && !word(last - 1))
		last--;
	buf[0] = '\0';
	for (unsigned i = 0; i < last && used < size; i++)
		if (word(i))
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used == 0 ? "" :
						 i + 1 == last ? " or " : ", ", word(i));
	return buf;
}

int plan_find_task(const struct plan *p, const char *name)
{
	for (unsigned i = 0; i < p->tasks_count; i++)
		if (strcmp(plan_string(p, p->tasks[i].name), name) == 0)
			return (int)i;
	return -1;
}

int plan_inner_of(const struct plan *p, unsigned i)
{
	for (unsigned t = p->tasks_count; t < plan_all_tasks(p); t++)
		if (p->tasks[t].host == i)
			return (int)t;
	return -1;
}

unsigned plan_names(const struct plan_thread *t)
{
	return t->body == PLAN_PERCPU ? PLAN_CPUS : 1;
}

const char *plan_thread_name(const struct plan *p, const struct plan_thread *t, unsigned nth,
			     char *buf)
{
	const char *name = plan_string(p, t->name);

	if (nth == 0 || !plan_format_name(plan_string(p, t->format), true, (int32_t)nth, buf,
					  PLAN_NAME_MAX + 16))
		return name;
	return buf;
}

int plan_find_thread(const struct plan *p, const char *name)
{
	char buf[PLAN_NAME_MAX + 16];

	for (unsigned i = 0; i < p->threads_count; i++)
		for (unsigned n = 0; n < plan_names(&p->threads[i]); n++)
			if (strcmp(plan_thread_name(p, &p->threads[i], n, buf), name) == 0)
				return (int)i;
	return -1;
}

bool plan_knows_name(const struct plan *p, const char *name)
{
	if (plan_is_program(p))
		return name[0] != '\0';
	return strcmp(name, "init") == 0 || strcmp(name, "kthreadd") == 0 ||
	       strcmp(name, "ktimers") == 0 ||
	       plan_find_task(p, name) >= 0 || plan_find_thread(p, name) >= 0;
}

/* ---- help ---------------------------------------------------------------- */

/* A row of two columns. If the form is long, the help is in the next line. */
static void print_row(FILE *out, const char *form, const char *help)
{
	enum { COLUMN = 38 };

	if (strlen(form) > COLUMN)
		fprintf(out, "  %s\n  %*s %s\n", form, COLUMN, "", help);
	else
		fprintf(out, "  %-*s %s\n", COLUMN, form, help);
}

static void print_op(FILE *out, enum plan_op_kind k)
{
	char form[64];

	snprintf(form, sizeof form, "%s%s%s%s%s%s%s%s",
		 plan_op_has(k, PLAN_MAKES) ? "V = " : "", ops[k].name,
		 k == PLAN_REGISTER ? " \"NAME\"" :
		 plan_op_has(k, PLAN_MAKES) ? " \"NAME\" BODY" :
		 plan_op_has(k, PLAN_NO_HANDLE) ? "" : " V",
		 plan_op_has(k, PLAN_HAS_VICTIM) ? " TASK" : "",
		 plan_op_has(k, PLAN_HAS_WORK) ? " WORK" : "",
		 plan_op_has(k, PLAN_HAS_DELAY) ? " MICROSECONDS" : "",
		 plan_op_has(k, PLAN_HAS_CPU) ? " CPU" : "",
		 plan_op_has(k, PLAN_HAS_RESULT) ? " [== R]" : "");
	print_row(out, form, ops[k].help);
}

static void print_bodies(FILE *out)
{
	char form[64];

	fputs("Bodies, what a thread's function does:\n", out);
	for (enum plan_body b = 0; b < PLAN_BODIES; b++) {
		snprintf(form, sizeof form, "%s%s", bodies[b].name,
			 plan_body_has(b, PLAN_NO_RESULT) ? "" : " R");
		print_row(out, form, bodies[b].help);
	}
}

static void print_strategies(FILE *out)
{
	char form[64];

	fputs("Strategies:\n", out);
	for (enum kt_strategy s = 0; s < KT_STRATEGY_COUNT; s++) {
		snprintf(form, sizeof form, "%s%s", kt_strategy_name(s),
			 kt_strategy_depth_max(s) ? " D" : "");
		print_row(out, form, kt_strategy_help(s));
	}
}

void plan_print_words(FILE *out)
{
	char form[64];

	fputs("Lines, after the first, \"kthrash-plan 1\":\n", out);
	for (enum plan_line k = 0; k < PLAN_LINE_KINDS; k++) {
		snprintf(form, sizeof form, "%s %s", lines[k].name, lines[k].form);
		print_row(out, form, lines[k].help);
	}
	fputs("Directives:\n", out);
	for (enum plan_directive_kind k = 0; k < PLAN_DIRECTIVES; k++) {
		snprintf(form, sizeof form, "%s %s", directives[k].name, directives[k].form);
		print_row(out, form, directives[k].help);
	}
	fputs("Operations of a task:\n", out);
	for (enum plan_op_kind k = 0; k < PLAN_OPS; k++)
		print_op(out, k);
	print_bodies(out);
	print_strategies(out);
	fputs("Memory models:\n", out);
	for (enum plan_memory m = 0; m < PLAN_MEMORIES; m++)
		print_row(out, memories[m].name, memories[m].help);
	fputs("Roles, what an allocation is for (any: all roles):\n", out);
	for (enum kt_role r = 0; r < KT_ROLE_COUNT; r++)
		print_row(out, kt_role_name(r), kt_role_help(r));
	fputs("How an execution ends:\n", out);
	for (enum kt_failure f = 0; f < KT_FAILURES; f++)
		print_row(out, kt_failure_name(f), kt_failure_help(f));
	fputs("Errors that have a name:\n", out);
	for (size_t i = 0; i < sizeof errnos / sizeof errnos[0]; i++)
		print_row(out, errnos[i].name, errnos[i].help);
}
