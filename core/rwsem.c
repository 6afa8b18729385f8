/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/rwsem.h"

#include "platform/completion.h"

struct rwsem_waiter {		/* on the waiter's stack */
	struct list_head entry;	/* under the semaphore's lock */
	struct os_thread *thread;
	bool writes;
	kt_completion granted;	/* completed when it holds the semaphore */
};

void init_rwsem(struct rw_semaphore *sem, const char *name)
{
	os_object_begin(sem, sizeof *sem);	/* perhaps where a waiter was */
	kt_lock_init(&sem->lock, name);
	sem->readers = 0;
	sem->writer = NULL;
	INIT_LIST_HEAD(&sem->waiters);
}

void destroy_rwsem(struct rw_semaphore *sem)
{
	/* No other task uses it any more, so no word here is shared. */
	KT_ASSERT(sem->readers == 0 && !sem->writer);
	kt_lock_destroy(&sem->lock);
}

/* Functions that end in _locked need sem->lock. */
static bool take_locked(struct rw_semaphore *sem, struct os_thread *who, bool writes)
{
	if (sem->writer || (writes && sem->readers > 0))
		return false;
	if (writes)
		sem->writer = who;
	else
		sem->readers++;
	return true;
}

/* Hand the semaphore over to the waiters whose turn it is. */
static void grant_locked(struct rw_semaphore *sem)
{
	while (!list_empty(&sem->waiters)) {
		struct rwsem_waiter *w =
			list_first_entry(&sem->waiters, struct rwsem_waiter, entry);

		if (!take_locked(sem, w->thread, w->writes))
			break;
		list_del_init(&w->entry);
		/* The last touch: *w is on the stack of the waiter, which goes on now. */
		kt_complete(&w->granted);
	}
}

static void down(struct rw_semaphore *sem, bool writes)
{
	struct rwsem_waiter w = { .thread = os_self(), .writes = writes };

	kt_lock_acquire(&sem->lock);
	KT_ASSERT(sem->writer != w.thread);	/* the task would wait for itself */
	if (list_empty(&sem->waiters) && take_locked(sem, w.thread, writes)) {
		kt_lock_release(&sem->lock);
		return;
	}
	os_object_begin(&w, sizeof w);
	kt_completion_init(&w.granted);
	/* We are queued in the same hold of the lock as the test, so a later release finds us. */
	list_add_tail(&w.entry, &sem->waiters);
	kt_lock_release(&sem->lock);
	kt_completion_wait(&w.granted);
	kt_completion_destroy(&w.granted);
	os_object_end(&w, sizeof w);
}

void down_read(struct rw_semaphore *sem)
{
	down(sem, false);
}

void down_write(struct rw_semaphore *sem)
{
	down(sem, true);
}

void up_read(struct rw_semaphore *sem)
{
	kt_lock_acquire(&sem->lock);
	if (sem->readers == 0)
		kt_fail(KT_DISCIPLINE, "up_read of a semaphore that nobody reads");
	sem->readers--;
	grant_locked(sem);
	kt_lock_release(&sem->lock);
}

void up_write(struct rw_semaphore *sem)
{
	kt_lock_acquire(&sem->lock);
	if (sem->writer != os_self())
		kt_fail(KT_DISCIPLINE, "up_write of a semaphore by a task that does not hold it");
	sem->writer = NULL;
	grant_locked(sem);
	kt_lock_release(&sem->lock);
}
