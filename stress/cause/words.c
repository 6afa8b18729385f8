/* SPDX-License-Identifier: GPL-2.0-only */
/* How a cause is said: its accesses, the sentence, the identity. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stress/cause/internal.h"

/* ---- an access -------------------------------------------------------------------- */

static void name_object(char *buf, size_t size, const struct sim_object *o)
{
	const struct sim_record *r = sim_record();
	const char *task = r->task[o->task].name;

	switch ((enum sim_object_kind)o->kind) {
	case SIM_OBJECT_HEAP:
		snprintf(buf, size, "%s's %s #%u+%u", task, kt_role_name((enum kt_role)o->role),
			 o->nth, o->offset);
		break;
	case SIM_OBJECT_KILLED: snprintf(buf, size, "whether %s is killed", task); break;
	case SIM_OBJECT_SLEEP: snprintf(buf, size, "%s's sleep", task); break;
	default: buf[0] = '\0';
	}
}

static void name_locks(char *buf, size_t size, const struct sim_event_record *e)
{
	int used = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < e->held && used >= 0 && (size_t)used < size; i++)
		used += snprintf(buf + used, size - (size_t)used, "%s%s", i ? ", " : "",
				 e->lock[i]->what + (e->lock[i]->what[0] == '&'));
}

void words_access(struct cause_access *a, uint32_t event, uint32_t touch)
{
	const struct sim_accesses *acc = sim_accesses();
	const struct sim_event_record *e = &acc->event[event];

	*a = (struct cause_access){
		.what = e->what == SIM_IS_KILLED ? CAUSE_KILL :
			e->what == SIM_BECOMES_VISIBLE ? CAUSE_VISIBLE : CAUSE_ACCESS,
		.task = e->task, .site = e->site,
		.step = e->what == SIM_BECOMES_VISIBLE ? e->store_step : e->step,
		.happens = e->happens == SIM_NEVER ? CAUSE_NEVER : e->happens,
		.waited = e->why == SIM_BLOCKED,
	};
	if (touch != SIM_NEVER)
		name_object(a->object, sizeof a->object, &acc->object[acc->touch[touch].object]);
	name_locks(a->locks, sizeof a->locks, e);
}

/* ---- the sentence ------------------------------------------------------------------- */

struct text {
	char *buf;
	size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	va_list ap;
	int n;

	if (t->used + 1 >= t->size)
		return;
	va_start(ap, format);
	n = vsnprintf(t->buf + t->used, t->size - t->used, format, ap);
	va_end(ap);
	t->used += n > 0 ? (size_t)n : 0;
}

static const char *task_name(uint32_t task)
{
	return sim_record()->task[task].name;
}

/* "C1's `f:store(x)` (core/kthread.c:12)". `its`: the task has just been named. */
static void put_access(struct text *t, const struct cause_access *a, bool its)
{
	char label[KT_SITE_NAME_MAX];

	if (a->what == CAUSE_KILL) {
		put(t, "the kill of %s", task_name(a->task));
		return;
	}
	if (its)
		put(t, "its ");
	else
		put(t, "%s's ", task_name(a->task));
	if (!a->site) {
		put(t, "start");
		return;
	}
	kt_site_label(a->site, label, sizeof label);
	if (a->waited)
		put(t, "wake-up in ");
	put(t, "`%s`", label);
	if (kt_site_line(a->site))
		put(t, " (%s:%u)", kt_site_file(a->site), kt_site_line(a->site));
	if (a->locks[0] && a->what != CAUSE_VISIBLE)
		put(t, " under %s", a->locks);
}

static bool same_event(const struct cause_access *a, const struct cause_access *b)
{
	return a->what == b->what && a->task == b->task && a->step == b->step;
}

/* The order whose first access is the second one of order i, or SIM_NEVER. */
static uint32_t goes_on_with(const struct cause *c, uint32_t i, uint32_t said)
{
	for (uint32_t k = 0; k < c->orders_count; k++)
		if (!(said >> k & 1) && same_event(&c->order[i].second, &c->order[k].first))
			return k;
	return SIM_NEVER;
}

static bool is_led_to(const struct cause *c, uint32_t i, uint32_t said)
{
	for (uint32_t k = 0; k < c->orders_count; k++)
		if (k != i && !(said >> k & 1) &&
		    same_event(&c->order[k].second, &c->order[i].first))
			return true;
	return false;
}

static void put_order(struct text *t, const struct cause *c, uint32_t i, uint32_t *said)
{
	const struct cause_order *o = &c->order[i];
	uint32_t next = goes_on_with(c, i, *said | 1u << i);

	*said |= 1u << i;
	if (next == SIM_NEVER) {
		put_access(t, &o->first, false);
		put(t, o->second.what == CAUSE_VISIBLE ? " comes while " : " comes before ");
		put_access(t, &o->second, false);
		put(t, o->second.what == CAUSE_VISIBLE ? " is not yet visible" : "");
		return;
	}
	*said |= 1u << next;
	put_access(t, &o->second, false);
	put(t, o->second.what == CAUSE_VISIBLE ? " becomes visible after " : " comes after ");
	put_access(t, &o->first, false);
	put(t, " and before ");
	put_access(t, &c->order[next].second, c->order[next].second.task == o->first.task &&
		   o->first.what == CAUSE_ACCESS);
}

static void put_orders(struct text *t, const struct cause *c)
{
	uint32_t said = 0, all = (1u << c->orders_count) - 1;
	bool first = true;

	for (bool chains = true; said != all; chains = false)
		for (uint32_t i = 0; i < c->orders_count; i++) {
			if ((said >> i & 1) || (chains && is_led_to(c, i, said)))
				continue;
			put(t, "%s", first ? "" : ", and ");
			put_order(t, c, i, &said);
			first = false;
		}
}

static void put_fault(struct text *t, const struct cause_fault *f)
{
	char label[KT_SITE_NAME_MAX];

	switch (f->kind) {
	case CAUSE_FAULT_KILL: put(t, "%s is killed", task_name(f->task)); break;
	case CAUSE_FAULT_ALLOC:
		put(t, "allocation %u of %s, by %s, fails", f->nth, kt_role_name(f->role),
		    task_name(f->task));
		break;
	case CAUSE_FAULT_SPURIOUS:
		put(t, "%s's sleep in `%s` ends early", task_name(f->task),
		    f->site ? kt_site_label(f->site, label, sizeof label) : "");
		break;
	case CAUSE_FAULT_STALE_LOAD:
		put(t, "%s's `%s` reads an older store than the newest", task_name(f->task),
		    f->site ? kt_site_label(f->site, label, sizeof label) : "");
		break;
	default:
		put(t, "%s's `%s` becomes visible late", task_name(f->task),
		    f->site ? kt_site_label(f->site, label, sizeof label) : "");
	}
}

static void put_faults(struct text *t, const struct cause *c)
{
	for (uint32_t i = 0; i < c->faults_count; i++) {
		put(t, "%s", i ? " and " : "");
		put_fault(t, &c->fault[i]);
	}
}

void words_sentence(struct cause *c)
{
	static const char always[] = "fails under every schedule that was tried";
	static const char nearly[] = "fails under nearly every schedule";
	struct text t = { .buf = c->sentence, .size = sizeof c->sentence };

	c->sentence[0] = '\0';
	switch (c->kind) {
	case CAUSE_ALWAYS: put(&t, "%s", c->nearly ? nearly : always); break;
	case CAUSE_FAULTS:
		put(&t, "%s if ", c->nearly ? nearly : always);
		put_faults(&t, c);
		put(&t, ", and passes without that");
		break;
	case CAUSE_ORDERS:
		put(&t, "%s because ", c->sufficient ? "fails only" : "nearly always fails");
		put_orders(&t, c);
		if (c->faults_count)
			put(&t, ", if ");
		put_faults(&t, c);
		break;
	default: put(&t, "the cause was not found: %s", c->reason);
	}
}

/* ---- the identity --------------------------------------------------------------------- */

static void put_place(struct text *t, const struct cause_access *a)
{
	char name[KT_SITE_NAME_MAX];

	put(t, "%s%s", a->what == CAUSE_KILL ? "kill" : a->what == CAUSE_VISIBLE ? "visible " : "",
	    a->site ? kt_site_name(a->site, name, sizeof name) :
	    a->what == CAUSE_KILL ? "" : "start");
}

/* A fault by its kind: whom it hits depends on the plan. */
static void put_kinds(struct text *t, const struct cause *c)
{
	static const char *const kinds[] = {
		[CAUSE_FAULT_KILL] = "kill", [CAUSE_FAULT_ALLOC] = "no memory for ",
		[CAUSE_FAULT_SPURIOUS] = "early end of ", [CAUSE_FAULT_LATE_STORE] = "late ",
		[CAUSE_FAULT_STALE_LOAD] = "stale ",
	};
	char name[KT_SITE_NAME_MAX];

	for (uint32_t i = 0; i < c->faults_count; i++) {
		const struct cause_fault *f = &c->fault[i];

		put(t, "%s%s%s", i ? " and " : "", kinds[f->kind],
		    f->kind == CAUSE_FAULT_ALLOC ? kt_role_name(f->role) :
		    f->site ? kt_site_name(f->site, name, sizeof name) : "");
	}
}

/* Is the site in the code that carries out plans, and so not in the code that has the bug? */
static bool is_ours(const struct kt_site *site)
{
	static const char folder[] = "stress/run/";

	return site && strncmp(kt_site_file(site), folder, strlen(folder)) == 0;
}

/*
 * How much an order says about the bug. Orders that can be turned round, and whose object is not
 * known, may be of a switch that happened to be there.
 */
static int worth(const struct cause_order *o)
{
	if (is_ours(o->first.site) || is_ours(o->second.site))
		return 0;
	return o->same_object * 2 + o->turned_passes;
}

/* The order that says the most; of several the last one, which is the nearest to the failure. */
static const struct cause_order *decisive(const struct cause *c)
{
	const struct cause_order *best = NULL;

	for (uint32_t i = 0; i < c->orders_count; i++)
		if (worth(&c->order[i]) > 0 && (!best || worth(&c->order[i]) >= worth(best)))
			best = &c->order[i];
	return best;
}

static struct kt_site *sleeps_at(uint32_t task)
{
	const struct sim_record *r = sim_record();

	return r->task[task].state == SIM_SLEEPING ? r->task[task].why : NULL;
}

static bool is_schedule(const struct kt_site *site)
{
	return site && strncmp(site->op, "schedule", strlen("schedule")) == 0;
}

/*
 * Where a task of the order sleeps for ever. The one that called schedule() is the one that nobody
 * wakes; another waits for a task, and which task that is depends on the plan.
 */
static void put_sleeper(struct text *t, const struct cause_order *o)
{
	struct kt_site *site = sleeps_at(o->second.task), *other = sleeps_at(o->first.task);
	char name[KT_SITE_NAME_MAX];

	if (!site || (!is_schedule(site) && is_schedule(other)))
		site = other;
	if (site)
		put(t, " @ %s", is_ours(site) ? "a caller"
					      : kt_site_name(site, name, sizeof name));
}

/* What failed. A check's message says it; an access of freed memory is in the order. */
static void put_failure(struct text *t)
{
	const char *signature = search.v->signature, *place = strstr(signature, " @ ");
	int length = place ? (int)(place - signature) : (int)strlen(signature);

	switch (search.v->failure) {
	case KT_DEADLOCK:
	case KT_LIVELOCK:
	case KT_MEMORY: put(t, "%s: ", kt_failure_name(search.v->failure)); break;
	/* Blocks of different kinds leak by different bugs in one order. */
	case KT_LEAK: put(t, "%.90s: ", signature); break;
	default: put(t, "%.*s: ", length < 90 ? length : 90, signature);
	}
}

void words_identity(struct cause *c)
{
	struct text t = { .buf = c->identity, .size = sizeof c->identity };
	const struct cause_order *o = decisive(c);

	c->identity[0] = '\0';
	if (c->kind == CAUSE_FAULTS) {
		put(&t, "%.150s if ", search.v->signature);
		put_kinds(&t, c);
	}
	if (c->kind != CAUSE_ORDERS || !o)
		return;
	put_failure(&t);
	put_place(&t, &o->first);
	put(&t, " < ");
	put_place(&t, &o->second);
	if (search.v->failure == KT_DEADLOCK)
		put_sleeper(&t, o);
}
