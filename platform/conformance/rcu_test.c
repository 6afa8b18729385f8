/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of RCU, on every back end. The published objects are plain data, so
 * ThreadSanitizer also checks the back end. Readers never sleep: inside a read section they
 * spin.
 */
#include "platform/completion.h"
#include "platform/conformance/conformance.h"
#include "platform/lock.h"
#include "platform/rcu.h"

enum { THREADS_MAX = 4 };

/* Start fn(arg) on n threads, run own(arg) on this one, wait for all of them. */
static void together(unsigned n, void (*fn)(void *arg), void (*own)(void *arg), void *arg)
{
	static const char *const names[THREADS_MAX] = { "t0", "t1", "t2", "t3" };
	struct os_thread t[THREADS_MAX];

	for (unsigned i = 0; i < n; i++)
		spawn(&t[i], names[i], fn, arg);
	own(arg);
	for (unsigned i = 0; i < n; i++)
		os_join(&t[i]);
}

static void nothing(void *arg)
{
	(void)arg;
}

/* ---- old or new ----------------------------------------------------------- */

enum { GARBAGE = -1 };

struct version {
	int number, same;	/* equal while the version is published or a reader sees it */
	kt_rcu_head rcu;
};

static struct {
	struct version *now;	/* RCU; replaced with lock held */
	kt_lock lock;
	unsigned freed;		/* atomic */
} published;

static struct version *version_new(int number)
{
	struct version *v = os_alloc(KT_ROLE_TEST, sizeof *v);

	CHECK(v != NULL);
	v->number = v->same = number;
	return v;
}

static void version_free(struct version *v)
{
	CHECK_EQ(v->number, v->same);
	v->number = GARBAGE;
	v->same = GARBAGE - 1;
	os_free(v);
	fetch_add(&published.freed, 1);
}

static void version_free_rcu(kt_rcu_head *head)
{
	version_free((struct version *)(void *)((char *)head - offsetof(struct version, rcu)));
}

static void read_often(void *arg)
{
	int last = 0;

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(500, 3); i++) {
		const struct version *v;
		int number;

		kt_rcu_read_lock();
		v = rcu_dereference(published.now);
		number = v->number;
		KT_POINT(rcu_test.reading);
		(void)READ_ONCE(v->same);	/* the simulator checks that *v is live */
		CHECK_EQ(v->number, number);
		CHECK_EQ(v->same, number);
		CHECK(number >= last);
		last = number;
		kt_rcu_read_unlock();
	}
}

static struct version *replace(void)
{
	struct version *old, *v = version_new(0);

	kt_lock_acquire(&published.lock);
	old = published.now;
	v->number = v->same = old->number + 1;
	rcu_assign_pointer(published.now, v);
	kt_lock_release(&published.lock);
	return old;
}

/* One updater waits for the grace period, the other has a callback free the version. */
static void update_often(void *arg)
{
	bool waits = strcmp(os_name(os_self()), "t0") == 0;

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(100, 2); i++) {
		struct version *old = replace();

		if (waits) {
			kt_synchronize_rcu();
			version_free(old);
		} else {
			kt_call_rcu(&old->rcu, version_free_rcu);
		}
	}
}

static void read_and_update(void *arg)
{
	if (strcmp(os_name(os_self()), "t0") == 0 || strcmp(os_name(os_self()), "t1") == 0)
		update_often(arg);
	else
		read_often(arg);
}

static void old_or_new(void *arg)
{
	unsigned updates = 2 * CONFORMANCE_TURNS(100, 2);

	published.now = version_new(1);
	published.freed = 0;
	kt_lock_init(&published.lock, "published");
	together(4, read_and_update, nothing, arg);
	kt_rcu_barrier();
	CHECK_EQ(published.freed, updates);
	CHECK_EQ(published.now->number, updates + 1);
	version_free(published.now);
	kt_lock_destroy(&published.lock);
}

/* ---- the readers that a grace period waits for ----------------------------- */

static struct {
	unsigned inside;	/* atomic: how often readers have entered */
	bool left;		/* atomic: set just before the outermost unlock */
	bool let_go;		/* atomic */
	unsigned called;	/* atomic: callbacks that have run */
	bool nests;
	int plain;		/* the reader writes it in its section */
	kt_rcu_head head;
} section;

static void section_begin(bool nests)
{
	memset(&section, 0, sizeof section);
	section.nests = nests;
}

static void section_wait(void)
{
	while (smp_load_acquire(&section.inside) == 0)
		cpu_relax();
}

static void stay_a_while(void *arg)
{
	(void)arg;
	kt_rcu_read_lock();
	fetch_add(&section.inside, 1);
	for (int i = 0; i < CONFORMANCE_TURNS(50, 3); i++) {
		if (section.nests) {
			kt_rcu_read_lock();
			kt_rcu_read_lock();
			kt_rcu_read_unlock();
			kt_rcu_read_unlock();
		}
		KT_POINT(rcu_test.staying);
		cpu_relax();
	}
	section.plain = 7;
	smp_store_release(&section.left, true);
	kt_rcu_read_unlock();
}

static void wait_for_it(void *arg)
{
	(void)arg;
	section_wait();
	kt_synchronize_rcu();
	/* The access is plain, because the grace period orders it. */
	CHECK_EQ(section.plain, 7);
	CHECK(READ_ONCE(section.left));
}

static void waits_for_who_is_inside(void *arg)
{
	for (int i = 0; i < CONFORMANCE_TURNS(20, 1); i++) {
		section_begin(i % 2);
		together(1, stay_a_while, wait_for_it, arg);
	}
}

static void waits_for_the_outermost(void *arg)
{
	section_begin(true);
	together(1, stay_a_while, wait_for_it, arg);
}

/*
 * Each reader stays until the other one has entered again, so from the first entry to the
 * end at least one is inside. If a grace period also waited for later readers, it would
 * wait for ever.
 */
static void relay(void *arg)
{
	(void)arg;
	while (!READ_ONCE(section.let_go)) {
		unsigned mine;

		kt_rcu_read_lock();
		mine = fetch_add(&section.inside, 1) + 1;
		while (READ_ONCE(section.inside) == mine && !READ_ONCE(section.let_go))
			cpu_relax();
		kt_rcu_read_unlock();
	}
}

static void outlast(void *arg)
{
	(void)arg;
	section_wait();
	kt_synchronize_rcu();
	WRITE_ONCE(section.let_go, true);
}

static void waits_for_nobody_later(void *arg)
{
	for (int i = 0; i < CONFORMANCE_TURNS(20, 1); i++) {
		section_begin(false);
		together(2, relay, outlast, arg);
	}
}

/* With two readers inside, the grace period ends when the last one leaves. */
static void stay_until_other_left(void *arg)
{
	if (strcmp(os_name(os_self()), "t0") != 0) {
		stay_a_while(arg);
		return;
	}
	kt_rcu_read_lock();
	while (!smp_load_acquire(&section.left))
		cpu_relax();
	KT_POINT(rcu_test.last);
	section.plain = 8;
	smp_store_release(&section.let_go, true);
	kt_rcu_read_unlock();
}

static void wait_for_both(void *arg)
{
	(void)arg;
	section_wait();
	while (!READ_ONCE(section.left))
		cpu_relax();
	kt_synchronize_rcu();
}

static void several_readers(void *arg)
{
	for (int i = 0; i < CONFORMANCE_TURNS(20, 1); i++) {
		section_begin(false);
		together(2, stay_until_other_left, wait_for_both, arg);
		CHECK_EQ(section.plain, 8);
	}
}

static void nobody_inside(void *arg)
{
	(void)arg;
	kt_synchronize_rcu();
	kt_rcu_barrier();
	kt_synchronize_rcu();
}

/* ---- callbacks ------------------------------------------------------------ */

static int told;	/* plain: first the caller writes it, then the callback */

static void after_it(kt_rcu_head *head)
{
	CHECK(head == &section.head);
	CHECK_EQ(told, 1);
	told = 2;
	CHECK(READ_ONCE(section.left));
	CHECK_EQ(section.plain, 7);
	fetch_add(&section.called, 1);
}

static void call_it(void *arg)
{
	(void)arg;
	section_wait();
	told = 1;
	kt_call_rcu(&section.head, after_it);
	kt_rcu_barrier();
	CHECK_EQ(told, 2);
}

static void callback_once_and_after(void *arg)
{
	for (int i = 0; i < CONFORMANCE_TURNS(20, 1); i++) {
		section_begin(i % 2);
		together(1, stay_a_while, call_it, arg);
		kt_rcu_barrier();
		CHECK_EQ(section.called, 1);
	}
}

/* If a reader queues a callback, the callback is not called before that reader has left. */
static void call_inside(void *arg)
{
	(void)arg;
	section_begin(false);
	told = 1;
	kt_rcu_read_lock();
	kt_call_rcu(&section.head, after_it);
	KT_POINT(rcu_test.staying);
	CHECK_EQ(READ_ONCE(section.called), 0);
	section.plain = 7;
	section.left = true;
	kt_rcu_read_unlock();
	kt_rcu_barrier();
	CHECK_EQ(section.called, 1);
}

enum { CALLS = 8 };

static struct called {
	kt_rcu_head head;
	unsigned times;		/* plain, because the barrier orders it */
} calls[THREADS_MAX][CALLS];

static void count_call(kt_rcu_head *head)
{
	struct called *c = (struct called *)(void *)((char *)head - offsetof(struct called, head));

	KT_POINT(rcu_test.called);
	c->times++;
}

static void call_many(void *arg)
{
	unsigned me = (unsigned)(os_name(os_self())[1] - '0');

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(CALLS, 2); i++)
		kt_call_rcu(&calls[me][i].head, count_call);
	kt_rcu_barrier();
	for (int i = 0; i < CONFORMANCE_TURNS(CALLS, 2); i++)
		CHECK_EQ(calls[me][i].times, 1);
}

static void read_a_little(void *arg)
{
	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(20, 2); i++) {
		kt_rcu_read_lock();
		KT_POINT(rcu_test.reading);
		kt_rcu_read_unlock();
	}
}

static void barrier_waits_for_all(void *arg)
{
	for (int i = 0; i < CONFORMANCE_TURNS(20, 1); i++) {
		memset(calls, 0, sizeof calls);
		together(3, call_many, read_a_little, arg);
	}
}

/* The last callback queues itself again, frees, and takes a lock. */
static struct again {
	kt_rcu_head head;
	unsigned left;
} *again;

static void call_again(kt_rcu_head *head)
{
	CHECK(head == &again->head);
	kt_lock_acquire(&published.lock);
	again->left--;
	kt_lock_release(&published.lock);
	if (again->left > 0) {
		kt_call_rcu(head, call_again);
		return;
	}
	os_free(again);
	WRITE_ONCE(section.let_go, true);
}

static void callback_calls(void *arg)
{
	(void)arg;
	section_begin(false);
	kt_lock_init(&published.lock, "published");
	again = os_alloc(KT_ROLE_TEST, sizeof *again);
	CHECK(again != NULL);
	again->left = 3;
	kt_call_rcu(&again->head, call_again);
	while (!READ_ONCE(section.let_go))
		kt_rcu_barrier();
	kt_rcu_barrier();
	kt_lock_destroy(&published.lock);
}

/* ---- two that meet once ------------------------------------------------------ */

static struct noted {
	kt_rcu_head head;
	unsigned times;		/* atomic; relaxed */
} noted;

static void note(kt_rcu_head *head)
{
	CHECK(head == &noted.head);
	WRITE_ONCE(noted.times, READ_ONCE(noted.times) + 1);
}

static void read_once(void *arg)
{
	(void)arg;
	kt_rcu_read_lock();
	kt_rcu_read_unlock();
}

/*
 * The callback must be called even without a barrier. In the simulator one of the two
 * threads calls it.
 */
static void none_is_left_over(void *arg)
{
	for (int i = 0; i < CONFORMANCE_TURNS(20, 1); i++) {
		struct os_thread t;

		noted.times = 0;
		spawn(&t, "reader", read_once, arg);
		kt_call_rcu(&noted.head, note);
		os_join(&t);
#if !defined(KT_OS_SIM)
		kt_rcu_barrier();
#endif
		CHECK_EQ(READ_ONCE(noted.times), 1);
	}
}

/* After the barrier the caller must see what the callback has stored. */
static void barrier_publishes(void *arg)
{
	for (int i = 0; i < CONFORMANCE_TURNS(20, 1); i++) {
		struct os_thread t;

		noted.times = 0;
		spawn(&t, "reader", read_once, arg);
		kt_call_rcu(&noted.head, note);
		kt_rcu_barrier();
		CHECK_EQ(READ_ONCE(noted.times), 1);
		os_join(&t);
	}
}

/* ---- misuse --------------------------------------------------------------- */

static void synchronize_inside(void *arg)
{
	(void)arg;
	kt_rcu_read_lock();
	kt_synchronize_rcu();
}

static void barrier_inside(void *arg)
{
	(void)arg;
	kt_rcu_read_lock();
	kt_rcu_barrier();
}

static void unlock_outside(void *arg)
{
	(void)arg;
	kt_rcu_read_lock();
	kt_rcu_read_lock();
	kt_rcu_read_unlock();
	kt_rcu_read_unlock();
	kt_rcu_read_unlock();
}

static void enter(void *arg)
{
	(void)arg;
	kt_rcu_read_lock();
}

static void end_inside(void *arg)
{
	struct os_thread t;

	spawn(&t, "enters", enter, arg);
	os_join(&t);
}

#if defined(KT_OS_SIM)

static void park_inside(void *arg)
{
	(void)arg;
	kt_rcu_read_lock();
	os_unpark(os_self());	/* so that the park would not sleep */
	os_park(KT_SITE("park", "inside"));
}

static void join_inside(void *arg)
{
	struct os_thread t;

	(void)arg;
	spawn(&t, "other", nothing, NULL);
	kt_rcu_read_lock();
	os_join(&t);
}

static void complete_it(void *c)
{
	kt_complete((kt_completion *)c);
}

static void wait_inside(void *arg)
{
	static kt_completion c;
	struct os_thread t;

	(void)arg;
	kt_completion_init(&c);
	kt_rcu_read_lock();
	spawn(&t, "other", complete_it, &c);
	kt_completion_wait(&c);
	kt_completion_wait(&c);		/* the first wait may have been done already */
}

#if defined(KT_RCU_MODELLED) || defined(KT_RCU_BIGLOCK)
static void called(kt_rcu_head *head)
{
	(void)head;
}

static void queue_twice(void *arg)
{
	(void)arg;
	kt_rcu_read_lock();
	kt_call_rcu(&section.head, called);
	kt_call_rcu(&section.head, called);
	kt_rcu_read_unlock();
	kt_rcu_barrier();
}
#endif

static void parks(kt_rcu_head *head)
{
	(void)head;
	os_park(KT_SITE("park", "in a callback"));
}

static void park_in_callback(void *arg)
{
	(void)arg;
	kt_call_rcu(&section.head, parks);
}

static void freed_while_queued(void *arg)
{
	struct version *v = version_new(1);

	(void)arg;
	kt_rcu_read_lock();
	kt_call_rcu(&v->rcu, version_free_rcu);
	os_free(v);
	kt_rcu_read_unlock();
}

static void fails_in_simulator(void)
{
	conformance_fails("rcu.park_inside", KT_DISCIPLINE, park_inside, NULL);
	conformance_fails("rcu.join_inside", KT_DISCIPLINE, join_inside, NULL);
	conformance_fails("rcu.wait_inside", KT_DISCIPLINE, wait_inside, NULL);
#if defined(KT_RCU_MODELLED) || defined(KT_RCU_BIGLOCK)
	conformance_fails("rcu.queue_twice", KT_DISCIPLINE, queue_twice, NULL);
#endif
	conformance_fails("rcu.park_in_callback", KT_DISCIPLINE, park_in_callback, NULL);
	conformance_fails("rcu.freed_while_queued", KT_MEMORY, freed_while_queued, NULL);
}

#else

static void fails_in_simulator(void)
{
}

#endif

int main(void)
{
	/* These come first because they fork: RCU's thread for callbacks must not exist yet. */
	conformance_fails("rcu.synchronize_inside", KT_DISCIPLINE, synchronize_inside, NULL);
	conformance_fails("rcu.barrier_inside", KT_DISCIPLINE, barrier_inside, NULL);
	conformance_fails("rcu.unlock_outside", KT_DISCIPLINE, unlock_outside, NULL);
	conformance_fails("rcu.end_inside", KT_DISCIPLINE, end_inside, NULL);
	fails_in_simulator();
	conformance_run("rcu.nobody_inside", nobody_inside, NULL);
	conformance_run("rcu.old_or_new", old_or_new, NULL);
	conformance_run("rcu.waits_for_who_is_inside", waits_for_who_is_inside, NULL);
	conformance_run("rcu.waits_for_the_outermost", waits_for_the_outermost, NULL);
	conformance_run("rcu.waits_for_nobody_later", waits_for_nobody_later, NULL);
	conformance_run("rcu.several_readers", several_readers, NULL);
	conformance_run("rcu.callback_once_and_after", callback_once_and_after, NULL);
	conformance_run("rcu.call_inside", call_inside, NULL);
	conformance_run("rcu.barrier_waits_for_all", barrier_waits_for_all, NULL);
	conformance_run("rcu.callback_calls", callback_calls, NULL);
	conformance_exhaust("rcu.small.none_is_left_over", 5, none_is_left_over, NULL);
	conformance_exhaust("rcu.small.barrier_publishes", 5, barrier_publishes, NULL);
	return 0;
}
