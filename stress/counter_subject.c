/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/counter_subject.h"

#include <string.h>

#include "platform/atomic.h"
#include "platform/check.h"
#include "platform/lock.h"
#include "platform/os.h"

enum { TASKS = 2 };

static const char *const names[TASKS] = { "A", "B" };

static struct {
	bool embraces, locks, is_careless, looks_at_address;
	unsigned number;
	kt_lock lock[TASKS];
	struct os_thread init, task[TASKS];
} c;

static bool accepts(const struct plan *p)
{
	return plan_is_program(p) && (strcmp(plan_string(p, p->args[0]), "counter") == 0 ||
				      strcmp(plan_string(p, p->args[0]), "embrace") == 0);
}

static void generate(struct plan *p, uint64_t seed, bool faults)
{
	(void)seed, (void)faults;
	plan_init(p);
	p->args[p->args_count++] = plan_intern(p, "counter", strlen("counter"));
}

static void load(const struct plan *p)
{
	const char *how = p->args_count > 1 ? plan_string(p, p->args[1]) : "";

	c.embraces = strcmp(plan_string(p, p->args[0]), "embrace") == 0;
	c.is_careless = strcmp(how, "careless") == 0;
	c.looks_at_address = strcmp(how, "address") == 0;
	c.locks = how[0] != '\0';
}

static void add_one(void)
{
	unsigned n = READ_ONCE(c.number);

	WRITE_ONCE(c.number, n + 1);
}

static void increment(void *unused)
{
	void *memory;

	(void)unused;
	if (!c.locks) {
		add_one();
		return;
	}
	kt_lock_acquire(&c.lock[0]);
	memory = os_alloc(KT_ROLE_TEST, 64);
	if (c.looks_at_address && ((uintptr_t)memory >> 6 & 1))
		(void)READ_ONCE(c.number);
	if (!c.is_careless || (memory && !os_is_killed(os_self())))
		add_one();
	os_free(memory);
	kt_lock_release(&c.lock[0]);
}

static void embrace(void *mine)
{
	kt_lock *first = mine, *second = &c.lock[first == &c.lock[0]];

	kt_lock_acquire(first);
	kt_lock_acquire(second);
	kt_lock_release(second);
	kt_lock_release(first);
}

static void run(bool check_expects)
{
	(void)check_expects;
	os_adopt(&c.init, "init");
	c.number = 0;
	for (int i = 0; i < TASKS; i++)
		kt_lock_init(&c.lock[i], names[i]);
	for (int i = 0; i < TASKS; i++)
		if (os_spawn(&c.task[i], names[i], OS_JOINABLE, c.embraces ? embrace : increment,
			     &c.lock[i]) != 0)
			kt_fail(KT_ASSERTION, "no thread for task %s", names[i]);
	for (int i = 0; i < TASKS; i++)
		os_join(&c.task[i]);
	if (!c.embraces && c.number != TASKS)
		kt_fail(KT_MODEL, "an increment is lost: the number is %u", c.number);
	for (int i = 0; i < TASKS; i++)
		kt_lock_destroy(&c.lock[i]);
	os_unadopt();
}

static unsigned victims(void)
{
	return TASKS;
}

static const char *victim(unsigned i)
{
	return names[i];
}

static void kill_by_call(unsigned i)
{
	os_kill(&c.task[i]);
}

/* init makes the threads, and its allocations never fail. */
static bool may_fail(enum kt_role role)
{
	(void)role;
	return os_self() != &c.init;
}

const struct subject counter_subject = {
	.name = "counter",
	.accepts = accepts,
	.generate = generate,
	.pieces = plan_pieces,
	.without = plan_without,
	.simplers = plan_simplers,
	.simpler = plan_simpler,
	.load = load,
	.run = run,
	.victims = victims,
	.victim = victim,
	.kill = kill_by_call,
	.may_fail = may_fail,
};
