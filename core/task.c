/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/task.h"

#include <errno.h>
#include <string.h>

#include "core/kthread_internal.h"

void task_init(struct task_struct *t, struct kthreadd *d, const char *comm)
{
	memset(t, 0, sizeof *t);
	kt_lock_init(&t->pi_lock, "pi_lock");
	refcount_set(&t->usage, 1);
	t->on_cpu = 1;
	t->cpus_mask = OS_CPUS_ALL;
	t->kthreadd = d;
	memcpy(t->comm, comm, strnlen(comm, OS_COMM_MAX - 1));
}

void task_destroy(struct task_struct *t)
{
	/* No other task uses it any more, so no word here is shared. */
	KT_ASSERT(t->usage.refs == 1);
	kt_lock_destroy(&t->pi_lock);
}

static void free_task(struct rcu_head *rcu)
{
	struct task_struct *t = container_of(rcu, struct task_struct, rcu);

	free_kthread_of(t);
	kt_lock_destroy(&t->pi_lock);
	os_free(t);
}

void put_task_struct(struct task_struct *t)
{
	if (!refcount_dec_and_test(&t->usage))
		return;
	KT_ASSERT(t->flags & PF_KTHREAD);
	/* A reader of the registry may have found the task before it was unlinked. */
	call_rcu(&t->rcu, free_task);
}

void set_special_state(unsigned state)
{
	struct task_struct *t = current;

	kt_lock_acquire(&t->pi_lock);
	WRITE_ONCE(t->state, state);
	kt_lock_release(&t->pi_lock);
}

bool fatal_signal_pending(struct task_struct *t)
{
	return !(t->flags & PF_NOSIGNAL) && os_is_killed(&t->os);
}

bool signal_pending_state(unsigned state, struct task_struct *t)
{
	if (!(state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL)))
		return false;
	if ((state & TASK_INTERRUPTIBLE) && test_bit(0, &t->notify))
		return true;
	return fatal_signal_pending(t);
}

/* deadline_ns: NULL means none. */
static void schedule_for(const uint64_t *deadline_ns, struct kt_site *why)
{
	struct task_struct *t = current;
	bool slept = false, in_time = true;

	/*
	 * The acquire pairs with the release in wake_up_state(). It is for a sleeper that
	 * sees RUNNING without having parked. No wake-up is lost: a waker stores RUNNING
	 * before it unparks, and the permit stays through the window between this test and
	 * os_park(). A permit left over from an earlier wake-up only costs one more turn of
	 * the loop.
	 */
	for (;;) {
		unsigned state = smp_load_acquire(&t->state);

		if (state == TASK_RUNNING)
			break;
		if (!in_time || signal_pending_state(state, t)) {
			WRITE_ONCE(t->state, TASK_RUNNING);
			break;
		}
		if (!slept)	/* release pairs with wait_task_inactive() */
			smp_store_release(&t->on_cpu, 0);
		slept = true;
		if (deadline_ns)
			in_time = os_park_until(*deadline_ns, why);
		else
			os_park(why);
	}
	if (slept)
		WRITE_ONCE(t->on_cpu, 1);
}

int wake_up_state(struct task_struct *t, unsigned mask)
{
	int woken = 0;

	KT_ASSERT(t != NULL);
	kt_lock_acquire(&t->pi_lock);
	smp_mb();	/* pairs with set_current_state(): see core/task.h */
	if (READ_ONCE(t->state) & mask) {
		smp_store_release(&t->state, TASK_RUNNING);
		/* pi_lock keeps t from dying between the test and this. */
		os_unpark(&t->os);
		woken = 1;
	}
	kt_lock_release(&t->pi_lock);
	return woken;
}

int wake_up_process(struct task_struct *t)
{
	return wake_up_state(t, TASK_NORMAL);
}

void schedule_at(struct kt_site *why)
{
	schedule_for(NULL, why);
}

void schedule_until_at(uint64_t deadline_ns, struct kt_site *why)
{
	schedule_for(&deadline_ns, why);
}

/*
 * Called with pi_lock held. No waker can wake t meanwhile, so a task that has left its
 * processor in a state of `mask` does not come back.
 */
static bool is_inactive(struct task_struct *t, unsigned mask)
{
	return (READ_ONCE(t->state) & mask) && !smp_load_acquire(&t->on_cpu);
}

bool wait_task_inactive(struct task_struct *t, unsigned mask)
{
	bool inactive = false;

	while (!inactive && (READ_ONCE(t->state) & mask)) {
		kt_lock_acquire(&t->pi_lock);
		inactive = is_inactive(t, mask);
		kt_lock_release(&t->pi_lock);
		if (!inactive)
			cpu_relax();
	}
	return inactive;
}

/*
 * Called with pi_lock held: set t's CPUs, and bind its thread to those of them that are
 * online. t must not be DEAD, because then its os_thread may be gone.
 */
static int place_locked(struct task_struct *t, uint64_t cpus)
{
	t->cpus_mask = cpus;
	return os_bind(&t->os, cpus_usable(t->kthreadd, cpus));
}

/*
 * Called with bound_lock and pi_lock held: put t on the list on which a CPU that goes
 * offline or online finds it. Only kthreads are on it, because they end before their
 * kthreadd.
 */
static void note_bound_locked(struct task_struct *t)
{
	if (t->is_bound || !t->kthread)
		return;
	t->is_bound = true;
	list_add_tail(&t->bound, &t->kthreadd->cpus.bound);
}

void task_note_bound(struct task_struct *t)
{
	kt_lock_acquire(&t->kthreadd->cpus.bound_lock);
	kt_lock_acquire(&t->pi_lock);
	note_bound_locked(t);
	kt_lock_release(&t->pi_lock);
	kt_lock_release(&t->kthreadd->cpus.bound_lock);
}

int task_place_locked(struct task_struct *t, uint64_t cpus)
{
	return place_locked(t, cpus);
}

bool task_bind(struct task_struct *t, uint64_t cpus, unsigned mask)
{
	kt_lock *bound_lock = &t->kthreadd->cpus.bound_lock;
	bool bound;

	if (!wait_task_inactive(t, mask))
		return false;
	kt_lock_acquire(bound_lock);	/* held until place_locked() has read `online`: see cpu.c */
	kt_lock_acquire(&t->pi_lock);
	bound = is_inactive(t, mask);
	if (bound) {
		note_bound_locked(t);
		t->no_setaffinity = true;
		place_locked(t, cpus);
	}
	kt_lock_release(&t->pi_lock);
	kt_lock_release(bound_lock);
	return bound;
}

/*
 * Called with pi_lock held. The flag is of the kernel's own files (core/linux/), which set it under
 * that lock. Other flags of the task change beside this read.
 */
static bool refuses_affinity(const struct task_struct *t)
{
	return t->no_setaffinity || (KT_PEEK(t->flags) & PF_NO_SETAFFINITY);
}

int task_set_cpus_allowed(struct task_struct *t, uint64_t cpus)
{
	kt_lock *bound_lock = &t->kthreadd->cpus.bound_lock;
	int err = -EINVAL;

	kt_lock_acquire(bound_lock);
	kt_lock_acquire(&t->pi_lock);
	if (cpus && !refuses_affinity(t) && READ_ONCE(t->state) != TASK_DEAD) {
		note_bound_locked(t);
		err = place_locked(t, cpus);
	}
	kt_lock_release(&t->pi_lock);
	kt_lock_release(bound_lock);
	return err;
}

void task_cpu_gone(struct task_struct *t, unsigned cpu)
{
	uint64_t left = OS_CPUS_ALL & ~(1ull << cpu);

	kt_lock_acquire(&t->pi_lock);
	if (READ_ONCE(t->state) != TASK_DEAD) {
		if (!(t->cpus_mask & cpus_usable(t->kthreadd, left)))
			t->cpus_mask = left;
		os_bind(&t->os, cpus_usable(t->kthreadd, t->cpus_mask & left));
	}
	kt_lock_release(&t->pi_lock);
}

void task_cpu_back(struct task_struct *t, unsigned cpu)
{
	kt_lock_acquire(&t->pi_lock);
	if (READ_ONCE(t->state) != TASK_DEAD && (t->cpus_mask >> cpu & 1))
		place_locked(t, t->cpus_mask);
	kt_lock_release(&t->pi_lock);
}

void task_unbind_dead(struct task_struct *t)
{
	kt_lock *bound_lock = &t->kthreadd->cpus.bound_lock;

	/*
	 * is_bound is set under pi_lock and only if t is not DEAD. set_special_state() also
	 * held pi_lock.
	 */
	if (!t->is_bound)
		return;
	kt_lock_acquire(bound_lock);
	list_del_init(&t->bound);
	kt_lock_release(bound_lock);
}

void allow_fatal_signal(void)
{
	struct task_struct *t = current;

	kt_lock_acquire(&t->pi_lock);
	WRITE_ONCE(t->flags, t->flags & ~PF_NOSIGNAL);
	kt_lock_release(&t->pi_lock);
}

int send_fatal_signal(struct task_struct *t)
{
	int err = -ESRCH;

	/* pi_lock keeps t from dying between the test and the kill. */
	kt_lock_acquire(&t->pi_lock);
	if (READ_ONCE(t->state) != TASK_DEAD) {
		err = 0;
		if (!(READ_ONCE(t->flags) & PF_NOSIGNAL))
			os_kill(&t->os);
	}
	kt_lock_release(&t->pi_lock);
	return err;
}

const char *task_state_name(unsigned state)
{
	switch (state) {
	case TASK_RUNNING: return "RUNNING";
	case TASK_INTERRUPTIBLE: return "INTERRUPTIBLE";
	case TASK_UNINTERRUPTIBLE: return "UNINTERRUPTIBLE";
	case TASK_PARKED: return "PARKED";
	case TASK_DEAD: return "DEAD";
	case TASK_FROZEN: return "FROZEN";
	case TASK_KILLABLE: return "KILLABLE";
	case TASK_NORMAL: return "NORMAL";
	default: return "unknown";
	}
}
