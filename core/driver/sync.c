/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Completions, mutexes, rw_semaphores and semaphores. Each is a word under a lock of its own, and
 * a list of the tasks that wait. A task puts itself on the list before it looks at the word, so no
 * release between its look and its sleep misses it. The releasing task does not hand the lock over:
 * any task that comes at the right moment takes it, as in Linux.
 */
#include <limits.h>
#include <string.h>

#include "core/driver/driver.h"

/* ---- waiting for a word ------------------------------------------------------------ */

struct waiter {
	struct kd_list entry;
	struct task_struct *task;
	bool writes;
};

/*
 * The caller holds *lock. Sleep until take(arg) is true, which is called with the lock held, or
 * until the deadline, or until a signal ends the sleep. 0, -EINTR or -ETIME.
 */
static int wait_locked(struct kd_lock *lock, struct kd_list *waiters, bool writes, unsigned state,
		       uint64_t deadline, bool (*take)(void *arg), void *arg, const char *where)
{
	struct waiter me = { .task = current, .writes = writes };
	int err = 0;

	kd_list_add_tail(&me.entry, waiters);
	for (;;) {
		if (take(arg))
			break;
		err = kd_signal_ends(state) ? -EINTR : os_now_ns() >= deadline ? -ETIME : 0;
		if (err)
			break;
		set_current_state(state);
		KD_UNLOCK(lock);
		kd_sleep_until(deadline, where);
		KD_LOCK(lock);
	}
	__set_current_state(TASK_RUNNING);
	kd_list_del(&me.entry);
	return err;
}

/* The caller holds the lock of the list. Wake all tasks that wait: any of them may go first. */
static void wake_waiters_locked(const struct kd_list *waiters)
{
	const struct kd_list *at = waiters->next;

	for (; at != waiters; at = at->next)
		wake_up_state(container_of(at, struct waiter, entry)->task,
			      TASK_NORMAL | TASK_WAKEKILL);
}

/* ---- completions --------------------------------------------------------------------- */

enum { DONE_ALL = UINT_MAX };

static void check_completion(const struct kd_completion *c)
{
	if (c->wait.magic != KD_MAGIC)
		kd_fail(KT_DISCIPLINE, NULL, "a completion is used that was never initialized");
}

void kd_completion_init(struct kd_completion *c, const char *name)
{
	KD_CALL(QUIET, NULL);
	c->done = 0;
	kd_wait_head_init(&c->wait, name);
}

void kd_completion_reinit(struct kd_completion *c)
{
	KD_CALL(CALL, c);
	WRITE_ONCE(c->done, 0);
}

static bool take_completion(void *arg)
{
	struct kd_completion *c = arg;

	if (!c->done)
		return false;
	if (c->done != DONE_ALL)
		c->done--;
	return true;
}

void kd_complete(struct kd_completion *c, bool all)
{
	KD_CALL(WAKE, c);
	kd_self();
	check_completion(c);
	KD_LOCK(&c->wait.lock);
	if (all)
		c->done = DONE_ALL;
	else if (c->done != DONE_ALL)
		c->done++;
	wake_waiters_locked(&c->wait.head);
	KD_UNLOCK(&c->wait.lock);
}

long kd_wait_for_completion(struct kd_completion *c, unsigned state, long ticks)
{
	uint64_t deadline;
	int err;

	KD_CALL(CALL, c);
	kd_might_sleep("wait_for_completion()");
	check_completion(c);
	deadline = kd_deadline((unsigned long)ticks);
	KD_LOCK(&c->wait.lock);
	err = take_completion(c) ? 0
				 : wait_locked(&c->wait.lock, &c->wait.head, false, state, deadline,
					       take_completion, c, "wait_for_completion()");
	KD_UNLOCK(&c->wait.lock);
	if (err == -EINTR)
		return -ERESTARTSYS;
	return err ? 0 : kd_ticks_left(deadline, 1);
}

bool kd_try_wait_for_completion(struct kd_completion *c)
{
	bool done;

	KD_CALL(CALL, c);
	kd_self();
	check_completion(c);
	KD_LOCK(&c->wait.lock);
	done = take_completion(c);
	KD_UNLOCK(&c->wait.lock);
	return done;
}

bool kd_completion_done(struct kd_completion *c)
{
	bool done;

	KD_CALL(CALL, c);
	kd_self();
	check_completion(c);
	KD_LOCK(&c->wait.lock);
	done = c->done != 0;
	KD_UNLOCK(&c->wait.lock);
	return done;
}

/* ---- mutexes --------------------------------------------------------------------------- */

static void check_mutex(const struct kd_mutex *m)
{
	if (m->magic != KD_MAGIC)
		kd_fail(KT_DISCIPLINE, NULL, "a mutex is used that was never initialized");
}

void kd_mutex_init(struct kd_mutex *m, const char *name)
{
	KD_CALL(QUIET, NULL);
	memset(m, 0, sizeof *m);
	kd_list_init(&m->waiters);
	m->name = kd_name(name);
	m->magic = KD_MAGIC;
}

static bool take_mutex(void *arg)
{
	struct kd_mutex *m = arg;

	if (m->owner)
		return false;
	WRITE_ONCE(m->owner, current);
	return true;
}

int kd_mutex_lock(struct kd_mutex *m, unsigned state)
{
	int err;

	KD_CALL(LOCK, m);
	kd_might_sleep("mutex_lock()");
	check_mutex(m);
	KD_LOCK(&m->lock);
	if (m->owner == current)
		kd_fail(KT_DEADLOCK, NULL, "mutex_lock() of %s by the thread that holds it",
			m->name);
	err = take_mutex(m) ? 0
			    : wait_locked(&m->lock, &m->waiters, true, state, UINT64_MAX,
					  take_mutex, m, "mutex_lock()");
	KD_UNLOCK(&m->lock);
	if (!err)
		kd_object_add(m, "a mutex that is locked");
	return err;
}

bool kd_mutex_trylock(struct kd_mutex *m)
{
	bool taken;

	KD_CALL(LOCK, m);
	kd_self();
	check_mutex(m);
	if (kd_own.hardirq || kd_own.softirq)
		kd_may_sleep("mutex_trylock()");
	KD_LOCK(&m->lock);
	taken = take_mutex(m);
	KD_UNLOCK(&m->lock);
	if (taken)
		kd_object_add(m, "a mutex that is locked");
	return taken;
}

void kd_mutex_unlock(struct kd_mutex *m)
{
	KD_CALL(UNLOCK, m);
	kd_self();
	check_mutex(m);
	KD_LOCK(&m->lock);
	if (m->owner != current)
		kd_fail(KT_DISCIPLINE, NULL, "mutex_unlock() of %s, which %s", m->name,
			m->owner ? "another thread holds" : "no thread holds");
	WRITE_ONCE(m->owner, NULL);
	kd_object_gone(m);
	wake_waiters_locked(&m->waiters);
	KD_UNLOCK(&m->lock);
}

bool kd_mutex_is_locked(struct kd_mutex *m)
{
	KD_CALL(CALL, m);
	return READ_ONCE(m->owner) != NULL;
}

void kd_mutex_destroy(struct kd_mutex *m)
{
	KD_CALL(CALL, m);
	check_mutex(m);
	if (READ_ONCE(m->owner))
		kd_fail(KT_DISCIPLINE, NULL, "mutex_destroy() of %s, which is locked", m->name);
	m->magic = 0;
}

void kd_mutex_assert_held(struct kd_mutex *m)
{
	KD_CALL(QUIET, NULL);
	if (READ_ONCE(m->owner) != kd_self()->task)
		kd_fail(KT_ASSERTION, NULL,
			"lockdep_assert_held() of mutex %s, which the thread "
			"does not hold",
			m->name);
}

/* ---- rw_semaphores --------------------------------------------------------------------- */

static void check_rwsem(const struct kd_rwsem *s)
{
	if (s->magic != KD_MAGIC)
		kd_fail(KT_DISCIPLINE, NULL, "an rw_semaphore is used that was never initialized");
}

void kd_rwsem_init(struct kd_rwsem *s, const char *name)
{
	KD_CALL(QUIET, NULL);
	memset(s, 0, sizeof *s);
	kd_list_init(&s->waiters);
	s->name = kd_name(name);
	s->magic = KD_MAGIC;
}

/* A reader waits behind a writer that waits, so that writers get the lock at all. */
static bool writer_waits_before(const struct kd_rwsem *s)
{
	for (const struct kd_list *at = s->waiters.next; at != &s->waiters; at = at->next) {
		const struct waiter *w = container_of(at, struct waiter, entry);

		if (w->task == current)
			return false;
		if (w->writes)
			return true;
	}
	return false;
}

static bool take_read(void *arg)
{
	struct kd_rwsem *s = arg;

	if (s->writer || writer_waits_before(s))
		return false;
	s->readers++;
	return true;
}

static bool take_write(void *arg)
{
	struct kd_rwsem *s = arg;

	if (s->writer || s->readers)
		return false;
	s->writer = current;
	return true;
}

int kd_down(struct kd_rwsem *s, bool write, unsigned state)
{
	bool (*take)(void *) = write ? take_write : take_read;
	int err;

	KD_CALL(LOCK, s);
	kd_might_sleep(write ? "down_write()" : "down_read()");
	check_rwsem(s);
	KD_LOCK(&s->lock);
	if (s->writer == current)
		kd_fail(KT_DEADLOCK, NULL, "%s() of %s by the thread that holds it for writing",
			write ? "down_write" : "down_read", s->name);
	err = take(s) ? 0
		      : wait_locked(&s->lock, &s->waiters, write, state, UINT64_MAX, take, s,
				    write ? "down_write()" : "down_read()");
	if (err)
		wake_waiters_locked(&s->waiters); /* a reader may have waited behind me */
	KD_UNLOCK(&s->lock);
	if (!err)
		kd_object_add(s, "an rw_semaphore that is held");
	return err;
}

bool kd_down_trylock(struct kd_rwsem *s, bool write)
{
	bool taken;

	KD_CALL(LOCK, s);
	kd_self();
	check_rwsem(s);
	KD_LOCK(&s->lock);
	taken = write ? take_write(s) : take_read(s);
	KD_UNLOCK(&s->lock);
	if (taken)
		kd_object_add(s, "an rw_semaphore that is held");
	return taken;
}

void kd_up(struct kd_rwsem *s, bool write)
{
	KD_CALL(UNLOCK, s);
	kd_self();
	check_rwsem(s);
	KD_LOCK(&s->lock);
	if (write ? s->writer != current : !s->readers)
		kd_fail(KT_DISCIPLINE, NULL, "%s() of %s, which %s", write ? "up_write" : "up_read",
			s->name,
			write ? "the thread does not hold for writing"
			      : "nobody holds for reading");
	if (write)
		s->writer = NULL;
	else
		s->readers--;
	if (!s->readers)
		kd_object_gone(s);
	wake_waiters_locked(&s->waiters);
	KD_UNLOCK(&s->lock);
}

void kd_downgrade(struct kd_rwsem *s)
{
	KD_CALL(UNLOCK, s);
	kd_self();
	check_rwsem(s);
	KD_LOCK(&s->lock);
	if (s->writer != current)
		kd_fail(KT_DISCIPLINE, NULL,
			"downgrade_write() of %s, which the thread does not "
			"hold for writing",
			s->name);
	s->writer = NULL;
	s->readers++;
	wake_waiters_locked(&s->waiters);
	KD_UNLOCK(&s->lock);
}

/* ---- semaphores ------------------------------------------------------------------------- */

static void check_semaphore(const struct kd_semaphore *s)
{
	if (s->wait.magic != KD_MAGIC)
		kd_fail(KT_DISCIPLINE, NULL, "a semaphore is used that was never initialized");
}

void kd_sema_init(struct kd_semaphore *s, unsigned count, const char *name)
{
	KD_CALL(QUIET, NULL);
	s->count = count;
	kd_wait_head_init(&s->wait, name);
}

static bool take_semaphore(void *arg)
{
	struct kd_semaphore *s = arg;

	if (!s->count)
		return false;
	s->count--;
	return true;
}

long kd_sema_down(struct kd_semaphore *s, unsigned state, long ticks)
{
	int err;

	KD_CALL(LOCK, s);
	kd_might_sleep("down()");
	check_semaphore(s);
	KD_LOCK(&s->wait.lock);
	err = take_semaphore(s)
		      ? 0
		      : wait_locked(&s->wait.lock, &s->wait.head, true, state,
				    kd_deadline((unsigned long)ticks), take_semaphore, s, "down()");
	KD_UNLOCK(&s->wait.lock);
	return err;
}

bool kd_sema_trydown(struct kd_semaphore *s)
{
	bool taken;

	KD_CALL(LOCK, s);
	kd_self();
	check_semaphore(s);
	KD_LOCK(&s->wait.lock);
	taken = take_semaphore(s);
	KD_UNLOCK(&s->wait.lock);
	return taken;
}

void kd_sema_up(struct kd_semaphore *s)
{
	KD_CALL(UNLOCK, s);
	kd_self();
	check_semaphore(s);
	KD_LOCK(&s->wait.lock);
	s->count++;
	wake_waiters_locked(&s->wait.head);
	KD_UNLOCK(&s->wait.lock);
}
