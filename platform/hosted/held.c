/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The locks that each thread holds: for the checks that need to know of them, and for race.c.
 * A recursive lock is held once. A thread that holds more than HOSTED_HELD_MAX locks is not
 * checked for those beyond.
 */
#include <stdio.h>

#include "platform/hosted/models.h"

static void take(struct hosted_thread *t, const struct hosted_held *h)
{
	if (t->held_count < HOSTED_HELD_MAX)
		t->held[t->held_count++] = *h;
}

void hosted_take(const void *lock, enum hosted_lock_kind kind, uintptr_t pc)
{
	take(hosted_self(), &(struct hosted_held){ lock, hosted_program_pc(pc), kind });
}

/* A constructor took it, and it is not known where. */
void hosted_take_before(const void *lock, enum hosted_lock_kind kind)
{
	take(&hosted_thread[0], &(struct hosted_held){ lock, 0, kind });
}

void hosted_drop(const void *lock)
{
	struct hosted_thread *t = hosted_self();

	for (uint32_t i = t->held_count; i-- > 0; )
		if (t->held[i].lock == lock) {
			memmove(&t->held[i], &t->held[i + 1],
				(--t->held_count - i) * sizeof t->held[0]);
			break;
		}
}

const struct hosted_held *hosted_held_by(uint32_t thread, const void *lock)
{
	const struct hosted_thread *t = &hosted_thread[thread];

	for (uint32_t i = 0; i < t->held_count; i++)
		if (t->held[i].lock == lock)
			return &t->held[i];
	return NULL;
}

int hosted_holder(const void *lock)
{
	for (uint32_t i = 0; i < hosted_threads; i++)
		if (hosted_held_by(i, lock))
			return (int)i;
	return -1;
}

char *hosted_locks_held(uint32_t thread, char *buf, size_t size)
{
	const struct hosted_thread *t = &hosted_thread[thread];
	size_t used = (size_t)snprintf(buf, size, t->held_count ? "" : "no lock");

	for (uint32_t i = 0; i < t->held_count && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
					 hosted_object_name(t->held[i].lock));
	return buf;
}

/* POSIX says nothing of what happens to a lock that is not robust if its owner ends. */
void hosted_held_at_end(void)
{
	struct hosted_thread *t = hosted_self();
	char place[256];

	while (t->held_count) {
		const struct hosted_held h = t->held[t->held_count - 1];

		if (h.kind != HOSTED_ROBUST)
			hosted_fail(KT_DISCIPLINE, 0, "%s ends while it holds %s, which it took "
				    "at %s", hosted_name(hosted_me()), hosted_object_name(h.lock),
				    h.pc ? hosted_place(h.pc, place, sizeof place) :
					   "a place before main()");
		hosted_drop(h.lock);
		hosted_mutex_owner_died((pthread_mutex_t *)(uintptr_t)h.lock);
	}
}

void hosted_check_idle(const void *object, const char *what, const char *done, uintptr_t pc)
{
	int other = hosted_holder(object);
	const char *does = "holds";

	if (other < 0) {
		other = hosted_first_sleeper(object);
		does = "waits for";
	}
	if (other >= 0)
		hosted_fail(KT_DISCIPLINE, pc, "%s %s is %s while %s %s it", what,
			    hosted_object_name(object), done, hosted_name((uint32_t)other), does);
}
