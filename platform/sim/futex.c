/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sleeping on an address: the futex of platform/os.h, the semaphore of
 * platform/sem.h.
 *
 * All sleepers, whatever they sleep on, are in one queue in the order in which
 * they came. The queue is a chain of tasks (sim_task.next_waiter). An address is only
 * compared with others and never ordered or hashed, so that it does not matter where
 * objects lie. The waker takes a sleeper off the queue, and only that ends the sleep. A
 * kill or an unpark of a sleeper ends no sleep. On real threads they end no sleep either.
 * If they did here, they could hide that another wake-up was lost.
 *
 * A futex makes no happens-before edge, because the operating system promises none. But
 * either the sleeper must find the word changed, or the waker must find the sleeper in the
 * queue. So each side has a full barrier.
 */
#include "platform/sem.h"
#include "platform/sim/internal.h"

static uint32_t first;	/* the first in the queue, as task + 1; 0: the queue is empty */

void sim_futex_begin(void)
{
	first = 0;
}

/* What the tasks sleep on, and their chain, is in struct sim_task. */
void sim_futex_hash(struct sim_hash *h)
{
	sim_hash_word(h, first);
}

static void append(uint32_t id, const void *addr)
{
	uint32_t *last = &first;

	while (*last)
		last = &sim.task[*last - 1].next_waiter;
	*last = id + 1;
	sim.task[id].next_waiter = 0;
	sim.task[id].sleeps_on = addr;
}

static void unlink(uint32_t *at)
{
	struct sim_task *t = &sim.task[*at - 1];

	*at = t->next_waiter;
	t->sleeps_on = NULL;
}

static void unlink_task(uint32_t id)
{
	uint32_t *at = &first;

	while (*at != id + 1)
		at = &sim.task[*at - 1].next_waiter;
	unlink(at);
}

/* False if the deadline came before a wake-up. */
static bool sleep_on(const void *addr, const uint64_t *deadline_ns, struct kt_site *why)
{
	uint32_t id = sim.current;
	struct sim_task *t = &sim.task[id];

	append(id, addr);
	t->timed_out = false;
	while (t->sleeps_on && !t->timed_out) {
		t->timed = deadline_ns != NULL;
		t->deadline = deadline_ns ? *deadline_ns : 0;
		sim_block(why);
	}
	if (!t->sleeps_on)
		return true;
	unlink_task(id);
	return false;
}

/* Wake at most `count` of the tasks that sleep on addr. */
static void wake_sleepers(const void *addr, uint32_t count)
{
	for (uint32_t *at = &first; *at && count; ) {
		uint32_t id = *at - 1;

		if (sim.task[id].sleeps_on != addr) {
			at = &sim.task[id].next_waiter;
			continue;
		}
		unlink(at);
		sim_wake(id);
		count--;
	}
}

/* ---- futex --------------------------------------------------------------- */

bool os_futex_wait_at(const uint32_t *word, uint32_t expected, const uint64_t *deadline_ns,
		      struct kt_site *why)
{
	(void)kt_may_sleep(why);	/* a lock's waiter may be in a read section of RCU */
	/* Between the caller's test and this comparison anything may happen. */
	sim_point(KT_SITE_NAMED("os.futex_wait"), word);
	sim_mark(why);		/* a directive can ask for a spurious wake-up here */
	sim_memory_check(word, why);
	sim_fence();
	if (__atomic_load_n((const uint32_t *)sim_seen(word, sizeof *word), __ATOMIC_RELAXED) !=
	    expected)
		return true;
	if (sim_choose(SIM_CHOOSE_SPURIOUS, 2)) {
		sim_add_event(SIM_EVENT_SPURIOUS, sim.current, KT_ROLE_COUNT, 0);
		return true;
	}
	return sleep_on(word, deadline_ns, why);
}

void os_futex_wake_at(const uint32_t *word, uint32_t count, struct kt_site *site)
{
	sim_point(site, NULL);	/* no object, because the word may be gone by now */
	sim_fence();
	wake_sleepers(word, count);
}

/* ---- semaphore ------------------------------------------------------------ */

void os_sem_init(struct os_sem *s)
{
	s->count = 0;
	os_object_begin(s, sizeof *s);
}

void os_sem_destroy(struct os_sem *s)
{
	KT_ASSERT(s->count == 0);
	os_object_end(s, sizeof *s);
}

void os_sem_post_at(struct os_sem *s, struct kt_site *site)
{
	sim_point(site, s);
	s->count++;
	sim_hb_release(s);
	wake_sleepers(s, 1);
	/* A second point, so that what the poster does next can be late. *s may be gone. */
	sim_point(site, NULL);
}

bool os_sem_wait_at(struct os_sem *s, const uint64_t *deadline_ns, struct kt_site *why)
{
	bool in_time = true;

	sim_rcu_may_wait(sim_current(), why);
	(void)kt_may_sleep(why);
	sim_point(why, s);
	while (s->count == 0) {
		if (!in_time)
			return false;
		/* It was woken, but another task may have taken the count first. */
		in_time = sleep_on(s, deadline_ns, why);
		sim_memory_check(s, why);
	}
	s->count--;
	sim_hb_acquire(s);
	return true;
}
