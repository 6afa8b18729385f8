/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * core/kthreadd.h, core/smpboot.h and core/freezer.h on the kernel's files: boot and shutdown of
 * the daemon, and what the kernel has elsewhere (kernel/cpu.c's locks, kernel/power/process.c).
 */
#include <setjmp.h>
#include <string.h>

#include <linux/version.h>

#include "core/kthread_internal.h"
#include "core/linux/plug.h"
#include "core/linux/sched.h"

struct kthreadd *linux_kthreadd;

enum { KTHREADD_SHUTDOWN };

unsigned core_linux_version(void)
{
	return LINUX_VERSION_CODE;
}

void kthreadd_init(struct kthreadd *d)
{
	linux_reset();
	linux_kthreadd = d;
	memset(d, 0, sizeof *d);
	kt_completion_init(&d->ready);
	kt_completion_init(&d->all_gone);
	refcount_set(&d->threads, 1);
	kthread_registry_init(&d->registry);
	timer_base_init(&d->timers);
	kt_lock_init(&d->freezer.lock, "freezer");
	cpus_init(&d->cpus);
}

static void daemon_main(void *arg)
{
	struct task_struct *t = current;
	jmp_buf out;

	(void)arg;
	t->way_out = &out;
	if (setjmp(out) == 0)
		linux_daemon_main(NULL);
	set_special_state(TASK_DEAD);
}

void linux_daemon_schedule(struct kt_site *why)
{
	struct task_struct *t = current;
	/*
	 * Read the flag before the state. All requests were queued before shutdown began, and each
	 * creator wakes the daemon after that. So if the flag is set and the state is still a
	 * sleeping one, the list that the daemon has found empty is empty for good.
	 */
	bool shutdown = test_bit(KTHREADD_SHUTDOWN, &t->kthreadd->flags);

	if (shutdown && READ_ONCE(t->state) != TASK_RUNNING)
		longjmp(*(jmp_buf *)t->way_out, 1);
	KT_POINT(kthreadd.idle);
	schedule_at(why);
}

int kthreadd_boot(struct kthreadd *d)
{
	int err;

	task_init(&d->daemon, d, "kthreadd");
	/* In the kernel it is a kthread without a request. It has a struct kthread, too. */
	d->daemon.flags = PF_KTHREAD;
	if (!linux_set_kthread_struct(&d->daemon)) {
		task_destroy(&d->daemon);
		return -EAGAIN;
	}
	err = os_spawn(&d->daemon.os, "kthreadd", OS_JOINABLE, daemon_main, d);
	if (err) {
		linux_free_kthread_struct(&d->daemon);
		task_destroy(&d->daemon);
		return err;
	}
	d->task = &d->daemon;
	linux_set_daemon(&d->daemon);
	kt_complete_all(&d->ready);
	return 0;
}

void kthreadd_shutdown(struct kthreadd *d)
{
	set_bit(KTHREADD_SHUTDOWN, &d->flags);
	wake_up_process(d->task);
	os_join(&d->daemon.os);
	if (!refcount_dec_and_test(&d->threads))
		kt_completion_wait(&d->all_gone);
	rcu_barrier();		/* wait until the tasks of those threads are freed */
	kthread_registry_destroy(&d->registry);
	timer_base_shutdown(&d->timers);
	kt_lock_destroy(&d->freezer.lock);
	cpus_destroy(&d->cpus);
	d->task = NULL;
	linux_free_kthread_struct(&d->daemon);
	task_destroy(&d->daemon);
	kt_completion_destroy(&d->all_gone);
	kt_completion_destroy(&d->ready);
}

/* ---- CPUs ---------------------------------------------------------------------- */

bool linux_cpu_online(unsigned cpu)
{
	return cpu_online(linux_kthreadd, cpu);
}

void linux_cpus_lock(void)
{
	cpus_read_lock(linux_kthreadd);
}

void linux_cpus_unlock(void)
{
	cpus_read_unlock(linux_kthreadd);
}

unsigned linux_processor_id(void)
{
	uint64_t mask = current->cpus_mask;
	unsigned cpu;

	/* A machine with fewer processors maps several CPUs onto one: ask for its own first. */
	if ((mask & (mask - 1)) == 0 && os_on_cpus(mask))
		return (unsigned)__builtin_ctzll(mask);
	for_each_possible_cpu(cpu)
		if (os_on_cpus(1ull << cpu))
			return cpu;
	return NR_CPUS;
}

int smpboot_register_percpu_thread(struct smp_hotplug_thread *ht)
{
	return linux_plug_register(ht->linux_plug, &(struct linux_plug){
		.store = ht->store,
		.thread_should_run = ht->thread_should_run, .thread_fn = ht->thread_fn,
		.create = ht->create, .setup = ht->setup, .cleanup = ht->cleanup,
		.park = ht->park, .unpark = ht->unpark,
		.selfparking = ht->selfparking, .thread_comm = ht->thread_comm,
	});
}

void smpboot_unregister_percpu_thread(struct smp_hotplug_thread *ht)
{
	linux_plug_unregister(ht->linux_plug);
}

int smpboot_wake_thread(struct smp_hotplug_thread *ht, unsigned cpu)
{
	struct task_struct *t;
	int woken;

	/*
	 * The kernel writes the slot plainly: its callers look only at the slot of the CPU that
	 * they are on. Here any task calls this, so it takes the lock under which the slot changes.
	 */
	linux_plug_lock(true);
	t = ht->store[cpu];
	woken = t ? wake_up_process(t) : 0;
	linux_plug_lock(false);
	return woken;
}

struct smp_hotplug_thread *smpboot_current(void)
{
	return container_of(linux_plug_current(), struct smp_hotplug_thread, linux_plug);
}

/* ---- freezing: kernel/power/process.c -------------------------------------------- */

struct todo {			/* threads that are asked and not frozen */
	unsigned all, parked;
};

static struct todo ask_all(struct kthreadd *d)
{
	struct task_struct *t, *self = current;
	struct todo todo = { 0 };

	kt_lock_acquire(&d->registry.lock);	/* Linux: tasklist_lock */
	list_for_each_entry(t, &d->registry.threads, struct task_struct, registered)
		if (t != self && linux_freeze_task(t)) {
			todo.all++;
			todo.parked += (READ_ONCE(t->state) & TASK_PARKED) != 0;
		}
	kt_lock_release(&d->registry.lock);
	return todo;
}

/* Linux has one freeze at a time. Here the first begins it and the last thaw ends it. */
static void begin_freeze(struct kthreadd *d)
{
	kt_lock_acquire(&d->freezer.lock);
	if (d->freezer.freezers++ == 0)
		linux_set_freezing(true);
	kt_lock_release(&d->freezer.lock);
	KT_POINT(freeze.flagged);
}

void thaw_kthreads(struct kthreadd *d)
{
	struct task_struct *t;

	kt_lock_acquire(&d->freezer.lock);
	KT_ASSERT(d->freezer.freezers > 0);
	if (--d->freezer.freezers == 0) {
		linux_set_freezing(false);
		KT_POINT(thaw.cleared);
		kt_lock_acquire(&d->registry.lock);
		list_for_each_entry(t, &d->registry.threads, struct task_struct, registered)
			linux_thaw_task(t);
		kt_lock_release(&d->registry.lock);
	}
	kt_lock_release(&d->freezer.lock);
	KT_POINT(thaw.woken);
}

/*
 * Linux asks again after 1, 2, 4 and then every 8 ms, until 20 s are over. Here the time between
 * doubles up to 512 ms. In the simulator such a sleep may be over at any moment. After some of
 * them, and if only parked threads are left, the time doubles on: the clock is virtual, and a
 * freeze that fails costs few steps so.
 */
enum { ASK_MAX = 24 };
#define ASK_AGAIN_NS 512000000ull

int freeze_kthreads_until(struct kthreadd *d, uint64_t deadline_ns)
{
	uint64_t sleep_ns = 1000000;
	struct todo todo;

	begin_freeze(d);
	for (unsigned asked = 0; (todo = ask_all(d)).all; asked++) {
		uint64_t now = os_now_ns();

		if (now >= deadline_ns) {
			thaw_kthreads(d);
			return -EBUSY;
		}
		KT_POINT(freeze.waiting);
		__set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_until(now + sleep_ns < deadline_ns ? now + sleep_ns : deadline_ns);
		if (sleep_ns < ASK_AGAIN_NS || asked > ASK_MAX || todo.parked == todo.all)
			sleep_ns *= 2;
	}
	KT_POINT(freeze.done);
	return 0;
}

int freeze_kthreads(struct kthreadd *d)
{
	return freeze_kthreads_until(d, os_now_ns() + FREEZE_TIMEOUT_NS);
}

/* ---- completions ------------------------------------------------------------------ */

void linux_complete_callers(void *c)
{
	if (c)
		kt_complete((kt_completion *)c);
}
