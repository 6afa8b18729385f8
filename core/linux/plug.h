/* SPDX-License-Identifier: GPL-2.0-only */
/* Between unit_smpboot.c, which knows the kernel's struct, and hotplug.c, which knows core/'s. */
#ifndef CORE_LINUX_PLUG_H
#define CORE_LINUX_PLUG_H

#include <stdbool.h>

struct task_struct;

/* What the kernel's struct smp_hotplug_thread is given. */
struct linux_plug {
	struct task_struct **store;
	int (*thread_should_run)(unsigned cpu);
	void (*thread_fn)(unsigned cpu);
	void (*create)(unsigned cpu);
	void (*setup)(unsigned cpu);
	void (*cleanup)(unsigned cpu, bool online);
	void (*park)(unsigned cpu);
	void (*unpark)(unsigned cpu);
	bool selfparking;
	const char *thread_comm;
};

/* `room`: KT_LINUX_PLUG_BYTES, where the kernel's struct is. */
int linux_plug_register(void *room, const struct linux_plug *from);
void linux_plug_unregister(void *room);
/* Take or leave the lock under which the slots of `store` change. */
void linux_plug_lock(bool take);
/* The room of the calling per-CPU thread. */
void *linux_plug_current(void);

#endif
