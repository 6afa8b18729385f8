/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of platform/posix share.
 *
 * Lock order, outermost first: any kt_lock, os_thread.wait_lock, the mutex
 * inside a completion. The registry's lock is a leaf.
 */
#ifndef PLATFORM_POSIX_INTERNAL_H
#define PLATFORM_POSIX_INTERNAL_H

#ifndef _GNU_SOURCE
#error "compile with -D_GNU_SOURCE"
#endif

#include <pthread.h>
#include <time.h>

#include "platform/lockdep.h"
#include "platform/os.h"
#include "platform/rng.h"

#define POSIX_NODES_MAX 1024

enum { NS_PER_S = 1000000000 };

/* A thread's memory policy, in the kernel's terms. */
struct posix_mempolicy {
	int mode;
	unsigned long nodes[POSIX_NODES_MAX / (8 * sizeof(unsigned long))];
};

/* For a deadline on CLOCK_MONOTONIC, or for a duration. */
static inline struct timespec posix_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S),
				  .tv_nsec = (long)(ns % NS_PER_S) };
}

struct posix_thread {
	/* written once, before the record is listed: */
	struct posix_thread *next_all;

	/* the registry's lock must be held: */
	struct posix_thread *next_free;

	/* atomics, for reports: a report may see fields from two moments */
	bool     live;
	uint64_t name[OS_NAME_MAX / sizeof(uint64_t)];
	struct os_thread *handle;		/* compared, never followed */
	const struct os_thread *waits_for;	/* the same */
	struct kt_site *waits_at;		/* NULL: runs */

	uint32_t permit;	/* the sleeper's permit; works as os_thread.permit */

	/* only the thread itself uses these: */
	struct kt_rng delays;
	uint32_t delays_epoch;		/* epoch of the seed that `delays` was made from; 0: none */
	uint32_t relaxed;		/* turns of spin loops */
	struct kt_lockdep_thread lockdep;
	int      spawn_node;
	struct kt_rcu_reader rcu;

	/* the spawning thread writes these before `go`: */
	void (*fn)(void *arg);
	void *arg;
	enum os_spawn_kind kind;
	bool  has_policy;		/* set `policy` again before fn */
	struct posix_mempolicy policy;

	uint32_t go;	/* futex word; 1: the spawning thread has let go of the handle */
};

extern struct os_hooks posix_hooks;

/* registry.c: a record for a thread called `name`, or NULL if there is no memory. */
struct posix_thread *posix_thread_get(struct os_thread *handle, const char *name);
/* Called when the thread will not use the record again. */
void posix_thread_put(struct posix_thread *p);
/* Make p the record of the calling thread. NULL: the thread has none from now on. */
void posix_become(struct posix_thread *p);

/* os_thread.c */
void posix_forget_detached(void);

/* os_mem.c: threads' stacks are counted like blocks. */
void posix_count_live(enum kt_role role, int by);

/* os_attr.c: 0 or -errno. */
int posix_get_mempolicy(struct posix_mempolicy *out);
int posix_set_mempolicy(const struct posix_mempolicy *p);
int posix_prefer_node(int node);

#endif
