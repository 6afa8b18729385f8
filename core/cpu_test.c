/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUs that go offline and online, and the sleeping locks that they use, on every back end.
 * Each promise of cpu.h and rwsem.h is one test body.
 */
#include "core/core_test.h"
#include "core/cpu.h"

static struct task_struct other[3];

/* ---- sleeping locks ----------------------------------------------------------- */

struct shared {
	struct rw_semaphore sem;
	unsigned readers, writers;	/* tasks inside; relaxed atomics */
	unsigned place;			/* under sem */
	unsigned wrote_at, read_at;
};

static unsigned waiting(struct shared *s)
{
	struct list_head *at;
	unsigned n = 0;

	kt_lock_acquire(&s->sem.lock);
	for (at = s->sem.waiters.next; at != &s->sem.waiters; at = at->next)
		n++;
	kt_lock_release(&s->sem.lock);
	return n;
}

static void until_waiting(struct shared *s, unsigned n)
{
	while (waiting(s) < n)
		cpu_relax();
}

static void enter(unsigned *inside, int n)
{
	__atomic_add_fetch(inside, (unsigned)n, __ATOMIC_RELAXED);
}

static unsigned inside(const unsigned *n)
{
	return __atomic_load_n(n, __ATOMIC_RELAXED);
}

static void writes(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < CONFORMANCE_TURNS(200, 2); i++) {
		down_write(&s->sem);
		enter(&s->writers, 1);
		CHECK_EQ(inside(&s->readers), 0);
		CHECK_EQ(inside(&s->writers), 1);
		s->place++;		/* a race, if two tasks can hold the lock */
		enter(&s->writers, -1);
		up_write(&s->sem);
	}
}

static void reads(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < CONFORMANCE_TURNS(200, 2); i++) {
		unsigned before;

		down_read(&s->sem);
		enter(&s->readers, 1);
		before = s->place;
		KT_POINT(test.reading);
		CHECK_EQ(inside(&s->writers), 0);
		CHECK_EQ(s->place, before);
		enter(&s->readers, -1);
		up_read(&s->sem);
	}
}

static void writers_exclude_everybody(void)
{
	struct shared s = { .place = 0 };

	init_rwsem(&s.sem, "sem");
	task_begin(&other[0], "other/0", writes, &s);
	task_begin(&other[1], "other/1", reads, &s);
	task_begin(&other[2], "other/2", writes, &s);
	reads(&s);
	for (unsigned i = 0; i < 3; i++)
		task_end(&other[i]);
	CHECK_EQ(s.place, 2 * CONFORMANCE_TURNS(200, 2));
	destroy_rwsem(&s.sem);
}

static void reads_once(void *arg)
{
	struct shared *s = arg;

	down_read(&s->sem);
	s->read_at = __atomic_add_fetch(&s->place, 1, __ATOMIC_RELAXED);
	up_read(&s->sem);
}

static void writes_once(void *arg)
{
	struct shared *s = arg;

	down_write(&s->sem);
	s->wrote_at = __atomic_add_fetch(&s->place, 1, __ATOMIC_RELAXED);
	up_write(&s->sem);
}

static void readers_share(void)
{
	struct shared s = { .place = 0 };

	init_rwsem(&s.sem, "sem");
	down_read(&s.sem);
	task_begin(&other[0], "other/0", reads_once, &s);
	task_end(&other[0]);		/* hangs if one reader keeps another one out */
	up_read(&s.sem);
	destroy_rwsem(&s.sem);
}

static void nobody_overtakes(void)
{
	struct shared s = { .place = 0 };

	init_rwsem(&s.sem, "sem");
	down_read(&s.sem);
	task_begin(&other[0], "other/0", writes_once, &s);
	until_waiting(&s, 1);
	task_begin(&other[1], "other/1", reads_once, &s);
	until_waiting(&s, 2);	/* the reader waits, too, though only a reader holds it */
	up_read(&s.sem);
	task_end(&other[0]);
	task_end(&other[1]);
	CHECK_EQ(s.wrote_at, 1);
	CHECK_EQ(s.read_at, 2);
	destroy_rwsem(&s.sem);
}

static void released_by_another(void)
{
	struct shared s = { .place = 0 };

	init_rwsem(&s.sem, "sem");
	down_read(&s.sem);
	up_write(&s.sem);
}

/* ---- offline and online --------------------------------------------------------- */

static void errors_have_their_cause(void)
{
	CHECK_EQ(cpu_down(&daemon, NR_CPUS), -EINVAL);
	CHECK_EQ(cpu_up(&daemon, NR_CPUS), -EINVAL);
	CHECK_EQ(cpu_up(&daemon, 2), 0);		/* the CPU is online already */
	for (unsigned cpu = 0; cpu < NR_CPUS - 1; cpu++) {
		CHECK(cpu_online(&daemon, cpu));
		CHECK_EQ(cpu_down(&daemon, cpu), 0);
		CHECK_EQ(cpu_down(&daemon, cpu), 0);
		CHECK(!cpu_online(&daemon, cpu));
	}
	CHECK_EQ(num_online_cpus(&daemon), 1);
	CHECK_EQ(cpu_down(&daemon, NR_CPUS - 1), -EBUSY);
	CHECK_EQ(cpu_down(&daemon, 0), 0);		/* the CPU is offline already */
	CHECK(cpu_online(&daemon, NR_CPUS - 1));
	CHECK_EQ(cpu_up(&daemon, 0), 0);
	CHECK_EQ(cpu_down(&daemon, NR_CPUS - 1), 0);
	CHECK_EQ(num_online_cpus(&daemon), 1);
	CHECK(!cpu_online(&daemon, NR_CPUS));
}

static void takes_2_down(void *arg)
{
	(void)arg;
	CHECK_EQ(cpu_down(&daemon, 2), 0);
}

static void the_read_lock_keeps_cpus(void)
{
	cpus_read_lock(&daemon);
	task_begin(&other[0], "other/0", takes_2_down, NULL);
	for (int i = 0; i < CONFORMANCE_TURNS(1000, 10); i++) {
		CHECK(cpu_online(&daemon, 2));
		cpu_relax();
	}
	cpus_read_unlock(&daemon);
	task_end(&other[0]);
	CHECK(!cpu_online(&daemon, 2));
}

static void down_and_up(void *arg)
{
	unsigned cpu = *(unsigned *)arg;

	for (int i = 0; i < CONFORMANCE_TURNS(100, 2); i++) {
		int err = cpu_down(&daemon, cpu);

		CHECK(err == 0 || err == -EBUSY);
		CHECK(num_online_cpus(&daemon) >= 1);
		CHECK_EQ(cpu_up(&daemon, cpu), 0);
	}
}

static void one_is_always_left(void)
{
	unsigned cpu[3] = { 0, 1, 2 };

	CHECK_EQ(cpu_down(&daemon, 3), 0);
	task_begin(&other[0], "other/0", down_and_up, &cpu[0]);
	task_begin(&other[1], "other/1", down_and_up, &cpu[1]);
	down_and_up(&cpu[2]);
	task_end(&other[0]);
	task_end(&other[1]);
	CHECK_EQ(num_online_cpus(&daemon), 3);
}

/* ---- bound threads -------------------------------------------------------------- */

struct sentry {			/* a thread that says on request where it runs */
	kt_completion ask, answer;
	uint64_t due;
	bool over;			/* this and `due` are written before `ask` */
	bool there;
};

static int stands(void *data)
{
	struct sentry *s = data;

	for (;;) {
		kt_completion_wait(&s->ask);
		if (s->over)
			return 0;
		s->there = os_on_cpus(s->due);
		kt_complete(&s->answer);
	}
}

static bool is_on(struct sentry *s, uint64_t cpus)
{
	s->due = cpus;
	kt_complete(&s->ask);
	kt_completion_wait(&s->answer);
	return s->there;
}

static void sentry_init(struct sentry *s)
{
	*s = (struct sentry){ .over = false };
	kt_completion_init(&s->ask);
	kt_completion_init(&s->answer);
}

static void sentry_destroy(struct sentry *s, struct task_struct *k)
{
	get_task_struct(k);
	s->over = true;
	kt_complete(&s->ask);
	kthread_stop_put(k);
	kt_completion_destroy(&s->answer);
	kt_completion_destroy(&s->ask);
}

static void a_bound_thread_moves_and_stays(void)
{
	struct task_struct *k;
	struct sentry s;

	sentry_init(&s);
	k = kthread_run_on_cpu(stands, &s, 3, "s/%u");
	CHECK(!IS_ERR(k));
	CHECK(is_on(&s, 1 << 3));
	for (unsigned cpu = 1; cpu < NR_CPUS; cpu++)
		CHECK_EQ(cpu_down(&daemon, cpu), 0);
	CHECK(is_on(&s, 1 << 0));		/* the only CPU online */
	CHECK_EQ(k->cpus_mask, OS_CPUS_ALL & ~(1ull << 3));
	CHECK_EQ(cpu_up(&daemon, 1), 0);
	CHECK_EQ(cpu_down(&daemon, 0), 0);
	CHECK(is_on(&s, 1 << 1));
	sentry_destroy(&s, k);
}

static void one_of_two_cpus_goes(void)
{
	struct task_struct *k;
	struct sentry s;

	sentry_init(&s);
	k = kthread_create(stands, &s, "s");
	CHECK(!IS_ERR(k));
	kthread_bind_mask(k, 6);
	wake_up_process(k);
	CHECK_EQ(cpu_down(&daemon, 1), 0);
	CHECK(is_on(&s, 1 << 2));
	CHECK_EQ(cpu_up(&daemon, 1), 0);
	CHECK_EQ(cpu_down(&daemon, 2), 0);
	CHECK(is_on(&s, 1 << 1));		/* the thread may use that CPU again */
	CHECK_EQ(k->cpus_mask, 6);
	sentry_destroy(&s, k);
}

static void bound_while_it_is_off_line(void)
{
	struct task_struct *k;
	struct sentry s;

	sentry_init(&s);
	for (unsigned cpu = 1; cpu < NR_CPUS; cpu++)
		CHECK_EQ(cpu_down(&daemon, cpu), 0);
	k = kthread_run_on_cpu(stands, &s, 3, "s/%u");
	CHECK(!IS_ERR(k));
	CHECK(is_on(&s, 1 << 0));
	CHECK_EQ(cpu_up(&daemon, 3), 0);
	CHECK(is_on(&s, 1 << 3));
	sentry_destroy(&s, k);
}

static int returns(void *data)
{
	(void)data;
	return 0;
}

/* A thread that has ended is not moved. One that is about to end may be moved. */
static void ends_while_its_cpu_goes(void)
{
	for (int i = 0; i < CONFORMANCE_TURNS(50, 1); i++) {
		struct task_struct *k = kthread_create_on_cpu(returns, NULL, 2, "e/%u");

		CHECK(!IS_ERR(k));
		get_task_struct(k);
		wake_up_process(k);
		CHECK_EQ(cpu_down(&daemon, 2), 0);
		CHECK_EQ(task_set_cpus_allowed(k, 1), -EINVAL);
		CHECK_EQ(cpu_up(&daemon, 2), 0);
		kthread_stop_put(k);
	}
}

static void each_kthreadd_has_its_own(void)
{
	static struct kthreadd second;

	kthreadd_init(&second);
	CHECK_EQ(kthreadd_boot(&second), 0);
	CHECK_EQ(cpu_down(&daemon, 1), 0);
	CHECK(cpu_online(&second, 1));
	CHECK_EQ(cpu_down(&second, 2), 0);
	CHECK(cpu_online(&daemon, 2));
	kthreadd_shutdown(&second);
}

int main(void)
{
	static const struct core_test tests[] = {
		T(writers_exclude_everybody),
		T(readers_share),
		T(nobody_overtakes),
		T(errors_have_their_cause),
		T(the_read_lock_keeps_cpus),
		T(one_is_always_left),
		T(a_bound_thread_moves_and_stays),
		T(one_of_two_cpus_goes),
		T(bound_while_it_is_off_line),
		T(ends_while_its_cpu_goes),
		T(each_kthreadd_has_its_own),
	};

	RUN_FAILING(KT_DISCIPLINE, released_by_another);
	RUN_TESTS(tests);
	return 0;
}
