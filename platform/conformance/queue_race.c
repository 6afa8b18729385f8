/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Races that ThreadSanitizer must report, in code that uses a kt_queue wrongly. The
 * argument names the race to run; "none" is the same code without a race. Built with
 * TSan, on real threads and in the simulator; race_test.py runs it.
 */
#include "platform/conformance/conformance.h"
#include "platform/queue.h"

enum { PUSHERS = 2, ITEMS = CONFORMANCE_TURNS(300, 4) };

struct item {
	kt_queue_node node;
	int value;
};

static kt_queue queue;

enum race {
	NONE,
	WRITTEN_LATE,	/* queued, then written */
	READ_LATE,	/* read after it was queued, while the popping thread may free it */
	RACES
};

static const char *const names[] = {
	[NONE] = "none",
	[WRITTEN_LATE] = "written-late",
	[READ_LATE] = "read-late",
};

static enum race race;
static volatile int seen;	/* so that the compiler keeps the read */

static void push_all(void *popper)
{
	for (int n = 1; n <= ITEMS; n++) {
		struct item *i = os_alloc(KT_ROLE_TEST, sizeof *i);

		CHECK(i != NULL);
		i->value = n;
		kt_queue_push(&queue, &i->node, KT_SITE_NAMED("queue_race.pushed"));
		KT_POINT(queue_race.late);
		if (race == WRITTEN_LATE)
			i->value = -n;
		if (race == READ_LATE)
			__atomic_store_n(&seen, i->value, __ATOMIC_RELAXED);
		os_unpark((struct os_thread *)popper);
	}
}

static void pop_all(void)
{
	for (int left = PUSHERS * ITEMS; left > 0; ) {
		kt_queue_node *node = kt_queue_pop(&queue, KT_SITE_NAMED("queue_race.popped"));
		struct item *i = (struct item *)(void *)node;

		if (!i) {
			os_park(KT_SITE("park", "pop_all"));
			continue;
		}
		__atomic_store_n(&seen, i->value, __ATOMIC_RELAXED);
		i->value = 0;
		os_free(i);
		left--;
	}
}
_Static_assert(offsetof(struct item, node) == 0, "pop_all() takes one for the other");

static void body(void *arg)
{
	struct os_thread pusher[PUSHERS];

	(void)arg;
	kt_queue_init(&queue, "race");
	for (int i = 0; i < PUSHERS; i++)
		spawn(&pusher[i], i ? "p1" : "p0", push_all, os_self());
	pop_all();
	for (int i = 0; i < PUSHERS; i++)
		os_join(&pusher[i]);
	kt_queue_destroy(&queue);
}

int main(int argc, char **argv)
{
	race = conformance_choose(argc, argv, "queue_race", names, RACES);
	if (race == RACES)
		return 2;
	conformance_run(names[race], body, NULL);
	return 0;
}
