/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-CPU threads, on every back end. Each promise of smpboot.h is one test body. Every
 * callback checks that it may be called now.
 */
#include "core/core_test.h"
#include "core/smpboot.h"

/* What one CPU's thread has called; written by that thread. */
struct post {
	bool set_up, parked;
	unsigned setups, cleanups, parks, unparks;
	unsigned parked_at;
	bool cleaned_online;
};

struct guard {
	struct smp_hotplug_thread ht;
	struct task_struct *store[NR_CPUS];
	struct post post[NR_CPUS];
	unsigned work[NR_CPUS];		/* relaxed atomic: how much work was asked for */
	unsigned done[NR_CPUS];		/* how much is done; the thread writes it */
	kt_completion idle[NR_CPUS];	/* completed when all work is done */
	unsigned creates;
	enum kt_role fail_after;	/* fails after the first thread; _COUNT: none */
};

static unsigned parks_so_far;		/* written by the threads that park, one at a time */

static struct guard *guard_self(void)
{
	return container_of(smpboot_current(), struct guard, ht);
}

static struct post *enter(unsigned cpu)
{
	struct guard *g = guard_self();

	CHECK_EQ(READ_ONCE(current->state), TASK_RUNNING);
	CHECK(smp_load_acquire(&g->store[cpu]) == current);
	return &g->post[cpu];
}

static int should_run(unsigned cpu)
{
	struct guard *g = guard_self();

	return __atomic_load_n(&g->work[cpu], __ATOMIC_RELAXED) != g->done[cpu];
}

static void run(unsigned cpu)
{
	struct guard *g = guard_self();
	struct post *p = enter(cpu);

	CHECK(p->set_up && !p->parked);
	CHECK(os_on_cpus(1ull << cpu));
	g->done[cpu] = __atomic_load_n(&g->work[cpu], __ATOMIC_RELAXED);
	kt_complete(&g->idle[cpu]);
}

static void setup(unsigned cpu)
{
	struct post *p = enter(cpu);

	CHECK(!p->set_up);
	CHECK(os_on_cpus(1ull << cpu));
	p->set_up = true;
	p->setups++;
}

static void cleanup(unsigned cpu, bool online)
{
	struct post *p = enter(cpu);

	CHECK(p->set_up);
	p->set_up = p->parked = false;
	p->cleaned_online = online;
	p->cleanups++;
}

static void park(unsigned cpu)
{
	struct post *p = enter(cpu);

	CHECK(p->set_up && !p->parked);
	CHECK(os_on_cpus(1ull << cpu));
	p->parked = true;
	p->parked_at = ++parks_so_far;
	p->parks++;
}

static void unpark(unsigned cpu)
{
	struct post *p = enter(cpu);

	CHECK(p->set_up && p->parked);
	CHECK(os_on_cpus(1ull << cpu));
	p->parked = false;
	p->unparks++;
}

/* The create callback uses this guard, because its only argument is the CPU. */
static struct guard *registering;

static void created(unsigned cpu)
{
	struct task_struct *k = registering->store[cpu];

	CHECK_EQ(READ_ONCE(k->state), TASK_PARKED);
	CHECK_EQ(smp_load_acquire(&k->on_cpu), 0);
	CHECK(kthread_is_per_cpu(k));
	registering->creates++;
	if (registering->fail_after != KT_ROLE_COUNT)
		fail_role = registering->fail_after;
}

static void guard_init(struct guard *g)
{
	*g = (struct guard){
		.ht = {
			.store = g->store, .thread_should_run = should_run, .thread_fn = run,
			.setup = setup, .cleanup = cleanup, .park = park, .unpark = unpark,
			.thread_comm = "guard/%u",
		},
		.fail_after = KT_ROLE_COUNT,
	};
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
		kt_completion_init(&g->idle[cpu]);
}

static void guard_begin(struct guard *g)
{
	guard_init(g);
	CHECK_EQ(smpboot_register_percpu_thread(&g->ht), 0);
}

static void guard_destroy(struct guard *g)
{
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		CHECK(!g->store[cpu]);
		CHECK_EQ(g->post[cpu].setups, g->post[cpu].cleanups);
		kt_completion_destroy(&g->idle[cpu]);
	}
}

static void guard_end(struct guard *g)
{
	smpboot_unregister_percpu_thread(&g->ht);
	guard_destroy(g);
}

static void poke(struct guard *g, unsigned cpu)
{
	__atomic_add_fetch(&g->work[cpu], 1, __ATOMIC_RELAXED);
	smpboot_wake_thread(&g->ht, cpu);
}

/* Make work and wait until it is done. */
static void work(struct guard *g, unsigned cpu)
{
	poke(g, cpu);
	kt_completion_wait(&g->idle[cpu]);
}

/* ---- register and unregister ---------------------------------------------------- */

static void every_cpu_has_a_thread(void)
{
	struct guard g;
	char name[] = "guard/0", seen[OS_NAME_MAX];

	guard_begin(&g);
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		name[6] = (char)('0' + cpu);
		get_kthread_comm(seen, sizeof seen, g.store[cpu]);
		CHECK_STR(seen, name);
		CHECK(kthread_is_per_cpu(g.store[cpu]));
		work(&g, cpu);
	}
	guard_end(&g);
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		CHECK_EQ(g.post[cpu].setups, 1);
		CHECK(g.post[cpu].cleaned_online);
	}
}

static void only_the_two_callbacks_it_needs(void)
{
	struct guard g;

	guard_init(&g);
	g.ht.setup = NULL;
	g.ht.cleanup = NULL;
	g.ht.park = NULL;
	g.ht.unpark = NULL;
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
		g.post[cpu].set_up = true;	/* for run() */
	CHECK_EQ(smpboot_register_percpu_thread(&g.ht), 0);
	work(&g, 1);
	CHECK_EQ(cpu_down(&daemon, 1), 0);
	CHECK_EQ(cpu_up(&daemon, 1), 0);
	work(&g, 1);
	guard_end(&g);
}

/* The threads may be anywhere; guard_destroy() checks that cleanups == setups. */
static void unregistered_at_once(void)
{
	struct guard g;

	for (int i = 0; i < CONFORMANCE_TURNS(20, 1); i++) {
		guard_begin(&g);
		guard_end(&g);
	}
}

static void create_finds_it_parked(void)
{
	struct guard g;

	registering = &g;
	guard_init(&g);
	g.ht.create = created;
	CHECK_EQ(smpboot_register_percpu_thread(&g.ht), 0);
	CHECK_EQ(g.creates, NR_CPUS);
	guard_end(&g);
}

static const struct {
	enum kt_role role;
	int due;
} failures[] = {
	{ KT_ROLE_SMPBOOT, -ENOMEM }, { KT_ROLE_CREATE_INFO, -ENOMEM },
	{ KT_ROLE_NAME, -ENOMEM }, { KT_ROLE_TASK, -ENOMEM },
	{ KT_ROLE_KTHREAD, -ENOMEM }, { KT_ROLE_STACK, -EAGAIN },
};

enum { FAILURES = sizeof failures / sizeof failures[0] };

static void register_fails_and_leaves_nothing(void)
{
	struct guard g;

	for (int i = 0; i < FAILURES; i++) {
		guard_init(&g);
		fail_role = failures[i].role;
		CHECK_EQ(smpboot_register_percpu_thread(&g.ht), failures[i].due);
		fail_role = KT_ROLE_COUNT;
		guard_destroy(&g);
	}
}

static void register_fails_after_the_first_thread(void)
{
	struct guard g;

	registering = &g;
	for (int i = 0; i < FAILURES; i++) {
		guard_init(&g);
		g.ht.create = created;
		g.fail_after = failures[i].role;
		CHECK_EQ(smpboot_register_percpu_thread(&g.ht), failures[i].due);
		fail_role = KT_ROLE_COUNT;
		CHECK_EQ(g.creates, 1);
		guard_destroy(&g);
	}
	CHECK_EQ(cpu_down(&daemon, 0), 0);	/* the failed register left no entry */
	CHECK_EQ(cpu_up(&daemon, 0), 0);
}

/* Afterwards all threads exist; or none, if one of them could not be made after the kill. */
static void a_killed_task_registers_all_or_none(void)
{
	struct guard g;
	int err;

	guard_init(&g);
	os_kill(&caller.os);
	err = smpboot_register_percpu_thread(&g.ht);
	CHECK(err == 0 || err == -EINTR);
	if (err == 0)
		guard_end(&g);
	else
		guard_destroy(&g);
}

/* ---- CPUs that go offline and online ---------------------------------------------- */

static void parked_while_its_cpu_is_off_line(void)
{
	struct guard g;

	guard_begin(&g);
	work(&g, 2);
	CHECK_EQ(cpu_down(&daemon, 2), 0);
	CHECK_EQ(READ_ONCE(g.store[2]->state), TASK_PARKED);
	CHECK_EQ(g.post[2].parks, 1);
	CHECK_EQ(smpboot_wake_thread(&g.ht, 2), 0);
	poke(&g, 2);
	work(&g, 1);
	CHECK_EQ(g.done[2], 1);			/* a parked thread calls no fn */
	CHECK_EQ(cpu_up(&daemon, 2), 0);
	kt_completion_wait(&g.idle[2]);		/* the work is done now */
	guard_end(&g);
	CHECK_EQ(g.post[2].unparks, 1);
	CHECK_EQ(g.post[2].setups, 1);
	CHECK_EQ(g.post[1].parks, 0);
}

static void a_cpu_that_comes_gets_a_thread(void)
{
	struct guard g;

	CHECK_EQ(cpu_down(&daemon, 3), 0);
	guard_begin(&g);
	CHECK(!g.store[3]);
	CHECK_EQ(smpboot_wake_thread(&g.ht, 3), 0);
	CHECK_EQ(cpu_up(&daemon, 3), 0);
	work(&g, 3);
	guard_end(&g);
}

static void stopped_while_its_cpu_is_off_line(void)
{
	struct guard g;

	guard_begin(&g);
	work(&g, 3);
	CHECK_EQ(cpu_down(&daemon, 3), 0);
	guard_end(&g);
	CHECK_EQ(g.post[3].cleanups, 1);
	CHECK(!g.post[3].cleaned_online);
	CHECK_EQ(g.post[3].unparks, 0);
	CHECK_EQ(cpu_up(&daemon, 3), 0);
}

static void up_fails_and_can_be_tried_again(void)
{
	struct guard g;

	for (int i = 0; i < FAILURES; i++) {
		CHECK_EQ(cpu_down(&daemon, 1), 0);
		guard_begin(&g);
		fail_role = failures[i].role;
		CHECK_EQ(cpu_up(&daemon, 1), failures[i].due);
		fail_role = KT_ROLE_COUNT;
		CHECK(!cpu_online(&daemon, 1));
		CHECK(!g.store[1]);
		CHECK_EQ(cpu_up(&daemon, 1), 0);
		work(&g, 1);
		guard_end(&g);
	}
}

/* The thread of `first` was made. It stays parked, because its CPU stays offline. */
static void up_fails_halfway(void)
{
	struct guard first, second;

	CHECK_EQ(cpu_down(&daemon, 1), 0);
	guard_init(&first);
	registering = &first;
	first.ht.create = created;
	CHECK_EQ(smpboot_register_percpu_thread(&first.ht), 0);
	guard_begin(&second);
	first.fail_after = KT_ROLE_SMPBOOT;
	CHECK_EQ(cpu_up(&daemon, 1), -ENOMEM);
	fail_role = first.fail_after = KT_ROLE_COUNT;
	CHECK(first.store[1] && !second.store[1]);
	CHECK(!cpu_online(&daemon, 1));
	CHECK_EQ(smpboot_wake_thread(&first.ht, 1), 0);
	guard_end(&first);			/* setup was never called on CPU 1 */
	CHECK_EQ(first.post[1].setups, 0);
	CHECK_EQ(cpu_up(&daemon, 1), 0);
	work(&second, 1);
	guard_end(&second);
}

static void the_last_registered_parks_first(void)
{
	struct guard g[3];

	for (int i = 0; i < 3; i++) {
		guard_begin(&g[i]);
		work(&g[i], 2);
	}
	CHECK_EQ(cpu_down(&daemon, 2), 0);
	CHECK(g[2].post[2].parked_at < g[1].post[2].parked_at);
	CHECK(g[1].post[2].parked_at < g[0].post[2].parked_at);
	for (int i = 0; i < 3; i++)
		guard_end(&g[i]);
}

static void a_selfparking_thread_is_its_owners(void)
{
	struct guard g;

	guard_init(&g);
	g.ht.selfparking = true;
	CHECK_EQ(smpboot_register_percpu_thread(&g.ht), 0);
	CHECK_EQ(READ_ONCE(g.store[2]->state), TASK_PARKED);
	kthread_unpark(g.store[2]);
	work(&g, 2);
	CHECK_EQ(kthread_park(g.store[2]), 0);
	CHECK_EQ(cpu_down(&daemon, 2), 0);
	CHECK_EQ(cpu_up(&daemon, 2), 0);
	CHECK_EQ(READ_ONCE(g.store[2]->state), TASK_PARKED);
	kthread_unpark(g.store[2]);
	work(&g, 2);
	guard_end(&g);
	CHECK_EQ(g.post[2].unparks, 1);
	CHECK_EQ(g.post[1].setups, 0);
}

#if defined(KT_OS_SIM)	/* the test needs a machine with two CPUs */
static void a_selfparking_thread_left_alone(void)
{
	struct guard g;

	guard_init(&g);
	g.ht.selfparking = true;
	CHECK_EQ(smpboot_register_percpu_thread(&g.ht), 0);
	kthread_unpark(g.store[2]);
	work(&g, 2);
	CHECK_EQ(cpu_down(&daemon, 2), 0);
	work(&g, 2);
}
#endif

/* ---- several tasks ----------------------------------------------------------------- */

static void cycles(void *arg)
{
	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(50, 1); i++) {
		CHECK_EQ(cpu_up(&daemon, 3), 0);
		CHECK_EQ(cpu_down(&daemon, 1), 0);
		CHECK_EQ(cpu_down(&daemon, 3), 0);
		CHECK_EQ(cpu_up(&daemon, 1), 0);
	}
	CHECK_EQ(cpu_up(&daemon, 3), 0);
}

/*
 * Linux commit 4bee96860a65: a CPU got no thread if it came online after register had walked
 * over the CPUs and before register put the entry on the list.
 */
static void registers_while_cpus_come_and_go(void)
{
	struct guard g;

	CHECK_EQ(cpu_down(&daemon, 3), 0);
	other_begin(cycles, NULL);
	for (int i = 0; i < CONFORMANCE_TURNS(20, 0); i++) {
		guard_begin(&g);
		guard_end(&g);
	}
	guard_begin(&g);
	other_end();
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		CHECK(g.store[cpu]);
		work(&g, cpu);
	}
	guard_end(&g);
}

static void pokes(void *arg)
{
	struct guard *g = arg;

	for (int i = 0; i < CONFORMANCE_TURNS(200, 3); i++) {
		/*
		 * While the CPU stays online its work must be done; otherwise a wake-up was
		 * lost.
		 */
		cpus_read_lock(&daemon);
		if (cpu_online(&daemon, 1))
			work(g, 1);
		cpus_read_unlock(&daemon);
	}
}

static void no_wake_up_is_lost(void)
{
	struct guard g;

	guard_begin(&g);
	other_begin(pokes, &g);
	for (int i = 0; i < CONFORMANCE_TURNS(100, 1); i++) {
		CHECK_EQ(cpu_down(&daemon, 1), 0);
		CHECK_EQ(cpu_up(&daemon, 1), 0);
	}
	other_end();
	guard_end(&g);
}

static void each_kthreadd_has_its_own(void)
{
	static struct kthreadd second;
	struct guard g, h;

	kthreadd_init(&second);
	CHECK_EQ(kthreadd_boot(&second), 0);
	guard_begin(&g);
	caller.kthreadd = &second;
	guard_begin(&h);
	CHECK_EQ(cpu_down(&second, 1), 0);
	CHECK_EQ(READ_ONCE(h.store[1]->state), TASK_PARKED);
	work(&g, 1);
	guard_end(&h);
	kthreadd_shutdown(&second);
	caller.kthreadd = &daemon;
	guard_end(&g);
}

int main(void)
{
	static const struct core_test tests[] = {
		T(every_cpu_has_a_thread),
		T(only_the_two_callbacks_it_needs),
		T(unregistered_at_once),
		T(create_finds_it_parked),
		T(register_fails_and_leaves_nothing),
		T(register_fails_after_the_first_thread),
		T(a_killed_task_registers_all_or_none),
		T(parked_while_its_cpu_is_off_line),
		T(a_cpu_that_comes_gets_a_thread),
		T(stopped_while_its_cpu_is_off_line),
		T(up_fails_and_can_be_tried_again),
		T(up_fails_halfway),
		T(the_last_registered_parks_first),
		T(a_selfparking_thread_is_its_owners),
		T(registers_while_cpus_come_and_go),
		T(no_wake_up_is_lost),
		T(each_kthreadd_has_its_own),
	};

	RUN_TESTS(tests);
#if defined(KT_OS_SIM)
	RUN_FAILING(KT_DISCIPLINE, a_selfparking_thread_left_alone);
#endif
	return 0;
}
