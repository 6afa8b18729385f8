/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * core/ on every back end. Each promise of kthread.h is one test body. These tests check
 * results; stress/ hunts through interleavings.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/core_test.h"
#include "core/kthread.h"
#include "core/kthreadd.h"
#include "platform/completion.h"
#include "platform/conformance/conformance.h"

static struct kthreadd second;

/* ---- thread functions --------------------------------------------------- */

static unsigned ran;

static int returns_7(void *data)
{
	(void)data;
	ran++;
	return 7;
}

static int says_running(void *data)
{
	kt_complete(data);
	return until_stop(NULL);
}

/* ---- promises ----------------------------------------------------------- */

static void stop_returns_the_result(void)
{
	struct task_struct *k = kthread_create(until_stop, (void *)42, "w/%d", 1);
	kt_completion running;

	CHECK(!IS_ERR(k));
	CHECK_EQ(wake_up_process(k), 1);
	/* A thread that is stopped at once may have run or not. The result tells which. */
	int result = kthread_stop(k);

	CHECK(result == 42 || result == -EINTR);
	kt_completion_init(&running);
	k = kthread_run(says_running, &running, "r");
	CHECK(!IS_ERR(k));
	kt_completion_wait(&running);
	CHECK_EQ(kthread_stop(k), 0);
	kt_completion_destroy(&running);
}

static void stop_before_wake_skips_the_function(void)
{
	struct task_struct *k = kthread_create(returns_7, NULL, "w");

	ran = 0;
	CHECK(!IS_ERR(k));
	CHECK_EQ(kthread_stop(k), -EINTR);
	CHECK_EQ(ran, 0);
}

static void reference_outlives_the_thread(void)
{
	struct task_struct *k = kthread_create(returns_7, NULL, "short");
	int result;

	CHECK(!IS_ERR(k));
	get_task_struct(k);
	wake_up_process(k);
	result = kthread_stop(k);
	CHECK(result == 7 || result == -EINTR);
	CHECK_EQ(wake_up_process(k), 0);	/* the task is DEAD, and its memory still exists */
	put_task_struct(k);
}

static struct os_attributes seen;
static char seen_name[OS_NAME_MAX];
static bool seen_migration;

static int looks_around(void *data)
{
	CHECK_EQ(os_get_attributes(&seen), 0);
	get_kthread_comm(seen_name, sizeof seen_name, current);
	seen_migration = !current->no_cgroup_migration;
	CHECK_EQ(READ_ONCE(current->state), TASK_RUNNING);
	CHECK(current->flags & PF_KTHREAD);
	CHECK(current->flags & PF_NOFREEZE);
	kt_complete(data);
	return until_stop(NULL);
}

static void thread_starts_from_a_clean_context(void)
{
	static const char name[] = "a-name-that-is-longer-than-comm/3";
	kt_completion looked;
	struct task_struct *k;

	kt_completion_init(&looked);
	/* The new thread does not inherit the creator's context. */
	CHECK_EQ(os_set_policy(OS_POLICY_BATCH), 0);
	k = kthread_create_on_node(looks_around, &looked, 0, "a-name-that-is-longer-than-comm/%d",
				   3);
	CHECK(!IS_ERR(k));
	wake_up_process(k);
	kt_completion_wait(&looked);
	CHECK_STR(seen_name, name);
	CHECK(strncmp(seen.comm, name, OS_COMM_MAX - 1) == 0);
	CHECK_EQ(seen.policy, OS_POLICY_NORMAL);
	CHECK(seen.signals_ignored);
	CHECK(seen_migration);
	CHECK_EQ(kthread_stop(k), 0);
	kt_completion_destroy(&looked);
}

static void failed_allocations_have_their_errno(void)
{
	static const struct {
		enum kt_role role;
		int due;
	} cases[] = {
		{ KT_ROLE_CREATE_INFO, -ENOMEM }, { KT_ROLE_NAME, -ENOMEM },
		{ KT_ROLE_TASK, -ENOMEM }, { KT_ROLE_KTHREAD, -ENOMEM },
		{ KT_ROLE_STACK, -EAGAIN },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct task_struct *k;

		fail_role = cases[i].role;
		k = kthread_create(returns_7, NULL, "w");
		CHECK(IS_ERR(k));
		CHECK_EQ(PTR_ERR(k), cases[i].due);
		fail_role = KT_ROLE_COUNT;
		k = kthread_create(returns_7, NULL, "w");
		CHECK(!IS_ERR(k));
		CHECK_EQ(kthread_stop(k), -EINTR);
	}
}

static void killed_creator_gets_eintr_or_the_task(void)
{
	struct task_struct *k;

	os_kill(&caller.os);
	k = kthread_create(returns_7, NULL, "w");
	if (IS_ERR(k))
		CHECK_EQ(PTR_ERR(k), -EINTR);
	else
		CHECK_EQ(kthread_stop(k), -EINTR);
}

static void many_in_a_row(void)
{
	for (int i = 0; i < CONFORMANCE_TURNS(200, 3); i++) {
		struct task_struct *k = kthread_run(until_stop, (void *)5, "w/%d", i);

		CHECK(!IS_ERR(k));
		int result = kthread_stop(k);

		CHECK(result == 5 || result == -EINTR);
	}
}

/* ---- stopping and leaving ------------------------------------------------ */

static void stopped_again_gives_the_same(void)
{
	struct task_struct *k = kthread_create(until_stop, (void *)42, "w");

	CHECK(!IS_ERR(k));
	get_task_struct(k);
	get_task_struct(k);
	CHECK_EQ(kthread_stop(k), -EINTR);
	CHECK_EQ(kthread_stop(k), -EINTR);
	CHECK_EQ(kthread_stop_put(k), -EINTR);
	put_task_struct(k);
}

static int exits_9(void *data)
{
	if (data)
		kthread_complete_and_exit(data, 9);
	kthread_exit(9);
}

static void exit_ends_the_function(void)
{
	struct task_struct *k = kthread_create(exits_9, NULL, "w");
	kt_completion left;
	int result;

	CHECK(!IS_ERR(k));
	get_task_struct(k);
	wake_up_process(k);
	result = kthread_stop_put(k);
	CHECK(result == 9 || result == -EINTR);

	kt_completion_init(&left);
	k = kthread_create(exits_9, &left, "w");
	CHECK(!IS_ERR(k));
	get_task_struct(k);
	wake_up_process(k);
	kt_completion_wait(&left);
	kt_completion_destroy(&left);	/* the thread does not touch it any more */
	CHECK_EQ(kthread_stop_put(k), 9);
}

static void tells_what_it_was_created_with(void)
{
	struct task_struct *k = kthread_create(returns_7, &ran, "w");

	CHECK(!IS_ERR(k));
	CHECK(kthread_func(k) == returns_7);
	CHECK(kthread_data(k) == &ran);
	CHECK(kthread_probe_data(k) == &ran);
	CHECK(!kthread_func(&caller));
	CHECK(!kthread_probe_data(&caller));
	CHECK(!kthread_is_per_cpu(&caller));
	CHECK_EQ(kthread_stop(k), -EINTR);
}

/* ---- parking and processors ----------------------------------------------- */

struct parker {
	kt_completion woken;	/* the thread completes it after each park */
	uint64_t due;		/* the CPUs on which the thread must be then */
};

static int parks(void *data)
{
	struct parker *p = data;

	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			kthread_parkme();
			CHECK_EQ(READ_ONCE(current->state), TASK_RUNNING);
			CHECK(os_on_cpus(p->due));
			kt_complete(&p->woken);
			continue;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 3;
}

static void parker_begin(struct parker *p)
{
	kt_completion_init(&p->woken);
	p->due = OS_CPUS_ALL;
}

static void park_waits_until_it_sleeps(void)
{
	struct task_struct *k;
	struct parker p;

	parker_begin(&p);
	k = kthread_run(parks, &p, "p");
	CHECK(!IS_ERR(k));
	for (int i = 0; i < CONFORMANCE_TURNS(100, 2); i++) {
		CHECK_EQ(kthread_park(k), 0);
		CHECK_EQ(READ_ONCE(k->state), TASK_PARKED);
		CHECK_EQ(smp_load_acquire(&k->on_cpu), 0);
		CHECK_EQ(wake_up_process(k), 0);	/* an ordinary wake-up does not wake it */
		CHECK(__kthread_should_park(k));
		CHECK_EQ(kthread_park(k), -EBUSY);
		kthread_unpark(k);
		kthread_unpark(k);			/* does nothing */
		/*
		 * The loop parks the thread again at once, perhaps before it has left
		 * kthread_parkme().
		 */
	}
	get_task_struct(k);
	CHECK_EQ(kthread_stop(k), 3);
	CHECK_EQ(kthread_park(k), -ENOSYS);
	put_task_struct(k);
	kt_completion_destroy(&p.woken);
}

static void stop_of_a_parked_thread_calls_its_function(void)
{
	struct task_struct *k = kthread_create(returns_7, NULL, "p");

	ran = 0;
	CHECK(!IS_ERR(k));
	CHECK_EQ(kthread_park(k), 0);
	CHECK_EQ(kthread_stop(k), 7);
	CHECK_EQ(ran, 1);
}

static void a_cpus_own_thread_comes_back_to_it(void)
{
	char name[OS_NAME_MAX];
	struct task_struct *k;
	struct parker p;

	parker_begin(&p);
	k = kthread_create_on_cpu(parks, &p, 1, "p/%u");
	CHECK(!IS_ERR(k));
	get_kthread_comm(name, sizeof name, k);
	CHECK_STR(name, "p/1");
	get_kthread_comm(name, 3, k);
	CHECK_STR(name, "p/");
	get_kthread_comm(name, sizeof name, &caller);
	CHECK_STR(name, "caller");
	CHECK(!kthread_is_per_cpu(k));
	kthread_set_per_cpu(k, 1);
	CHECK(kthread_is_per_cpu(k));
	CHECK_EQ(kthread_park(k), 0);
	task_cpu_gone(k, 1);
	CHECK_EQ(k->cpus_mask, OS_CPUS_ALL & ~2ull);
	p.due = 2;
	kthread_unpark(k);
	CHECK_EQ(k->cpus_mask, 2);
	CHECK_EQ(kthread_park(k), 0);
	kthread_set_per_cpu(k, -1);
	CHECK(!kthread_is_per_cpu(k));
	CHECK_EQ(kthread_stop(k), 3);
	kt_completion_destroy(&p.woken);
}

static void bound_is_bound(void)
{
	struct task_struct *k = kthread_create(until_stop, NULL, "b");

	CHECK(!IS_ERR(k));
	CHECK_EQ(task_set_cpus_allowed(k, 0), -EINVAL);
	CHECK_EQ(task_set_cpus_allowed(k, 5), 0);
	CHECK_EQ(k->cpus_mask, 5);
	kthread_bind_mask(k, 6);
	CHECK_EQ(k->cpus_mask, 6);
	CHECK_EQ(task_set_cpus_allowed(k, 5), -EINVAL);
	CHECK_EQ(k->cpus_mask, 6);
	CHECK_EQ(kthread_stop(k), -EINTR);
}

static void bind_after_the_first_wake_fails(void)
{
	struct task_struct *k;
	kt_completion running;

	kt_completion_init(&running);
	k = kthread_run(says_running, &running, "late");
	CHECK(!IS_ERR(k));
	kt_completion_wait(&running);
	kthread_bind(k, 1);
}

/* ---- what a thread does to itself, and signals ---------------------------- */

static int parks_itself(void *arg)
{
	kt_completion *parked = arg;

	CHECK_EQ(kthread_park(current), 0);
	CHECK(kthread_should_park());
	CHECK_EQ(kthread_park(current), -EBUSY);
	kt_complete(parked);
	kthread_parkme();
	CHECK(!kthread_should_park());
	return 7;
}

static void a_thread_that_parks_itself_waits_for_an_unpark(void)
{
	struct task_struct *k;
	kt_completion parked;

	kt_completion_init(&parked);
	k = kthread_create(parks_itself, &parked, "p");
	CHECK(!IS_ERR(k));
	get_task_struct(k);
	wake_up_process(k);
	kt_completion_wait(&parked);
	kthread_unpark(k);
	CHECK_EQ(kthread_stop_put(k), 7);
	kt_completion_destroy(&parked);
}

static int sleeps_until_signal(void *arg)
{
	kt_completion *ready = arg;

	allow_fatal_signal();
	kt_complete(ready);
	while (!fatal_signal_pending(current)) {
		set_current_state(TASK_INTERRUPTIBLE);
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 3;
}

static void a_signal_ends_the_sleep_of_who_takes_signals(void)
{
	struct task_struct *k;
	kt_completion ready;

	kt_completion_init(&ready);
	k = kthread_create(sleeps_until_signal, &ready, "s");
	CHECK(!IS_ERR(k));
	get_task_struct(k);
	wake_up_process(k);
	kt_completion_wait(&ready);
	CHECK_EQ(send_fatal_signal(k), 0);
	CHECK_EQ(kthread_stop_put(k), 3);
	kt_completion_destroy(&ready);
}

static int makes_a_thread(void *arg)
{
	kt_completion *sent = arg;
	struct task_struct *k;

	kt_completion_wait(sent);
	CHECK(!fatal_signal_pending(current));
	k = kthread_create(until_stop, NULL, "made");
	CHECK(!IS_ERR(k));
	return kthread_stop(k);
}

static void who_takes_no_signals_goes_on(void)
{
	struct task_struct *k;
	kt_completion sent;

	kt_completion_init(&sent);
	k = kthread_create(makes_a_thread, &sent, "n");
	CHECK(!IS_ERR(k));
	get_task_struct(k);
	wake_up_process(k);
	CHECK_EQ(send_fatal_signal(k), 0);
	kt_complete(&sent);
	CHECK_EQ(kthread_stop_put(k), -EINTR);	/* of the thread that it made */
	kt_completion_destroy(&sent);
}

/* ---- several daemons ------------------------------------------------------- */

static void two_daemons_side_by_side(void)
{
	struct task_struct *k;

	kthreadd_init(&second);
	CHECK_EQ(kthreadd_boot(&second), 0);
	caller.kthreadd = &second;
	k = kthread_create(until_stop, NULL, "other");
	CHECK(!IS_ERR(k));
	CHECK(k->kthreadd == &second);
	CHECK_EQ(kthread_stop(k), -EINTR);
	caller.kthreadd = &daemon;
	kthreadd_shutdown(&second);
}

static void boot_without_a_thread_fails(void)
{
	fail_role = KT_ROLE_STACK;
	kthreadd_init(&second);
	CHECK_EQ(kthreadd_boot(&second), -EAGAIN);
	fail_role = KT_ROLE_COUNT;
	CHECK_EQ(kthreadd_boot(&second), 0);	/* the failed boot left it as after init */
	kthreadd_shutdown(&second);
}

int main(void)
{
	static const struct core_test tests[] = {
		T(stop_returns_the_result),
		T(stop_before_wake_skips_the_function),
		T(reference_outlives_the_thread),
		T(thread_starts_from_a_clean_context),
		T(failed_allocations_have_their_errno),
		T(killed_creator_gets_eintr_or_the_task),
		T(many_in_a_row),
		T(stopped_again_gives_the_same),
		T(exit_ends_the_function),
		T(tells_what_it_was_created_with),
		T(park_waits_until_it_sleeps),
		T(stop_of_a_parked_thread_calls_its_function),
		T(a_cpus_own_thread_comes_back_to_it),
		T(bound_is_bound),
		T(a_thread_that_parks_itself_waits_for_an_unpark),
		T(a_signal_ends_the_sleep_of_who_takes_signals),
		T(who_takes_no_signals_goes_on),
		T(two_daemons_side_by_side),
		T(boot_without_a_thread_fails),
	};

	RUN_FAILING(KT_DISCIPLINE, bind_after_the_first_wake_fails);
	RUN_TESTS(tests);
	return 0;
}
