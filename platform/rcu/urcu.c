/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * See urcu.h. We check for misuse before we call liburcu, because liburcu would hang or go
 * on with a wrong count.
 *
 * qsbr. A thread that is online and sleeps holds up every grace period, and our threads
 * sleep in many places: in a futex, in the C library's mutex behind a kt_lock, in a join.
 * We do not go offline around each of these places, because one forgotten place would be a
 * hang. Instead a thread is offline, and goes online only for its outermost read section.
 * There it sleeps only to get locks. So we lose what makes qsbr cheap, but keep what it
 * promises.
 *
 * Callbacks: _call() pushes a callback on a stack. A thread of our own takes the whole
 * stack, waits for a grace period, and calls the callbacks, the oldest first. The thread
 * exists from the first call on. liburcu's own call_rcu() sleeps 10 ms between two batches,
 * and every shutdown of a kthreadd would wait for that.
 *
 * ThreadSanitizer. The read side is compiled here, with atomics that TSan knows
 * (urcu_atomics.h). The grace period is inside liburcu's library, which TSan
 * does not see; so the variable `gp` stands for it. A reader releases `gp` at its unlock,
 * and a thread acquires it after a grace period. One object for all grace periods orders a
 * little more than RCU does: TSan may miss a race, but never reports a race that does not
 * exist.
 *
 * Locking: the thread holds `busy` while it works, and a forking thread holds it across
 * the fork, so that the child finds liburcu at rest and starts a thread of its own.
 * Only the locks that callbacks take are taken inside `busy`.
 */
#include "platform/rcu/urcu.h"

#include <pthread.h>
#include <sys/prctl.h>

#define _LGPL_SOURCE
#include "platform/rcu/urcu_atomics.h"
#if defined(KT_RCU_MEMB)
#include <urcu/urcu-memb.h>
#define URCU(verb) urcu_memb_##verb
#elif defined(KT_RCU_MB)
#include <urcu/urcu-mb.h>
#define URCU(verb) urcu_mb_##verb
#elif defined(KT_RCU_QSBR)
#include <urcu/urcu-qsbr.h>
#define URCU(verb) urcu_qsbr_##verb
#elif defined(KT_RCU_BP)
#include <urcu/urcu-bp.h>
#define URCU(verb) urcu_bp_##verb
#endif

#include "platform/check.h"
#include "platform/os.h"
#include "platform/rcu/thread.h"

typedef struct KT_RCU_URCU(_head) head_t;

/* These two exist only in builds with TSan. */
extern void __tsan_acquire(void *addr) __attribute__((weak));
extern void __tsan_release(void *addr) __attribute__((weak));

static char gp;

static struct {
	pthread_mutex_t busy;

	/* atomic: */
	head_t *stack;		/* queued, the youngest first */
	uint32_t calls;		/* futex word: counts up after a push */
	unsigned pending;	/* callbacks that have not returned */
	bool started;		/* the thread; false again in a child */
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

/* ---- where the flavours differ -------------------------------------------- */

#if defined(KT_RCU_QSBR)

static void enter_outermost(void)
{
	urcu_qsbr_thread_online();
}

static void leave_outermost(void)
{
	urcu_qsbr_thread_offline();
}

/* liburcu makes a thread that registers online. */
static void after_register(void)
{
	urcu_qsbr_thread_offline();
}

#else

static void enter_outermost(void)
{
}

static void leave_outermost(void)
{
}

static void after_register(void)
{
}

#endif

/* Only bp must be told of a fork, because a thread locks bp's registry when it first reads. */
#if defined(KT_RCU_BP)
#define LIB_FORK(verb) urcu_bp_##verb()
#else
#define LIB_FORK(verb) ((void)0)
#endif

/* ---- readers ------------------------------------------------------------- */

void KT_RCU_URCU(_read_lock)(struct kt_site *site)
{
	(void)site;
	if (kt_rcu_self()->depth++ == 0)
		enter_outermost();
	URCU(read_lock)();
	posix_delay();
}

void KT_RCU_URCU(_read_unlock)(struct kt_site *site)
{
	struct kt_rcu_reader *r = kt_rcu_self();

	(void)site;
	kt_rcu_check_inside(r);
	posix_delay();
	release(&gp);
	URCU(read_unlock)();
	if (--r->depth == 0)
		leave_outermost();
}

/* ---- updaters ------------------------------------------------------------ */

void KT_RCU_URCU(_synchronize)(struct kt_site *site)
{
	kt_rcu_check_may_wait("synchronize_rcu()");
	posix_waits_at(site);
	URCU(synchronize_rcu)();
	posix_waits_at(NULL);
	acquire(&gp);
}

/* ---- callbacks ----------------------------------------------------------- */

static head_t *reversed(head_t *head)
{
	head_t *done = NULL;

	while (head) {
		head_t *next = head->next;

		head->next = done;
		done = head;
		head = next;
	}
	return done;
}

/* Call all that is queued, after one grace period. False if there was nothing. */
static bool call_queued(struct os_thread *thread)
{
	head_t *head;

	pthread_mutex_lock(&queue.busy);
	/* Acquire pairs with the release in _call(). */
	head = reversed(__atomic_exchange_n(&queue.stack, NULL, __ATOMIC_ACQUIRE));
	if (!head) {
		pthread_mutex_unlock(&queue.busy);
		return false;
	}
	os_adopt(thread, "rcu");	/* a callback may lock, and read */
	URCU(synchronize_rcu)();
	acquire(&gp);
	kt_rcu_self()->in_callback = true;
	while (head) {
		head_t *next = head->next;

		head->func(head);
		head = next;
		__atomic_sub_fetch(&queue.pending, 1, __ATOMIC_RELEASE);
	}
	kt_rcu_self()->in_callback = false;
	os_unadopt();
	pthread_mutex_unlock(&queue.busy);
	return true;
}

static void *queue_main(void *unused)
{
	struct os_thread thread;

	(void)unused;
	prctl(PR_SET_NAME, "rcu");
	/* The thread must not keep the attributes that it inherited from the first caller. */
	os_ignore_signals();
	os_allow_cpus(NULL);
	os_allow_all_nodes();
	for (;;) {
		/* Read this before the stack: a later push changes `calls`. */
		uint32_t seen = __atomic_load_n(&queue.calls, __ATOMIC_ACQUIRE);

		if (!call_queued(&thread))
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

void KT_RCU_URCU(_call)(head_t *head, void (*func)(head_t *head), struct kt_site *site)
{
	(void)site;
	head->func = func;
	__atomic_add_fetch(&queue.pending, 1, __ATOMIC_RELAXED);
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

unsigned KT_RCU_URCU(_queued)(void)
{
	return __atomic_load_n(&queue.pending, __ATOMIC_ACQUIRE);
}

struct barrier {
	head_t head;
	uint32_t reached;	/* futex word */
};

static void reach(head_t *head)
{
	struct barrier *b = (struct barrier *)(void *)head;

	/* The last touch; a wake-up only names the address. */
	__atomic_store_n(&b->reached, 1, __ATOMIC_RELEASE);
	posix_futex_wake(&b->reached, 1);
}
_Static_assert(offsetof(struct barrier, head) == 0, "reach() relies on it");

/*
 * As in barrier.c: the barrier queues a callback of its own, which is called after those
 * that were queued before.
 */
void KT_RCU_URCU(_barrier)(struct kt_site *site)
{
	struct barrier b = { .reached = 0 };

	kt_rcu_check_may_wait("rcu_barrier()");
	KT_RCU_URCU(_call)(&b.head, reach, site);
	posix_waits_at(site);
	while (__atomic_load_n(&b.reached, __ATOMIC_ACQUIRE) == 0)
		posix_futex_wait(&b.reached, 0, NULL);
	posix_waits_at(NULL);
}

/* ---- threads ------------------------------------------------------------- */

static void before_fork(void)
{
	pthread_mutex_lock(&queue.busy);
	LIB_FORK(before_fork);
}

static void after_fork(void)
{
	LIB_FORK(after_fork_parent);
	pthread_mutex_unlock(&queue.busy);
}

/* The child has only the thread that forked, which holds `busy` here, too. */
static void after_fork_in_child(void)
{
	LIB_FORK(after_fork_child);
	queue.started = false;
	pthread_mutex_unlock(&queue.busy);
}

void KT_RCU_URCU(_begin)(void)
{
	pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

void KT_RCU_URCU(_register_thread)(void)
{
	URCU(register_thread)();
	after_register();
}

void KT_RCU_URCU(_unregister_thread)(void)
{
	kt_rcu_check_end();
	URCU(unregister_thread)();
}
