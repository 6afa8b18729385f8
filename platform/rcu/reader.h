/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an RCU stores about a thread. It is in the platform's own record of the
 * thread (os_rcu_reader()), not in its os_thread: a kthread frees its os_thread, and may
 * run callbacks after that, even the callback that frees its own task. Records are never
 * freed, only used again, so `listed` and `next` outlive the thread.
 */
#ifndef PLATFORM_RCU_READER_H
#define PLATFORM_RCU_READER_H

#include <stdbool.h>
#include <stdint.h>

struct kt_rcu_reader {
	/* only the thread itself uses these: */
	uint32_t depth;			/* read sections it is in */
	bool     in_callback;		/* it runs a callback */
	bool     listed;

	/* in `epoch` atomic; in `biglock` its lock must be held: */
	unsigned long since;		/* 0: in no section */
	struct kt_rcu_reader *next;	/* listed after this one */
};

#endif
