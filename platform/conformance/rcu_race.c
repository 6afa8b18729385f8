/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Races that ThreadSanitizer must report, in code that uses RCU wrongly. The argument
 * names the race to run; "none" is the same code without a race. Built with TSan, on
 * real threads and in the simulator; race_test.py runs it.
 */
#include "platform/conformance/conformance.h"
#include "platform/rcu.h"

enum { TURNS = CONFORMANCE_TURNS(300, 4) };

struct item {
	int value, other;
};

static struct item *shared;	/* RCU; one thread replaces it */
static bool done;		/* atomic */

enum race {
	NONE,
	NO_GRACE_PERIOD,	/* freed at once */
	CHANGED_IN_PLACE,	/* written after it was published */
	NO_READ_LOCK,		/* it is read outside a read section */
	WRITTEN_LATE,		/* published before it is written */
	RACES
};

static const char *const names[] = {
	[NONE] = "none",
	[NO_GRACE_PERIOD] = "no-grace-period",
	[CHANGED_IN_PLACE] = "changed-in-place",
	[NO_READ_LOCK] = "no-read-lock",
	[WRITTEN_LATE] = "written-late",
};

static enum race race;

static void write_item(struct item *i, int value)
{
	i->value = value;
	i->other = value + 1;
}

static void update(void)
{
	for (int n = 1; n <= TURNS; n++) {
		struct item *old = shared, *new = os_alloc(KT_ROLE_TEST, sizeof *new);

		CHECK(new != NULL);
		write_item(new, race == WRITTEN_LATE ? 0 : n);
		rcu_assign_pointer(shared, new);
		if (race == WRITTEN_LATE)
			write_item(new, n);
		if (race != NO_GRACE_PERIOD)
			kt_synchronize_rcu();
		if (race == CHANGED_IN_PLACE)
			write_item(new, -n);
		os_free(old);
	}
}

static void read_all(void *arg)
{
	volatile int seen;	/* so that the compiler keeps the read */

	(void)arg;
	do {
		const struct item *i;

		if (race != NO_READ_LOCK)
			kt_rcu_read_lock();
		i = rcu_dereference(shared);
		KT_POINT(rcu_race.reading);
		seen = i->value;
		KT_POINT(rcu_race.reading);
		seen = i->other;
		if (race != NO_READ_LOCK)
			kt_rcu_read_unlock();
	} while (!READ_ONCE(done));
	(void)seen;
}

static void body(void *arg)
{
	struct os_thread reader[2];

	shared = os_alloc(KT_ROLE_TEST, sizeof *shared);
	CHECK(shared != NULL);
	write_item(shared, 0);
	done = false;
	for (int i = 0; i < 2; i++)
		spawn(&reader[i], i ? "r1" : "r0", read_all, arg);
	update();
	WRITE_ONCE(done, true);
	for (int i = 0; i < 2; i++)
		os_join(&reader[i]);
	os_free(shared);
}

int main(int argc, char **argv)
{
	race = conformance_choose(argc, argv, "rcu_race", names, RACES);
	if (race == RACES)
		return 2;
	conformance_run(names[race], body, NULL);
	return 0;
}
