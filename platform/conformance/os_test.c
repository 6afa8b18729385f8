/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of platform/os.h, on every OS. For attributes, posix/attr_test.c also asks
 * the operating system itself.
 */
#include <errno.h>

#include "platform/atomic.h"
#include "platform/conformance/conformance.h"

/* ---- threads --------------------------------------------------------------- */

struct self {
	struct os_thread t;
	const char *name;
	unsigned data;
};

static void know_thyself(void *arg)
{
	struct self *s = arg;

	CHECK(os_self() == &s->t);
	CHECK_STR(os_name(os_self()), s->name);
	CHECK(!os_is_killed(os_self()));
	s->data++;
}

static void spawn_and_join(void *arg)
{
	struct self s[2] = { { .name = "a" }, { .name = "longer/than/fifteen:4294967295" } };
	char name[OS_NAME_MAX];

	(void)arg;
	CHECK_STR(os_name(os_self()), "init");
	for (unsigned i = 0; i < CONFORMANCE_TURNS(300, 3); i++) {
		for (int k = 0; k < 2; k++) {
			memcpy(name, s[k].name, strlen(s[k].name) + 1);
			spawn(&s[k].t, name, know_thyself, &s[k]);
			name[0] = '#';	/* os_spawn() has copied it */
		}
		os_join(&s[1].t);
		os_join(&s[0].t);
		CHECK_EQ(s[0].data + s[1].data, 2 * (i + 1));
	}
	CHECK_EQ(os_live(KT_ROLE_STACK), 0);
}

struct family {
	struct os_thread t;
	unsigned depth, members;
};

static void have_children(void *arg)
{
	struct family *f = arg, child = { .depth = f->depth + 1 };

	f->members = 1;
	if (f->depth == 3)
		return;
	spawn(&child.t, "child", have_children, &child);
	os_join(&child.t);
	f->members += child.members;
}

static void nested(void *arg)
{
	struct family f = { .depth = 0 };

	(void)arg;
	have_children(&f);
	CHECK_EQ(f.members, 4);
}

struct fleeting {
	struct os_thread t;
};

static unsigned count_fleeting;

static void live_and_free(void *arg)
{
	struct fleeting *f = arg;

	CHECK(os_self() == &f->t);
	fetch_add(&count_fleeting, 1);
	os_free(f);
}

static void detached(void *arg)
{
	enum { MANY = CONFORMANCE_TURNS(100, 4) };

	(void)arg;
	count_fleeting = 0;
	os_wait_detached();	/* there is none, so it does not wait */
	for (int i = 0; i < MANY; i++) {
		struct fleeting *f = os_alloc(KT_ROLE_TASK, sizeof *f);

		CHECK(f != NULL);
		CHECK_EQ(os_spawn(&f->t, "fleeting", OS_DETACHED, live_and_free, f), 0);
	}
	os_wait_detached();
	CHECK_EQ(count_fleeting, MANY);
	CHECK_EQ(os_live(KT_ROLE_TASK), 0);
	CHECK_EQ(os_live(KT_ROLE_STACK), 0);
}

/* ---- park ------------------------------------------------------------------- */

struct gate {
	struct os_thread *waiter;
	unsigned turn;		/* atomic */
	unsigned data;		/* only the thread whose turn it is touches it */
};

static void wait_for_turn(struct gate *g, unsigned parity)
{
	while (smp_load_acquire(&g->turn) % 2 != parity)
		os_park(KT_SITE("park", "turn"));
}

static void give_turn(struct gate *g, struct os_thread *to)
{
	smp_store_release(&g->turn, g->turn + 1);
	os_unpark(to);
}

static void odd_turns(void *arg)
{
	struct gate *g = arg;

	for (int i = 0; i < CONFORMANCE_TURNS(2000, 5); i++) {
		wait_for_turn(g, 1);
		g->data++;
		give_turn(g, g->waiter);
	}
}

static void park_and_unpark(void *arg)
{
	struct gate g = { .waiter = os_self() };
	struct os_thread t;

	(void)arg;
	spawn(&t, "odd", odd_turns, &g);
	for (int i = 0; i < CONFORMANCE_TURNS(2000, 5); i++) {
		wait_for_turn(&g, 0);
		g.data++;
		give_turn(&g, &t);
	}
	os_join(&t);
	CHECK_EQ(g.data, 2 * CONFORMANCE_TURNS(2000, 5));
}

/*
 * A permit that is granted many times is one permit: far fewer parks return in time than
 * permits were granted.
 */
static void one_permit(void *arg)
{
	enum { GRANTS = 100 };
	int in_time = 0;

	(void)arg;
	for (int i = 0; i < GRANTS; i++)
		os_unpark(os_self());
	os_park(KT_SITE("park", "permit"));	/* without a permit this would wait for ever */
	while (in_time < GRANTS && os_park_until(0, KT_SITE("park", "none")))
		in_time++;			/* spurious */
	CHECK(in_time < GRANTS / 2);
	os_unpark(os_self());
	CHECK(os_park_until(0, KT_SITE("park", "permit")));	/* a permit wins */
}

/* A sleeper's permit is not the thread's permit. */
static void two_permits(void *arg)
{
	enum { TRIES = 100 };
	int in_time = 0;

	(void)arg;
	os_sleeper_unpark(os_sleeper_self());
	for (int i = 0; i < TRIES; i++)
		in_time += os_park_until(0, KT_SITE("park", "none"));
	CHECK(in_time < TRIES / 2);	/* the parks that returned in time were spurious */
	os_sleeper_park(KT_SITE("park", "sleeper"));
	os_unpark(os_self());
	os_sleeper_unpark(os_sleeper_self());
	os_sleeper_park(KT_SITE("park", "sleeper"));
	CHECK(os_park_until(0, KT_SITE("park", "thread")));
}

static void deadline(void *arg)
{
	uint64_t now = os_now_ns(), soon = now + 300000;

	(void)arg;
	while (os_park_until(soon, KT_SITE("park", "deadline")))
		;
	CHECK(os_now_ns() >= soon);
	CHECK(os_now_ns() >= now);
}

static void raise_flag(void *arg)
{
	smp_store_release((unsigned *)arg, 1u);
}

static void relax(void *arg)
{
	struct os_thread t;
	unsigned flag = 0;

	(void)arg;
	spawn(&t, "flag", raise_flag, &flag);
	os_waits_for(&t);
	while (!smp_load_acquire(&flag))
		cpu_relax();
	os_waits_for(NULL);
	os_join(&t);
}

/* ---- kill -------------------------------------------------------------------- */

static void until_killed(void *arg)
{
	while (!os_is_killed(os_self()))
		os_park(KT_SITE("park", "kill"));
	CHECK(os_is_killed(os_self()));	/* the flag stays */
	(*(unsigned *)arg)++;
}

static void kill_unparks(void *arg)
{
	unsigned ended = 0;
	struct os_thread t;

	(void)arg;
	for (unsigned i = 0; i < CONFORMANCE_TURNS(300, 3); i++) {
		spawn(&t, "victim", until_killed, &ended);
		CHECK(!os_is_killed(&t));
		os_kill(&t);
		CHECK(os_is_killed(&t));
		CHECK(!os_is_killed(os_self()));
		os_kill(&t);
		os_join(&t);
		CHECK_EQ(ended, i + 1);
	}
}

/* It is on the waiter's stack, and goes out of use as soon as os_wait_end() has returned. */
struct wait {
	unsigned alive;		/* plain on purpose: for the sanitizers */
	unsigned calls;
};

static void interrupt(void *arg)
{
	struct wait *w = arg;

	CHECK_EQ(w->alive, 0xa11fe);
	w->calls++;
}

__attribute__((noinline))
static unsigned wait_once(bool stay)
{
	struct wait w = { .alive = 0xa11fe };

	os_wait_begin(interrupt, &w);
	KT_POINT(os_test.waiting);
	while (stay && !os_is_killed(os_self()))
		os_park(KT_SITE("park", "interrupt"));
	os_wait_end();
	w.alive = 0xdead;
	CHECK(w.calls <= 1);
	return w.calls;
}

/* Waits begin and end; the kill comes in one of them, or between two. */
static void wait_often(void *arg)
{
	unsigned calls = 0;

	for (int i = 0; i < CONFORMANCE_TURNS(20, 2); i++)
		calls += wait_once(false);
	calls += wait_once(true);
	/* The thread is killed by now, so each later wait is interrupted as it begins. */
	CHECK(calls >= 1);
	CHECK_EQ(wait_once(false), 1);
	CHECK_EQ(wait_once(true), 1);
	(*(unsigned *)arg)++;
}

static void kill_interrupts(void *arg)
{
	unsigned ended = 0;
	struct os_thread t;

	(void)arg;
	for (unsigned i = 0; i < CONFORMANCE_TURNS(300, 2); i++) {
		spawn(&t, "waiter", wait_often, &ended);
		os_kill(&t);
		os_kill(&t);	/* no second call for the same wait */
		os_join(&t);
		CHECK_EQ(ended, i + 1);
	}
}

/* ---- memory and hooks ----------------------------------------------------------- */

static void memory(void *arg)
{
	char *p[8];

	(void)arg;
	os_free(NULL);
	for (size_t i = 0; i < 8; i++) {
		p[i] = os_alloc(KT_ROLE_TEST, i * 13 + 1);
		CHECK(p[i] != NULL);
		CHECK_EQ((uintptr_t)p[i] % 16, 0);
		memset(p[i], 0x5a, i * 13 + 1);
		CHECK_EQ(os_live(KT_ROLE_TEST), i + 1);
		CHECK_EQ(os_live(KT_ROLE_NAME), 0);
	}
	for (size_t i = 0; i < 8; i++)
		os_free(p[i]);
	CHECK_EQ(os_live(KT_ROLE_TEST), 0);
}

static struct {
	unsigned points, asked;
	enum kt_role fail;
	const void *subject;
} seen;

static void see_point(struct kt_site *site, const void *subject)
{
	char name[KT_SITE_NAME_MAX];

	if (strncmp(kt_site_name(site, name, sizeof name), "os_test.", 8) != 0)
		return;
	CHECK_STR(os_name(os_self()), "init");
	seen.points++;
	seen.subject = subject;
}

static bool decide_alloc(enum kt_role role, struct kt_site *site)
{
	CHECK(site != NULL);
	seen.asked++;
	return role == seen.fail;
}

static void never(void *arg)
{
	(void)arg;
	CHECK(!"reached");
}

static void hooks(void *arg)
{
	const struct os_hooks h = { .point = see_point, .alloc_fails = decide_alloc };
	struct os_thread t;
	void *p;

	(void)arg;
	seen.points = seen.asked = 0;
	seen.fail = KT_ROLE_STACK;
	KT_POINT(os_test.unseen);
	os_set_hooks(&h);
	KT_POINT(os_test.seen);
	CHECK(seen.subject == NULL);
	KT_POINT_ON(os_test.seen_too, &t);
	CHECK(seen.subject == &t);
	CHECK_EQ(seen.points, 2);
	CHECK_EQ(os_spawn(&t, "never", OS_JOINABLE, never, NULL), -EAGAIN);
	CHECK_EQ(os_spawn(&t, "never", OS_DETACHED, never, NULL), -EAGAIN);
	CHECK_EQ(os_live(KT_ROLE_STACK), 0);
	p = os_alloc(KT_ROLE_TEST, 1);
	CHECK(p != NULL);
	os_free(p);
	seen.fail = KT_ROLE_TEST;
	CHECK(os_alloc(KT_ROLE_TEST, 1) == NULL);
	CHECK_EQ(os_live(KT_ROLE_TEST), 0);
	CHECK_EQ(seen.asked, 4);
}

/* ---- attributes ------------------------------------------------------------------- */

static bool is_refusal(int err)
{
	return err == -EPERM || err == -ENOSYS;
}

/* In a sandbox without memory policies the other attributes can be read all the same. */
static struct os_attributes attributes(void)
{
	struct os_attributes a;
	int err = os_get_attributes(&a);

	CHECK(err == 0 || is_refusal(err));
	return a;
}

static unsigned cpus_count(const struct os_attributes *a)
{
	unsigned n = 0;

	for (unsigned i = 0; i < OS_CPUS_MAX / 64; i++)
		n += (unsigned)__builtin_popcountll(a->cpus[i]);
	return n;
}

/* Set only the lowest processor of a. */
static void first_cpu(const struct os_attributes *a, uint64_t *cpus)
{
	memset(cpus, 0, OS_CPUS_MAX / 8);
	for (unsigned i = 0; i < OS_CPUS_MAX / 64; i++)
		if (a->cpus[i]) {
			cpus[i] = a->cpus[i] & -a->cpus[i];
			return;
		}
	CHECK(!"some processor");
}

static void inherited(void *arg)
{
	struct os_attributes a = attributes(), *parent = arg;

	CHECK_STR(a.comm, "its_own_name_is");
	CHECK(memcmp(a.cpus, parent->cpus, sizeof a.cpus) == 0);
	CHECK_EQ(a.policy, parent->policy);
	CHECK_EQ(a.signals_ignored, parent->signals_ignored);
	CHECK_EQ(a.all_nodes, parent->all_nodes);
	CHECK_EQ(a.spawn_node, OS_NO_NODE);
}

/* Runs on a thread of its own, because some changes can't be undone. */
static void change_all(void *arg)
{
	uint64_t none[OS_CPUS_MAX / 64] = { 0 }, one[OS_CPUS_MAX / 64];
	struct os_attributes a;
	struct os_thread t;
	int err;

	CHECK_EQ(os_set_comm("a name that is cut"), 0);
	CHECK_STR(attributes().comm, "a name that is ");
	err = os_set_policy(OS_POLICY_BATCH);
	CHECK(err == 0 || is_refusal(err));
	CHECK_EQ(attributes().policy, err ? OS_POLICY_NORMAL : OS_POLICY_BATCH);
	CHECK_EQ(os_ignore_signals(), 0);
	CHECK_EQ(os_allow_cpus(NULL), 0);
	a = attributes();
	CHECK(a.signals_ignored);
	CHECK(cpus_count(&a) >= 1);
	CHECK_EQ(os_allow_cpus(none), -EINVAL);
	first_cpu(&a, one);
	CHECK_EQ(os_allow_cpus(one), 0);
	err = os_allow_all_nodes();
	CHECK(err == 0 || is_refusal(err));
	os_set_spawn_node(0);
	a = attributes();
	CHECK_EQ(cpus_count(&a), 1);
	CHECK_EQ(a.spawn_node, 0);
	spawn(&t, "its_own_name_is_longer", inherited, &a);
	os_join(&t);
	os_set_spawn_node(OS_NO_NODE);
	CHECK_EQ(attributes().spawn_node, OS_NO_NODE);
	(void)arg;
}

static void attributes_change(void *arg)
{
	struct os_attributes before = attributes(), after;
	struct os_thread t;

	(void)arg;
	spawn(&t, "changed", change_all, NULL);
	os_join(&t);
	after = attributes();	/* the attributes of the calling thread did not change */
	CHECK_STR(after.comm, before.comm);
	CHECK(memcmp(after.cpus, before.cpus, sizeof after.cpus) == 0);
	CHECK_EQ(after.policy, before.policy);
	CHECK_EQ(after.signals_ignored, before.signals_ignored);
}

int main(void)
{
	static const struct conformance_test tests[] = {
		{ "os.spawn_and_join", spawn_and_join },
		{ "os.nested", nested },
		{ "os.detached", detached },
		{ "os.park_and_unpark", park_and_unpark },
		{ "os.one_permit", one_permit },
		{ "os.two_permits", two_permits },
		{ "os.deadline", deadline },
		{ "os.relax", relax },
		{ "os.kill_unparks", kill_unparks },
		{ "os.kill_interrupts", kill_interrupts },
		{ "os.memory", memory },
		{ "os.hooks", hooks },
		{ "os.attributes", attributes_change },
		{ NULL, NULL },
	};

	conformance_run_list(tests);
	return 0;
}
