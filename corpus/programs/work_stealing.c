/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A worker takes tasks from the bottom of its deque, and a thief steals from the top.
 *
 * Stands for: the deques of schedulers and of fork-and-join pools.
 * Bug: worker and thief reach for the last task at once. In pop(), the worker takes it without
 *	asking whether the thief has moved the top, so both run it.
 * Repair: the worker takes the last task by the same compare-and-exchange on the top as the
 *	thief. One of them loses.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

enum { TASKS = 2, NONE = -1 };

static atomic_int top, bottom;
static atomic_int tasks[TASKS];
static atomic_int runs[TASKS];

static void push(int task)
{
	int b = atomic_load(&bottom);

	atomic_store(&tasks[b], task);
	atomic_store(&bottom, b + 1);
}

static int pop(void)
{
	int b = atomic_load(&bottom) - 1;
	int t, task;

	atomic_store(&bottom, b);
	t = atomic_load(&top);
	if (t > b) {
		atomic_store(&bottom, t);
		return NONE;
	}
	task = atomic_load(&tasks[b]);
	if (t == b) {
		int last = t;
#ifdef REPAIRED
		if (!atomic_compare_exchange_strong(&top, &last, t + 1))
			task = NONE;
#else
		atomic_store(&top, last + 1);
#endif
		atomic_store(&bottom, t + 1);
	}
	return task;
}

static int steal(void)
{
	int t = atomic_load(&top);
	int task;

	if (t >= atomic_load(&bottom))
		return NONE;
	task = atomic_load(&tasks[t]);
	return atomic_compare_exchange_strong(&top, &t, t + 1) ? task : NONE;
}

static void run(int task)
{
	if (task != NONE)
		assert(atomic_fetch_add(&runs[task], 1) == 0);
}

static void *thief(void *unused)
{
	(void)unused;
	for (int i = 0; i < TASKS; i++)
		run(steal());
	return NULL;
}

int main(void)
{
	pthread_t t;
	int task;

	pthread_create(&t, NULL, thief, NULL);
	for (int i = 0; i < TASKS; i++)
		push(i);
	while ((task = pop()) != NONE)
		run(task);
	pthread_join(t, NULL);
	for (int i = 0; i < TASKS; i++)
		assert(atomic_load(&runs[i]) == 1);
	return 0;
}
