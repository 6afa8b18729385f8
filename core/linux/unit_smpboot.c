/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's smpboot.c behind core/smpboot.h. */
#define LINUX_ROLE KT_ROLE_SMPBOOT
#include "core/linux/shim.h"

#include "kernel/smpboot.c"

#include "core/linux/plug.h"
#include "core/linux/unit_end.h"

_Static_assert(sizeof(struct smp_hotplug_thread) <= KT_LINUX_PLUG_BYTES, "see core/bridged.h");

/*
 * core/'s struct has room for the kernel's. It is filled at register, from what the caller has
 * written into core/'s.
 */
LINUX_OURS int linux_plug_register(void *room, const struct linux_plug *from)
{
	struct smp_hotplug_thread *ht = room;

	os_object_begin(ht, sizeof *ht);
	*ht = (struct smp_hotplug_thread){
		.store = from->store,
		.thread_should_run = from->thread_should_run, .thread_fn = from->thread_fn,
		.create = from->create, .setup = from->setup, .cleanup = from->cleanup,
		.park = from->park, .unpark = from->unpark,
		.selfparking = from->selfparking, .thread_comm = from->thread_comm,
	};
	return smpboot_register_percpu_thread(ht);
}

LINUX_OURS void linux_plug_unregister(void *room)
{
	smpboot_unregister_percpu_thread(room);
}

LINUX_OURS void linux_plug_lock(bool take)
{
	if (take)
		mutex_lock(&smpboot_threads_lock);
	else
		mutex_unlock(&smpboot_threads_lock);
}

LINUX_OURS void *linux_plug_current(void)
{
	struct task_struct *t = current;

	KT_ASSERT(kthread_func(t) == (void *)smpboot_thread_fn);
	return ((struct smpboot_thread_data *)kthread_data(t))->ht;
}

int linux_create_threads(struct kthreadd *d, unsigned cpu)
	__asm__("kt_core_smpboot_create_threads");
LINUX_OURS int linux_create_threads(struct kthreadd *d, unsigned cpu)
{
	(void)d;
	return smpboot_create_threads(cpu);
}

void linux_park_threads(struct kthreadd *d, unsigned cpu) __asm__("kt_core_smpboot_park_threads");
LINUX_OURS void linux_park_threads(struct kthreadd *d, unsigned cpu)
{
	(void)d;
	smpboot_park_threads(cpu);
}

void linux_unpark_threads(struct kthreadd *d, unsigned cpu)
	__asm__("kt_core_smpboot_unpark_threads");
LINUX_OURS void linux_unpark_threads(struct kthreadd *d, unsigned cpu)
{
	(void)d;
	smpboot_unpark_threads(cpu);
}
