/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a platform owes: threads, park and unpark, clock, memory, a thread's
 * attributes, and the hooks by which a driver watches and injects.
 *
 * Everything else (task states, locks, completions) is portable code on top.
 * platform/posix/ runs it on real threads, platform/sim/ on deterministic fibers
 * in virtual time; platform/template/ is where a port to another system begins.
 *
 * Unless it says otherwise a function may be called by any thread that was
 * made by os_spawn() or adopted by os_adopt(), with locks held.
 */
#ifndef PLATFORM_OS_H
#define PLATFORM_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/check.h"
#include "platform/join.h"
#include "platform/point.h"
#include "platform/role.h"

/*
 * The operating systems, a line each. The header has struct os_thread and the type
 * os_sleeper, and may make macros of what is marked (macro) below.
 */
#define KT_OS_HEADER_sim      "platform/sim/os_thread.h"
#define KT_OS_HEADER_posix    "platform/posix/os_thread.h"
#define KT_OS_HEADER_template "platform/template/os_thread.h"

#if !defined(KT_OS)
#error "choose an operating system: --//platform:os=, one of those above"
#endif
#include KT_JOIN(KT_OS_HEADER_, KT_OS)

#define OS_NAME_MAX 64		/* bytes of a thread's full name with its zero */
#define OS_COMM_MAX 16		/* of those, what an operating system shows */
#define OS_NO_NODE  (-1)	/* no preferred memory node */
#define OS_CPUS_MAX 1024
#define OS_CPUS_ALL (~0ull)	/* see os_bind() */

/* ---- threads ------------------------------------------------------------ */

enum os_spawn_kind {
	OS_JOINABLE,	/* os_join() must be called exactly once */
	OS_DETACHED,	/* nobody joins; os_wait_detached() covers it */
};

/*
 * Start fn(arg) on a new thread called `name` (copied; also the name by which
 * plans know the thread). *t is the caller's memory and lives until the thread
 * was joined, or, if detached, until fn has returned: fn itself may free it,
 * provided nobody else uses the thread any more. What fn does after that may
 * acquire locks, complete and free, but not park, wait or spawn.
 * The new thread inherits the spawning thread's attributes.
 * Returns 0, or -EAGAIN if the stack (KT_ROLE_STACK) or thread can't be had;
 * then *t is unused. The `alloc_fails` hook is asked.
 */
int os_spawn(struct os_thread *t, const char *name, enum os_spawn_kind kind,
	     void (*fn)(void *arg), void *arg);

/* Wait until t's fn has returned. Once, not by t itself. */
void os_join(struct os_thread *t);

/*
 * Wait until every detached thread of the process has returned from its fn
 * and will touch no memory of ours again. Driver only; no such thread may be
 * started meanwhile.
 */
void os_wait_detached(void);

/* Make the calling thread, made by somebody else, known as *t. Driver only. */
void os_adopt(struct os_thread *t, const char *name);
void os_unadopt(void);

/* The calling thread; NULL if it is unknown. (macro) */
#if !defined(os_self)
struct os_thread *os_self(void);
#endif

/*
 * What RCU keeps of the calling thread; NULL if it is unknown. Not in the
 * os_thread: it is there until the thread has left the platform. (macro)
 */
#if !defined(os_rcu_reader)
struct kt_rcu_reader *os_rcu_reader(void);
#endif

/* Its full name as given to os_spawn(); valid as long as t is. */
const char *os_name(const struct os_thread *t);

/* ---- sleeping ----------------------------------------------------------- */

/*
 * One permit per thread, none at first. os_park() takes it, waiting for it if
 * need be, and may return without it (spuriously): the caller loops on its own
 * condition. os_unpark() grants it; a permit granted twice is one permit.
 * What the unparking thread did before os_unpark() is seen after the os_park()
 * that took the permit. `why` is where and on what the caller waits, for the
 * report of a hang.
 */
void os_park(struct kt_site *why);

/* The same, giving up at os_now_ns() >= deadline_ns. Returns false if it did. */
bool os_park_until(uint64_t deadline_ns, struct kt_site *why);

/* t must be alive. Any thread, also t itself. */
void os_unpark_at(struct os_thread *t, struct kt_site *site);
#define os_unpark(t) os_unpark_at((t), KT_SITE("unpark", #t))

/*
 * The calling thread as a sleeper, for locks: with a permit apart from that of
 * os_park(), so that a lock takes none that the code above waits for, and there
 * until fn has returned, for a thread that has freed its os_thread still
 * acquires locks. It is the thread's identity, too; NULL if it is unknown.
 * Afterwards the memory is still a sleeper's, perhaps another thread's: an
 * unpark that comes late is spurious. (macro)
 */
#if !defined(os_sleeper_self)
os_sleeper *os_sleeper_self(void);
#endif
void os_sleeper_park(struct kt_site *why);	/* by the calling thread */
void os_sleeper_unpark_at(os_sleeper *s, struct kt_site *site);
#define os_sleeper_unpark(s) os_sleeper_unpark_at((s), KT_SITE("unpark", #s))

/*
 * Sleep while *word == expected, until os_futex_wake() or, unless deadline_ns is
 * NULL, os_now_ns() >= *deadline_ns. The comparison and falling asleep are one
 * step to whoever changes the word first and wakes then: either the sleeper
 * finds it changed, or it is there to be woken. May return for no reason; the
 * caller looks again. False at the deadline. Orders nothing: words do.
 * A killable wait changes the word in `interrupt` (os_wait_begin): a mere
 * wake-up may come between the waiter's test and its sleep.
 */
bool os_futex_wait_at(const uint32_t *word, uint32_t expected, const uint64_t *deadline_ns,
		      struct kt_site *why);

/*
 * Wake up to `count` of those who sleep on the word, first come first. The
 * address is only compared: nothing is read there and the memory may be gone;
 * what else lives there by now may be woken for no reason.
 */
void os_futex_wake_at(const uint32_t *word, uint32_t count, struct kt_site *site);
#define os_futex_wake(word, count)                                             \
	os_futex_wake_at((word), (count), KT_SITE("futex_wake", #word))
#define OS_FUTEX_ALL INT32_MAX

/*
 * In the windows of a back end: now and then real threads lose some time. In the
 * simulator nothing: there each atomic and each sleep is a choice point. (macro)
 */
#if !defined(os_delay)
void os_delay(void);
#endif

/*
 * A fatal signal: from now on os_is_killed(t). The flag stays. If t waits
 * between os_wait_begin() and os_wait_end() its `interrupt` is called once,
 * and it is unparked in any case. t must be alive.
 */
void os_kill(struct os_thread *t);
bool os_is_killed(const struct os_thread *t);

/*
 * A killable wait that blocks on something other than os_park() announces how
 * it can be interrupted. interrupt(arg) runs on the killing thread, never
 * after os_wait_end() has returned, so that arg may be on the waiter's stack;
 * if the thread has been killed before, it runs at once. It sees what the
 * waiter did before os_wait_begin(), and the waiter sees after os_wait_end()
 * what it did. It must not block for long, and must not call os_* functions of
 * this group but those that wake. In the simulator it is one step, so it must
 * not wait at all.
 */
void os_wait_begin(void (*interrupt)(void *arg), void *arg);
void os_wait_end(void);

/* For reports only: the calling thread can't go on before `t` acts; NULL ends. */
void os_waits_for(const struct os_thread *t);

/*
 * Inside a spin loop. The simulator runs somebody else before it runs the
 * caller again; real threads pause the processor and yield now and then.
 */
void os_relax(struct kt_site *where);
#define cpu_relax() os_relax(KT_SITE("relax", ""))

/* Monotonic; virtual in the simulator. */
uint64_t os_now_ns(void);

/* ---- memory ------------------------------------------------------------- */

/*
 * `size` > 0 bytes for `role`, contents undefined; NULL if the `alloc_fails` hook
 * says so or memory is out. os_free(NULL) does nothing.
 */
void *os_alloc_at(enum kt_role role, size_t size, struct kt_site *site);
#define os_alloc(role, size) os_alloc_at((role), (size), KT_SITE("alloc", #role))

void os_free_at(void *p, struct kt_site *site);
#define os_free(p) os_free_at((p), KT_SITE("free", #p))

/* Blocks of `role` that are allocated now. */
size_t os_live(enum kt_role role);

/*
 * The object at addr, on somebody's stack, begins or ends its life. In the
 * simulator any later use of it by an atomic or lock is a KT_MEMORY failure
 * until a new object begins there; elsewhere nothing (ASan sees the stack). (macro)
 */
#if !defined(os_object_begin)
void os_object_begin(const void *addr, size_t size);
void os_object_end(const void *addr, size_t size);
#endif

/* ---- attributes of the calling thread ----------------------------------- */

enum os_policy {
	OS_POLICY_NORMAL,
	OS_POLICY_BATCH,
	OS_POLICY_FIFO,		/* real time; may be refused */
};

struct os_attributes {
	char     comm[OS_COMM_MAX];
	uint64_t cpus[OS_CPUS_MAX / 64];	/* bit set = may run there */
	enum os_policy policy;
	bool     all_nodes;		/* no memory node excluded or preferred */
	bool     signals_ignored;	/* every signal that can be is kept away */
	int      spawn_node;		/* see os_set_spawn_node() */
};

/* Each returns 0 or -errno (-EPERM, -ENOSYS, -EINVAL). Real, not stored. */
int os_set_comm(const char *name);	/* first OS_COMM_MAX - 1 bytes */
int os_set_policy(enum os_policy policy);
int os_allow_cpus(const uint64_t *cpus);	/* OS_CPUS_MAX bits; NULL = all */
int os_allow_all_nodes(void);
int os_ignore_signals(void);

/*
 * Let t, which is alive and may be the caller, run on the processors of `cpus`
 * only. Bit n is CPU n of 64: a machine with fewer maps them onto those it has,
 * n modulo their number, so that a plan means something everywhere. 0, or
 * -EINVAL for an empty set. Takes effect at once.
 */
int os_bind(struct os_thread *t, uint64_t cpus);

/* The memory node of CPU n of 64, or OS_NO_NODE if that is not known. */
int os_cpu_to_node(unsigned cpu);

/* Is the caller on one of them? If it was bound, that is no race. */
bool os_on_cpus(uint64_t cpus);

/*
 * The node on which threads spawned by this one get their memory, or
 * OS_NO_NODE. A hint: a machine without that node ignores it.
 */
void os_set_spawn_node(int node);

/* Read back from the operating system. 0 or -errno. */
int os_get_attributes(struct os_attributes *out);

/* ---- what a driver sees and decides ------------------------------------- */

struct os_hooks {
	/* A named point was reached by the calling thread. May os_kill(). */
	void (*point)(struct kt_site *site, const void *subject);
	/* Bit kt_site_hash() % 64: no others need be told to point(). 0: all must. */
	uint64_t points;
	/* Shall this allocation fail? May block on other threads. */
	bool (*alloc_fails)(enum kt_role role, struct kt_site *site);
	/* posix only: kt_fail() was called; save the finding, then return. */
	void (*failed)(enum kt_failure kind, const char *message);
};

/* NULL members are not called. Set while no other thread of ours runs. */
void os_set_hooks(const struct os_hooks *hooks);

#endif
