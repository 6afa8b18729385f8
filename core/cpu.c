/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/cpu.h"

#include <errno.h>

#include "core/kthread_internal.h"

void cpus_init(struct cpus *c)
{
	mutex_init(&c->cpu_maps_lock, "cpu_maps_lock");
	init_rwsem(&c->cpu_hotplug_lock, "cpu_hotplug_lock");
	kt_lock_init(&c->bound_lock, "bound_lock");
	INIT_LIST_HEAD(&c->bound);
	c->online = CPU_POSSIBLE_MASK;
}

void cpus_destroy(struct cpus *c)
{
	kt_lock_destroy(&c->bound_lock);
	destroy_rwsem(&c->cpu_hotplug_lock);
	mutex_destroy(&c->cpu_maps_lock);
}

bool cpu_online(struct kthreadd *d, unsigned cpu)
{
	return cpu < NR_CPUS && (READ_ONCE(d->cpus.online) >> cpu & 1);
}

unsigned num_online_cpus(struct kthreadd *d)
{
	return (unsigned)__builtin_popcountll(READ_ONCE(d->cpus.online));
}

uint64_t cpus_usable(struct kthreadd *d, uint64_t cpus)
{
	uint64_t online = READ_ONCE(d->cpus.online);

	/* A mask may have bits beyond the possible CPUs; the platform maps each bit to a
	 * processor. While all CPUs are online, the mask is passed on unchanged. */
	if (online == CPU_POSSIBLE_MASK)
		return cpus;
	return cpus & online ? cpus & online : online;
}

/* ---- the hotplug lock ------------------------------------------------------ */

void cpus_read_lock(struct kthreadd *d)
{
	down_read(&d->cpus.cpu_hotplug_lock);
}

void cpus_read_unlock(struct kthreadd *d)
{
	up_read(&d->cpus.cpu_hotplug_lock);
}

void cpus_write_lock(struct kthreadd *d)
{
	down_write(&d->cpus.cpu_hotplug_lock);
}

void cpus_write_unlock(struct kthreadd *d)
{
	up_write(&d->cpus.cpu_hotplug_lock);
}

/* ---- offline and online ---------------------------------------------------- */

/*
 * The scheduler's part. Write `online` first, then walk the list: task_bind() puts a task on
 * the list and reads `online` in one section of bound_lock. Either it sees the new mask, or
 * the task is found here.
 */
static void set_online(struct kthreadd *d, unsigned cpu, bool online)
{
	struct cpus *c = &d->cpus;
	uint64_t bit = 1ull << cpu, mask = READ_ONCE(c->online);
	struct task_struct *t;

	WRITE_ONCE(c->online, online ? mask | bit : mask & ~bit);
	KT_POINT(cpu.marked);
	kt_lock_acquire(&c->bound_lock);
	list_for_each_entry(t, &c->bound, struct task_struct, bound) {
		if (online)
			task_cpu_back(t, cpu);
		else
			task_cpu_gone(t, cpu);
	}
	kt_lock_release(&c->bound_lock);
}

int cpu_down(struct kthreadd *d, unsigned cpu)
{
	int err = 0;

	if (cpu >= NR_CPUS)
		return -EINVAL;
	mutex_lock(&d->cpus.cpu_maps_lock);
	if (!cpu_online(d, cpu))
		goto out;
	if (num_online_cpus(d) == 1) {
		err = -EBUSY;
		goto out;
	}
	cpus_write_lock(d);
	KT_POINT(cpu.going_down);
	/* Park before the CPU is marked: none of its threads may run elsewhere. */
	smpboot_park_threads(d, cpu);
	KT_POINT(cpu.parked);
	set_online(d, cpu, false);
	cpus_write_unlock(d);
out:
	mutex_unlock(&d->cpus.cpu_maps_lock);
	return err;
}

int cpu_up(struct kthreadd *d, unsigned cpu)
{
	int err = 0;

	KT_ASSERT(current->kthreadd == d);
	if (cpu >= NR_CPUS)
		return -EINVAL;
	mutex_lock(&d->cpus.cpu_maps_lock);
	if (cpu_online(d, cpu))
		goto out;
	cpus_write_lock(d);
	KT_POINT(cpu.coming_up);
	err = smpboot_create_threads(d, cpu);
	if (err == 0) {
		/* Unpark after the scheduler knows the CPU. Before that it would
		 * let the threads run elsewhere. */
		set_online(d, cpu, true);
		smpboot_unpark_threads(d, cpu);
		KT_POINT(cpu.unparked);
	}
	cpus_write_unlock(d);
out:
	mutex_unlock(&d->cpus.cpu_maps_lock);
	return err;
}
