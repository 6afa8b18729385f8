/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUs that go off and on line. After Linux kernel/cpu.c; core/README.md says
 * where and why it differs.
 *
 * Each kthreadd has CPUs of its own, all on line at first: they are numbers
 * that the threads of that kthreadd are bound to. The platform gives a number a
 * processor (os_bind()): a simulated one in the simulator, one of those that
 * the process may use on real threads, where no machine's CPU is taken away.
 * What going off line means is kept by core/: who is bound to CPUs of which none
 * is on line runs on others, as Linux's scheduler has it. Tasks that nobody
 * bound are left where they are.
 *
 * Lock order: cpu_maps_lock -> cpu_hotplug_lock -> smpboot's threads_lock ->
 * what kthread_create(), kthread_park() and kthread_stop() wait for. So who is
 * waited for there must not take these: neither a per-CPU thread's callbacks
 * nor a function that shall park or stop. bound_lock -> pi_lock.
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

/* Under the hotplug lock, or what it visits is old at once. */
#define for_each_online_cpu(d, cpu)                                            \
	for_each_possible_cpu(cpu)                                             \
		if (cpu_online((d), (cpu)))

struct cpus {
	struct mutex cpu_maps_lock;		/* cpu_up() and cpu_down(), one at a time */
	struct rw_semaphore cpu_hotplug_lock;	/* Linux: a percpu-rwsem */

	uint64_t online;	/* atomic; bit n: CPU n. Written with both held, the
				 * second for writing; holds still under either */

	kt_lock bound_lock;	/* nests outside pi_lock */
	struct list_head bound;	/* under it: kthreads that may not run everywhere,
				 * by task_struct.bound */
};

/* Before any task can see *c. / When nobody will use it any more. */
void cpus_init(struct cpus *c);
void cpus_destroy(struct cpus *c);

/* A hint, unless the hotplug lock is held. */
bool cpu_online(struct kthreadd *d, unsigned cpu);
unsigned num_online_cpus(struct kthreadd *d);

/*
 * While it is held for reading no CPU goes off or on line. Sleeps; fair (see
 * core/rwsem.h), so not taken twice by one task. Linux's has the same order
 * between readers and writers, and makes readers cheap by counting per CPU.
 */
void cpus_read_lock(struct kthreadd *d);
void cpus_read_unlock(struct kthreadd *d);
void cpus_write_lock(struct kthreadd *d);
void cpus_write_unlock(struct kthreadd *d);

/*
 * Take a CPU off line: park its threads, the last registered first; mark it;
 * move to others what is bound to it. 0, also if it is off line already;
 *   -EINVAL  no such CPU;
 *   -EBUSY   it is the last one.
 * Sleeps, whatever signals come.
 */
int cpu_down(struct kthreadd *d, unsigned cpu);

/*
 * Bring a CPU on line: make the threads that it lacks; mark it; let its threads
 * go on. 0, also if it is on line already; -EINVAL, no such CPU; or the error of
 * kthread_create(): it stays off line then, and what was made stays, parked,
 * for the next time. d is the caller's kthreadd.
 */
int cpu_up(struct kthreadd *d, unsigned cpu);

/* For core/task.c: of `cpus`, those on line; if there is none, all on line. */
uint64_t cpus_usable(struct kthreadd *d, uint64_t cpus);

#endif
