/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/smpboot.h"

#include <errno.h>

#include "core/kthread_internal.h"

/*
 * The data of a thread. It is allocated with the thread. smpboot_thread_fn() frees it; that
 * function is always called, because the thread is parked before any task can stop it.
 */
struct smpboot_thread_data {
	/* written before the thread runs: */
	unsigned cpu;
	struct smp_hotplug_thread *ht;

	enum {
		HP_THREAD_NONE,		/* setup was not called */
		HP_THREAD_ACTIVE,
		HP_THREAD_PARKED,	/* park was called, unpark not yet */
	} status;			/* only the thread itself uses it */
};

void smpboot_init(struct smpboot *s)
{
	mutex_init(&s->threads_lock, "threads_lock");
	INIT_LIST_HEAD(&s->hotplug_threads);
}

void smpboot_destroy(struct smpboot *s)
{
	/* No other task uses it any more, so no word here is shared. */
	KT_ASSERT(s->hotplug_threads.next == &s->hotplug_threads);
	mutex_destroy(&s->threads_lock);
}

/* ---- the thread ------------------------------------------------------------ */

/* This is no race, because a bound thread's CPU changes only while the thread is parked. */
static void check_cpu(const struct smpboot_thread_data *td)
{
	if (!os_on_cpus(1ull << td->cpu))
		kt_fail(KT_DISCIPLINE, "CPU %u's own thread runs on another", td->cpu);
}

/* cleanup undoes setup. If the thread's CPU is offline, cleanup runs on another one. */
static int finish(struct smpboot_thread_data *td)
{
	struct smp_hotplug_thread *ht = td->ht;

	KT_POINT_ON(smpboot.stopping, ht);
	/* The stopping task holds the hotplug lock, so no CPU goes offline meanwhile. */
	if (ht->cleanup && td->status != HP_THREAD_NONE)
		ht->cleanup(td->cpu, cpu_online(current->kthreadd, td->cpu));
	os_free(td);
	return 0;
}

static void park(struct smpboot_thread_data *td)
{
	struct smp_hotplug_thread *ht = td->ht;

	if (ht->park && td->status == HP_THREAD_ACTIVE) {
		check_cpu(td);
		KT_POINT_ON(smpboot.parking, ht);
		ht->park(td->cpu);
		td->status = HP_THREAD_PARKED;
	}
	kthread_parkme();
	/* Perhaps the thread was woken to stop: the loop tests that first. */
}

/* If setup or unpark must be called now, call it and return true. */
static bool activate(struct smpboot_thread_data *td)
{
	struct smp_hotplug_thread *ht = td->ht;
	bool first = td->status == HP_THREAD_NONE;
	void (*callback)(unsigned cpu) = first ? ht->setup : ht->unpark;

	if (td->status == HP_THREAD_ACTIVE)
		return false;
	__set_current_state(TASK_RUNNING);
	KT_POINT_ON(smpboot.activating, ht);
	if (callback)
		callback(td->cpu);
	td->status = HP_THREAD_ACTIVE;
	return true;
}

static int smpboot_thread_fn(void *data)
{
	struct smpboot_thread_data *td = data;
	struct smp_hotplug_thread *ht = td->ht;

	for (;;) {
		/*
		 * Set the state before the three tests. Another task first stops or parks
		 * the thread or makes work, and then wakes it. Either the tests below see
		 * that, or the wake-up finds the state. Linux also turns preemption off up
		 * to schedule(), so that the thread stays on the CPU that it has looked at.
		 * Here it stays there because only a parked thread is bound again; and a
		 * thread that is preempted in a sleeping state does not sleep.
		 */
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop()) {
			__set_current_state(TASK_RUNNING);
			return finish(td);
		}
		if (kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			park(td);
			continue;
		}
		/*
		 * Check after both tests, because a thread that stops or parks may be on
		 * any CPU.
		 */
		check_cpu(td);
		if (activate(td))
			continue;
		if (!ht->thread_should_run(td->cpu)) {
			KT_POINT_ON(smpboot.idle, ht);
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		KT_POINT_ON(smpboot.running, ht);
		ht->thread_fn(td->cpu);
	}
}

struct smp_hotplug_thread *smpboot_current(void)
{
	struct task_struct *t = current;

	KT_ASSERT(kthread_func(t) == smpboot_thread_fn);
	return ((struct smpboot_thread_data *)kthread_data(t))->ht;
}

/* ---- making and ending them ------------------------------------------------ */

/* This and all functions below need threads_lock. */
static int create_thread(struct smp_hotplug_thread *ht, unsigned cpu)
{
	struct task_struct *tsk = ht->store[cpu];
	struct smpboot_thread_data *td;

	if (tsk)
		return 0;
	td = os_alloc(KT_ROLE_SMPBOOT, sizeof *td);
	if (!td)
		return -ENOMEM;
	*td = (struct smpboot_thread_data){ .cpu = cpu, .ht = ht };
	KT_POINT_ON(smpboot.allocated, ht);
	tsk = kthread_create_on_cpu(smpboot_thread_fn, td, cpu, ht->thread_comm);
	if (IS_ERR(tsk)) {
		os_free(td);
		return (int)PTR_ERR(tsk);
	}
	kthread_set_per_cpu(tsk, (int)cpu);
	/*
	 * The thread is parked until its CPU is online. From now on its function is called
	 * even if it is stopped.
	 */
	kthread_park(tsk);
	get_task_struct(tsk);
	/* The release pairs with the acquire in smpboot_wake_thread(). */
	smp_store_release(&ht->store[cpu], tsk);
	KT_POINT_ON(smpboot.stored, ht);
	if (ht->create) {
		if (!wait_task_inactive(tsk, TASK_PARKED))
			kt_fail(KT_DISCIPLINE, "CPU %u's new thread is not parked", cpu);
		ht->create(cpu);
	}
	return 0;
}

static void unpark_thread(struct smp_hotplug_thread *ht, unsigned cpu)
{
	if (!ht->selfparking)
		kthread_unpark(ht->store[cpu]);
}

static void park_thread(struct smp_hotplug_thread *ht, unsigned cpu)
{
	if (ht->store[cpu] && !ht->selfparking)
		kthread_park(ht->store[cpu]);
}

static void destroy_threads(struct smp_hotplug_thread *ht)
{
	unsigned cpu;

	/* Stop the parked threads of offline CPUs, too. */
	for_each_possible_cpu(cpu) {
		struct task_struct *tsk = ht->store[cpu];

		if (!tsk)
			continue;
		kthread_stop_put(tsk);
		smp_store_release(&ht->store[cpu], NULL);
	}
}

int smpboot_register_percpu_thread(struct smp_hotplug_thread *plug_thread)
{
	struct kthreadd *d = current->kthreadd;
	unsigned cpu;
	int err = 0;

	/*
	 * Hold the hotplug lock, so that no CPU comes online after the walk and before ht
	 * is in the list. Otherwise no task would make a thread for that CPU.
	 */
	cpus_read_lock(d);
	mutex_lock(&d->smpboot.threads_lock);
	for_each_online_cpu(d, cpu) {
		err = create_thread(plug_thread, cpu);
		if (err) {
			destroy_threads(plug_thread);
			goto out;
		}
		unpark_thread(plug_thread, cpu);
		KT_POINT_ON(smpboot.unparked, plug_thread);
	}
	list_add_tail(&plug_thread->list, &d->smpboot.hotplug_threads);
	KT_POINT_ON(smpboot.registered, plug_thread);
out:
	mutex_unlock(&d->smpboot.threads_lock);
	cpus_read_unlock(d);
	return err;
}

void smpboot_unregister_percpu_thread(struct smp_hotplug_thread *plug_thread)
{
	struct kthreadd *d = current->kthreadd;

	cpus_read_lock(d);
	mutex_lock(&d->smpboot.threads_lock);
	list_del_init(&plug_thread->list);
	KT_POINT_ON(smpboot.unlinked, plug_thread);
	destroy_threads(plug_thread);
	mutex_unlock(&d->smpboot.threads_lock);
	cpus_read_unlock(d);
}

int smpboot_wake_thread(struct smp_hotplug_thread *ht, unsigned cpu)
{
	struct task_struct *tsk;

	/*
	 * The caller has made work. If the load gives NULL, the thread that is being made sees
	 * that work: this barrier pairs with the one in the thread's set_current_state(), which
	 * comes after create_thread()'s store and before the thread looks for work. Without it
	 * the load could come before the caller's store, and nobody would wake the thread.
	 */
	smp_mb();
	/* Acquire pairs with the release in create_thread(): we see a complete task. */
	tsk = smp_load_acquire(&ht->store[cpu]);
	return tsk ? wake_up_process(tsk) : 0;
}

/* ---- a CPU goes online and offline ----------------------------------------- */

int smpboot_create_threads(struct kthreadd *d, unsigned cpu)
{
	struct smp_hotplug_thread *ht;
	int err = 0;

	mutex_lock(&d->smpboot.threads_lock);
	list_for_each_entry(ht, &d->smpboot.hotplug_threads, struct smp_hotplug_thread, list) {
		err = create_thread(ht, cpu);
		if (err)
			break;
	}
	mutex_unlock(&d->smpboot.threads_lock);
	return err;
}

void smpboot_park_threads(struct kthreadd *d, unsigned cpu)
{
	struct smp_hotplug_thread *ht;

	mutex_lock(&d->smpboot.threads_lock);
	list_for_each_entry_reverse(ht, &d->smpboot.hotplug_threads, struct smp_hotplug_thread,
				    list)
		park_thread(ht, cpu);
	mutex_unlock(&d->smpboot.threads_lock);
}

void smpboot_unpark_threads(struct kthreadd *d, unsigned cpu)
{
	struct smp_hotplug_thread *ht;

	mutex_lock(&d->smpboot.threads_lock);
	list_for_each_entry(ht, &d->smpboot.hotplug_threads, struct smp_hotplug_thread, list)
		unpark_thread(ht, cpu);
	mutex_unlock(&d->smpboot.threads_lock);
}
