/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/explain/happening.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stress/explain/values.h"
#include "stress/plan/words.h"

/* ---- steps and slots ------------------------------------------------------------- */

/* At the last step of a deadlock no task goes on, and `next` says nothing. */
static bool is_end(const struct told *t, uint32_t slot)
{
	return slot + 1 == t->r->steps && t->r->trace[slot].why == SIM_BLOCKED &&
	       t->r->failure == KT_DEADLOCK;
}

uint32_t step_of(const struct told *t, uint32_t slot)
{
	uint32_t task = t->r->trace[slot].next, i = slot;

	if (is_end(t, slot))
		return SIM_NO_STEP;
	if (t->r->trace[slot].why == SIM_MARK && task == t->r->trace[slot].task)
		return slot;
	if (t->d)
		return t->d->detail[slot].step;
	for (i++; i-- > 0;)
		if (t->r->trace[i].task == task)
			return i;
	return SIM_NO_STEP;
}

uint32_t slot_of(const struct told *t, uint32_t step)
{
	uint32_t task = t->r->trace[step].task;

	for (uint32_t i = step; i < t->r->steps; i++) {
		if (i > step && t->r->trace[i].task == task)
			return SIM_NO_STEP;
		if (t->r->trace[i].next == task)
			return is_end(t, i) ? SIM_NO_STEP : i;
	}
	return SIM_NO_STEP;
}

uint32_t task_of(const struct told *t, uint32_t slot)
{
	return t->r->trace[slot].next;
}

uint32_t next_step_of(const struct told *t, uint32_t task, uint32_t step)
{
	for (uint32_t i = step + 1; i < t->r->steps; i++)
		if (t->r->trace[i].task == task)
			return i;
	return SIM_NO_STEP;
}

bool is_preempted(const struct told *t, uint32_t step)
{
	const struct sim_step *s = &t->r->trace[step];

	return s->why <= SIM_POINT && s->next != s->task;
}

static bool is_op(const struct kt_site *site, const char *op)
{
	return strcmp(site->op, op) == 0;
}

const char vain_wake_words[] = ", so this wake-up does NOTHING";

bool is_vain_wake(const struct told *t, uint32_t slot)
{
	uint32_t step = step_of(t, slot), next;
	const struct kt_site *site, *after;

	if (step == SIM_NO_STEP)
		return false;
	site = t->r->trace[step].site;
	if (!site->func || !is_op(site, "load") || !strstr(site->func, "wake_up"))
		return false;
	next = next_step_of(t, t->r->trace[step].task, slot);
	if (next == SIM_NO_STEP)
		return false;
	after = t->r->trace[next].site;
	return is_op(after, "release");		/* it does not store RUNNING first */
}

bool is_write(const struct told *t, uint32_t slot)
{
	uint32_t step = step_of(t, slot);
	const struct sim_detail *d = t->d ? &t->d->detail[slot] : NULL;
	const struct kt_site *site;

	if (step == SIM_NO_STEP)
		return false;
	site = t->r->trace[step].site;
	if (site->access == KT_NO_ACCESS)
		return !is_op(site, "point") && !is_op(site, "load");
	if (d && d->known && site->access == KT_UPDATE)
		return d->before.bits != d->after.bits;
	return !kt_access_loads((enum kt_access)site->access);
}

/* ---- words ------------------------------------------------------------------------- */

struct text {
	char *buf;
	size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->buf + o->used, o->size - o->used, fmt, ap);
	va_end(ap);
	if (n > 0)
		o->used += (size_t)n;
	if (o->used >= o->size)
		o->used = o->size - 1;
}

void source_place(const struct kt_site *site, char *buf, size_t size)
{
	const char *file = kt_site_file(site);

	buf[0] = '\0';
	if (kt_site_line(site))
		snprintf(buf, size, "%s:%u", file, kt_site_line(site));
}

static void put_function(struct text *o, const struct kt_site *site)
{
	char label[KT_SITE_NAME_MAX];

	kt_site_label(site, label, sizeof label);	/* a site made at run time gets its name */
	if (site->func && site->func[0])
		put(o, "%s: ", site->func);
}

/* The tasks that the step woke. */
static unsigned woken_by(const struct told *t, uint32_t step, uint32_t *first)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < t->r->events; i++) {
		const struct sim_event *e = &t->r->event[i];

		if (e->kind == SIM_EVENT_WAKE && e->nth == step &&
		    e->task != t->r->trace[step].task && n++ == 0)
			*first = e->task;
	}
	return n;
}

static void put_woken(struct text *o, const struct told *t, uint32_t step)
{
	uint32_t task = 0;
	unsigned n = woken_by(t, step, &task);

	if (n == 1)
		put(o, ", wakes %s", t->r->task[task].name);
	else if (n)
		put(o, ", wakes %s and %u more", t->r->task[task].name, n - 1);
}

static void put_bit(struct text *o, const struct told *t, const struct sim_detail *d, uint32_t task,
		    const struct kt_site *site)
{
	const struct sim_bits *b = bit_named(d->field, site->what);
	char object[SIM_OBJECT_NAME_MAX + 32], bit[PLACE_WORDS_MAX];
	char what[sizeof object + sizeof bit + 8];
	bool was, is;

	object_words(t->r, t->d, d->object, object, sizeof object);
	source_words(b ? b->name : site->what, bit, sizeof bit);
	if (strcmp(object, t->r->task[task].name) == 0)
		snprintf(what, sizeof what, "its own %s", bit);
	else
		snprintf(what, sizeof what, "%s%s%s", bit, object[0] ? " of " : "", object);
	if (!b) {
		put(o, "%s %s", site->op, what);
		return;
	}
	was = (d->before.bits & b->bits) != 0;
	is = (d->after.bits & b->bits) != 0;
	if (is_op(site, "test_bit"))
		put(o, "reads %s: %s", what, was ? "set" : "not set");
	else if (was == is)
		put(o, "%s %s, which %s", is_op(site, "set_bit") ? "sets" : "clears", what,
		    is ? "was set already" : "was not set");
	else
		put(o, "%s %s", is ? "sets" : "clears", what);
}

static void put_reference(struct text *o, const struct sim_detail *d, const struct kt_site *site,
			  const char *place, const char *before, const char *after)
{
	bool takes = is_op(site, "ref");

	if (strcmp(before, "freed memory") == 0)
		put(o, "%s a reference in freed memory: %s", takes ? "takes" : "drops", place);
	else if (takes && d->before.bits == 0)
		put(o, "takes a reference to an object at zero: %s was 0", place);
	else if (!takes && (int32_t)d->before.bits <= 0)
		put(o, "drops a reference of an object at zero: %s was %s", place, before);
	else
		put(o, "%s %s -> %s", place, before, after);
}

/* Is it the access of a frame that has returned? What is there now says nothing. */
static bool ends_in_dead_frame(const struct told *t, const struct sim_detail *d, uint32_t task)
{
	if (t->r->failure != KT_MEMORY || task != t->r->failed_task ||
	    (d->object != SIM_NO_OBJECT && t->d->object[d->object].is_block))
		return false;
	for (uint32_t i = (uint32_t)(d - t->d->detail) + 1; i < t->r->steps; i++)
		if (task_of(t, i) == task)
			return false;
	return true;
}

static void put_access(struct text *o, const struct told *t, const struct sim_detail *d,
		       uint32_t task, const struct kt_site *site)
{
	char place[PLACE_WORDS_MAX], before[VALUE_WORDS_MAX], after[VALUE_WORDS_MAX];
	uint32_t size = site->size;

	place_words(t->r, t->d, d, task, site, place, sizeof place);
	value_words(t->r, t->d, d->object, d->field, size, &d->before, before, sizeof before);
	value_words(t->r, t->d, d->object, d->field, size, &d->after, after, sizeof after);
	if (ends_in_dead_frame(t, d, task))
		put(o, "%s %s", kt_access_loads((enum kt_access)site->access) ? "reads" : "writes",
		    place);
	else if (strstr(site->op, "_bit"))
		put_bit(o, t, d, task, site);
	else if (is_op(site, "ref") || is_op(site, "unref"))
		put_reference(o, d, site, place, before, after);
	else if (kt_access_loads((enum kt_access)site->access))
		put(o, "reads %s = %s", place, before);
	else if (is_op(site, "cmpxchg") && d->before.bits == d->after.bits)
		put(o, "cmpxchg of %s fails: it is %s", place, before);
	else if (is_op(site, "xchg"))
		put(o, "takes %s: %s -> %s", place, before, after);
	else if (d->before.bits == d->after.bits)
		put(o, "sets %s = %s, as it was", place, before);
	else
		put(o, "%s %s -> %s", place, before, after);
}

/* An operation without values: of a lock, a completion, a sleep. */
static void put_plain(struct text *o, const struct told *t, const struct sim_detail *d,
		      uint32_t task, const struct kt_site *site)
{
	char place[PLACE_WORDS_MAX];

	if (is_op(site, "point")) {
		put(o, "passes point %s", site->what);
		return;
	}
	if (d)
		place_words(t->r, t->d, d, task, site, place, sizeof place);
	else
		source_words(site->what, place, sizeof place);
	if (!place[0])
		put(o, "%s()", site->op);
	else if (is_op(site, "acquire") || is_op(site, "release"))
		put(o, "%ss %s", site->op, place);
	else
		put(o, "%s %s", site->op, place);
}

static bool is_killed_at(const struct told *t, uint32_t task, uint32_t step)
{
	for (uint32_t i = 0; i < t->r->events; i++)
		if (t->r->event[i].kind == SIM_EVENT_KILL && t->r->event[i].task == task &&
		    t->r->event[i].step == step)
			return true;
	return false;
}

static void put_resumed(struct text *o, const struct told *t, uint32_t slot, uint32_t task)
{
	for (uint32_t i = t->r->events; i-- > 0;) {
		const struct sim_event *e = &t->r->event[i];

		if (e->step > slot || e->task != task)
			continue;
		if (e->kind == SIM_EVENT_KILL) {
			put(o, "goes on: it was killed");
			return;
		}
		if (e->kind != SIM_EVENT_WAKE)
			continue;
		if (e->by >= SIM_TASKS_MAX && is_killed_at(t, task, e->step))
			put(o, "goes on: it was killed");
		else if (e->by < SIM_TASKS_MAX)
			put(o, "goes on, woken by %s", t->r->task[e->by].name);
		else
			put(o, "goes on: its time is over");
		return;
	}
	put(o, "goes on");
}

/*
 * A compiler may keep a global integer of two values in one byte, with other values than the
 * source has. Nothing tells such a byte from a bool, so its value is not shown.
 */
static bool is_what_it_was(const struct told *t, const struct sim_detail *d,
			   const struct kt_site *site)
{
	bool is_global = d->object != SIM_NO_OBJECT && !d->field &&
			 !t->d->object[d->object].is_block && !t->d->object[d->object].is_stack;

	return !is_global || site->size != 1 || site->access == KT_STORE_RELEASE ||
	       site->access == KT_UPDATE;
}

/* Weak memory: what is in memory is not what the task gets. */
static bool gets_older(const struct told *t, uint32_t step)
{
	for (uint32_t i = 0; i < t->r->events; i++)
		if (t->r->event[i].kind == SIM_EVENT_STALE && t->r->event[i].nth == step &&
		    t->r->event[i].task == t->r->trace[step].task)
			return true;
	return false;
}

void slot_words(const struct told *t, uint32_t slot, char *buf, size_t size)
{
	struct text o = { buf, size, 0 };
	uint32_t step = step_of(t, slot), task = task_of(t, slot);
	const struct sim_detail *d = t->d ? &t->d->detail[slot] : NULL;
	const struct kt_site *site;

	buf[0] = '\0';
	if (step == SIM_NO_STEP) {
		put(&o, "begins");
		return;
	}
	site = t->r->trace[step].site;
	put_function(&o, site);
	if (t->r->trace[step].why == SIM_BLOCKED) {
		put_resumed(&o, t, slot, task);
	} else if (d && d->known && is_what_it_was(t, d, site)) {
		put_access(&o, t, d, task, site);
		if (is_vain_wake(t, slot))
			put(&o, "%s", vain_wake_words);
		else if (is_op(site, "load") && site->func &&
			 strcmp(site->func, "schedule_for") == 0 && !d->before.bits)
			put(&o, ", so it does not sleep");
		if (gets_older(t, step))
			put(&o, "; but the task gets an older value");
	} else {
		put_plain(&o, t, d, task, site);
	}
	put_woken(&o, t, step);
}

void pending_words(const struct told *t, uint32_t step, char *buf, size_t size)
{
	uint32_t slot = slot_of(t, step);
	const struct sim_step *s = &t->r->trace[step];
	struct text o = { buf, size, 0 };

	buf[0] = '\0';
	put_function(&o, s->site);
	if (s->why == SIM_BLOCKED) {
		char what[PLACE_WORDS_MAX];

		source_words(s->site->what, what, sizeof what);
		put(&o, "%s%s%s", s->site->op, what[0] ? " " : "", what);
		return;
	}
	put_plain(&o, t, t->d && slot != SIM_NO_STEP ? &t->d->detail[slot] : NULL, s->task,
		  s->site);
}

void changes_words(const struct told *t, uint32_t slot, unsigned most, char *buf, size_t size)
{
	const struct sim_detail *d = t->d ? &t->d->detail[slot] : NULL;
	struct text o = { buf, size, 0 };
	char one[SIM_OBJECT_NAME_MAX + 3 * VALUE_WORDS_MAX];
	unsigned n = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; d && i < d->changes; i++) {
		const struct sim_change *c = &t->d->change[d->changes_first + i];

		if (d->known && c->object == d->object && c->field == d->field)
			continue;	/* the operation itself made this change */
		if (n++ >= most)
			continue;
		change_words(t->r, t->d, c, task_of(t, slot), one, sizeof one);
		put(&o, "%s%s", n > 1 ? ", " : "", one);
	}
	if (n > most)
		put(&o, ", and %u more", n - most);
}

/* ---- the plan's operations ----------------------------------------------------------- */

/* The thread on which the task or inner task runs. */
static const char *name_of(const struct plan *p, unsigned task)
{
	const struct plan_task *t = &p->tasks[task];

	return plan_string(p, t->name ? t->name : p->threads[t->host].name);
}

static bool is_mark(const struct sim_step *s, const char *of_task, const char *of_inner)
{
	return strcmp(s->site->what, of_task) == 0 || strcmp(s->site->what, of_inner) == 0;
}

int op_at(const struct told *t, uint32_t task, uint32_t step)
{
	const struct plan_task *found = NULL;
	int n = -1;

	for (unsigned i = 0; i < plan_all_tasks(t->p); i++)
		if (strcmp(name_of(t->p, i), t->r->task[task].name) == 0)
			found = &t->p->tasks[i];
	if (!found)
		return -1;
	for (uint32_t i = 0; i <= step && i < t->r->steps; i++) {
		const struct sim_step *s = &t->r->trace[i];

		if (s->task != task || s->why != SIM_MARK || s->site->func)
			continue;
		n += is_mark(s, "task.start", "on.start") || is_mark(s, "task.op", "on.op");
		if (strcmp(s->site->what, "on.end") == 0)
			return -1;
	}
	return n >= 0 && n < found->ops_count ? found->ops_first + n : -1;
}

void op_words(const struct told *t, int op, char *buf, size_t size)
{
	const struct plan_op *o = &t->p->ops[op];

	if (plan_op_has(o->kind, PLAN_MAKES))
		snprintf(buf, size, "%s %s", plan_op_name(o->kind),
			 plan_string(t->p, t->p->threads[o->thread].var));
	else
		plan_print_op(t->p, o, buf, size);
}

/* The operation in which the task sleeps for ever, or -1. */
static int unfinished_op(const struct told *t, const char *name)
{
	for (uint32_t i = 0; i < t->r->tasks && t->r->failure == KT_DEADLOCK; i++)
		if (strcmp(t->r->task[i].name, name) == 0 && t->r->task[i].state == SIM_SLEEPING)
			return op_at(t, i, t->r->steps);
	return -1;
}

void results_words(const struct told *t, unsigned task, char *buf, size_t size)
{
	const struct plan_task *of = &t->p->tasks[task];
	int unfinished = unfinished_op(t, name_of(t->p, task));
	struct text o = { buf, size, 0 };
	bool any = false;

	buf[0] = '\0';
	for (int i = of->ops_first; t->results && i < of->ops_first + of->ops_count; i++) {
		int32_t value = t->results->returned[i] ? t->results->value[i] : 0;
		char op[256];

		if (!value && i != unfinished)
			continue;
		op_words(t, i, op, sizeof op);
		put(&o, "%s%s%s %s", any ? "" : name_of(t->p, task), any ? ", " : ": ", op,
		    i == unfinished ? "did not return" : "returned ");
		if (i != unfinished && plan_errno_name(value))
			put(&o, "%s", plan_errno_name(value));
		else if (i != unfinished)
			put(&o, "%d", value);
		any = true;
	}
}

char *plan_task_words(const struct plan *p, unsigned task, char *buf, size_t size)
{
	const struct plan_task *t = &p->tasks[task];
	size_t used = 0;

	if (t->name)
		used = (size_t)snprintf(buf, size, "%s:", plan_string(p, t->name));
	else if (p->threads[t->host].body == PLAN_WORKER)
		used = (size_t)snprintf(buf, size, "on %s %u:",
					plan_string(p, p->threads[t->host].var), t->work);
	else
		used = (size_t)snprintf(buf, size, "on %s:",
					plan_string(p, p->threads[t->host].var));

	for (unsigned i = 0; i < t->ops_count && used < size; i++) {
		char op[256];

		plan_print_op(p, &p->ops[t->ops_first + i], op, sizeof op);
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? "; " : " ", op);
	}
	return buf;
}

char *plan_program_words(const struct plan *p, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < p->args_count && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? " " : "",
					 plan_string(p, p->args[i]));
	return buf;
}

/* ---- events --------------------------------------------------------------------------- */

/* A condition's signal that wakes the waiter that came last, and not the one that came first. */
static bool is_signal(const struct sim_record *r, const struct sim_event *e)
{
	return e->step < r->steps && strcmp(r->trace[e->step].site->op, "signal") == 0;
}

void event_words(const struct sim_record *r, const struct sim_event *e, char *buf, size_t size)
{
	char name[KT_SITE_NAME_MAX];

	switch ((enum sim_event_kind)e->kind) {
	case SIM_EVENT_KILL:
		snprintf(buf, size, "is KILLED");
		break;
	case SIM_EVENT_ALLOC_FAIL:
		snprintf(buf, size, "allocation of %s #%u FAILS",
			 kt_role_name((enum kt_role)e->role), e->nth);
		break;
	case SIM_EVENT_VISIBLE:
		snprintf(buf, size, "its store of step %u becomes visible: %s", e->nth,
			 kt_site_label(e->site, name, sizeof name));
		break;
	case SIM_EVENT_STALE:
		snprintf(buf, size, "its load of step %u reads an older store, %u before the "
			 "newest: %s", e->nth, e->older, kt_site_label(e->site, name, sizeof name));
		break;
	default:
		snprintf(buf, size, "%s", is_signal(r, e) ? "wakes the waiter that came last" :
						     "wakes up for no reason");
	}
}
