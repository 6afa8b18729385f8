/* SPDX-License-Identifier: GPL-2.0-only */
/* Prints a plan as text, in canonical form. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stress/plan/internal.h"

/* Text in a buffer that may be too small: put() writes what fits and counts all. */
struct out {
	char *buf;
	size_t size, used;
};

__attribute__((format(printf, 2, 3)))
static void put(struct out *o, const char *fmt, ...)
{
	size_t left = o->used < o->size ? o->size - o->used : 0;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(left ? o->buf + o->used : NULL, left, fmt, ap);
	va_end(ap);
	if (n > 0)
		o->used += (size_t)n;
}

static void put_note(struct out *o, const char *note)
{
	while (*note) {
		size_t len = strcspn(note, "\n");

		put(o, len ? "# %.*s\n" : "#%.*s\n", (int)len, note);
		note += len;
		if (*note == '\n')
			note++;
	}
}

static void put_value(struct out *o, int32_t value)
{
	const char *name = plan_errno_name(value);

	if (name)
		put(o, "%s", name);
	else
		put(o, "%" PRId32, value);
}

static void put_creation(struct out *o, const struct plan *p, const struct plan_op *op)
{
	const struct plan_thread *t = &p->threads[op->thread];

	put(o, "%s = %s \"%s\"", plan_string(p, t->var), plan_op_name(op->kind),
	    plan_string(p, t->format));
	if (t->body == PLAN_PERCPU)
		return;
	if (t->has_number)
		put(o, " %" PRId32, t->number);
	put(o, " %s", plan_body_name(t->body));
	if (!plan_body_has(t->body, PLAN_NO_RESULT)) {
		put(o, " ");
		put_value(o, t->result);
	}
	if (t->freezable)
		put(o, " freezable");
	if (t->node >= 0)
		put(o, " node %d", t->node);
	if (t->cpu >= 0)
		put(o, " cpu %d", t->cpu);
}

static void put_op(struct out *o, const struct plan *p, const struct plan_op *op)
{
	if (plan_op_has(op->kind, PLAN_MAKES))
		put_creation(o, p, op);
	else if (plan_op_has(op->kind, PLAN_NO_HANDLE))
		put(o, "%s", plan_op_name(op->kind));
	else
		put(o, "%s %s", plan_op_name(op->kind),
		    plan_string(p, p->threads[op->thread].var));
	if (plan_op_has(op->kind, PLAN_HAS_VICTIM))
		put(o, " %s", plan_string(p, p->tasks[op->victim].name));
	if (plan_op_has(op->kind, PLAN_HAS_CPU))
		put(o, " %d", op->cpu);
	if (plan_op_has(op->kind, PLAN_HAS_WORK))
		put(o, " %u", op->work);
	if (plan_op_has(op->kind, PLAN_HAS_DELAY))
		put(o, " %" PRIu32, op->delay_us);
	if (!op->has_expect)
		return;
	put(o, " == ");
	if (op->expect_ok)
		put(o, "ok");
	else
		put_value(o, op->expect);
}

static void put_task(struct out *o, const struct plan *p, const struct plan_task *t)
{
	if (t->name) {
		put(o, "task %s:", plan_string(p, t->name));
	} else {
		put(o, "on %s", plan_string(p, p->threads[t->host].var));
		if (p->threads[t->host].body == PLAN_WORKER)
			put(o, " %u", t->work);
		put(o, ":");
	}
	for (unsigned i = 0; i < t->ops_count; i++) {
		put(o, i ? "; " : " ");
		put_op(o, p, &p->ops[t->ops_first + i]);
	}
	put(o, "\n");
}

static const char *role_name(enum kt_role role)
{
	return role == PLAN_ROLE_ANY ? "any" : kt_role_name(role);
}

static void put_part(struct out *o, const struct plan *p, const struct plan_directive *d,
		     const struct plan_form_part *part)
{
	switch (part->kind) {
	case PLAN_FORM_TASK:
		put(o, " %s", plan_string(p, d->task));
		break;
	case PLAN_FORM_TARGET:
		put(o, " %s", plan_string(p, d->target));
		break;
	case PLAN_FORM_POINT:
		put(o, " %s", plan_string(p, d->point));
		break;
	case PLAN_FORM_STORE:
		put(o, " %s", plan_string(p, d->store));
		break;
	case PLAN_FORM_ROLE:
		put(o, " %s", role_name(d->role));
		break;
	case PLAN_FORM_NTH:
		put(o, " #%" PRIu32, d->nth);
		break;
	case PLAN_FORM_AFTER:
		if (d->older)
			put(o, " after %u", d->older);
		break;
	case PLAN_FORM_OLDER:
		put(o, " %u", d->older);
		break;
	case PLAN_FORM_WORD:
		put(o, " %s", part->word);
		break;
	}
}

static void put_directive(struct out *o, const struct plan *p, const struct plan_directive *d)
{
	const char *form = plan_directive_form(d->kind);
	struct plan_form_part part;

	put(o, "%s", plan_directive_name(d->kind));
	while (plan_form_next(&form, &part))
		put_part(o, p, d, &part);
	put(o, "\n");
}

static void put_strategy(struct out *o, const struct plan *p)
{
	if (p->strategy == PLAN_BLOCK)	/* a plan without the line has this */
		return;
	put(o, "strategy %s", plan_strategy_name(p->strategy));
	if (plan_strategy_has_depth(p->strategy))
		put(o, " %" PRIu32, p->depth);
	put(o, " seed %" PRIu64, p->seed);
	if (p->steps_estimate)
		put(o, " steps %" PRIu32, p->steps_estimate);
	if (p->variant)
		put(o, " variant %" PRIu32, p->variant);
	put(o, "\n");
}

static void put_origin(struct out *o, const struct plan *p)
{
	if (p->signature)
		put(o, "signature \"%s\"\n", plan_string(p, p->signature));
	if (p->cause)
		put(o, "cause \"%s\"\n", plan_string(p, p->cause));
	if (p->identity)
		put(o, "identity \"%s\"\n", plan_string(p, p->identity));
	if (!p->origin.by)
		return;
	put(o, "found by \"%s\"", plan_string(p, p->origin.by));
	if (p->origin.numbered)
		put(o, " seed %" PRIu64 " execution %" PRIu64, p->origin.seed,
		    p->origin.execution);
	put(o, " on \"%s\"\n", plan_string(p, p->origin.build));
}

static void put_program(struct out *o, const struct plan *p)
{
	if (!plan_is_program(p))
		return;
	put(o, "program");
	for (unsigned i = 0; i < p->args_count; i++)
		put(o, " \"%s\"", plan_string(p, p->args[i]));
	put(o, "\n");
	if (p->binary)
		put(o, "binary \"%s\"\n", plan_string(p, p->binary));
	if (plan_allows(p))
		put(o, "allows%s%s%s%s\n", p->early_timeouts ? " early-timeouts" : "",
		    p->failing_trylocks ? " failing-trylocks" : "",
		    p->volatile_races ? " volatile-races" : "",
		    p->volatile_orders ? " volatile-orders" : "");
}

/* Terminate the text, and take its line break off. Returns its length. */
static size_t finish(struct out *o)
{
	if (o->used < o->size && o->used > 0 && o->buf[o->used - 1] == '\n')
		o->buf[--o->used] = '\0';
	return o->used;
}

size_t plan_print_op(const struct plan *p, const struct plan_op *op, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };

	put_op(&o, p, op);
	return finish(&o);
}

size_t plan_print_directive(const struct plan *p, const struct plan_directive *d, char *buf,
			    size_t size)
{
	struct out o = { buf, size, 0 };

	put_directive(&o, p, d);
	return finish(&o);
}

size_t plan_print(const struct plan *p, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };

	if (size)
		buf[0] = '\0';
	put(&o, "kthrash-plan 1\n");
	put_note(&o, p->note);
	put_origin(&o, p);
	if (p->boot_concurrent)
		put(&o, "boot concurrent\n");
	if (p->handles_bare)
		put(&o, "handles bare\n");
	if (p->memory != PLAN_SC)
		put(&o, "memory %s\n", plan_memory_name(p->memory));
	put_strategy(&o, p);
	put_program(&o, p);
	for (unsigned i = 0; i < plan_all_tasks(p); i++)
		put_task(&o, p, &p->tasks[i]);
	for (unsigned i = 0; i < p->directives_count; i++)
		put_directive(&o, p, &p->directives[i]);
	if (p->has_expect) {
		put(&o, "expect %s", kt_failure_name(p->expect));
		if (p->has_trace)
			put(&o, " trace %016" PRIx64, p->trace);
		put(&o, "\n");
	}
	return o.used;
}
