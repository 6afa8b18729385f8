/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of core/ share. A test body runs as a task of a booted kthreadd. When the
 * body has ended, nothing may be left allocated.
 */
#ifndef CORE_CORE_TEST_H
#define CORE_CORE_TEST_H

#include <string.h>

#include "core/kthread.h"
#include "core/kthreadd.h"
#include "platform/conformance/conformance.h"

static struct kthreadd daemon;
static struct task_struct caller;

/* Allocations of this role fail, both the caller's and the daemon's. */
static enum kt_role fail_role = KT_ROLE_COUNT;

static bool alloc_fails(enum kt_role role, struct kt_site *site)
{
	(void)site;
	if (role != fail_role)
		return false;
	return os_self() == &caller.os || strcmp(os_name(os_self()), "kthreadd") == 0;
}

/* ---- tasks ---------------------------------------------------------------- */

/* Start fn(arg) as a task called `name`. The daemon makes the threads that the task creates. */
static inline void task_begin(struct task_struct *t, const char *name, void (*fn)(void *arg),
			      void *arg)
{
	task_init(t, &daemon, name);
	CHECK_EQ(os_spawn(&t->os, name, OS_JOINABLE, fn, arg), 0);
}

/* Wait until the fn of that task has returned. */
static inline void task_end(struct task_struct *t)
{
	os_join(&t->os);
	task_destroy(t);
}

/* A second task beside `caller`, for the many tests that need just one. */
static struct task_struct second_task;

static inline void other_begin(void (*fn)(void *arg), void *arg)
{
	task_begin(&second_task, "other", fn, arg);
}

static inline void other_end(void)
{
	task_end(&second_task);
}

/* The calling kthread sleeps until kthread_stop(). */
static inline void sleep_until_stop(unsigned state)
{
	for (;;) {
		set_current_state(state);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

/* A thread function: sleeps until it is stopped, then returns its `data`. */
static inline int until_stop(void *data)
{
	sleep_until_stop(TASK_INTERRUPTIBLE);
	return (int)(intptr_t)data;
}

/* ---- test bodies ---------------------------------------------------------- */

static void (*task_body)(void);

static void run_body(void *unused)
{
	(void)unused;
	kthreadd_wait_ready(&daemon);
	task_body();
}

/* Boot the daemon, run `body` as the task `caller`, shut the daemon down. */
static void boot_and_run(void (*body)(void))
{
	task_body = body;
	kthreadd_init(&daemon);
	CHECK_EQ(kthreadd_boot(&daemon), 0);
	task_begin(&caller, "caller", run_body, NULL);
	task_end(&caller);
	kthreadd_shutdown(&daemon);
}

/* Run a body, after which nothing may be left allocated. body: address of the function. */
static void with_daemon(void *body)
{
	boot_and_run(*(void (**)(void))body);
	os_wait_detached();
	for (int role = 0; role < KT_ROLE_COUNT; role++)
		CHECK_EQ(os_live((enum kt_role)role), 0);
}

/* As with_daemon(), but the body may set fail_role. */
static void in_task(void *body)
{
	struct os_hooks hooks = { .alloc_fails = alloc_fails };

	fail_role = KT_ROLE_COUNT;
	os_set_hooks(&hooks);
	with_daemon(body);
	os_set_hooks(&(struct os_hooks){ 0 });
}

/* ---- lists of tests ------------------------------------------------------- */

struct core_test {
	const char *name;
	void (*body)(void);
};

/* A row. A test has the name of its function. */
#define T(f) { #f, f }

#define RUN_TESTS(tests) run_tests((tests), sizeof(tests) / sizeof((tests)[0]))

static inline void run_tests(const struct core_test *tests, size_t count)
{
	for (size_t i = 0; i < count; i++)
		conformance_run(tests[i].name, in_task, (void *)&tests[i].body);
}

/*
 * The body must end in a failure of kind `kind`. On real threads the body runs in a forked
 * child. So this test comes before all other tests, when RCU's thread for callbacks does not
 * exist yet and no thread is about to end.
 */
static inline void run_failing(const char *name, enum kt_failure kind, void (*body)(void))
{
	conformance_fails(name, kind, with_daemon, (void *)&body);
}

#define RUN_FAILING(kind, f) run_failing(#f, (kind), f)

#endif
