/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the `checked` locks must report, and what they must let pass. No body here
 * deadlocks, but the locks must report that it could.
 */
#include "platform/completion.h"
#include "platform/conformance/conformance.h"
#include "platform/sem.h"

static kt_lock a, b, c, other_a;
static kt_completion done;

/* A lock's class is its name, so other_a is of the same class as a. */
static void begin(void)
{
	kt_lock_init(&a, "a");
	kt_lock_init(&b, "b");
	kt_lock_init(&c, "c");
	kt_lock_init(&other_a, "a");
	kt_completion_init(&done);
}

static void end(void)
{
	kt_completion_destroy(&done);
	kt_lock_destroy(&a);
	kt_lock_destroy(&b);
	kt_lock_destroy(&c);
	kt_lock_destroy(&other_a);
}

static void nest(kt_lock *outer, kt_lock *inner)
{
	kt_lock_acquire(outer);
	kt_lock_acquire(inner);
	kt_lock_release(inner);
	kt_lock_release(outer);
}

/* ---- what is right ----------------------------------------------------------- */

static void one_order(void *arg)
{
	(void)arg;
	begin();
	for (int i = 0; i < 3; i++) {
		nest(&a, &b);
		nest(&b, &c);
		nest(&a, &c);
		nest(&other_a, &c);
	}
	end();
}

/* Locks may be released in any order. */
static void hand_over_hand(void *arg)
{
	(void)arg;
	begin();
	kt_lock_acquire(&a);
	kt_lock_acquire(&b);
	kt_lock_release(&a);
	kt_lock_acquire(&c);
	kt_lock_release(&b);
	kt_lock_assert_held(&c);
	kt_lock_release(&c);
	nest(&a, &b);
	end();
}

static void said_to_nest(void *arg)
{
	(void)arg;
	begin();
	kt_lock_acquire(&a);
	kt_lock_acquire_nested(&other_a);
	kt_lock_release(&other_a);
	kt_lock_release(&a);
	end();
}

/* A thread that tries does not wait, so the lock notes no order here. */
static void by_trying(void *arg)
{
	(void)arg;
	begin();
	nest(&a, &b);
	kt_lock_acquire(&b);
	CHECK(kt_lock_try_acquire(&a));
	kt_lock_release(&a);
	kt_lock_release(&b);
	end();
}

static void sleeps_without(void *arg)
{
	(void)arg;
	begin();
	nest(&a, &b);
	kt_complete(&done);
	kt_completion_wait(&done);
	os_unpark(os_self());
	os_park(KT_SITE("park", "free"));
	end();
}

static void takes_c(void *arg)
{
	(void)arg;
	kt_lock_acquire(&c);
	kt_lock_release(&c);
}

/* The acquire of a lock may sleep, whatever locks the thread holds. */
static void lock_sleeps(void *arg)
{
	struct os_thread t[2];

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(200, 2); i++) {
		begin();
		for (int k = 0; k < 2; k++)
			spawn(&t[k], "other", takes_c, NULL);
		nest(&a, &c);
		for (int k = 0; k < 2; k++)
			os_join(&t[k]);
		end();
	}
}

/* In the simulator each execution starts without any noted order: see main(). */
static void ab(void *arg)
{
	(void)arg;
	begin();
	nest(&a, &b);
	end();
}

static void ba(void *arg)
{
	(void)arg;
	begin();
	nest(&b, &a);
	end();
}

/* ---- what is not --------------------------------------------------------------- */

static void abba(void *arg)
{
	(void)arg;
	begin();
	nest(&a, &b);
	nest(&b, &a);
}

static void in_a_ring(void *arg)
{
	(void)arg;
	begin();
	nest(&a, &b);
	nest(&b, &c);
	nest(&c, &other_a);
}

/* A lock that a thread got by trying is held like any other. */
static void behind_a_try(void *arg)
{
	(void)arg;
	begin();
	nest(&a, &b);
	CHECK(kt_lock_try_acquire(&b));
	kt_lock_acquire(&a);
}

static void not_said_to_nest(void *arg)
{
	(void)arg;
	begin();
	nest(&a, &other_a);
}

static void recursive(void *arg)
{
	(void)arg;
	begin();
	nest(&a, &a);
}

static void recursive_nested(void *arg)
{
	(void)arg;
	begin();
	kt_lock_acquire(&a);
	kt_lock_acquire_nested(&a);
}

static void nothing(void *arg)
{
	(void)arg;
}

enum sleep { PARK, PARK_UNTIL, JOIN, FUTEX, SEM, WAIT, KILLABLE, UNTIL, SLEEPS };

/*
 * The call fails even if it has nothing to wait for, because the permit or the completion
 * is there already.
 */
static void sleeps_with(void *arg)
{
	uint64_t now = os_now_ns();
	struct os_thread t;
	struct os_sem sem;
	uint32_t word = 0;

	begin();
	os_unpark(os_self());
	kt_complete(&done);
	os_sem_init(&sem);
	os_sem_post(&sem);
	spawn(&t, "other", nothing, NULL);
	kt_lock_acquire(&a);
	switch (*(const enum sleep *)arg) {
	case PARK: os_park(KT_SITE("park", "held")); break;
	case PARK_UNTIL: os_park_until(now, KT_SITE("park", "held")); break;
	case JOIN: os_join(&t); break;
	case FUTEX: os_futex_wait_at(&word, 1, NULL, KT_SITE("futex", "held")); break;
	case SEM: os_sem_wait_at(&sem, NULL, KT_SITE("sem", "held")); break;
	case WAIT: kt_completion_wait(&done); break;
	case KILLABLE: CHECK_EQ(kt_completion_wait_killable(&done), 0); break;
	case UNTIL: CHECK_EQ(kt_completion_wait_until(&done, now), 0); break;
	case SLEEPS: break;
	}
}

int main(void)
{
	conformance_run("checked.one_order", one_order, NULL);
	conformance_run("checked.hand_over_hand", hand_over_hand, NULL);
	conformance_run("checked.said_to_nest", said_to_nest, NULL);
	conformance_run("checked.by_trying", by_trying, NULL);
	conformance_run("checked.sleeps_without", sleeps_without, NULL);
	conformance_run("checked.lock_sleeps", lock_sleeps, NULL);
	conformance_run("checked.ab", ab, NULL);
#if defined(KT_OS_SIM)
	conformance_run("checked.ba_afresh", ba, NULL);
#else
	conformance_fails("checked.ba_later", KT_DISCIPLINE, ba, NULL);
#endif
	conformance_fails("checked.abba", KT_DISCIPLINE, abba, NULL);
	conformance_fails("checked.in_a_ring", KT_DISCIPLINE, in_a_ring, NULL);
	conformance_fails("checked.behind_a_try", KT_DISCIPLINE, behind_a_try, NULL);
	conformance_fails("checked.not_said_to_nest", KT_DISCIPLINE, not_said_to_nest, NULL);
	conformance_fails("checked.recursive", KT_DISCIPLINE, recursive, NULL);
	conformance_fails("checked.recursive_nested", KT_DISCIPLINE, recursive_nested, NULL);
	for (enum sleep s = PARK; s < SLEEPS; s++)
		conformance_fails("checked.sleeps_with", KT_DISCIPLINE, sleeps_with, &s);
	return 0;
}
