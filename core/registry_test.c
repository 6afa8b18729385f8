/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registry, on every back end: which threads readers find, for how long, and that
 * nothing is left. Readers walk while threads begin and end.
 */
#include "core/core_test.h"
#include "core/registry.h"

enum { READERS = 2 };

static struct task_struct reader[READERS];
static bool done;		/* atomic */
static unsigned permanent;	/* the number of a thread that lives all the time */
static unsigned wanted;		/* atomic: the number to search for */

static int returns(void *data)
{
	(void)data;
	return 0;
}

static unsigned count(void)
{
	struct task_struct *k;
	unsigned n = 0;

	rcu_read_lock();
	kthread_for_each(&daemon, k)
		n++;
	rcu_read_unlock();
	return n;
}

/* ---- one at a time -------------------------------------------------------- */

static void ids_ascend_and_find(void)
{
	struct task_struct *k[3], *found;

	CHECK_EQ(count(), 0);
	CHECK_EQ(kthread_id(&caller), 0);
	for (unsigned i = 0; i < 3; i++) {
		k[i] = kthread_create(returns, NULL, "w/%u", i);
		CHECK(!IS_ERR(k[i]));
		CHECK_EQ(kthread_id(k[i]), i + 1);
		CHECK_EQ(count(), i + 1);
	}
	CHECK(kthread_find(&daemon, 0) == NULL);
	CHECK(kthread_find(&daemon, 4) == NULL);
	found = kthread_find(&daemon, 2);
	CHECK(found == k[1]);
	CHECK_STR(found->comm, "w/1");
	put_task_struct(found);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(kthread_stop(k[i]), -EINTR);
	CHECK_EQ(count(), 0);
}

static void stopped_is_not_found(void)
{
	struct task_struct *k = kthread_run(until_stop, NULL, "w"), *next;
	unsigned id;

	CHECK(!IS_ERR(k));
	id = kthread_id(k);
	kthread_stop(k);
	CHECK(kthread_find(&daemon, id) == NULL);
	CHECK_EQ(count(), 0);
	/* The thread's number is not used again. */
	next = kthread_create(returns, NULL, "w");
	CHECK(!IS_ERR(next));
	CHECK_EQ(kthread_id(next), id + 1);
	kthread_stop(next);
}

static void found_outlives_its_end(void)
{
	struct task_struct *k = kthread_run(until_stop, NULL, "w"), *found;

	CHECK(!IS_ERR(k));
	found = kthread_find(&daemon, kthread_id(k));
	CHECK(found == k);
	kthread_stop(k);
	synchronize_rcu();
	/* The thread is dead and is not found, but its memory still exists. */
	CHECK(kthread_find(&daemon, kthread_id(found)) == NULL);
	CHECK_EQ(wake_up_process(found), 0);
	CHECK_STR(found->comm, "w");
	put_task_struct(found);
}

static void failed_fork_is_not_listed(void)
{
	static const enum kt_role roles[] = { KT_ROLE_TASK, KT_ROLE_KTHREAD, KT_ROLE_STACK };

	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		struct task_struct *k;

		fail_role = roles[i];
		k = kthread_create(returns, NULL, "w");
		CHECK(IS_ERR(k));
		fail_role = KT_ROLE_COUNT;
		CHECK_EQ(count(), 0);
	}
}

/* ---- while they come and go ------------------------------------------------ */

/* Check what a reader may read of each thread, and the order of the threads. */
static void walk_once(void)
{
	struct task_struct *k;
	bool seen = false;
	unsigned last = 0;

	rcu_read_lock();
	kthread_for_each(&daemon, k) {
		CHECK(k->id > last);
		CHECK(k->flags & PF_KTHREAD);
		CHECK(k->comm[0] == (k->id == permanent ? 'p' : 'w'));
		last = k->id;
		seen |= k->id == permanent;
	}
	rcu_read_unlock();
	CHECK(seen);
}

static void walk(void *unused)
{
	(void)unused;
	while (!smp_load_acquire(&done))
		walk_once();
}

static void find(void *unused)
{
	(void)unused;
	while (!smp_load_acquire(&done)) {
		unsigned id = READ_ONCE(wanted);
		struct task_struct *k = kthread_find(&daemon, id);

		if (!k)
			continue;
		CHECK_EQ(kthread_id(k), id);
		CHECK(k->comm[0] == 'w');
		put_task_struct(k);
	}
}

/* Create and end threads, while fn runs as READERS tasks. */
static void come_and_go(void (*fn)(void *))
{
	struct task_struct *p = kthread_run(until_stop, NULL, "permanent");

	CHECK(!IS_ERR(p));
	permanent = kthread_id(p);
	done = false;
	wanted = permanent + 1;
	for (int i = 0; i < READERS; i++)
		task_begin(&reader[i], i ? "r1" : "r0", fn, NULL);
	for (int i = 0; i < CONFORMANCE_TURNS(150, 2); i++) {
		struct task_struct *k = kthread_create(i % 2 ? until_stop : returns, NULL, "w");

		CHECK(!IS_ERR(k));
		WRITE_ONCE(wanted, kthread_id(k));
		if (i % 2)
			kthread_stop(k);
		else
			wake_up_process(k);	/* the thread ends by itself */
	}
	smp_store_release(&done, true);
	for (int i = 0; i < READERS; i++)
		task_end(&reader[i]);
	kthread_stop(p);
}

static void walk_while_they_come_and_go(void)
{
	come_and_go(walk);
}

static void find_while_they_come_and_go(void)
{
	come_and_go(find);
}

/* Shutdown does not wait for a thread's memory while a reader has a reference to it. */
static struct task_struct *kept;

static void keep_one(void)
{
	struct task_struct *k = kthread_run(until_stop, NULL, "w");

	CHECK(!IS_ERR(k));
	kept = kthread_find(&daemon, kthread_id(k));
	kthread_stop(k);
}

static void found_outlives_kthreadd(void *unused)
{
	(void)unused;
	boot_and_run(keep_one);
	CHECK_STR(kept->comm, "w");
	put_task_struct(kept);
	rcu_barrier();
}

int main(void)
{
	static const struct core_test tests[] = {
		T(ids_ascend_and_find),
		T(stopped_is_not_found),
		T(found_outlives_its_end),
		T(failed_fork_is_not_listed),
		T(walk_while_they_come_and_go),
		T(find_while_they_come_and_go),
	};

	RUN_TESTS(tests);
	conformance_run("found_outlives_kthreadd", found_outlives_kthreadd, NULL);
	return 0;
}
