/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a platform must provide: threads, park and unpark, clock, memory, a thread's
 * attributes, and the hooks by which a driver watches and injects.
 *
 * Everything else (task states, locks, completions) is portable code on top of it.
 * platform/posix/ runs that code on real threads, platform/sim/ on deterministic fibers
 * in virtual time. A port to another system begins with platform/template/.
 *
 * Any thread that was made by os_spawn() or adopted by os_adopt() may call a function, also
 * with locks held, unless the comment of the function says otherwise.
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
 * The operating systems, one line each. Each names a header, which defines struct os_thread
 * and the type os_sleeper. The header may define the functions marked (macro) below as
 * macros.
 */
#define KT_OS_HEADER_sim      "platform/sim/os_thread.h"
#define KT_OS_HEADER_posix    "platform/posix/os_thread.h"
#define KT_OS_HEADER_template "platform/template/os_thread.h"

#if !defined(KT_OS)
#error "choose an operating system: --//platform:os=, one of those above"
#endif
#include KT_JOIN(KT_OS_HEADER_, KT_OS)

#define OS_NAME_MAX 64		/* bytes of a thread's full name with its zero */
#define OS_COMM_MAX 16		/* the first bytes of it, which an operating system shows */
#define OS_NO_NODE  (-1)	/* no preferred memory node */
#define OS_CPUS_MAX 1024
#define OS_CPUS_ALL (~0ull)	/* see os_bind() */

/* ---- threads ------------------------------------------------------------ */

enum os_spawn_kind {
	OS_JOINABLE,	/* os_join() must be called exactly once */
	OS_DETACHED,	/* not joined; os_wait_detached() waits for it */
};

/*
 * Start fn(arg) on a new thread called `name`. The name is copied, and plans know the
 * thread by it. *t is the caller's memory. It must live until the thread was joined, or, if
 * the thread is detached, until fn has returned. fn itself may free it if no other thread
 * uses *t any more. After that fn may still acquire locks, complete and free, but not park,
 * wait or spawn. The new thread inherits the spawning thread's attributes. Returns 0, or
 * -EAGAIN if the system has no stack (KT_ROLE_STACK) or no thread left; then *t is unused.
 * The `alloc_fails` hook decides whether the stack is refused.
 */
int os_spawn(struct os_thread *t, const char *name, enum os_spawn_kind kind,
	     void (*fn)(void *arg), void *arg);

/* Wait until t's fn has returned. Called once, and not by t itself. */
void os_join(struct os_thread *t);

/*
 * Wait until every detached thread of the process has returned from its fn and will touch
 * no memory of ours again. Only a driver calls this. No thread may start a detached thread
 * meanwhile.
 */
void os_wait_detached(void);

/*
 * Make the calling thread, which os_spawn() did not start, known as *t. Only a driver calls
 * this.
 */
void os_adopt(struct os_thread *t, const char *name);
void os_unadopt(void);

/* The calling thread; NULL if it is unknown. (macro) */
#if !defined(os_self)
struct os_thread *os_self(void);
#endif

/*
 * What RCU stores about the calling thread; NULL if the thread is unknown. It is not in the
 * os_thread, because it must exist until the thread has left the platform. (macro)
 */
#if !defined(os_rcu_reader)
struct kt_rcu_reader *os_rcu_reader(void);
#endif

/* The full name as given to os_spawn(); valid as long as *t. */
const char *os_name(const struct os_thread *t);

/* ---- sleeping ----------------------------------------------------------- */

/*
 * One permit per thread, none at first. os_park() takes it, and waits for it if there
 * is none. It may return without it (spuriously), so the caller loops on its own
 * condition. os_unpark() grants the permit; a permit granted twice is one permit.
 * What the unparking thread did before os_unpark() is seen after the os_park()
 * that took the permit. `why` says where the caller waits and on what, for the
 * report of a hang.
 */
void os_park(struct kt_site *why);

/* As os_park(), but gives up at os_now_ns() >= deadline_ns. Returns false if it gave up. */
bool os_park_until(uint64_t deadline_ns, struct kt_site *why);

/* t must be alive. Called by any thread, also by t itself. */
void os_unpark_at(struct os_thread *t, struct kt_site *site);
#define os_unpark(t) os_unpark_at((t), KT_SITE("unpark", #t))

/*
 * The calling thread as a sleeper, for locks; NULL if it is unknown. A sleeper has a permit
 * of its own, so that a lock does not take the permit that the code above waits for. The
 * sleeper exists until fn has returned, because a thread that has freed its os_thread still
 * acquires locks. The sleeper also identifies the thread. After the end of the thread the
 * memory is still a sleeper, perhaps that of another thread: an unpark that comes late is
 * spurious. (macro)
 */
#if !defined(os_sleeper_self)
os_sleeper *os_sleeper_self(void);
#endif
void os_sleeper_park(struct kt_site *why);	/* parks the calling thread */
void os_sleeper_unpark_at(os_sleeper *s, struct kt_site *site);
#define os_sleeper_unpark(s) os_sleeper_unpark_at((s), KT_SITE("unpark", #s))

/*
 * If *word == expected, sleep until os_futex_wake() or, unless deadline_ns is NULL, until
 * os_now_ns() >= *deadline_ns. For a waker that first changes the word and then wakes,
 * comparing and falling asleep are one step: either the sleeper finds the word changed, or it
 * is asleep and is woken. May return for no reason, so the caller looks again. Returns false
 * at the deadline. A futex orders nothing; only accesses to words do. A killable wait must
 * change the word in `interrupt` (os_wait_begin), because a mere wake-up may come between the
 * waiter's test and its sleep.
 */
bool os_futex_wait_at(const uint32_t *word, uint32_t expected, const uint64_t *deadline_ns,
		      struct kt_site *why);

/*
 * Wake up to `count` of the threads that sleep on the word, first come first. The
 * address is only compared: nothing is read there, and the memory may be gone. If another
 * futex is at the address by now, its sleepers may be woken for no reason.
 */
void os_futex_wake_at(const uint32_t *word, uint32_t count, struct kt_site *site);
#define os_futex_wake(word, count)                                             \
	os_futex_wake_at((word), (count), KT_SITE("futex_wake", #word))
#define OS_FUTEX_ALL INT32_MAX

/*
 * A back end calls this where another thread may come between two of its steps. Now and
 * then a real thread loses some time here. In the simulator it does nothing, because there
 * each atomic and each sleep is a choice point. (macro)
 */
#if !defined(os_delay)
void os_delay(void);
#endif

/*
 * Send t a fatal signal: from now on os_is_killed(t) is true, for ever. If t is between
 * os_wait_begin() and os_wait_end(), its `interrupt` is called once. t is unparked in any
 * case. t must be alive.
 */
void os_kill(struct os_thread *t);
bool os_is_killed(const struct os_thread *t);

/*
 * A killable wait that does not sleep by os_park() tells by this function how a kill can
 * interrupt it. interrupt(arg) runs on the killing thread, never after os_wait_end() has
 * returned, so arg may be on the waiter's stack. If the thread has been killed before,
 * interrupt(arg) runs at once. interrupt() sees what the waiter did before os_wait_begin(),
 * and after os_wait_end() the waiter sees what interrupt() did. interrupt() must not block
 * for long. It may call only those os_* functions of this group that wake. In the simulator
 * interrupt() is one step, so it must not wait at all.
 */
void os_wait_begin(void (*interrupt)(void *arg), void *arg);
void os_wait_end(void);

/* For reports only: the calling thread can't go on before `t` acts. NULL: it can go on again. */
void os_waits_for(const struct os_thread *t);

/*
 * Called inside a spin loop. The simulator runs another task before it runs the
 * caller again. A real thread pauses the processor, and yields now and then.
 */
void os_relax(struct kt_site *where);
#define cpu_relax() os_relax(KT_SITE("relax", ""))

/* Monotonic; virtual in the simulator. */
uint64_t os_now_ns(void);

/* ---- memory ------------------------------------------------------------- */

/*
 * Allocate `size` > 0 bytes for `role`, with undefined contents. NULL if the `alloc_fails`
 * hook says so, or if there is no memory. os_free(NULL) does nothing.
 */
void *os_alloc_at(enum kt_role role, size_t size, struct kt_site *site);
#define os_alloc(role, size) os_alloc_at((role), (size), KT_SITE("alloc", #role))

void os_free_at(void *p, struct kt_site *site);
#define os_free(p) os_free_at((p), KT_SITE("free", #p))

/* How many blocks of `role` are allocated now. */
size_t os_live(enum kt_role role);

/*
 * The object at addr, on a thread's stack, begins or ends its life. In the
 * simulator any use of it by an atomic or lock after its end is a KT_MEMORY failure,
 * until a new object begins there. Elsewhere both functions do nothing, because ASan sees the
 * stack. (macro)
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
	bool     all_nodes;		/* no memory node is excluded or preferred */
	bool     signals_ignored;	/* every signal that can be ignored is */
	int      spawn_node;		/* see os_set_spawn_node() */
};

/* Each sets the operating system's own attribute. 0 or -errno (-EPERM, -ENOSYS, -EINVAL). */
int os_set_comm(const char *name);	/* first OS_COMM_MAX - 1 bytes */
int os_set_policy(enum os_policy policy);
int os_allow_cpus(const uint64_t *cpus);	/* OS_CPUS_MAX bits; NULL = all */
int os_allow_all_nodes(void);
int os_ignore_signals(void);

/*
 * Let t run only on the processors of `cpus`. t is alive and may be the caller. Bit n is
 * CPU n of 64. A machine with fewer processors maps CPU n onto processor n modulo their
 * number, so that a plan runs everywhere. 0, or -EINVAL for an empty set. Takes effect at
 * once.
 */
int os_bind(struct os_thread *t, uint64_t cpus);

/* The memory node of CPU `cpu` (0 to 63), or OS_NO_NODE if the node is not known. */
int os_cpu_to_node(unsigned cpu);

/*
 * Is the caller on one of the processors of `cpus`? The answer stays true only if the
 * caller is bound.
 */
bool os_on_cpus(uint64_t cpus);

/*
 * Set the node on which the threads that the caller spawns get their memory, or OS_NO_NODE.
 * It is a hint: a machine without that node ignores it.
 */
void os_set_spawn_node(int node);

/* Read the caller's attributes from the operating system. 0 or -errno. */
int os_get_attributes(struct os_attributes *out);

/* ---- hooks: what a driver sees and decides ------------------------------ */

struct os_hooks {
	/* The calling thread has reached a named point. The hook may os_kill(). */
	void (*point)(struct kt_site *site, const void *subject);
	/* point() needs a site only if bit kt_site_hash() % 64 is set. 0: it needs all. */
	uint64_t points;
	/* Shall this allocation fail? The hook may block on other threads. */
	bool (*alloc_fails)(enum kt_role role, struct kt_site *site);
	/* posix only: kt_fail() was called. The hook saves the finding and returns. */
	void (*failed)(enum kt_failure kind, const char *message);
};

/* A hook that is NULL is not called. Call this while no other thread of ours runs. */
void os_set_hooks(const struct os_hooks *hooks);

#endif
