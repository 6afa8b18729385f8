/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulator's struct os_thread: a handle. What the simulator knows of the
 * thread is in its own tables (internal.h), out of reach of the code under test.
 */
#ifndef PLATFORM_SIM_OS_THREAD_H
#define PLATFORM_SIM_OS_THREAD_H

#include <stdint.h>

#include "platform/rcu/reader.h"

struct os_thread {
	uint32_t id;	/* index of the simulated task */
	uint32_t check;	/* SIM_THREAD_CHECK while the handle is in use */
};

/* The handle of the task that runs. It is the first field of struct sim_task. */
extern struct sim_handle {
	struct os_thread *thread;
	struct kt_rcu_reader rcu;
} *sim_self;

typedef struct sim_handle os_sleeper;

#define os_self()         (sim_self->thread)
#define os_rcu_reader()   (&sim_self->rcu)
#define os_sleeper_self() (sim_self)
#define os_delay()        ((void)0)

#endif
