/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests of core/: a body run as a task of a booted kthreadd, after
 * which nothing may be live.
 */
#ifndef CORE_CORE_TEST_H
#define CORE_CORE_TEST_H

#include <string.h>

#include "core/kthread.h"
#include "core/kthreadd.h"
#include "platform/conformance/conformance.h"

static struct kthreadd daemon;
static struct task_struct caller;

/* Allocations of this role fail, the caller's and the daemon's. */
static enum kt_role fail_role = KT_ROLE_COUNT;

static bool alloc_fails(enum kt_role role, struct kt_site *site)
{
	(void)site;
	if (role != fail_role)
		return false;
	return os_self() == &caller.os || strcmp(os_name(os_self()), "kthreadd") == 0;
}

/* Run fn as a task of a booted kthreadd; then everything must be gone. */
static void (*task_body)(void);

static void run_body(void *unused)
{
	(void)unused;
	kthreadd_wait_ready(&daemon);
	task_body();
}

/* body: address of the function. */
static void with_daemon(void *body)
{
	task_body = *(void (**)(void))body;
	kthreadd_init(&daemon);
	CHECK_EQ(kthreadd_boot(&daemon), 0);
	task_init(&caller, &daemon, "caller");
	CHECK_EQ(os_spawn(&caller.os, "caller", OS_JOINABLE, run_body, NULL), 0);
	os_join(&caller.os);
	task_destroy(&caller);
	kthreadd_shutdown(&daemon);
	os_wait_detached();
	for (int role = 0; role < KT_ROLE_COUNT; role++)
		CHECK_EQ(os_live((enum kt_role)role), 0);
}

/* The same, with fail_role in force. */
static void in_task(void *body)
{
	struct os_hooks hooks = { .alloc_fails = alloc_fails };

	fail_role = KT_ROLE_COUNT;
	os_set_hooks(&hooks);
	with_daemon(body);
	os_set_hooks(&(struct os_hooks){ 0 });
}

#endif
