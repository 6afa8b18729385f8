/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Workers, delayed works and timers, on every back end. Each promise of worker.h and
 * timer.h is one test body.
 */
#include <errno.h>

#include "core/core_test.h"
#include "core/worker.h"

enum { MS = 1000000 };

/* A work that counts its runs, and reports its start. */
struct job {
	struct kthread_delayed_work dwork;
	unsigned runs;			/* relaxed atomic */
	unsigned place;			/* its last run's place among all runs, from 1 */
	unsigned again;			/* how often it queues itself; changed by its runs */
	bool blocks;
	kt_completion started, go;	/* only for a work that blocks */
};

static unsigned places;			/* relaxed atomic */

static unsigned runs(struct job *j)
{
	return __atomic_load_n(&j->runs, __ATOMIC_RELAXED);
}

static void do_job(struct kthread_work *work)
{
	struct job *j = container_of(work, struct job, dwork.work);

	CHECK_EQ(READ_ONCE(current->state), TASK_RUNNING);
	j->place = __atomic_add_fetch(&places, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&j->runs, 1, __ATOMIC_RELAXED);
	if (j->blocks) {
		kt_complete(&j->started);
		kt_completion_wait(&j->go);
	}
	if (j->again > 0) {
		j->again--;
		CHECK(kthread_queue_work(work->worker, work));
	}
}

static void job_init(struct job *j)
{
	*j = (struct job){ .runs = 0 };
	kthread_init_delayed_work(&j->dwork, do_job, &daemon.timers);
}

static struct kthread_work *work_of(struct job *j)
{
	return &j->dwork.work;
}

static void blocking_job_init(struct job *j)
{
	job_init(j);
	j->blocks = true;
	kt_completion_init(&j->started);
	kt_completion_init(&j->go);
}

static void blocking_job_destroy(struct job *j)
{
	kt_completion_destroy(&j->go);
	kt_completion_destroy(&j->started);
}

static struct kthread_worker *worker_begin(void)
{
	struct kthread_worker *w = kthread_run_worker(0, "worker/%d", 1);

	CHECK(!IS_ERR(w));
	return w;
}

/* ---- queueing ------------------------------------------------------------- */

static void runs_in_order_once_each(void)
{
	struct kthread_worker *w = worker_begin();
	struct job j[3];

	for (int i = 0; i < 3; i++) {
		job_init(&j[i]);
		CHECK(kthread_queue_work(w, work_of(&j[i])));
	}
	kthread_flush_worker(w);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(runs(&j[i]), 1);
		CHECK(i == 0 || j[i].place == j[i - 1].place + 1);
	}
	kthread_destroy_worker(w);
}

static void queued_before_it_runs_counts_once(void)
{
	struct kthread_worker *w = kthread_create_worker(0, "worker");
	struct job j;

	CHECK(!IS_ERR(w));
	job_init(&j);
	CHECK(kthread_queue_work(w, work_of(&j)));	/* this wakes the thread */
	(void)kthread_queue_work(w, work_of(&j));	/* pending, or has run */
	kthread_flush_worker(w);
	CHECK(runs(&j) >= 1 && runs(&j) <= 2);
	kthread_destroy_worker(w);
}

static void pending_is_not_queued_again(void)
{
	struct kthread_worker *w = worker_begin();
	struct job first, j;

	blocking_job_init(&first);
	job_init(&j);
	kthread_queue_work(w, work_of(&first));
	kt_completion_wait(&first.started);
	CHECK(kthread_queue_work(w, work_of(&j)));
	CHECK(!kthread_queue_work(w, work_of(&j)));
	CHECK(!kthread_queue_delayed_work(w, &j.dwork, 0));
	kt_complete(&first.go);
	kthread_flush_work(work_of(&j));
	CHECK_EQ(runs(&j), 1);
	kthread_destroy_worker(w);
	blocking_job_destroy(&first);
}

static void queues_itself(void)
{
	struct kthread_worker *w = worker_begin();
	struct job j;

	job_init(&j);
	j.again = 3;
	kthread_queue_work(w, work_of(&j));
	for (unsigned i = 0; i < 5; i++)
		kthread_flush_work(work_of(&j));
	CHECK_EQ(runs(&j), 4);
	kthread_destroy_worker(w);
}

static void free_job(struct kthread_work *work)
{
	os_free(container_of(work, struct job, dwork.work));
}

static void frees_itself(void)
{
	struct kthread_worker *w = worker_begin();
	struct job *j = os_alloc(KT_ROLE_TEST, sizeof *j);

	CHECK(j != NULL);
	kthread_init_work(&j->dwork.work, free_job);
	kthread_queue_work(w, &j->dwork.work);
	kthread_destroy_worker(w);	/* runs the queued work */
}

static void create_fails_with_its_errno(void)
{
	static const struct {
		enum kt_role role;
		int due;
	} cases[] = {
		{ KT_ROLE_WORKER, -ENOMEM }, { KT_ROLE_CREATE_INFO, -ENOMEM },
		{ KT_ROLE_STACK, -EAGAIN },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct kthread_worker *w;

		fail_role = cases[i].role;
		w = kthread_create_worker(0, "worker");
		CHECK(IS_ERR(w));
		CHECK_EQ(PTR_ERR(w), cases[i].due);
		w = kthread_create_worker_on_cpu(1, 0, "worker/%u");
		CHECK(IS_ERR(w));
		CHECK_EQ(PTR_ERR(w), cases[i].due);
		fail_role = KT_ROLE_COUNT;
	}
}

static void report_cpu(struct kthread_work *work)
{
	struct job *j = container_of(work, struct job, dwork.work);

	j->place = os_on_cpus(1 << 2);
}

static void worker_on_a_cpu(void)
{
	struct kthread_worker *w = kthread_create_worker_on_cpu(2, 0, "worker/%u");
	char name[OS_NAME_MAX];
	struct job j;

	CHECK(!IS_ERR(w));
	get_kthread_comm(name, sizeof name, w->task);
	CHECK_STR(name, "worker/2");
	job_init(&j);
	kthread_init_work(&j.dwork.work, report_cpu);
	kthread_queue_work(w, work_of(&j));
	kthread_destroy_worker(w);
	CHECK(j.place);
}

/* ---- flush and cancel ------------------------------------------------------ */

static void flush_does_not_wait_for_later_works(void)
{
	struct kthread_worker *w = worker_begin();
	struct job j, later;

	job_init(&j);
	blocking_job_init(&later);
	kthread_queue_work(w, work_of(&j));
	kthread_queue_work(w, work_of(&later));
	kthread_flush_work(work_of(&j));	/* would never return if it waited for `later` */
	CHECK_EQ(runs(&j), 1);
	kt_complete(&later.go);
	kthread_destroy_worker(w);
	blocking_job_destroy(&later);
}

static void flush_of_what_never_was_queued_returns(void)
{
	struct job j;

	job_init(&j);
	kthread_flush_work(work_of(&j));
	CHECK(!kthread_cancel_work_sync(work_of(&j)));
	CHECK(!kthread_cancel_delayed_work_sync(&j.dwork));
}

static void cancel_takes_back_what_is_pending(void)
{
	struct kthread_worker *w = worker_begin();
	struct job first, j;

	blocking_job_init(&first);
	job_init(&j);
	kthread_queue_work(w, work_of(&first));
	kt_completion_wait(&first.started);
	kthread_queue_work(w, work_of(&j));
	CHECK(kthread_cancel_work_sync(work_of(&j)));
	CHECK(!kthread_cancel_work_sync(work_of(&j)));
	kt_complete(&first.go);
	kthread_destroy_worker(w);
	CHECK_EQ(runs(&j), 0);
	blocking_job_destroy(&first);
}

/* In any race with the worker, the work is either run or taken back. After that it is idle. */
static void cancel_accounts_exactly(void)
{
	struct kthread_worker *w = worker_begin();
	struct job j;

	for (int i = 0; i < CONFORMANCE_TURNS(200, 2); i++) {
		unsigned canceled;

		job_init(&j);
		kthread_queue_work(w, work_of(&j));
		canceled = kthread_cancel_work_sync(work_of(&j));
		CHECK_EQ(runs(&j) + canceled, 1);
		/* *j goes out of use here. */
	}
	kthread_destroy_worker(w);
}

/* ---- delayed works ---------------------------------------------------------- */

static void boot_timers(void)
{
	CHECK_EQ(kthreadd_boot_timers(&daemon), 0);
}

static void no_delay_needs_no_timer(void)
{
	struct kthread_worker *w = worker_begin();
	struct job j;

	job_init(&j);
	CHECK(kthread_queue_delayed_work(w, &j.dwork, 0));
	kthread_flush_work(work_of(&j));
	CHECK_EQ(runs(&j), 1);
	kthread_destroy_worker(w);
}

static uint64_t ran_at;

static void note_time(struct kthread_work *work)
{
	struct job *j = container_of(work, struct job, dwork.work);

	ran_at = os_now_ns();
	kt_complete(&j->started);
}

static void delayed_work_is_not_early(void)
{
	struct kthread_worker *w = worker_begin();
	uint64_t due;
	struct job j;

	boot_timers();
	blocking_job_init(&j);
	j.dwork.work.func = note_time;
	due = os_now_ns() + 2 * MS;
	CHECK(kthread_queue_delayed_work(w, &j.dwork, 2 * MS));
	kt_completion_wait(&j.started);
	CHECK(ran_at >= due);
	kthread_destroy_worker(w);
	blocking_job_destroy(&j);
}

static void flush_does_not_wait_for_a_timer(void)
{
	struct kthread_worker *w = worker_begin();
	struct job j;

	boot_timers();
	job_init(&j);
	CHECK(kthread_queue_delayed_work(w, &j.dwork, 3600ull * 1000 * MS));
	kthread_flush_work(work_of(&j));
	CHECK(timer_pending(&j.dwork.timer));
	CHECK(kthread_cancel_delayed_work_sync(&j.dwork));
	CHECK(!timer_pending(&j.dwork.timer));
	CHECK_EQ(runs(&j), 0);
	kthread_destroy_worker(w);
}

static void mod_moves_it(void)
{
	struct kthread_worker *w = worker_begin();
	struct job j;

	boot_timers();
	job_init(&j);
	CHECK(!kthread_mod_delayed_work(w, &j.dwork, 3600ull * 1000 * MS));
	CHECK(kthread_mod_delayed_work(w, &j.dwork, 0));
	kthread_flush_work(work_of(&j));
	CHECK_EQ(runs(&j), 1);
	CHECK(!kthread_mod_delayed_work(w, &j.dwork, 0));
	kthread_destroy_worker(w);
	CHECK_EQ(runs(&j), 2);
}

/* The timer fires before, during or after the cancel. No run is lost or counted twice. */
static void cancel_of_a_delayed_work_accounts_exactly(void)
{
	struct kthread_worker *w = worker_begin();
	struct job j;

	boot_timers();
	for (int i = 0; i < CONFORMANCE_TURNS(200, 2); i++) {
		unsigned canceled;

		job_init(&j);
		kthread_queue_delayed_work(w, &j.dwork, 1 + (uint64_t)i % 4 * 20000);
		canceled = kthread_cancel_delayed_work_sync(&j.dwork);
		CHECK_EQ(runs(&j) + canceled, 1);
	}
	kthread_destroy_worker(w);
}

/* ---- a second task ----------------------------------------------------------- */

struct pair {
	struct kthread_worker *w;
	struct job j;
	unsigned accepted, taken;	/* the other task writes them; read after the join */
};

static void mods(void *arg)
{
	struct pair *p = arg;

	for (int i = 0; i < CONFORMANCE_TURNS(100, 2); i++) {
		bool was_pending = kthread_mod_delayed_work(p->w, &p->j.dwork,
							    (uint64_t)i % 3 * 20000);

		p->accepted += !was_pending;
	}
}

static void cancels(void *arg)
{
	struct pair *p = arg;

	for (int i = 0; i < CONFORMANCE_TURNS(100, 2); i++)
		p->taken += kthread_cancel_delayed_work_sync(&p->j.dwork);
}

/*
 * Linux commit 5fa54346caf6 fixed a deadlock here. Each time the work is queued it is either
 * run or taken back.
 */
static void mod_races_cancel(void)
{
	struct pair p = { .w = worker_begin() };

	boot_timers();
	job_init(&p.j);
	other_begin(mods, &p);
	cancels(&p);
	other_end();
	p.taken += kthread_cancel_delayed_work_sync(&p.j.dwork);
	CHECK_EQ(runs(&p.j) + p.taken, p.accepted);
	kthread_destroy_worker(p.w);
}

static void two_cancels_meet(void)
{
	struct pair p = { .w = worker_begin() };

	boot_timers();
	job_init(&p.j);
	other_begin(cancels, &p);
	for (int i = 0; i < CONFORMANCE_TURNS(100, 2); i++) {
		p.accepted += kthread_queue_delayed_work(p.w, &p.j.dwork, (uint64_t)i % 3 * 20000);
		p.accepted -= kthread_cancel_delayed_work_sync(&p.j.dwork);
	}
	other_end();
	CHECK_EQ(runs(&p.j) + p.taken, p.accepted);
	kthread_destroy_worker(p.w);
}

/* ---- timers ------------------------------------------------------------------ */

struct alarm {
	struct timer_list timer;
	unsigned fired;			/* relaxed atomic */
	unsigned place;
	kt_completion *rung;		/* or NULL */
};

static void ring(struct timer_list *t)
{
	struct alarm *a = container_of(t, struct alarm, timer);

	a->place = __atomic_add_fetch(&places, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&a->fired, 1, __ATOMIC_RELAXED);
	if (a->rung)
		kt_complete(a->rung);
}

static void timers_fire_in_order(void)
{
	/* The times are so late that no timer is called before all are armed. */
	const uint64_t far = (uint64_t)CONFORMANCE_TURNS(20, 2000) * MS;
	struct alarm a[3];
	kt_completion rung;
	uint64_t now;

	boot_timers();
	for (int i = 0; i < 3; i++) {
		a[i] = (struct alarm){ .rung = NULL };
		timer_setup(&a[i].timer, &daemon.timers, ring);
	}
	kt_completion_init(&rung);
	a[1].rung = &rung;
	now = os_now_ns();
	CHECK(!mod_timer(&a[2].timer, now + far + MS));
	CHECK(!mod_timer(&a[0].timer, now + far));
	CHECK(!mod_timer(&a[1].timer, now + 3600000 * far));
	CHECK(mod_timer(&a[1].timer, now + far + MS));	/* armed after a[2], so called later */
	kt_completion_wait(&rung);
	kt_completion_destroy(&rung);
	CHECK_EQ(a[0].fired, 1);
	CHECK_EQ(a[2].fired, 1);
	for (int i = 0; i < 3; i++)
		CHECK(!del_timer_sync(&a[i].timer));
	CHECK(a[0].place < a[2].place);
	CHECK(a[2].place < a[1].place);
}

static void a_deleted_timer_is_over(void)
{
	struct alarm a = { .fired = 0 };

	boot_timers();
	for (int i = 0; i < CONFORMANCE_TURNS(200, 2); i++) {
		unsigned deleted;

		a.fired = 0;
		timer_setup(&a.timer, &daemon.timers, ring);
		mod_timer(&a.timer, os_now_ns() + (uint64_t)i % 4 * 20000);
		deleted = del_timer_sync(&a.timer);
		CHECK_EQ(a.fired + deleted, 1);		/* no callback runs, so plain reads do */
	}
}

static void destroyed_too_early(void)
{
	struct kthread_worker *w = worker_begin();
	struct job j;

	boot_timers();
	job_init(&j);
	kthread_queue_delayed_work(w, &j.dwork, 3600ull * 1000 * MS);
	kthread_destroy_worker(w);
}

int main(void)
{
	static const struct core_test tests[] = {
		T(runs_in_order_once_each),
		T(queued_before_it_runs_counts_once),
		T(pending_is_not_queued_again),
		T(queues_itself),
		T(frees_itself),
		T(create_fails_with_its_errno),
		T(worker_on_a_cpu),
		T(flush_does_not_wait_for_later_works),
		T(flush_of_what_never_was_queued_returns),
		T(cancel_takes_back_what_is_pending),
		T(cancel_accounts_exactly),
		T(no_delay_needs_no_timer),
		T(delayed_work_is_not_early),
		T(flush_does_not_wait_for_a_timer),
		T(mod_moves_it),
		T(cancel_of_a_delayed_work_accounts_exactly),
		T(mod_races_cancel),
		T(two_cancels_meet),
		T(timers_fire_in_order),
		T(a_deleted_timer_is_over),
	};

	RUN_FAILING(KT_DISCIPLINE, destroyed_too_early);
	RUN_TESTS(tests);
	return 0;
}
