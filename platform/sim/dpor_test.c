/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/atomic.h"
#include "platform/conformance/test.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "platform/sim/sim.h"

enum { CREATORS_MAX = 4 };
static int variant;
static struct os_thread creator[CREATORS_MAX], daemon_thread, made[CREATORS_MAX];
static kt_lock list_lock;
static unsigned creators;
static uint32_t state, list, answered[CREATORS_MAX], queue[CREATORS_MAX], head, tail;

enum { RUNNING, SLEEPING };

static void wake(void)
{
	switch (variant / 10 % 10) {
	case 0:
		if (READ_ONCE(state) == SLEEPING)
			WRITE_ONCE(state, RUNNING);
		break;
	case 1: xchg(&state, RUNNING); break;
	case 2: case 5:
		if (READ_ONCE(state) == SLEEPING) {
			sim_depends(&state);
			state = RUNNING;
		}
		break;
	case 4: xchg(&state, RUNNING); break;
	case 3: WRITE_ONCE(state, RUNNING); break;
	}
}

static bool once, stuck;
static void await(const uint32_t *w, uint32_t v, struct kt_site *site)
{
	if (!once) { sim_await(w, v, site); return; }
	if (READ_ONCE(*w) == v) return;
	stuck = true;
	for (;;) os_park(site);
}
static uint32_t plain;
static void append(void)
{
	plain++;
	switch (variant / 10000 % 10) {
	case 0: WRITE_ONCE(list, plain); break;
	case 1: case 2: if (plain == 1) WRITE_ONCE(list, 1); break;
	case 3: WRITE_ONCE(list, 1); break;
	}
}

static void pop_one(void)
{
	plain--;
	switch (variant / 10000 % 10) {
	case 0: case 1: WRITE_ONCE(list, plain); break;
	case 2: if (plain == 0) WRITE_ONCE(list, 0); break;
	case 3: WRITE_ONCE(list, 0); break;
	}
}

static void creates(void *arg)
{
	uint32_t i = (uint32_t)(uintptr_t)arg;

	kt_lock_acquire(&list_lock);
	queue[tail++] = i;
	append();
	if (variant / 10 % 10 >= 4)
		wake();
	kt_lock_release(&list_lock);
	if (variant / 10 % 10 < 4)
		wake();
	await(&answered[i], 1, KT_SITE("await", "answered"));
}

static void answers(void *arg)
{
	WRITE_ONCE(answered[(uintptr_t)arg], 1);
}

static unsigned rounds, histogram[32];
static void serves(void *unused)
{
	unsigned served = 0, pop = variant / 100 % 10, end = variant / 1000 % 10, after = variant % 10;

	(void)unused;
	for (rounds = 0;; ) {
		rounds++;
		if (!end && served == creators)
			return;
		if (end == 2 && served == creators)
			return;
		WRITE_ONCE(state, SLEEPING);
		if (end == 3 && served == creators)
			return;
		bool empty;
		if (variant / 100000 & 2)
			kt_lock_acquire(&list_lock);
		empty = READ_ONCE(list) == 0;
		if (variant / 100000 & 2)
			kt_lock_release(&list_lock);
		if (empty) {
			if (end == 1 && served == creators)
				return;
			await(&state, RUNNING, KT_SITE("await", "state"));
			if (after == 1)
				WRITE_ONCE(state, RUNNING);
			if (variant / 100000 & 1)
				continue;
		} else if (after)
			WRITE_ONCE(state, RUNNING);
		kt_lock_acquire(&list_lock);
		if (pop == 3) {
			uint32_t first = head;
			if (plain) { plain = 1; pop_one(); }
			head = tail;
			uint32_t last = tail;
			kt_lock_release(&list_lock);
			for (uint32_t k = first; k < last; k++, served++) {
				uint32_t i = queue[k];
				os_spawn(&made[i], "made", OS_JOINABLE, answers, (void *)(uintptr_t)i);
			}
			continue;
		}
		while (plain > 0) {
			uint32_t i = queue[head++];

			pop_one();
			kt_lock_release(&list_lock);
			os_spawn(&made[i], "made", OS_JOINABLE, answers, (void *)(uintptr_t)i);
			served++;
			if (pop == 1 || (pop == 2 && served == creators))
				goto next;
			kt_lock_acquire(&list_lock);
		}
		kt_lock_release(&list_lock);
next:;
	}
}

static void protocol(void *unused)
{
	(void)unused;
	kt_lock_init(&list_lock, "list");
	plain = state = list = head = tail = 0;
	memset(answered, 0, sizeof answered);
	os_spawn(&daemon_thread, "daemon", OS_JOINABLE, serves, NULL);
	for (uintptr_t i = 0; i < creators; i++)
		os_spawn(&creator[i], "creator", OS_JOINABLE, creates, (void *)i);
	for (uintptr_t i = 0; i < creators; i++)
		os_join(&creator[i]);
	os_join(&daemon_thread);
	for (uintptr_t i = 0; i < creators; i++)
		os_join(&made[i]);
	kt_lock_destroy(&list_lock);
}

int main(int argc, char **argv)
{
	struct sim_exploration o = { .brute = false };
	struct sim_options run = { 0 };
	struct sim_explored e;
	struct timespec a, b;

	creators = (unsigned)atoi(argv[1]);
	variant = atoi(argv[2]);
	once = argc > 3; unsigned blocked = 0;
	CHECK(sim_explore(&o));
	clock_gettime(CLOCK_MONOTONIC, &a);
	do {
		const struct sim_record *r;

		run.strategy = sim_strategy_dpor();
		r = sim_run(&run, protocol, NULL);
		if (stuck && r->failure == KT_DEADLOCK) { stuck = false; blocked++; continue; }
		if (r->failure) {
			printf("%s\n", r->message);
			return 1;
		}
		histogram[rounds]++;
	} while (sim_explored(&e));
	for (int i = 0; i < 32; i++) if (histogram[i]) printf("rounds %d: %u\n", i, histogram[i]);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%u stuck ", blocked); printf("creators %u variant %d: %llu executions, %llu redundant, %llu blocked, %llu dropped, %.1f events, %.3f s\n", creators, variant,
	       (unsigned long long)e.executions, (unsigned long long)e.redundant,
	       (unsigned long long)e.blocked, (unsigned long long)e.dropped,
	       (double)e.events / (double)e.executions,
	       (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9);
	return 0;
}
