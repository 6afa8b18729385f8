/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUs that go offline and online. After Linux kernel/cpu.c; core/README.md says
 * where and why it differs.
 *
 * Each kthreadd has CPUs of its own, all online at first. A CPU is a number to which
 * threads of that kthreadd are bound. The platform maps the number to a
 * processor (os_bind()): a simulated one in the simulator, or on real threads one that
 * the process may use. The machine's own CPUs stay online. Only core/ treats a CPU as
 * offline. A task that is bound only to offline CPUs then runs on other CPUs, as in Linux. A
 * task that is not bound stays where it is.
 *
 * Lock order: cpu_maps_lock -> cpu_hotplug_lock -> smpboot's threads_lock. A task that holds
 * these locks calls kthread_create(), kthread_park() and kthread_stop(), which wait for
 * another thread. That thread must not take the locks: neither in the callbacks of a per-CPU
 * thread, nor in a thread function that is asked to park or stop. A second order: bound_lock
 * -> pi_lock.
 */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "core/list.h"
#include "core/rwsem.h"

struct kthreadd;
struct task_struct;

#define NR_CPUS           4u
#define CPU_POSSIBLE_MASK ((1ull << NR_CPUS) - 1)

#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < NR_CPUS; (cpu)++)

/* Without the hotplug lock, a CPU that the loop visits may be offline already. */
#define for_each_online_cpu(d, cpu)                                            \
	for_each_possible_cpu(cpu)                                             \
		if (cpu_online((d), (cpu)))

struct cpus {
	struct mutex cpu_maps_lock;		/* cpu_up() and cpu_down(), one at a time */
	struct rw_semaphore cpu_hotplug_lock;	/* Linux: a percpu-rwsem */

	uint64_t online;	/* atomic; bit n: CPU n. A task that changes it holds both
				 * locks, cpu_hotplug_lock for writing. So it is constant
				 * while a task holds either lock */

	kt_lock bound_lock;	/* taken before pi_lock */
	struct list_head bound;	/* under bound_lock: kthreads that may not run
				 * everywhere, linked by task_struct.bound */
};

/* Called before any task can see *c. / Called when no task will use *c again. */
void cpus_init(struct cpus *c);
void cpus_destroy(struct cpus *c);

/* A hint, unless the hotplug lock is held. */
bool cpu_online(struct kthreadd *d, unsigned cpu);
unsigned num_online_cpus(struct kthreadd *d);

/*
 * While a task holds the lock for reading, no CPU goes offline or online. Sleeps. The
 * lock is fair (see core/rwsem.h), so a task must not take it twice. Linux's lock orders
 * readers and writers in the same way. It makes readers cheap by counting them per CPU.
 */
void cpus_read_lock(struct kthreadd *d);
void cpus_read_unlock(struct kthreadd *d);
void cpus_write_lock(struct kthreadd *d);
void cpus_write_unlock(struct kthreadd *d);

/*
 * Take a CPU offline: park its threads, the last registered first; mark the CPU;
 * move to other CPUs the tasks that are bound to it. Returns 0, also if the
 * CPU is offline already, or
 *   -EINVAL  no such CPU;
 *   -EBUSY   `cpu` is the last CPU online.
 * Sleeps, whatever signals come.
 */
int cpu_down(struct kthreadd *d, unsigned cpu);

/*
 * Bring a CPU online: make the threads that it lacks; mark the CPU; unpark its
 * threads. Returns 0, also if it is online already; -EINVAL if there is no such CPU; or the
 * error of kthread_create(). After that error the CPU stays offline. The threads that were
 * made stay parked, and the next cpu_up() uses them. d must be the caller's kthreadd.
 */
int cpu_up(struct kthreadd *d, unsigned cpu);

/*
 * Called by core/task.c. Returns those of `cpus` that are online. If none of them is online,
 * returns all CPUs that are online.
 */
uint64_t cpus_usable(struct kthreadd *d, uint64_t cpus);

#endif
