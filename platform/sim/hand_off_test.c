/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The exploration on a model of the hand-off of a request to kthreadd and back. GenMC 0.11
 * and nidhugg 0.4 ran the same model. The exploration must find as many classes as they
 * did.
 *
 * Creators append under a lock and wake the daemon by an exchange of its state. One word
 * stands for the list: it is written when the list becomes empty or stops being empty. The
 * answer is a flag. A task awaits a value in one of two ways. In the first, it goes on when
 * the value is there. That gives 5 classes for one creator and 178 for two. In the second, it
 * looks once and is stuck for ever if the value is not there, as in those tools. That gives 6
 * and 566 more executions.
 *
 * For three creators only nidhugg gave a number: 15,102, in its reads-from mode. According
 * to the logs of this model there are 15,318 classes.
 */
#include <stdio.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/conformance/test.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "platform/sim/sim.h"
#include "platform/sim/test_classes.h"

static struct hashes classes_seen;

enum { CREATORS_MAX = 3, STATE = 0, LIST = 1, ANSWER = 2, LIST_LOCK = 8, DAEMON = 7 };
enum { RUNNING, SLEEPING };

static struct {
	unsigned creators;
	bool looks_once, stuck;
	kt_lock lock;
	uint32_t state, list, answer[CREATORS_MAX];
	unsigned queue[CREATORS_MAX], appended, popped;	/* under lock */
	struct os_thread daemon, creator[CREATORS_MAX], made[CREATORS_MAX];
} model;

static void await(unsigned me, uint32_t *word, uint32_t value, unsigned object)
{
	struct kt_site *site = KT_SITE("await", "word");

	if (!model.looks_once) {
		sim_await(word, value, site);
		note(me, 'R', object);
		return;
	}
	if (READ_ONCE(*word) == value) {
		note(me, 'R', object);
		return;
	}
	model.stuck = true;
	for (;;)
		os_park(site);
}

static void create(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	kt_lock_acquire(&model.lock);
	note(me, 'W', LIST_LOCK);
	model.queue[model.appended++] = me;
	if (model.appended - model.popped == 1) {
		WRITE_ONCE(model.list, 1);
		note(me, 'W', LIST);
	}
	kt_lock_release(&model.lock);
	xchg(&model.state, RUNNING);
	note(me, 'W', STATE);
	await(me, &model.answer[me], 1, ANSWER + me);
}

static void answer(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	WRITE_ONCE(model.answer[me], 1);
	note(CREATORS_MAX + me, 'W', ANSWER + me);
}

static void take_lock(void)
{
	kt_lock_acquire(&model.lock);
	note(DAEMON, 'W', LIST_LOCK);
}

static void pop_all(void)
{
	take_lock();
	while (model.appended > model.popped) {
		unsigned i = model.queue[model.popped++];

		WRITE_ONCE(model.list, model.appended > model.popped);
		note(DAEMON, 'W', LIST);
		kt_lock_release(&model.lock);
		os_spawn(&model.made[i], "made", OS_JOINABLE, answer, (void *)(uintptr_t)i);
		take_lock();
	}
	kt_lock_release(&model.lock);
}

static void serve(void *unused)
{
	(void)unused;
	for (;;) {
		bool empty;

		WRITE_ONCE(model.state, SLEEPING);
		note(DAEMON, 'W', STATE);
		empty = READ_ONCE(model.list) == 0;
		note(DAEMON, 'R', LIST);
		if (empty && model.popped == model.creators)
			break;
		if (empty)
			await(DAEMON, &model.state, RUNNING, STATE);
		WRITE_ONCE(model.state, RUNNING);
		note(DAEMON, 'W', STATE);
		pop_all();
	}
}

static void hand_off(void *unused)
{
	(void)unused;
	history.count = 0;
	model.stuck = false;
	model.state = model.list = model.appended = model.popped = 0;
	memset(model.answer, 0, sizeof model.answer);
	kt_lock_init(&model.lock, "list");
	os_spawn(&model.daemon, "daemon", OS_JOINABLE, serve, NULL);
	for (uintptr_t i = 0; i < model.creators; i++)
		os_spawn(&model.creator[i], "creator", OS_JOINABLE, create, (void *)i);
	for (unsigned i = 0; i < model.creators; i++)
		os_join(&model.creator[i]);
	os_join(&model.daemon);
	for (unsigned i = 0; i < model.creators; i++)
		os_join(&model.made[i]);
}

static void test_hand_off(unsigned creators, bool looks_once, unsigned classes, unsigned stuck)
{
	const struct sim_exploration o = { 0 };
	const struct sim_options so = { .strategy = sim_strategy_dpor() };
	unsigned ended = 0, blocked = 0;
	struct sim_explored e;

	memset(&classes_seen, 0, sizeof classes_seen);
	model.creators = creators;
	model.looks_once = looks_once;
	os_set_hooks(&(struct os_hooks){ .point = NULL });
	CHECK(sim_explore(&o));
	for (bool more = true; more; ) {
		const struct sim_record *r = sim_run(&so, hand_off, NULL);

		CHECK_EQ(r->failure, model.stuck ? KT_DEADLOCK : KT_PASS);
		if (!model.stuck)
			add(&classes_seen, class_of_log());
		blocked += model.stuck;
		ended += !model.stuck;
		more = sim_explored(&e);
	}
	CHECK_EQ(ended, classes);
	CHECK_EQ(classes_seen.count, classes);
	CHECK_EQ(blocked, stuck);
	CHECK_EQ(e.redundant + e.blocked + e.dropped, 0);
	printf("ok hand-off, %u creators: %u classes, %u stuck\n", creators, ended, blocked);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_hand_off(1, false, 5, 0);
	test_hand_off(2, false, 178, 0);
	test_hand_off(3, false, 15318, 0);
	test_hand_off(1, true, 5, 6);
	test_hand_off(2, true, 178, 566);
	return 0;
}
