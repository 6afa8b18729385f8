/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/smpboot.h"

#include <errno.h>

#include "core/kthread_internal.h"

/*
 * One per thread, its data. Made with it; freed by smpboot_thread_fn(), which
 * is called in any case: the thread is parked before anybody can stop it.
 */
struct smpboot_thread_data {
	/* written before the thread runs: */
	unsigned cpu;
	struct smp_hotplug_thread *ht;

	enum {
		HP_THREAD_NONE,		/* setup was not called */
		HP_THREAD_ACTIVE,
		HP_THREAD_PARKED,	/* park was, unpark was not */
	} status;			/* the thread's own */
};

void smpboot_init(struct smpboot *s)
{
	mutex_init(&s->threads_lock, "threads_lock");
	INIT_LIST_HEAD(&s->hotplug_threads);
}

void smpboot_destroy(struct smpboot *s)
{
	/* Nobody else knows it any more: no word here is shared. */
	KT_ASSERT(s->hotplug_threads.next == &s->hotplug_threads);
	mutex_destroy(&s->threads_lock);
}

/* ---- the thread ------------------------------------------------------------ */

/* A bound thread's CPU changes while it is parked only: this is no race. */
static void check_cpu(const struct smpboot_thread_data *td)
{
	if (!os_on_cpus(1ull << td->cpu))
		kt_fail(KT_DISCIPLINE, "CPU %u's own thread runs on another", td->cpu);
}

/* cleanup mirrors setup. Its CPU may be off line: then it runs on another. */
static int finish(struct smpboot_thread_data *td)
{
	struct smp_hotplug_thread *ht = td->ht;

	KT_POINT_ON(smpboot.stopping, ht);
	/* Who stops us has the hotplug lock: what is on line stays so. */
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
	/* Perhaps woken to stop: the loop asks that first. */
}

/* setup or unpark, if one is due; true if it was. */
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
		 * State before the three tests: who stops, parks or makes work
		 * does so first and then wakes, so it is either seen below or
		 * the wake-up finds the state. Linux also turns preemption off
		 * up to schedule(), so that the thread stays on the CPU it has
		 * looked at; here it does because only a parked one is bound
		 * anew, and to be preempted in a sleeping state is not to sleep.
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
		/* After both: a thread that is stopped or parked may be anywhere. */
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

/* With threads_lock held, as all of the following. */
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
	/* Parked until its CPU is there; and from now on stop calls its function. */
	kthread_park(tsk);
	get_task_struct(tsk);
	/* Release pairs with smpboot_wake_thread(). */
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

	/* Also the parked ones of CPUs off line. */
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
	 * No CPU comes between the walk and the list: it would find us in
	 * neither and get no thread.
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
	/* Acquire pairs with create_thread(): the task is there when its address is. */
	struct task_struct *tsk = smp_load_acquire(&ht->store[cpu]);

	return tsk ? wake_up_process(tsk) : 0;
}

/* ---- a CPU comes and goes -------------------------------------------------- */

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
