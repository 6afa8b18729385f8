/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an allocation is for. A plan ("fail stack #2") and the report of a leak name
 * roles. The list is closed, so that a plan can be checked.
 */
#ifndef PLATFORM_ROLE_H
#define PLATFORM_ROLE_H

#define KT_ROLES(X)                                                            \
	X(CREATE_INFO, "create_info")	/* a queued creation request */        \
	X(NAME, "name")			/* a thread's full name */             \
	X(TASK, "task")			/* struct task_struct */               \
	X(KTHREAD, "kthread")		/* struct kthread */                   \
	X(STACK, "stack")		/* the new thread's stack: os_spawn */ \
	X(WORKER, "worker")		/* struct kthread_worker */            \
	X(SMPBOOT, "smpboot")		/* a per-CPU thread's data */          \
	X(MM, "mm")			/* struct mm_struct */                 \
	X(TEST, "test")			/* of the harness itself */

enum kt_role {
#define X(id, name) KT_ROLE_##id,
	KT_ROLES(X)
#undef X
	KT_ROLE_COUNT
};

/* "create_info" for KT_ROLE_CREATE_INFO. */
const char *kt_role_name(enum kt_role role);

/* The role of that name, or KT_ROLE_COUNT. */
enum kt_role kt_role_find(const char *name);

#endif
