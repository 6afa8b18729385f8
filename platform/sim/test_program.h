/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For dpor_test.c: a language for small programs, and the body that runs one program. The
 * language has an operation for each thing that tasks can do to each other.
 */
#ifndef PLATFORM_SIM_TEST_PROGRAM_H
#define PLATFORM_SIM_TEST_PROGRAM_H

#include <string.h>

#include "platform/atomic.h"
#include "platform/completion.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "platform/sim/sim.h"
#include "platform/sim/test_classes.h"

/*
 * A task is a string. Each operation is a letter and a number. The number says to which
 * word, lock, task or block it is done.
 *
 *	R W X  load, store, exchange a word		L U T  lock, unlock, try (and unlock)
 *	I      if the last load gave 0 skip what follows	S      spin until a word is not 0
 *	P N    park; unpark task number			C V K  complete, wait, wait killably
 *	A      allocate, which may fail, and free	Z      free task 0's block
 *	B      store to that block
 */
enum { TASKS_MAX = 4, NAMES = 4 };

struct program {
	const char *name;
	const char *task[TASKS_MAX];
	struct sim_exploration o;
	unsigned classes;	/* 0: as many as the search without reduction finds */
	bool same_values;	/* each store stores 1, so that different ways meet in one state */
};

static struct {
	const struct program *p;
	struct os_thread thread[TASKS_MAX];
	kt_lock lock[NAMES];
	kt_completion done[NAMES];
	unsigned word[NAMES];
	unsigned *block;
	struct kt_site park;
	uint64_t seen[TASKS_MAX];	/* what a task has read; last, so that it can be left out */
} run;

static void saw(unsigned task, uint64_t what)
{
	run.seen[task] = mix(run.seen[task] ^ (what + 1));
}

enum { WORD = 0, LOCK = 8, SLEEP = 16, BLOCK = 24 };

static unsigned do_word(unsigned me, char op, unsigned i, unsigned value)
{
	unsigned was = 0;

	if (op == 'R') {
		was = READ_ONCE(run.word[i]);
	} else if (op == 'X') {
		was = xchg(&run.word[i], value);
	} else if (op == 'S') {
		while (READ_ONCE(run.word[i]) == 0)
			cpu_relax();
		was = run.word[i];
	} else {
		WRITE_ONCE(run.word[i], value);
	}
	note(me, op == 'R' || op == 'S' ? 'R' : 'W', WORD + i);
	if (op != 'W')
		saw(me, was);
	return was;
}

static void do_lock(unsigned me, char op, unsigned i)
{
	bool got = true;

	if (op == 'L')
		kt_lock_acquire(&run.lock[i]);
	else if (op == 'T')
		got = kt_lock_try_acquire(&run.lock[i]);
	if (op != 'U') {
		note(me, 'W', LOCK + i);
		saw(me, got);
	}
	if (op == 'U' || (op == 'T' && got))
		kt_lock_release(&run.lock[i]);
}

static void do_wait(unsigned me, char op, unsigned i)
{
	switch (op) {
	case 'P':
		os_park(&run.park);
		note(me, 'W', SLEEP + me);
		break;
	case 'N':
		note(me, 'N', SLEEP + i);
		os_unpark(&run.thread[i]);
		break;
	case 'C': kt_complete(&run.done[i]); break;
	case 'V': kt_completion_wait(&run.done[i]); break;
	default: saw(me, kt_completion_wait_killable(&run.done[i]) == 0); break;
	}
}

static void do_memory(unsigned me, char op, unsigned value)
{
	void *p;

	switch (op) {
	case 'A':
		p = os_alloc(KT_ROLE_TEST, 16);
		saw(me, p != NULL);
		os_free(p);
		break;
	case 'Z':
		os_free(run.block);
		break;
	default:
		WRITE_ONCE(*run.block, value);
		break;
	}
}

static void task(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg, last = 1;
	const char *s = run.p->task[me];

	for (unsigned i = 0; s[i]; i += 2) {
		unsigned object = (unsigned)(s[i + 1] - '0');
		unsigned value = run.p->same_values ? 1 : me * 16 + i + 1;

		CHECK(s[i + 1] && object < NAMES);
		if (s[i] == 'I' && last == 0)
			i += 2;
		else if (strchr("RWXS", s[i]))
			last = do_word(me, s[i], object, value);
		else if (strchr("LUT", s[i]))
			do_lock(me, s[i], object);
		else if (strchr("PNCVK", s[i]))
			do_wait(me, s[i], object);
		else if (s[i] != 'I')
			do_memory(me, s[i], value);
	}
}

static unsigned tasks_of(const struct program *p)
{
	unsigned n = 0;

	while (n < TASKS_MAX && p->task[n])
		n++;
	return n;
}

static void body(void *unused)
{
	static const char *const name[TASKS_MAX] = { "t0", "t1", "t2", "t3" };
	unsigned n = tasks_of(run.p);

	(void)unused;
	history.count = 0;
	memset(run.word, 0, sizeof run.word);
	memset(run.seen, 0, sizeof run.seen);
	run.park = (struct kt_site){ .op = "park", .what = "P", .func = "task", .file = "" };
	run.block = strpbrk(run.p->task[0], "ZB") ? os_alloc(KT_ROLE_TEST, 64) : NULL;
	for (unsigned i = 0; i < NAMES; i++) {
		kt_lock_init(&run.lock[i], "lock");
		kt_completion_init(&run.done[i]);
	}
	for (uintptr_t i = 0; i < n; i++)
		CHECK_EQ(os_spawn(&run.thread[i], name[i], OS_JOINABLE, task, (void *)i), 0);
	for (unsigned i = 0; i < n; i++)
		os_join(&run.thread[i]);
}

#endif
