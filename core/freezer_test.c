/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The freezer, on every back end. Each promise of freezer.h is one test body.
 */
#include <errno.h>

#include "core/core_test.h"
#include "core/freezer.h"
#include "core/worker.h"

enum { MS = 1000000 };

/*
 * Freezes that have returned 0 and whose thaw has not begun. Accessed relaxed, because the
 * freezer itself must order the accesses of the threads.
 */
static unsigned in_force;

static unsigned get(unsigned *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static unsigned count(unsigned *counter)
{
	return __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* The last thread that freezes must wake the caller; the deadline must not. */
static void freeze(void)
{
	uint64_t deadline_ns = os_now_ns() + FREEZE_TIMEOUT_NS;

	CHECK_EQ(freeze_kthreads_until(&daemon, deadline_ns), 0);
	CHECK(os_now_ns() < deadline_ns);
	count(&in_force);
}

static void thaw(void)
{
	__atomic_sub_fetch(&in_force, 1, __ATOMIC_RELAXED);
	thaw_kthreads(&daemon);
}

/* ---- threads ---------------------------------------------------------------- */

struct member {
	struct task_struct *task;
	bool parks;
	kt_completion listed;		/* completed when it is freezable */
	unsigned froze;			/* how often the thread was frozen; it writes this */
	unsigned turns;			/* relaxed atomic: how often it tested freezing() */
};

static void looks(struct member *m)
{
	CHECK_EQ(READ_ONCE(current->state), TASK_RUNNING);
	CHECK_EQ(get(&in_force), 0);
	count(&m->turns);
}

static bool should_stop(struct member *m)
{
	bool was_frozen = true, stop = kthread_freezable_should_stop(&was_frozen);

	m->froze += was_frozen;
	CHECK(!stop || kthread_freezable_should_stop(NULL));
	return stop;
}

static int is_member(void *data)
{
	struct member *m = data;

	m->froze += set_freezable();
	kt_complete(&m->listed);
	while (!should_stop(m)) {
		looks(m);
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (m->parks && kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			kthread_parkme();
			if (!kthread_should_stop())
				looks(m);
		} else if (!kthread_should_stop() && !freezing(current)) {
			schedule();
		}
		__set_current_state(TASK_RUNNING);
	}
	return 7;
}

static void member_begin(struct member *m, int (*fn)(void *), bool parks)
{
	*m = (struct member){ .parks = parks };
	kt_completion_init(&m->listed);
	m->task = kthread_run(fn, m, "member");
	CHECK(!IS_ERR(m->task));
}

static void member_ready(struct member *m, int (*fn)(void *), bool parks)
{
	member_begin(m, fn, parks);
	kt_completion_wait(&m->listed);
}

static void member_end(struct member *m)
{
	int result = kthread_stop(m->task);

	CHECK(result == 7 || (result == -EINTR && m->turns == 0));
	kt_completion_destroy(&m->listed);
}

/* frozen() would not do, because it is true before the thread has tested for the last time. */
static bool stays_frozen(struct task_struct *k)
{
	bool stays;

	kt_lock_acquire(&daemon.freezer.lock);
	stays = k->is_frozen;
	kt_lock_release(&daemon.freezer.lock);
	return stays;
}

static void wait_frozen(struct task_struct *k)
{
	while (!stays_frozen(k))
		cpu_relax();
}

/* ---- freeze and thaw ---------------------------------------------------------- */

static void frozen_until_thawed(void)
{
	struct member m[2];

	for (int i = 0; i < 2; i++)
		member_ready(&m[i], is_member, false);
	freeze();
	for (int i = 0; i < 2; i++) {
		CHECK(frozen(m[i].task));
		CHECK_EQ(wake_up_process(m[i].task), 0);
	}
	thaw();
	for (int i = 0; i < 2; i++) {
		member_end(&m[i]);
		CHECK_EQ(m[i].froze, 1);
	}
}

static int is_not_freezable(void *data)
{
	(void)data;
	sleep_until_stop(TASK_INTERRUPTIBLE);
	CHECK(!try_to_freeze());
	return 7;
}

static void others_are_passed_over(void)
{
	struct task_struct *k = kthread_run(is_not_freezable, NULL, "other");
	int result;

	CHECK(!IS_ERR(k));
	freeze();
	CHECK(!frozen(k));
	CHECK(!freezing(current));
	result = kthread_stop(k);
	CHECK(result == 7 || result == -EINTR);
	thaw();
}

static void freezes_as_soon_as_it_may(void)
{
	struct member m;

	freeze();
	member_begin(&m, is_member, false);
	wait_frozen(m.task);
	CHECK(!kt_completion_try_wait(&m.listed));
	thaw();
	kt_completion_wait(&m.listed);
	member_end(&m);
	CHECK_EQ(m.froze, 1);
}

static void frozen_until_the_last_thaw(void)
{
	struct member m;

	member_ready(&m, is_member, false);
	freeze();
	freeze();
	thaw();
	CHECK(frozen(m.task));
	thaw();
	member_end(&m);
	CHECK_EQ(m.froze, 1);
}

/*
 * A thaw and the next freeze may both come before the thread tests again. Then the thread stays
 * frozen.
 */
static void frozen_again_and_again(void)
{
	struct member m;

	member_ready(&m, is_member, false);
	for (int i = 0; i < CONFORMANCE_TURNS(100, 3); i++) {
		freeze();
		CHECK(frozen(m.task));
		thaw();
	}
	member_end(&m);
	CHECK(m.froze >= 1 && m.froze <= CONFORMANCE_TURNS(100, 3));
}

static void each_daemon_has_its_own(void)
{
	static struct kthreadd second;
	struct member m;

	kthreadd_init(&second);
	CHECK_EQ(kthreadd_boot(&second), 0);
	member_ready(&m, is_member, false);
	CHECK_EQ(freeze_kthreads(&second), 0);
	CHECK(!frozen(m.task));
	thaw_kthreads(&second);
	member_end(&m);
	CHECK_EQ(m.froze, 0);
	kthreadd_shutdown(&second);
}

/* ---- a thread that does not look ------------------------------------------------ */

static int never_looks(void *data)
{
	struct member *m = data;

	CHECK(!set_freezable());
	kt_complete(&m->listed);
	sleep_until_stop(TASK_UNINTERRUPTIBLE);
	return 7;
}

static void busy_if_one_does_not_look(void)
{
	struct member m, blind;

	member_ready(&m, is_member, false);
	member_ready(&blind, never_looks, false);
	CHECK_EQ(freeze_kthreads_until(&daemon, os_now_ns() + 2 * MS), -EBUSY);
	/* The failed freeze is over: no thaw is needed. */
	CHECK(!frozen(blind.task));
	member_end(&blind);
	freeze();
	CHECK(frozen(m.task));
	thaw();
	member_end(&m);
	CHECK(m.froze >= 1 && m.froze <= 2);
}

/* If all are frozen already, a second freeze has nothing to wait for. */
static void no_time_is_enough_if_all_are_frozen(void)
{
	struct member m;

	member_ready(&m, is_member, false);
	freeze();
	CHECK_EQ(freeze_kthreads_until(&daemon, 0), 0);
	thaw_kthreads(&daemon);
	CHECK(frozen(m.task));
	thaw();
	member_end(&m);
}

/* ---- stop ------------------------------------------------------------------------ */

static void stop_needs_no_thaw(void)
{
	struct member m;

	member_ready(&m, is_member, false);
	freeze();
	member_end(&m);
	CHECK_EQ(m.froze, 1);
	freeze();		/* the freeze does not wait for the thread that ended */
	thaw();
	thaw();
}

static void stop_before_it_is_freezable_needs_no_thaw(void)
{
	struct member m;

	freeze();
	member_begin(&m, is_member, false);
	member_end(&m);
	thaw();
}

static int stays(void *data)
{
	struct member *m = data;

	CHECK(!set_freezable());
	kt_complete(&m->listed);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop() && !freezing(current))
			schedule();
		__set_current_state(TASK_RUNNING);
		m->froze += try_to_freeze();
		looks(m);
		if (kthread_should_stop())
			return 7;
	}
}

static void thaws(void *unused)
{
	(void)unused;
	thaw();
}

/* If the thread left the refrigerator now, looks() would find that the freeze is in force. */
static void try_to_freeze_keeps_the_stopped(void)
{
	struct member m;

	member_ready(&m, stays, false);
	freeze();
	other_begin(thaws, NULL);
	member_end(&m);
	other_end();
	CHECK_EQ(m.froze, 1);
}

/* ---- park ------------------------------------------------------------------------ */

static void parked_is_frozen_enough(void)
{
	unsigned turns;
	struct member m;

	member_ready(&m, is_member, true);
	CHECK_EQ(kthread_park(m.task), 0);
	turns = get(&m.turns);
	freeze();
	CHECK_EQ(READ_ONCE(m.task->state), TASK_PARKED);
	kthread_unpark(m.task);
	wait_frozen(m.task);
	CHECK_EQ(get(&m.turns), turns);
	thaw();
	member_end(&m);
}

static void stop_of_a_parked_thread_needs_no_thaw(void)
{
	struct member m;

	member_ready(&m, is_member, true);
	CHECK_EQ(kthread_park(m.task), 0);
	freeze();
	member_end(&m);
	thaw();
}

static void parked_before_it_was_freezable(void)
{
	struct member m = { .parks = false };

	kt_completion_init(&m.listed);
	m.task = kthread_create(is_member, &m, "member");
	CHECK(!IS_ERR(m.task));
	CHECK_EQ(kthread_park(m.task), 0);
	freeze();
	kthread_unpark(m.task);
	wait_frozen(m.task);
	CHECK(!kt_completion_try_wait(&m.listed));
	thaw();
	member_end(&m);
}

/* ---- all at once ------------------------------------------------------------------- */

static void freezes_and_thaws(void *unused)
{
	(void)unused;
	for (int i = 0; i < CONFORMANCE_TURNS(50, 2); i++) {
		freeze();
		thaw();
	}
}

static void two_who_freeze(void)
{
	struct member m;

	member_ready(&m, is_member, false);
	other_begin(freezes_and_thaws, NULL);
	freezes_and_thaws(NULL);
	other_end();
	member_end(&m);
	CHECK(m.froze >= 1);
}

static void threads_come_and_go(void)
{
	struct member m;

	other_begin(freezes_and_thaws, NULL);
	for (int i = 0; i < CONFORMANCE_TURNS(50, 2); i++) {
		member_begin(&m, is_member, i % 2);
		if (i % 2) {
			CHECK_EQ(kthread_park(m.task), 0);
			kthread_unpark(m.task);
		}
		member_end(&m);
	}
	other_end();
}

/* ---- workers ------------------------------------------------------------------------- */

struct job {
	struct kthread_work work;
	unsigned runs;			/* relaxed atomic */
	bool blocks;
	kt_completion started, go;	/* only for a work that blocks */
};

static void do_job(struct kthread_work *work)
{
	struct job *j = container_of(work, struct job, work);

	CHECK_EQ(READ_ONCE(current->state), TASK_RUNNING);
	CHECK_EQ(get(&in_force), 0);
	if (j->blocks) {
		kt_complete(&j->started);
		kt_completion_wait(&j->go);
		CHECK_EQ(get(&in_force), 0);
	}
	count(&j->runs);
}

static void job_init(struct job *j, bool blocks)
{
	*j = (struct job){ .blocks = blocks };
	kthread_init_work(&j->work, do_job);
	kt_completion_init(&j->started);
	kt_completion_init(&j->go);
}

static void job_destroy(struct job *j)
{
	kt_completion_destroy(&j->started);
	kt_completion_destroy(&j->go);
}

static struct kthread_worker *worker_begin(unsigned flags)
{
	struct kthread_worker *w = kthread_run_worker(flags, "worker/%d", 1);

	CHECK(!IS_ERR(w));
	return w;
}

static void works_wait_for_the_thaw(void)
{
	struct kthread_worker *w = worker_begin(KTW_FREEZABLE);
	struct job j;

	job_init(&j, false);
	kthread_queue_work(w, &j.work);
	kthread_flush_worker(w);
	freeze();
	CHECK(kthread_queue_work(w, &j.work));
	CHECK(frozen(w->task));
	CHECK_EQ(get(&j.runs), 1);
	thaw();
	kthread_flush_work(&j.work);
	CHECK_EQ(get(&j.runs), 2);
	kthread_destroy_worker(w);
	job_destroy(&j);
}

static void works_of_others_do_not(void)
{
	struct kthread_worker *w = worker_begin(0);
	struct job j;

	CHECK_EQ(freeze_kthreads(&daemon), 0);
	job_init(&j, false);
	kthread_queue_work(w, &j.work);
	kthread_flush_work(&j.work);
	CHECK_EQ(get(&j.runs), 1);
	kthread_destroy_worker(w);
	thaw_kthreads(&daemon);
	job_destroy(&j);
}

static void goes_on_in_a_freeze(void *job)
{
	while (!READ_ONCE(daemon.freezer.freezers))
		cpu_relax();
	kt_complete(&((struct job *)job)->go);
}

static void a_running_work_is_waited_for(void)
{
	struct kthread_worker *w = worker_begin(KTW_FREEZABLE);
	struct job j, next;

	job_init(&j, true);
	job_init(&next, false);
	kthread_queue_work(w, &j.work);
	kthread_queue_work(w, &next.work);
	kt_completion_wait(&j.started);
	other_begin(goes_on_in_a_freeze, &j);
	freeze();
	CHECK_EQ(get(&j.runs), 1);
	CHECK_EQ(get(&next.runs), 0);
	other_end();
	/* None of these calls waits for the thaw: one work has run, the other has not begun. */
	CHECK(!kthread_cancel_work_sync(&j.work));
	kthread_flush_work(&j.work);
	CHECK(kthread_cancel_work_sync(&next.work));
	thaw();
	kthread_destroy_worker(w);
	CHECK_EQ(get(&next.runs), 0);
	job_destroy(&next);
	job_destroy(&j);
}

static void a_new_worker_waits_for_the_thaw(void)
{
	struct kthread_worker *w;
	struct task_struct *k;
	struct job j;

	freeze();
	w = kthread_create_worker_on_cpu(1, KTW_FREEZABLE, "worker/%u");
	CHECK(!IS_ERR(w));
	k = w->task;
	job_init(&j, false);
	kthread_queue_work(w, &j.work);	/* wakes the thread */
	wait_frozen(k);
	CHECK_EQ(get(&j.runs), 0);
	thaw();
	kthread_destroy_worker(w);
	CHECK_EQ(get(&j.runs), 1);
	job_destroy(&j);
}

/* When the worker is frozen, the work has run or is still in the list. */
static void cancel_in_a_freeze_does_not_wait(void)
{
	struct kthread_worker *w = worker_begin(KTW_FREEZABLE);
	struct job j;

	for (int i = 0; i < CONFORMANCE_TURNS(50, 2); i++) {
		unsigned canceled;

		job_init(&j, false);
		kthread_queue_work(w, &j.work);
		freeze();
		canceled = kthread_cancel_work_sync(&j.work);
		thaw();
		CHECK_EQ(get(&j.runs) + canceled, 1);
		job_destroy(&j);
	}
	kthread_destroy_worker(w);
}

/*
 * Works are queued while other tasks freeze and thaw. Each work runs once, and none during
 * a freeze.
 */
static void works_race_with_freezes(void)
{
	struct kthread_worker *w = worker_begin(KTW_FREEZABLE);
	unsigned accepted = 0;
	struct job j;

	job_init(&j, false);
	other_begin(freezes_and_thaws, NULL);
	for (int i = 0; i < CONFORMANCE_TURNS(50, 2); i++) {
		accepted += kthread_queue_work(w, &j.work);
		kthread_flush_work(&j.work);
	}
	other_end();
	kthread_destroy_worker(w);
	CHECK_EQ(get(&j.runs), accepted);
	job_destroy(&j);
}

/* ---- caller rules ---------------------------------------------------------------------- */

/* Wait until a freeze is in force and has made all its wake-ups. */
static void await_freeze(void)
{
	while (!freezing(current))
		cpu_relax();
	kt_lock_acquire(&daemon.freezer.lock);
	kt_lock_release(&daemon.freezer.lock);
}

static int enters_from_a_sleep(void *data)
{
	struct member *m = data;

	CHECK(!set_freezable());
	kt_complete(&m->listed);
	await_freeze();
	set_current_state(TASK_INTERRUPTIBLE);
	CHECK(__refrigerator(false));
	CHECK_EQ(READ_ONCE(current->state), TASK_RUNNING);
	while (!kthread_freezable_should_stop(NULL))
		cpu_relax();
	return 7;
}

static void a_given_up_sleep_ends_running(void)
{
	struct member m;

	member_ready(&m, enters_from_a_sleep, false);
	freeze();
	thaw();
	member_end(&m);
}

static int gives_up_a_sleep(void *data)
{
	CHECK(!set_freezable());
	kt_complete(&((struct member *)data)->listed);
	await_freeze();
	set_current_state(TASK_INTERRUPTIBLE);
	try_to_freeze();
	return 7;
}

static void freezes_half_asleep(void)
{
	struct member m;

	member_ready(&m, gives_up_a_sleep, false);
	freeze();
}

static int is_parked_instead(void *data)
{
	CHECK(!set_freezable());
	kt_complete(&((struct member *)data)->listed);
	await_freeze();
	set_special_state(TASK_PARKED);
	__refrigerator(true);
	return 7;
}

static void freezes_in_a_special_state(void)
{
	struct member m;

	member_ready(&m, is_parked_instead, false);
	freeze();
}

static void thaws_too_often(void)
{
	freeze();
	thaw();
	thaw_kthreads(&daemon);
}

static int freezes_itself(void *data)
{
	(void)data;
	set_freezable();
	return freeze_kthreads(&daemon);
}

static void freezes_its_own(void)
{
	struct task_struct *k = kthread_run(freezes_itself, NULL, "self");

	kt_completion never;

	CHECK(!IS_ERR(k));
	kt_completion_init(&never);
	kt_completion_wait(&never);
}

int main(void)
{
	static const struct core_test tests[] = {
		T(frozen_until_thawed),
		T(others_are_passed_over),
		T(freezes_as_soon_as_it_may),
		T(frozen_until_the_last_thaw),
		T(frozen_again_and_again),
		T(each_daemon_has_its_own),
		T(busy_if_one_does_not_look),
		T(no_time_is_enough_if_all_are_frozen),
		T(stop_needs_no_thaw),
		T(stop_before_it_is_freezable_needs_no_thaw),
		T(try_to_freeze_keeps_the_stopped),
		T(parked_is_frozen_enough),
		T(stop_of_a_parked_thread_needs_no_thaw),
		T(parked_before_it_was_freezable),
		T(two_who_freeze),
		T(threads_come_and_go),
		T(works_wait_for_the_thaw),
		T(works_of_others_do_not),
		T(a_running_work_is_waited_for),
		T(a_new_worker_waits_for_the_thaw),
		T(cancel_in_a_freeze_does_not_wait),
		T(works_race_with_freezes),
		T(a_given_up_sleep_ends_running),
	};

	RUN_FAILING(KT_DISCIPLINE, freezes_half_asleep);
	RUN_FAILING(KT_DISCIPLINE, freezes_in_a_special_state);
	RUN_FAILING(KT_ASSERTION, thaws_too_often);
	RUN_FAILING(KT_ASSERTION, freezes_its_own);
	RUN_TESTS(tests);
	return 0;
}
