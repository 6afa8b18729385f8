/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the runtime for programs. Each file here stands in for one part of what a program
 * is compiled against or linked with:
 *
 *	start.c		__libc_start_main: takes the program over before its main()
 *	run.c		an execution: main() as task 0, and how it ended
 *	reset.c		puts all writable memory back between executions
 *	tls.c		a thread's own storage: errno, thread_local
 *	site.c		a place in the program, made when the program first reaches it
 *	symbol.c	the names of places, from debug information
 *	source.c	the object of an access, from the source text
 *	access.c	the compiler's hooks before plain accesses
 *	filter.c	which addresses two threads share
 *	point.c		choice points, sleeping and waking
 *	explore.c	what differs if all executions are gone through
 *	atomic.c	the compiler's hooks for atomics
 *	atomic_call.c	atomics for which the compiler calls libatomic
 *	heap.c malloc.c	malloc and its family
 *	files.c		descriptors and mappings that an execution leaves
 *	watchdog.c	ends an execution that makes no progress
 *	loop.c		what a task does that makes no progress
 *	instruction.c	what a machine instruction does to memory
 *	trap.c		the compiler's traps
 *	stack.c		the frames of each thread, for reports
 *	race.c		the happens-before race detector
 *	thread.c	pthread_create, join, detach, exit, cancel, names, attributes
 *	mutex.c cond.c rwlock.c spin.c barrier.c once.c key.c semaphore.c c11.c
 *	futex.c clock.c		system calls that block, time
 *	call.c		calls of a library that stands in for an operating system
 *	exit.c		exit, atexit, abort, assert, and what the end of the program is judged by
 *	signal.c	signal handlers, raise
 *	fuzz.c		executions in the process of a fuzzing engine
 *	random.c	random numbers from the system
 *	process.c io.c	calls that are refused
 *
 * An exported function works in two ways. In an execution (hosted_on()) it is a model on the
 * simulator's engine. Otherwise it calls the C library's own function (HOSTED_REAL), because a
 * program that is started without kthrash must work as if it had never been near it.
 *
 * Everything here is compiled without sanitizers. The runtime's own data is not part of what
 * reset.c puts back.
 */
#ifndef PLATFORM_HOSTED_INTERNAL_H
#define PLATFORM_HOSTED_INTERNAL_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/check.h"
#include "platform/point.h"
#include "platform/role.h"
#include "platform/sim/engine.h"

#define HOSTED_TASKS_MAX SIM_TASKS_MAX

#define HOSTED_EXPORT __attribute__((visibility("default")))

/* The address in the program to which the exported function returns: the place that calls it. */
#define HOSTED_CALLER ((uintptr_t)__builtin_return_address(0))

/*
 * The next definition of an exported function: the C library's. As an expression:
 * HOSTED_REAL(pthread_mutex_lock)(m).
 */
#define HOSTED_REAL(name)                                                      \
	(__extension__({                                                       \
		static __typeof__(&(name)) hosted_real_here;                   \
		if (!hosted_real_here)                                         \
			hosted_real_here = (__typeof__(&(name)))hosted_real(#name); \
		hosted_real_here;                                              \
	}))
/* cxx.c. NULL if no library that is loaded has it. */
void *hosted_real(const char *name);

/* ---- run.c ----------------------------------------------------------------- */

/*
 * Was the process started for the driver? May be called before anything else. If not, executions
 * are those of a fuzz target (fuzz.c).
 */
bool hosted_is_driven(void);

/*
 * Is this the thread of the kernel that runs executions? A fuzzing engine may have others. It is
 * true in the storage of each task, too.
 */
extern __thread bool hosted_is_here __attribute__((tls_model("initial-exec")));

/* Does an execution run, and is the caller one of its tasks? */
static inline bool hosted_on(void)
{
	return sim_is_running() && hosted_is_here;
}

/* The number of the calling task: 0 is main, others by creation. */
static inline uint32_t hosted_me(void)
{
	return sim_who();
}

/*
 * Has every other task ended, and been joined? Then nothing is a choice. What comes after the end
 * of a task that nobody has joined might as well come before it.
 */
extern uint32_t hosted_unjoined;	/* explore.c */

/*
 * call.c: the call of a library that stands in for an operating system, in which a task is.
 * Inside it nothing is a choice either, but for who goes on while the task sleeps.
 */
extern struct hosted_call {
	uint32_t depth;		/* 0: it is in none */
	int32_t must_succeed;	/* not 0: no injected fault */
	uintptr_t pc;		/* of the call in the program; 0: the library's own thread */
	const char *next_name;	/* of the thread that it creates next, or NULL */
} hosted_call[HOSTED_TASKS_MAX];

static inline bool hosted_in_call(void)
{
	return hosted_call[hosted_me()].depth;
}

static inline bool hosted_is_alone(void)
{
	return (sim_unfinished() < 2 && !hosted_unjoined) || hosted_in_call();
}

/*
 * The number of the execution, from 1. Data that has the number of another
 * execution is stale, so that nothing needs to be cleared.
 */
extern uint32_t hosted_epoch;

/*
 * HOSTED_AT_BEGIN(function): void function(void) is called before each execution. The files
 * here put back their own data in it, because reset.c does not. HOSTED_AT_END is called
 * after each execution, before the reset, on the host's stack.
 */
#define HOSTED_AT_BEGIN(fn) HOSTED_IN_SECTION("hosted_begin", hosted_begin_##fn, fn)
#define HOSTED_AT_END(fn)   HOSTED_IN_SECTION("hosted_end", hosted_end_##fn, fn)
#define HOSTED_IN_SECTION(section_, name_, fn_)                                \
	__attribute__((used, retain, section(section_)))                       \
	static void (*const name_)(void) = (fn_)

/* Is the caller, by its address, a part of the program and not of the C library or of us? */
bool hosted_is_program(uintptr_t pc);

/* Is the caller, by its address, this library itself? */
extern uintptr_t hosted_own_low, hosted_own_high;

static inline bool hosted_is_own(uintptr_t pc)
{
	return pc - hosted_own_low < hosted_own_high - hosted_own_low;
}

/*
 * Make a task that runs fn(arg), with storage of its own (tls.c). As sim_task_spawn(). The
 * function that makes a thread calls this, and then reaches a point.
 */
uint32_t hosted_spawn(const char *name, void (*fn)(void *arg), void *arg);

/* ---- tls.c ----------------------------------------------------------------- */

/*
 * Call this after each function of engine.h that may let other tasks run. It gives the
 * task that runs its own thread-local storage. hosted_point() and hosted_block() do it.
 */
extern uint32_t hosted_tls_of;		/* the task whose storage is set */
void hosted_tls_switch(void);

static inline void hosted_back(void)
{
	if (hosted_tls_of != sim_who())
		hosted_tls_switch();
}

/* The thread pointer of the task, which is also its pthread_t. */
uintptr_t hosted_tls_pointer(uint32_t task);

/*
 * The program called `what`, which an execution can't have: "fork()". Ends the execution with a
 * verdict of its own, because neither the program nor kthrash failed.
 */
void hosted_refuse(const char *what, uintptr_t pc) __attribute__((noreturn));

/* Must the program's output be seen? No: nobody looks at it (hosted_options.shows_output). */
bool hosted_shows_output(void);

/* ---- site.c ---------------------------------------------------------------- */

/*
 * What a place does. The word is in the place's name: "push:store(q->tail)". Strategies know the
 * word "load": such operations on the same object do not depend on each other.
 */
#define HOSTED_OPS(OP) \
	OP(LOAD, "load") OP(STORE, "store") \
	OP(ATOMIC_LOAD, "load") OP(ATOMIC_STORE, "store") \
	OP(ATOMIC_RELEASE, "store") OP(ATOMIC_SEQ_STORE, "store") \
	OP(ATOMIC_ACQUIRE, "load") OP(ATOMIC_SEQ_LOAD, "load") \
	OP(UPDATE, "update") OP(EXCHANGE_IF, "update") \
	OP(UPDATE_RELAXED, "update") OP(UPDATE_ACQUIRE, "update") \
	OP(UPDATE_RELEASE, "update") OP(UPDATE_ACQ_REL, "update") \
	OP(FENCE, "fence") OP(FREE, "free") OP(MALLOC, "malloc") \
	OP(LOCK, "lock") OP(TRYLOCK, "trylock") OP(UNLOCK, "unlock") \
	OP(INIT, "init") OP(DESTROY, "destroy") \
	OP(WAIT, "wait") OP(SIGNAL, "signal") OP(BROADCAST, "broadcast") \
	OP(RDLOCK, "rdlock") OP(WRLOCK, "wrlock") OP(POST, "post") \
	OP(BARRIER, "barrier") OP(ONCE, "once") OP(CREATE, "create") OP(JOIN, "join") \
	OP(CANCEL, "cancel") OP(EXIT, "exit") OP(FUTEX_WAIT, "futex-wait") \
	OP(FUTEX_WAKE, "futex-wake") OP(SLEEP, "sleep") OP(YIELD, "yield") OP(SPIN, "spin") \
	OP(CALL, "call")

enum hosted_op {
#define HOSTED_OP_ID(id, word) HOSTED_##id,
	HOSTED_OPS(HOSTED_OP_ID)
#undef HOSTED_OP_ID
	HOSTED_OPS_COUNT
};

/* An atomic operation that only reads. */
static inline bool hosted_op_loads(enum hosted_op op)
{
	return op == HOSTED_ATOMIC_LOAD || op == HOSTED_ATOMIC_ACQUIRE ||
	       op == HOSTED_ATOMIC_SEQ_LOAD;
}

/*
 * The site of that place and operation, made if this is the first visit. Never NULL. If pc is in
 * a library or a system header, the place is where the program's own code has called that.
 */
struct kt_site *hosted_site(uintptr_t pc, enum hosted_op op);
/* The site of an access to a word of that size, at pc itself. */
struct kt_site *hosted_site_sized(uintptr_t pc, enum hosted_op op, uint8_t size);
/*
 * pc, or if pc is in a library or a system header, where the program's own code has called that.
 * pc is of the call that the running task is in.
 */
uintptr_t hosted_program_pc(uintptr_t pc);

/*
 * The calling task is at the site: it counts one more visit of the site's name. Call it once
 * for each operation, whether the operation is a choice point or not. Returns true if a
 * directive of a plan watches the name, so that the visit is a choice point in any case.
 * hosted_point() calls it.
 */
bool hosted_visit(struct kt_site *site);

/* "queue.c:42 push" in `buf`: where the code at pc is. Always terminated. Returns buf. */
char *hosted_place(uintptr_t pc, char *buf, size_t size);

/* ---- points: what every model of a synchronization operation is made of ----- */

/*
 * A choice point before an operation on *object, which is the next thing that happens when
 * the function returns. Does nothing if the task is alone. Fails if *object is freed memory.
 */
void hosted_point(struct kt_site *site, const void *object);

/*
 * The calling task can't go on: it sleeps on `object` until hosted_wake*() of the same object
 * or, if deadline is not HOSTED_NEVER, until that virtual time in ns. False: the time is over.
 * `owner` is the task that it waits for, for reports, or -1. The caller looks again at what it
 * waits for after it returns.
 */
#define HOSTED_NEVER UINT64_MAX
bool hosted_block(struct kt_site *site, const void *object, uint64_t deadline, int owner);

/* The task looks in vain for something that another task must do first. */
void hosted_yield(struct kt_site *site);

/* Wake every task, or the task that has slept longest, that sleeps on `object`. How many. */
uint32_t hosted_wake_all(const void *object);
uint32_t hosted_wake_one(const void *object);
/* The task that has slept longest on `object`, or -1. */
int hosted_first_sleeper(const void *object);
/* The task that has slept shortest on `object`, or -1. */
int hosted_last_sleeper(const void *object);
void hosted_wake_task(uint32_t task);

/* May this sleep end without a reason, or this trylock fail although the lock is free? */
bool hosted_spurious(struct kt_site *site);

/*
 * The oracle's word for what the program did wrong. Does not return. `pc` is the place;
 * "%p" of an object is never printed: name it with hosted_object_name().
 */
void hosted_fail(enum kt_failure kind, uintptr_t pc, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
/* "q->lock", "table+16", "block 3 of T1 (24 bytes, allocated at queue.c:12) + 8". In a buffer
 * that the next call but three overwrites. */
const char *hosted_object_name(const void *object);

/* ---- race.c: edges ---------------------------------------------------------- */

/* Nothing, unless races are looked for. An edge is an address. */
void hosted_release(const void *edge);
void hosted_acquire(const void *edge);
/* Are races looked for? Then access.c tells of each plain access. */
extern bool hosted_races_on;
void hosted_race_access(uintptr_t addr, size_t size, bool write, uintptr_t pc);
/* An atomic fence of that order (__ATOMIC_ACQUIRE, ...). */
void hosted_race_fence(int order);

/* ---- heap.c ------------------------------------------------------------------ */

/* Fails with a verdict if [addr, addr + size) is heap memory that is not allocated. */
void hosted_heap_check(const void *addr, size_t size, uintptr_t pc);

/*
 * Memory of the runtime itself: not a part of the program's heap, and not put back. Never
 * NULL. For use in start.c's set-up and between executions.
 */
void *hosted_map(size_t bytes);

/* Does the creation of a thread fail here, for lack of memory? (KT_ROLE_THREAD) */
bool hosted_thread_fails(struct kt_site *site);

/* ---- thread.c ---------------------------------------------------------------- */

/* Before each execution, on the host: the models forget the last execution. */
void hosted_models_begin(void);
/*
 * On task 0: run main() as the program's first thread, and what follows its return (exit.c).
 * Returns when the last thread has ended. It may also not return: sim_cut() or a failure ends
 * the execution.
 */
void hosted_models_main(int (*fn)(int, char **, char **), int argc, char **argv, char **envp);
/* The same for a fuzz target's test, which ends with hosted_test_returned(). */
void hosted_models_test(void *(*fn)(void *arg), void *arg);
/*
 * The options failing_trylocks and early_timeouts of this execution. hosted_spurious() decides
 * which trylock fails. The strategy decides which timeout ends early.
 */
extern bool hosted_trylock_fails;
extern bool hosted_threads_may_leak;	/* main() may return without having joined them */
extern bool hosted_deadlines_near;

/* ---- clock.c ----------------------------------------------------------------- */

/* Virtual time in ns since the execution began, and the virtual deadline for a point of a clock. */
uint64_t hosted_now(void);
struct timespec;
uint64_t hosted_deadline(int clock, const struct timespec *t);

#endif
