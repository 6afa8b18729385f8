/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kthreads of drivers: those of core/kthread.h. A record of each notes what the driver gave, and
 * whether the thread's function has ended, so that a thread that is never stopped can be named.
 * The records stay until the end of the program.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/driver/cores.h"
#include "core/driver/driver.h"

struct kd_thread {
	int (*fn)(void *data);
	void *data;
	struct task_struct *task; /* compared only, once the thread runs */
	char name[OS_COMM_MAX];
	unsigned ended; /* atomic */
	struct kd_thread *next;
};

static struct {
	struct kd_lock lock;
	struct kd_thread *first; /* under lock; only grows */
	uint32_t ends;           /* futex word: counts the ends of threads */
} threads;

/* ---- the thread --------------------------------------------------------------------- */

/* The function has ended, or will never run. */
static void note_end(struct kd_thread *t)
{
	if (xchg(&t->ended, 1))
		return;
	fetch_add(&threads.ends, 1);
	os_futex_wake(&threads.ends, OS_FUTEX_ALL);
}

static void check_end(const struct kd_thread *t)
{
	if (kd_in_atomic())
		kd_fail(KT_DISCIPLINE, NULL,
			"kthread %s ends with a spin lock held, or with "
			"preemption or interrupts disabled, or inside rcu_read_lock()",
			t->name);
}

static int thread_main(void *arg)
{
	struct kd_thread *t = arg;
	int result;

	kd_self()->thread = t;
	KD_CALLBACK(result = t->fn(t->data));
	check_end(t);
	note_end(t);
	return result;
}

void kd_kthread_exit(struct kd_completion *c, long result)
{
	struct kd_thread *t;

	KD_CALL(CALL, NULL);
	t = kd_self()->thread;
	if (!t)
		kd_fail(KT_DISCIPLINE, NULL, "kthread_exit() by a thread that is no kthread");
	check_end(t);
	if (c)
		kd_complete(c, false);
	note_end(t);
	kthread_exit((int)result);
}

/* ---- creating ------------------------------------------------------------------------ */

static void forget_signals(const struct task_struct *t);

static struct task_struct *create(int (*fn)(void *data), void *data, int node, const char *name)
{
	struct kd_thread *t;
	struct task_struct *k;

	kd_might_sleep("kthread_create()");
	t = kd_alloc(sizeof *t);
	t->fn = fn;
	t->data = data;
	memcpy(t->name, name, strnlen(name, sizeof t->name - 1));
	k = kthread_create_on_node(thread_main, t, node, "%s", name);
	if (IS_ERR(k)) {
		os_free(t);
		return k;
	}
	t->task = k;
	forget_signals(k);
	KD_LOCK(&threads.lock);
	t->next = threads.first;
	threads.first = t;
	KD_UNLOCK(&threads.lock);
	return k;
}

/* The name of a thread, from what the driver gave. */
#define FORMAT_NAME(name, namefmt)                                             \
	do {                                                                   \
		va_list ap;                                                    \
									       \
		va_start(ap, namefmt);                                         \
		vsnprintf((name), sizeof(name), (namefmt), ap);                \
		va_end(ap);                                                    \
	} while (0)

struct task_struct *kd_kthread_create(int (*fn)(void *data), void *data, int node,
				      const char *namefmt, ...)
{
	char name[OS_NAME_MAX];

	KD_CALL(CALL, NULL);
	FORMAT_NAME(name, namefmt);
	return create(fn, data, node, name);
}

struct task_struct *kd_kthread_run(int (*fn)(void *data), void *data, const char *namefmt, ...)
{
	char name[OS_NAME_MAX];
	struct task_struct *k;

	KD_CALL(CALL, NULL);
	FORMAT_NAME(name, namefmt);
	k = create(fn, data, NUMA_NO_NODE, name);
	if (!IS_ERR(k))
		wake_up_process(k);
	return k;
}

struct task_struct *kd_kthread_create_on_cpu(int (*fn)(void *data), void *data, unsigned cpu,
					     const char *namefmt)
{
	char name[OS_NAME_MAX];
	struct task_struct *k;

	KD_CALL(CALL, NULL);
#pragma clang diagnostic ignored "-Wformat-nonliteral"
	snprintf(name, sizeof name, namefmt, cpu);
	k = create(fn, data, NUMA_NO_NODE, name);
	if (!IS_ERR(k)) {
		kthread_bind(k, cpu % 64);
		kthread_set_per_cpu(k, (int)cpu % 64);
	}
	return k;
}

/* ---- stopping and parking --------------------------------------------------------------- */

static struct kd_thread *thread_of(struct task_struct *k)
{
	return k->kthread && kthread_func(k) == thread_main ? kthread_data(k) : NULL;
}

static void check_kthread(struct task_struct *k, const char *call)
{
	if (!k || IS_ERR(k))
		kd_fail(KT_MEMORY, NULL, "%s of a pointer that is %s", call,
			k ? "an error, such as of kthread_create()" : "NULL");
	if (!(READ_ONCE(k->flags) & PF_KTHREAD))
		kd_fail(KT_DISCIPLINE, NULL, "%s of a thread that is no kthread", call);
}

/*
 * The record of a thread that is asked to stop: with what was asked, its function may end, and the
 * task be gone.
 */
static struct kd_thread *record_of(struct task_struct *k)
{
	struct kd_thread *t;

	KD_LOCK(&threads.lock);
	for (t = threads.first; t && (t->task != k || READ_ONCE(t->ended)); t = t->next)
		;
	KD_UNLOCK(&threads.lock);
	return t;
}

int kd_kthread_stop(struct task_struct *k, bool put)
{
	struct kd_thread *t;
	int result;

	KD_CALL(CALL, KD_OBJECT(k));
	kd_might_sleep("kthread_stop()");
	check_kthread(k, "kthread_stop()");
	if (k == current)
		kd_fail(KT_DEADLOCK, NULL, "kthread_stop() by the thread itself");
	t = record_of(k);
	result = kthread_stop(k);
	if (t)
		note_end(t); /* it may never have run */
	if (put)
		put_task_struct(k);
	return result;
}

bool kd_kthread_should_stop(void)
{
	KD_CALL(CALL, NULL);
	return kd_self()->task->kthread && kthread_should_stop();
}

bool kd_kthread_should_park(void)
{
	KD_CALL(CALL, NULL);
	return kd_self()->task->kthread && kthread_should_park();
}

int kd_kthread_park(struct task_struct *k)
{
	KD_CALL(CALL, KD_OBJECT(k));
	kd_might_sleep("kthread_park()");
	check_kthread(k, "kthread_park()");
	return kthread_park(k);
}

void kd_kthread_unpark(struct task_struct *k)
{
	KD_CALL(CALL, KD_OBJECT(k));
	kd_self();
	check_kthread(k, "kthread_unpark()");
	kthread_unpark(k);
}

void kd_kthread_parkme(void)
{
	KD_CALL(CALL, NULL);
	kd_may_sleep("kthread_parkme()");
	kthread_parkme();
}

void kd_kthread_bind(struct task_struct *k, unsigned cpu)
{
	KD_CALL(CALL, KD_OBJECT(k));
	kd_self();
	check_kthread(k, "kthread_bind()");
	kthread_bind(k, cpu % 64);
}

void *kd_kthread_data(struct task_struct *k)
{
	KD_CALL(QUIET, KD_OBJECT(k));
	kd_self();
	check_kthread(k, "kthread_data()");
	return thread_of(k) ? thread_of(k)->data : kthread_data(k);
}

int (*kd_kthread_func(struct task_struct *k))(void *data)
{
	KD_CALL(QUIET, KD_OBJECT(k));
	kd_self();
	return thread_of(k) ? thread_of(k)->fn : kthread_func(k);
}

/* ---- the freezer ------------------------------------------------------------------------- */

bool kd_kthread_freezable_should_stop(bool *was_frozen)
{
	KD_CALL(CALL, NULL);
	kd_may_sleep("kthread_freezable_should_stop()");
	return kthread_freezable_should_stop(was_frozen);
}

bool kd_set_freezable(void)
{
	KD_CALL(CALL, NULL);
	kd_may_sleep("set_freezable()");
	return set_freezable();
}

bool kd_try_to_freeze(void)
{
	KD_CALL(CALL, NULL);
	kd_may_sleep("try_to_freeze()");
	return kd_own.task->kthread && try_to_freeze();
}

bool kd_freezing(struct task_struct *t)
{
	KD_CALL(CALL, NULL);
	kd_self();
	return t->kthread && freezing(t);
}

int kd_freeze(void)
{
	KD_CALL(CALL, NULL);
	kd_might_sleep("freeze_kernel_threads()");
	return freeze_kthreads(&kd_daemon);
}

void kd_thaw(void)
{
	KD_CALL(CALL, NULL);
	kd_self();
	thaw_kthreads(&kd_daemon);
}

/* ---- signals ------------------------------------------------------------------------------- */

/*
 * Signals of a task: a word for each, in a table by task. A kthread gets only signals that it has
 * allowed. core/'s `notify` says that a signal is pending, or that the thread is to stop.
 */
enum { SIGNALS_MAX = 64 };

static struct {
	struct kd_lock lock;
	struct {
		const struct task_struct *task;
		unsigned allowed, pending;
	} of[SIGNALS_MAX];
} signals;

/* The caller holds the lock. The row of that task, made if need be; NULL: no room. */
static unsigned *row_locked(const struct task_struct *t, bool pending)
{
	int i;

	for (i = 0; i < SIGNALS_MAX && signals.of[i].task && signals.of[i].task != t; i++)
		;
	if (i == SIGNALS_MAX)
		return NULL;
	signals.of[i].task = t;
	return pending ? &signals.of[i].pending : &signals.of[i].allowed;
}

/* A new task may be where an old one was. */
static void forget_signals(const struct task_struct *t)
{
	KD_LOCK(&signals.lock);
	for (int i = 0; i < SIGNALS_MAX && signals.of[i].task; i++)
		if (signals.of[i].task == t)
			signals.of[i].allowed = signals.of[i].pending = 0;
	KD_UNLOCK(&signals.lock);
}

bool kd_signal_pending(struct task_struct *t)
{
	KD_CALL(CALL, NULL);
	return test_bit(0, &t->notify) || fatal_signal_pending(t);
}

bool kd_fatal_signal_pending(struct task_struct *t)
{
	KD_CALL(CALL, NULL);
	return fatal_signal_pending(t);
}

void kd_allow_signal(int sig, bool allowed)
{
	unsigned *row;

	KD_CALL(CALL, NULL);
	kd_self();
	KD_LOCK(&signals.lock);
	row = row_locked(kd_own.task, false);
	if (row && allowed)
		*row |= 1u << sig % 32;
	else if (row)
		*row &= ~(1u << sig % 32);
	KD_UNLOCK(&signals.lock);
}

int kd_send_sig(int sig, struct task_struct *t)
{
	unsigned *allowed, *pending;
	bool sent = false;

	KD_CALL(WAKE, KD_OBJECT(t));
	kd_self();
	if (!sig)
		return 0;
	KD_LOCK(&signals.lock);
	allowed = row_locked(t, false);
	pending = row_locked(t, true);
	if (allowed && pending && (*allowed & 1u << sig % 32)) {
		*pending |= 1u << sig % 32;
		set_bit(0, &t->notify);
		sent = true;
	}
	KD_UNLOCK(&signals.lock);
	if (sent)
		wake_up_state(t, sig == SIGKILL ? TASK_INTERRUPTIBLE | TASK_WAKEKILL
						: TASK_INTERRUPTIBLE);
	return 0;
}

static bool is_to_stop(struct task_struct *t)
{
	return t->kthread && kthread_is_to_stop(t);
}

void kd_flush_signals(struct task_struct *t)
{
	unsigned *pending;

	KD_CALL(CALL, KD_OBJECT(t));
	kd_self();
	KD_LOCK(&signals.lock);
	pending = row_locked(t, true);
	if (pending)
		*pending = 0;
	clear_bit(0, &t->notify);
	if (is_to_stop(t))
		set_bit(0, &t->notify);
	KD_UNLOCK(&signals.lock);
}

int kd_dequeue_signal(void)
{
	unsigned *pending;
	int sig = 0;

	KD_CALL(CALL, NULL);
	kd_self();
	KD_LOCK(&signals.lock);
	pending = row_locked(kd_own.task, true);
	if (pending && *pending) {
		sig = __builtin_ctz(*pending);
		*pending &= *pending - 1;
		if (!*pending && !is_to_stop(kd_own.task))
			clear_bit(0, &kd_own.task->notify);
	}
	KD_UNLOCK(&signals.lock);
	return sig;
}

/* ---- the end ------------------------------------------------------------------------------- */

/* A thread that was created and has not ended, or NULL. */
static struct kd_thread *unended(void)
{
	struct kd_thread *t;

	KD_LOCK(&threads.lock);
	for (t = threads.first; t && smp_load_acquire(&t->ended); t = t->next)
		;
	KD_UNLOCK(&threads.lock);
	return t;
}

/* How long threads have to end by themselves, after main(). */
enum { END_S = 10 };

void kd_kthreads_at_end(void)
{
	uint64_t deadline = os_now_ns() + END_S * 1000000000ull;
	struct kd_thread *t;
	bool in_time = true;

	while ((t = unended()) && in_time) {
		uint32_t ends = smp_load_acquire(&threads.ends);

		if (unended())
			in_time = os_futex_wait_at(&threads.ends, ends, &deadline,
						   KT_SITE("wait", "ends of kthreads"));
	}
	if (t)
		kd_fail(KT_LEAK, NULL,
			"main() returned, and kthread %s was never stopped and has "
			"not ended",
			t->name);
}
