/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the models of pthreads and libc share: what is known of a thread, beyond what the
 * engine knows of its task, and the operations from which more than one file builds.
 *
 * One OS thread runs everything, and a task is switched only in the functions that internal.h
 * lists, so there are no locks. A model keeps an object's state in the program's own object
 * where it has room: so static initializers work, and reset.c puts the state back. It keeps a
 * wait in the waiting thread. So a waiter, once it is woken, does not touch the object again,
 * which may be gone.
 */
#ifndef PLATFORM_HOSTED_MODELS_H
#define PLATFORM_HOSTED_MODELS_H

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <string.h>
#include <sys/types.h>
#include <threads.h>
#include <time.h>

#include "platform/hosted/internal.h"
#include "platform/sim/sim.h"

enum {
	HOSTED_THREADS_MAX = HOSTED_TASKS_MAX,
	HOSTED_HELD_MAX = 64,	/* locks of one thread that are remembered */
	HOSTED_COMM_MAX = 16,	/* bytes of a name given by pthread_setname_np(), with its zero */
	HOSTED_KEYS_MAX = PTHREAD_KEYS_MAX,
};

/*
 * A choice point before an operation that synchronizes threads. Such an operation also makes
 * visible what its thread has stored, because it is made of atomic updates.
 */
static inline void hosted_arrive(struct kt_site *site, const void *object)
{
	hosted_point(site, object);
	sim_fence();
}

/* ---- a thread (thread.c) ---------------------------------------------- */

struct hosted_held {	/* a lock that a thread holds */
	const void *lock;
	uintptr_t pc;		/* where it was taken */
	enum hosted_lock_kind {
		HOSTED_MUTEX, HOSTED_ROBUST, HOSTED_READ, HOSTED_WRITE, HOSTED_SPIN_LOCK,
	} kind;
};

struct hosted_running;		/* once.c */
struct hosted_at_end;		/* key.c: a destructor of a thread_local variable */

struct hosted_thread {
	/* Written by the creator, before the thread begins. */
	void *(*fn)(void *arg);
	thrd_start_t c11_fn;		/* instead of fn, if it is not NULL */
	void *arg;
	uintptr_t created_at;

	/* What the thread is to others. */
	bool detached, joined, ended;
	bool exiting;			/* it no longer obeys pthread_cancel() */
	int joiner;			/* the thread that joins it, or -1 */
	void *result;
	char edge;			/* its address: from pthread_create() to the beginning, and
					 * from the end to pthread_join() */
	char comm[HOSTED_COMM_MAX];
	cpu_set_t cpus;
	int policy;
	struct sched_param param;

	/* Cancellation. */
	uint64_t blocked_signals;	/* bit per signal, from bit 0 for signal 1 */
	bool cancel_asked, cancel_disabled;
	bool cancel_at_once;		/* asynchronously */
	bool cancellable;		/* it sleeps, and pthread_cancel() must wake it */
	__pthread_unwind_buf_t *cleanup;	/* the innermost of pthread_cleanup_push() */
	jmp_buf base;			/* the frame that called fn */
	char *base_frame;
	struct hosted_running *running;	/* the innermost function that runs once */
	bool gone;			/* after a jump to base there is nothing to do */

	/* What ended its sleep. A waker sets it, so that the thread need not look at the object. */
	bool let_through;
	const void *with;		/* the mutex that goes with the condition it waits for */
	const void *futex;		/* the word that it sleeps on */
	uint32_t futex_bits;		/* FUTEX_WAIT_BITSET's */
	uint64_t futex_turn;		/* of the sleepers the one with the lowest came first */

	struct hosted_held held[HOSTED_HELD_MAX];
	uint32_t held_count;
	struct hosted_at_end *at_end;
	uint32_t clock_reads;		/* in a row, without a sleep */
};

extern struct hosted_thread hosted_thread[HOSTED_THREADS_MAX];
extern uint32_t hosted_threads;		/* how many this execution has made */
extern uint32_t hosted_threads_alive;

static inline struct hosted_thread *hosted_self(void)
{
	return &hosted_thread[hosted_me()];
}

/* The name by which reports call the thread. */
const char *hosted_name(uint32_t thread);

/* The thread of that handle. Fails if there is none, or none any more. */
uint32_t hosted_thread_of(pthread_t t, const char *call, uintptr_t pc);
pthread_t hosted_handle(uint32_t thread);
/* Give the thread a name that no other thread has. */
void hosted_rename(uint32_t thread, const char *name);

/* The caller ends here, with its cleanup handlers and destructors (cancel.c). */
void hosted_thread_exit(void *result) __attribute__((noreturn));

/* What a thread's end runs: destructors of thread_local variables, then those of keys (key.c). */
void hosted_run_at_end(void);
void hosted_run_key_destructors(void);
void hosted_keys_begin(void);
void hosted_at_ends_begin(void);

/*
 * The caller is at a cancellation point: it ends here if it was cancelled. A sleep of such a
 * function is cancelled by a mere wake-up, after which it calls this.
 */
void hosted_cancel_point(void);
static inline bool hosted_is_cancelled(void)
{
	const struct hosted_thread *t = hosted_self();

	sim_touch(&t->cancel_asked, SIM_READ);
	return t->cancel_asked && !t->cancel_disabled && !t->exiting;
}

/* As hosted_block(), for all waits that may have a deadline: see hosted_deadlines_near. */
bool hosted_block_until(struct kt_site *site, const void *object, uint64_t deadline, int owner);

/* As hosted_block_until(); pthread_cancel() ends the sleep, and the thread (cancel.c). */
bool hosted_block_cancellable(struct kt_site *site, const void *object, uint64_t deadline);

/* ---- held locks (held.c) ---------------------------------------------- */

void hosted_take(const void *lock, enum hosted_lock_kind kind, uintptr_t pc);
/* main() has held the lock since before the execution. */
void hosted_take_before(const void *lock, enum hosted_lock_kind kind);
void hosted_drop(const void *lock);
/* The entry of a thread that holds the lock, or NULL; whose it is in *thread, if not NULL. */
const struct hosted_held *hosted_held_by(uint32_t thread, const void *lock);
int hosted_holder(const void *lock);	/* any thread that holds it, or -1 */
/* Write the names of the locks that the thread holds, or "no lock". Returns buf. */
char *hosted_locks_held(uint32_t thread, char *buf, size_t size);
/* The thread ends: it should hold nothing. Robust mutexes are given up. */
void hosted_held_at_end(void);

/*
 * The object is about to be made anew, or destroyed ("initialized", "destroyed"). Fails if a
 * thread holds it or waits for it.
 */
void hosted_check_idle(const void *object, const char *what, const char *done, uintptr_t pc);

/* ---- mutexes (mutex.c) ------------------------------------------------ */

/*
 * What pthread_mutex_lock() and its kin do. `try` and `deadline` say for how long to wait. With
 * `point`, the operation is a choice point first.
 */
struct hosted_lock_how {
	enum hosted_op op;
	bool try, point;
	bool may_fail;		/* a try may fail although the mutex is free */
	uint64_t deadline;
};
int hosted_mutex_lock(pthread_mutex_t *m, const struct hosted_lock_how *how, uintptr_t pc);
int hosted_mutex_timed(pthread_mutex_t *m, clockid_t clock, const struct timespec *until,
		       uintptr_t pc);
int hosted_mutex_unlock(pthread_mutex_t *m, bool point, uintptr_t pc);
void hosted_mutex_owner_died(pthread_mutex_t *m);
bool hosted_mutex_is_mine(const pthread_mutex_t *m);
/* What pthread_mutex_init() does once it was found that it may. */
int hosted_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a, uintptr_t pc);
int hosted_mutex_destroy(pthread_mutex_t *m, uintptr_t pc);

/* ---- conditions (cond.c) ---------------------------------------------- */

int hosted_cond_init(pthread_cond_t *c, const pthread_condattr_t *a, uintptr_t pc);
int hosted_cond_destroy(pthread_cond_t *c, uintptr_t pc);
int hosted_cond_wait(pthread_cond_t *c, pthread_mutex_t *m, uint64_t deadline, uintptr_t pc);
void hosted_cond_signal(pthread_cond_t *c, bool all, uintptr_t pc);

/* ---- threads, for C11 (thread.c, once.c, key.c) ----------------------- */

int hosted_thread_create(pthread_t *t, const pthread_attr_t *attr, void *(*fn)(void *),
			 thrd_start_t c11_fn, void *arg, uintptr_t pc);
int hosted_thread_join(pthread_t t, void **result, uint64_t deadline, bool try, uintptr_t pc);
int hosted_thread_detach(pthread_t t, uintptr_t pc);
void hosted_once(int *once, void (*fn)(void), uintptr_t pc);
/* The frames below that address are left without unwinding: functions that run in them failed. */
void hosted_once_left(const char *frame);
int hosted_key_create(pthread_key_t *key, void (*destructor)(void *));

/* ---- attributes (attr.c) ---------------------------------------------- */

void hosted_attr_init(struct hosted_thread *t);
/* `t` is new. It has the caller's attributes, except those that `attr`, if not NULL, gives it. */
void hosted_attr_inherit(struct hosted_thread *t, const pthread_attr_t *attr, uintptr_t pc);
pid_t hosted_tid(uint32_t thread);	/* what gettid() returns in it */

/* ---- time (clock.c) --------------------------------------------------- */

/* A cancellation point. */
void hosted_sleep(uint64_t ns, uintptr_t pc);
/* An interval in ns; as much as fits. */
uint64_t hosted_ns(const struct timespec *interval);
static inline bool hosted_is_time(const struct timespec *t)
{
	return t->tv_nsec >= 0 && t->tv_nsec < 1000000000;
}

/* ---- the end of the program (exit.c) ---------------------------------- */

/* As exit() and _exit(). */
void hosted_exit(int status, uintptr_t pc) __attribute__((noreturn));
void hosted_exit_now(int status, uintptr_t pc) __attribute__((noreturn));
/* main() has returned. */
void hosted_main_returned(int status, uintptr_t pc) __attribute__((noreturn));
/* The last thread has ended by itself. Returns. */
void hosted_exit_last(void);
/* On task 0: a fuzz target's test has returned. */
void hosted_test_returned(void);

/* ---- the rest --------------------------------------------------------- */

/*
 * Is the code there a part of this library? The driver, which is in it, has signal handlers, of
 * which the program's executions must not know. Slow.
 */
bool hosted_is_ours(uintptr_t pc);

/* Deliver the signal to the calling thread. 0, or an error (signal.c). */
int hosted_raise(int signal, uintptr_t pc);
ssize_t hosted_getrandom(void *buf, size_t size);

/* Before each execution. */
void hosted_exit_begin(void);
void hosted_signals_begin(void);
void hosted_io_begin(void);
void hosted_random_begin(void);
void hosted_futex_begin(void);

/*
 * The C library's function of that version, for functions of which it has several.
 */
#define HOSTED_REAL_OF(name, version)                                          \
	(__extension__({                                                       \
		static __typeof__(&(name)) hosted_real_here;                   \
		if (!hosted_real_here)                                         \
			hosted_real_here = (__typeof__(&(name)))dlvsym(RTLD_NEXT, #name, version); \
		hosted_real_here;                                              \
	}))

/* A function that an execution can't have. */
#define HOSTED_REFUSED(type, name, params, args)                               \
	HOSTED_EXPORT type name params                                         \
	{                                                                      \
		if (hosted_on())                                               \
			hosted_refuse(#name "()", HOSTED_CALLER);              \
		/* NOLINTNEXTLINE(bugprone-macro-parentheses): a call */       \
		return HOSTED_REAL(name) args;                                 \
	}

#endif
