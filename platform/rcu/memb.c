/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * See memb.h. Misuse is asked for before liburcu is called, which would hang
 * or go on with a broken count.
 *
 * Callbacks: kt_rcu_memb_call() pushes on a stack; a thread of our own takes
 * the whole stack, waits for a grace period and calls, the oldest first. The
 * thread exists from the first call on. liburcu's own call_rcu() sleeps 10 ms
 * between two batches, and every shutdown of a kthreadd would wait for that.
 *
 * ThreadSanitizer. The read side is compiled here, with atomics that TSan knows
 * (urcu_atomics.h). The grace period is inside liburcu's library, which TSan
 * does not see: `gp` stands for it. What a reader did before its unlock is
 * released there and acquired after a grace period. One object for all grace
 * periods orders a little more than there is: a race may be missed, none is
 * invented.
 *
 * Locking: `busy` is held by the thread while it works and across a fork, so
 * that the child finds liburcu at rest and starts a thread of its own. It is a
 * leaf but for what callbacks take.
 */
#include "platform/rcu/memb.h"

#include <pthread.h>
#include <sys/prctl.h>

#define _LGPL_SOURCE
#include "platform/rcu/urcu_atomics.h"
#include <urcu/urcu-memb.h>

#include "platform/check.h"
#include "platform/os.h"

/* There only in builds with TSan. */
extern void __tsan_acquire(void *addr) __attribute__((weak));
extern void __tsan_release(void *addr) __attribute__((weak));

static char gp;

static struct {
	pthread_mutex_t busy;

	/* atomic: */
	struct kt_rcu_memb_head *stack;	/* queued, the youngest first */
	uint32_t calls;			/* futex word: counts up after a push */
	bool started;			/* the thread; false again in a child */
} queue = { .busy = PTHREAD_MUTEX_INITIALIZER };

static void acquire(void *addr)
{
	if (__tsan_acquire)
		__tsan_acquire(addr);
}

static void release(void *addr)
{
	if (__tsan_release)
		__tsan_release(addr);
}

/* ---- readers ------------------------------------------------------------- */

void kt_rcu_memb_read_lock(struct kt_site *site)
{
	(void)site;
	urcu_memb_read_lock();
	posix_delay();
}

void kt_rcu_memb_read_unlock(struct kt_site *site)
{
	(void)site;
	if (!urcu_memb_read_ongoing())
		kt_fail(KT_DISCIPLINE, "read section of RCU left by a thread that is in none");
	posix_delay();
	release(&gp);
	urcu_memb_read_unlock();
}

/* ---- updaters ------------------------------------------------------------ */

static void check_outside(const char *what)
{
	if (urcu_memb_read_ongoing())
		kt_fail(KT_DISCIPLINE, "%s in a read section of RCU", what);
}

void kt_rcu_memb_synchronize(struct kt_site *site)
{
	check_outside("synchronize_rcu()");
	posix_waits_at(site);
	urcu_memb_synchronize_rcu();
	posix_waits_at(NULL);
	acquire(&gp);
}

/* ---- callbacks ----------------------------------------------------------- */

static struct kt_rcu_memb_head *reversed(struct kt_rcu_memb_head *head)
{
	struct kt_rcu_memb_head *done = NULL;

	while (head) {
		struct kt_rcu_memb_head *next = head->next;

		head->next = done;
		done = head;
		head = next;
	}
	return done;
}

/* All that is queued, after one grace period. False if there was nothing. */
static bool call_queued(struct os_thread *self)
{
	struct kt_rcu_memb_head *head;

	pthread_mutex_lock(&queue.busy);
	/* Acquire pairs with the release in kt_rcu_memb_call(). */
	head = reversed(__atomic_exchange_n(&queue.stack, NULL, __ATOMIC_ACQUIRE));
	if (!head) {
		pthread_mutex_unlock(&queue.busy);
		return false;
	}
	os_adopt(self, "rcu");	/* a callback may lock, and read */
	urcu_memb_synchronize_rcu();
	acquire(&gp);
	while (head) {
		struct kt_rcu_memb_head *next = head->next;

		head->func(head);
		head = next;
	}
	os_unadopt();
	pthread_mutex_unlock(&queue.busy);
	return true;
}

static void *queue_main(void *unused)
{
	struct os_thread self;

	(void)unused;
	prctl(PR_SET_NAME, "rcu");
	/* Not those of whoever happened to call first. */
	os_ignore_signals();
	os_allow_cpus(NULL);
	os_allow_all_nodes();
	for (;;) {
		/* Before the stack: what is pushed later changes it. */
		uint32_t seen = __atomic_load_n(&queue.calls, __ATOMIC_ACQUIRE);

		if (!call_queued(&self))
			posix_futex_wait(&queue.calls, seen, NULL);
	}
	return NULL;
}

static void start(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	if (__atomic_exchange_n(&queue.started, true, __ATOMIC_RELAXED))
		return;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&thread, &attr, queue_main, NULL);
	pthread_attr_destroy(&attr);
	if (err)
		kt_fail(KT_ASSERTION, "no thread for RCU's callbacks");
}

void kt_rcu_memb_call(struct kt_rcu_memb_head *head,
		      void (*func)(struct kt_rcu_memb_head *head), struct kt_site *site)
{
	(void)site;
	head->func = func;
	head->next = __atomic_load_n(&queue.stack, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&queue.stack, &head->next, head, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	/* *head may be gone. */
	__atomic_add_fetch(&queue.calls, 1, __ATOMIC_RELEASE);
	posix_futex_wake(&queue.calls, 1);
	if (!__atomic_load_n(&queue.started, __ATOMIC_RELAXED))
		start();
}

struct barrier {
	struct kt_rcu_memb_head head;
	uint32_t reached;	/* futex word */
};

static void reach(struct kt_rcu_memb_head *head)
{
	struct barrier *b = (struct barrier *)(void *)head;

	/* The last touch; a wake-up only names the address. */
	__atomic_store_n(&b->reached, 1, __ATOMIC_RELEASE);
	posix_futex_wake(&b->reached, 1);
}
_Static_assert(offsetof(struct barrier, head) == 0, "reach() takes one for the other");

/* A callback of one's own: those before it are called before it. */
void kt_rcu_memb_barrier(struct kt_site *site)
{
	struct barrier b = { .reached = 0 };

	check_outside("rcu_barrier()");
	kt_rcu_memb_call(&b.head, reach, site);
	posix_waits_at(site);
	while (__atomic_load_n(&b.reached, __ATOMIC_ACQUIRE) == 0)
		posix_futex_wait(&b.reached, 0, NULL);
	posix_waits_at(NULL);
}

/* ---- threads ------------------------------------------------------------- */

static void before_fork(void)
{
	pthread_mutex_lock(&queue.busy);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&queue.busy);
}

static void after_fork_in_child(void)
{
	pthread_mutex_init(&queue.busy, NULL);
	queue.started = false;
}

static void at_fork(void)
{
	pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

void kt_rcu_memb_register_thread(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, at_fork);
	urcu_memb_register_thread();
}

void kt_rcu_memb_unregister_thread(void)
{
	check_outside("end of a thread");
	urcu_memb_unregister_thread();
}
