/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Locks that may be held across a sleep: rw_semaphore, and mutex, which is an
 * rw_semaphore that no task takes for reading. The names are Linux's.
 *
 * Fair: first come, first served. If a task is waiting already, a task that comes later
 * waits behind it, even if it is a reader. A release hands the lock over to the task that
 * has waited longest. If that task is a reader, all readers that wait before the next
 * writer get the lock, too. So no task overtakes, and neither side starves. Hence a reader
 * must not take the lock again. A writer may have come in between, which waits until the
 * reader's first hold ends. The reader's second call would wait behind that writer, for ever.
 *
 * A wait ignores signals. The caller must hold no kt_lock.
 */
#ifndef CORE_RWSEM_H
#define CORE_RWSEM_H

#include "core/list.h"
#include "platform/lock.h"
#include "platform/os.h"

struct rw_semaphore {
	kt_lock lock;			/* only a completion's lock is inside it */

	/* under lock: */
	int readers;			/* how many hold it */
	struct os_thread *writer;	/* the writer that holds it; compared only. NULL: none */
	struct list_head waiters;	/* the oldest first; empty if it is not held */
};

/* The name is kept by reference, for reports. */
void init_rwsem(struct rw_semaphore *sem, const char *name);

/* Called when no task holds it and no task will use it again. */
void destroy_rwsem(struct rw_semaphore *sem);

void down_read(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);

/* The caller must not hold it already. The task that called down_write() calls up_write(). */
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
