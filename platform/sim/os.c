/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * platform/os.h on fibers. Choice points are the sites of falling asleep, spawn and relax.
 * Allocation is no choice point: no other task knows fresh memory, and the code that frees
 * memory has other sites around it.
 */
#include <errno.h>
#include <string.h>

#include "platform/rcu.h"
#include "platform/sim/internal.h"

/* The task of a handle. To use a handle whose thread is gone is a use after free. */
static uint32_t task_of(const struct os_thread *t, const char *what)
{
	if (t->check != SIM_THREAD_CHECK || t->id >= sim.record->tasks ||
	    sim.task[t->id].handle.thread != t)
		kt_fail(KT_MEMORY, "%s of a thread that is gone", what);
	return t->id;
}

/* This is not in struct sim_task, because only `checked` locks use it. */
static struct kt_lockdep_thread lockdep[SIM_TASKS_MAX];

struct kt_lockdep_thread *os_lockdep(void)
{
	return sim.running ? &lockdep[sim.current] : NULL;
}

void sim_lockdep_begin(void)
{
#if defined(KT_LOCK_CHECKED)
	kt_lockdep_forget();
	for (uint32_t i = 0; i < SIM_TASKS_MAX; i++)
		lockdep[i].held = lockdep[i].acquires = 0;
#endif
}

/* ---- threads ------------------------------------------------------------ */

int os_spawn(struct os_thread *t, const char *name, enum os_spawn_kind kind,
	     void (*fn)(void *), void *arg)
{
	struct sim_task *new;
	struct kt_site *site = KT_SITE_NAMED("os.spawn");
	uint32_t id;

	if (sim.hooks.alloc_fails && sim.hooks.alloc_fails(KT_ROLE_STACK, site))
		return -EAGAIN;
	sim_narrow();	/* the modelled locks and RCU have a bit per task */
	t->id = id = sim_task_new(name, fn, arg);
	new = &sim.task[id];
	t->check = SIM_THREAD_CHECK;
	new->handle.thread = t;
	new->joinable = kind == OS_JOINABLE;
	sim_unseen_begin();
	new->attributes = sim_current()->attributes;
	new->attributes.spawn_node = OS_NO_NODE;
	memcpy(new->attributes.comm, new->record->name, OS_COMM_MAX - 1);
	sim_unseen_end();
	sim_place(new);
	sim_hb_release(&new->sync);
	if (sim_is_heard(SIM_HEARS_SPAWNS))
		sim_tell.spawns(id);
	sim_point(site, NULL);
	return 0;
}

void os_join(struct os_thread *t)
{
	struct kt_site *site = KT_SITE_NAMED("os.join");
	struct sim_task *other;

	if (t->check != SIM_THREAD_CHECK || t->id >= sim.record->tasks)
		kt_fail(KT_MEMORY, "join of a thread that is gone");
	other = &sim.task[t->id];
	KT_ASSERT(other->joinable && !other->joined);
	KT_ASSERT(t->id != sim.current);
	sim_rcu_may_wait(sim_current(), site);
	(void)kt_may_sleep(site);
	other->joined = true;
	sim_waits(SIM_WAIT_EXIT, t->id);
	sim_mark(site);
	sim_current()->record->waits_for = (int16_t)t->id;
	while (other->record->state != SIM_FINISHED) {
		other->joiner = sim.current;
		sim_waits(SIM_WAIT_EXIT, t->id);
		sim_block(site);
	}
	sim_current()->record->waits_for = -1;
	sim_hb_acquire(&other->sync);
	t->check = 0;
}

void os_wait_detached(void)
{
	struct kt_site *site = KT_SITE_NAMED("os.wait_detached");

	for (uint32_t i = 0; i < sim.record->tasks; i++) {
		struct sim_task *other = &sim.task[i];

		if (i == sim.current || other->joinable || i == 0)
			continue;
		sim_waits(SIM_WAIT_EXIT, i);
		sim_mark(site);
		while (other->record->state != SIM_FINISHED) {
			other->joiner = sim.current;
			sim_current()->record->waits_for = (int16_t)i;
			sim_waits(SIM_WAIT_EXIT, i);
			sim_block(site);
		}
		sim_hb_acquire(&other->sync);
	}
	sim_current()->record->waits_for = -1;
}

/* Only the body calls this: it has no handle yet, because no task spawned it. */
void os_adopt(struct os_thread *t, const char *name)
{
	(void)name;
	KT_ASSERT(sim.current == 0 && !sim_current()->handle.thread);
	t->id = 0;
	t->check = SIM_THREAD_CHECK;
	sim_current()->handle.thread = t;
	KT_RCU_IMPL(_register_thread)();
}

void os_unadopt(void)
{
	KT_ASSERT(sim.current == 0);
	KT_RCU_IMPL(_unregister_thread)();
	sim_current()->handle.thread = NULL;
}

const char *os_name(const struct os_thread *t)
{
	return sim.task[task_of(t, "name")].record->name;
}

/* ---- sleeping ----------------------------------------------------------- */

static bool park(bool *permit, bool timed, uint64_t deadline_ns, struct kt_site *why)
{
	struct sim_task *t = sim_current();

	(void)kt_may_sleep(why);
	/*
	 * This is only a mark. A permit stays, so it does not matter whether it is granted
	 * before or after the mark.
	 */
	sim_waits(SIM_WAIT_PERMIT, 0);
	sim_mark(why);
	if (!*permit) {
		if (sim_choose(SIM_CHOOSE_SPURIOUS, 2)) {
			sim_add_event(SIM_EVENT_SPURIOUS, sim.current, KT_ROLE_COUNT, 0);
			return true;
		}
		t->timed = timed;
		t->deadline = deadline_ns;
		t->timed_out = false;
		if (timed)
			sim_touch_thing(SIM_CLOCK, 0, SIM_READ);
		sim_waits(SIM_WAIT_PERMIT, 0);
		sim_block(why);
		if (t->timed_out && !*permit)
			return false;
	}
	*permit = false;
	sim_hb_acquire(&t->sync);
	return true;
}

/* A task may not park in a read section of RCU. A lock's waiter may: see os_sleeper_park(). */
void os_park(struct kt_site *why)
{
	sim_rcu_may_wait(sim_current(), why);
	park(&sim_current()->permit, false, 0, why);
}

bool os_park_until(uint64_t deadline_ns, struct kt_site *why)
{
	sim_rcu_may_wait(sim_current(), why);
	return park(&sim_current()->permit, true, deadline_ns, why);
}

static void grant(uint32_t id, bool *permit, struct kt_site *site)
{
	sim_hb_release(&sim.task[id].sync);
	sim_touch_wake(id, false);
	*permit = true;
	sim_wake_ahead(id);
	/*
	 * This is only a mark. The task that was woken can go on when the caller reaches
	 * its next site.
	 */
	sim_mark(site);
}

void os_unpark_at(struct os_thread *t, struct kt_site *site)
{
	uint32_t id = task_of(t, "unpark");

	sim_touch(t, SIM_READ);
	sim_touch_thing(SIM_EXIT, id, SIM_READ);
	if (sim.task[id].record->state == SIM_FINISHED)
		kt_fail(KT_MEMORY, "unpark of %s, which has finished", sim.task[id].record->name);
	grant(id, &sim.task[id].permit, site);
}

void os_sleeper_park(struct kt_site *why)
{
	park(&sim_current()->sleeper_permit, false, 0, why);
}

void os_sleeper_unpark_at(os_sleeper *s, struct kt_site *site)
{
	struct sim_task *t = (struct sim_task *)(void *)s;

	grant((uint32_t)(t - sim.task), &t->sleeper_permit, site);
}

/* ---- killing ------------------------------------------------------------ */

static void kill(uint32_t id, void (*wake)(uint32_t task))
{
	struct sim_task *t = &sim.task[id];
	void (*interrupt)(void *) = t->interrupt;

	sim_touch_thing(SIM_KILLED, id, SIM_WRITE);
	if (t->record->state == SIM_FINISHED || t->record->killed)
		return;
	sim_touch_wake(id, false);
	t->record->killed = true;
	sim_hb_release(&t->sync);
	t->permit = true;
	wake(id);
	t->interrupt = NULL;
	if (interrupt) {	/* the killed task is between os_wait_begin() and os_wait_end() */
		sim_hb_acquire(&t->interrupt);
		sim_aside(interrupt, t->interrupt_arg);
		sim_hb_release(&t->interrupt);
	}
}

void os_kill(struct os_thread *t)
{
	kill(task_of(t, "kill"), sim_wake);
}

void sim_kill(uint32_t id)
{
	if (id >= sim.record->tasks)
		return;
	if (sim.record->task[id].state != SIM_FINISHED && !sim.record->task[id].killed)
		sim_add_event(SIM_EVENT_KILL, id, KT_ROLE_COUNT, 0);
	if (sim_accesses_on)
		sim_accesses_kill(id);
	kill(id, sim_wake_unasked);
	if (sim_accesses_on)
		sim_accesses_killed();
}

bool os_is_killed(const struct os_thread *t)
{
	uint32_t id = task_of(t, "signal test");

	sim_touch_thing(SIM_KILLED, id, SIM_READ);
	return sim.task[id].record->killed;
}

void os_wait_begin(void (*interrupt)(void *arg), void *arg)
{
	struct sim_task *t = sim_current();

	KT_ASSERT(!t->interrupt);
	if (t->record->killed) {
		sim_aside(interrupt, arg);
		return;
	}
	t->interrupt_arg = arg;
	t->interrupt = interrupt;
	sim_hb_release(&t->interrupt);
}

void os_wait_end(void)
{
	sim_current()->interrupt = NULL;
	sim_hb_acquire(&sim_current()->interrupt);
}

void os_waits_for(const struct os_thread *t)
{
	sim_current()->record->waits_for = t ? (int16_t)task_of(t, "wait") : -1;
}

void os_relax(struct kt_site *where)
{
	sim_reach(where, SIM_YIELDED);
}

uint64_t os_now_ns(void)
{
	sim_touch_thing(SIM_CLOCK, 0, SIM_READ);
	return sim.clock_ns;
}

/* ---- attributes: stored, with the rules of the real ones ---------------- */

int os_set_comm(const char *name)
{
	struct sim_attributes *a = &sim_current()->attributes;

	memset(a->comm, 0, sizeof a->comm);
	memcpy(a->comm, name, strnlen(name, OS_COMM_MAX - 1));
	return 0;
}

int os_set_policy(enum os_policy policy)
{
	sim_current()->attributes.policy = policy;
	return 0;
}

int os_allow_cpus(const uint64_t *cpus)
{
	struct sim_attributes *a = &sim_current()->attributes;

	if (cpus && !(cpus[0] & SIM_CPUS_ALL))
		return -EINVAL;
	sim_touch_thing(SIM_PLACE, sim.current, SIM_WRITE);
	a->cpus = cpus ? cpus[0] & SIM_CPUS_ALL : SIM_CPUS_ALL;
	sim_place(sim_current());
	return 0;
}

/* The 64 processors of a plan, mapped to the SIM_CPUS of the simulator. */
static uint64_t mapped(uint64_t cpus)
{
	uint64_t there = 0;

	for (; cpus; cpus >>= SIM_CPUS)
		there |= cpus & SIM_CPUS_ALL;
	return there;
}

int os_bind(struct os_thread *t, uint64_t cpus)
{
	uint32_t id = task_of(t, "bind");

	if (!cpus)
		return -EINVAL;
	sim_touch_thing(SIM_PLACE, id, SIM_WRITE);
	sim.task[id].attributes.cpus = mapped(cpus);
	sim_place(&sim.task[id]);
	return 0;
}

/* Each node has two processors. */
int os_cpu_to_node(unsigned cpu)
{
	return (int)(cpu % SIM_CPUS / 2);
}

bool os_on_cpus(uint64_t cpus)
{
	sim_touch_thing(SIM_PLACE, sim.current, SIM_READ);
	return mapped(cpus) >> sim_current()->cpu & 1;
}

int os_allow_all_nodes(void)
{
	sim_current()->attributes.all_nodes = true;
	return 0;
}

int os_ignore_signals(void)
{
	sim_current()->attributes.signals_ignored = true;
	return 0;
}

void os_set_spawn_node(int node)
{
	sim_current()->attributes.spawn_node = node;
}

int os_get_attributes(struct os_attributes *out)
{
	const struct sim_attributes *a = &sim_current()->attributes;

	*out = (struct os_attributes){
		.cpus = { a->cpus }, .policy = a->policy, .all_nodes = a->all_nodes,
		.signals_ignored = a->signals_ignored, .spawn_node = a->spawn_node,
	};
	memcpy(out->comm, a->comm, sizeof out->comm);
	return 0;
}

void os_set_hooks(const struct os_hooks *hooks)
{
	sim.hooks = *hooks;
	if (!hooks->point)
		sim.hooks.points = 0;
	else if (!hooks->points)
		sim.hooks.points = UINT64_MAX;
}
