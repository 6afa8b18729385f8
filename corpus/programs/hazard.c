/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A reader announces in a hazard pointer which object it reads. The main thread replaces the
 * object, and frees the old one when no hazard pointer has it.
 *
 * Stands for: hazard pointers, and other announcements that may come too late.
 * Bug: the reader loads the pointer, then announces it, and reads. The main thread may replace the
 *	object and look at the hazard pointer between the load and the announcement, and frees what
 *	the reader is about to read.
 * Repair: the reader loads the pointer again after the announcement, and begins again if it has
 *	changed.
 */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

struct object {
	int value;
};

static _Atomic(struct object *) current, hazard;

static struct object *make(int value)
{
	struct object *o = malloc(sizeof *o);

	if (!o)
		exit(0);
	o->value = value;
	return o;
}

static void *reads(void *arg)
{
	struct object *o = atomic_load(&current);

	atomic_store(&hazard, o);
#ifdef REPAIRED
	while (o != atomic_load(&current)) {
		o = atomic_load(&current);
		atomic_store(&hazard, o);
	}
#endif
	assert(o->value > 0);
	atomic_store(&hazard, NULL);
	return arg;
}

static void retire(struct object *o)
{
	while (atomic_load(&hazard) == o)
		sched_yield();
	free(o);
}

int main(void)
{
	pthread_t t;

	atomic_store(&current, make(1));
	if (pthread_create(&t, NULL, reads, NULL) == 0) {
		retire(atomic_exchange(&current, make(2)));
		pthread_join(t, NULL);
	}
	free(atomic_load(&current));
	return 0;
}
