/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Locks that are held across sleeps: rw_semaphore, and mutex, which is one that
 * nobody takes for reading. Linux's names.
 *
 * Fair: first come, first served. Who finds somebody waiting waits behind, a
 * reader too, and a release hands the lock over to who waits longest (to all
 * readers up to the next writer), so nobody overtakes and neither side starves.
 * Hence a reader must not take it again: a writer may wait in between, for the
 * first hold to end.
 *
 * Waiting takes no notice of signals. No kt_lock may be held.
 */
#ifndef CORE_RWSEM_H
#define CORE_RWSEM_H

#include "core/list.h"
#include "platform/lock.h"
#include "platform/os.h"

struct rw_semaphore {
	kt_lock lock;			/* a leaf, but for a completion's own */

	/* under lock: */
	int readers;			/* hold it */
	struct os_thread *writer;	/* holds it; compared only. NULL: nobody */
	struct list_head waiters;	/* the oldest first; empty unless it is held */
};

/* The name is kept by reference, for reports. */
void init_rwsem(struct rw_semaphore *sem, const char *name);

/* Not held, nobody will use it again. */
void destroy_rwsem(struct rw_semaphore *sem);

void down_read(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);

/* Not by who holds it already; up_write() by who does down_write(). */
void down_write(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);

struct mutex {
	struct rw_semaphore sem;
};

static inline void mutex_init(struct mutex *m, const char *name)
{
	init_rwsem(&m->sem, name);
}

static inline void mutex_destroy(struct mutex *m)
{
	destroy_rwsem(&m->sem);
}

static inline void mutex_lock(struct mutex *m)
{
	down_write(&m->sem);
}

static inline void mutex_unlock(struct mutex *m)
{
	up_write(&m->sem);
}

#endif
