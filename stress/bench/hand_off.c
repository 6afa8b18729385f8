/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/bench/hand_off.h"

#include <stdint.h>

#include "platform/atomic.h"
#include "platform/completion.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "stress/run/subject.h"
#include "stress/run/world.h"

enum state { RUNNING, SLEEPING };

struct request {
	unsigned number, answer;
	kt_completion done;
	struct request *next;
};

static struct {
	unsigned creators;
	kt_lock lock;
	struct request *first;		/* writes are under lock */
	struct request **last;		/* under lock */
	unsigned state;			/* enum state, of the daemon; every task writes it */
	unsigned served;		/* only the daemon uses it */
	struct os_thread init, daemon, creator[HAND_OFF_CREATORS_MAX],
			 made[HAND_OFF_CREATORS_MAX];
} h;

static void create(void *arg)
{
	struct request r = { .number = (unsigned)(uintptr_t)arg };

	kt_completion_init(&r.done);
	kt_lock_acquire(&h.lock);
	WRITE_ONCE(*h.last, &r);
	h.last = &r.next;
	kt_lock_release(&h.lock);
	/*
	 * Pairs with the daemon's exchange: the daemon sees the request, or this creator
	 * sees that the daemon sleeps.
	 */
	if (xchg(&h.state, RUNNING) == SLEEPING)
		os_unpark(&h.daemon);
	kt_completion_wait(&r.done);
	KT_ASSERT(r.answer == r.number + 1);
	kt_completion_destroy(&r.done);
}

/* The creator may free *r as soon as it is completed. */
static void answer(void *arg)
{
	struct request *r = arg;

	r->answer = r->number + 1;
	kt_complete(&r->done);
}

/* The caller holds the lock. The lock is dropped during each spawn. */
static void serve_all(void)
{
	while (h.first) {
		struct request *r = h.first;

		WRITE_ONCE(h.first, r->next);
		if (!h.first)
			h.last = &h.first;
		kt_lock_release(&h.lock);
		KT_ASSERT(os_spawn(&h.made[h.served++], "made", OS_DETACHED, answer, r) == 0);
		kt_lock_acquire(&h.lock);
	}
}

/* The daemon. It stays until all creators have ended, because each of them may wake it. */
static void serve(void *unused)
{
	(void)unused;
	while (h.served < h.creators) {
		xchg(&h.state, SLEEPING);
		if (!READ_ONCE(h.first))
			while (READ_ONCE(h.state) == SLEEPING)
				os_park(KT_SITE("park", "daemon"));
		WRITE_ONCE(h.state, RUNNING);
		kt_lock_acquire(&h.lock);
		serve_all();
		kt_lock_release(&h.lock);
	}
	for (unsigned i = 0; i < h.creators; i++)
		os_join(&h.creator[i]);
}

static void spawn(struct os_thread *t, const char *name, void (*fn)(void *), void *arg)
{
	KT_ASSERT(os_spawn(t, name, OS_JOINABLE, fn, arg) == 0);
}

static void run(bool check_expects)
{
	(void)check_expects;
	os_adopt(&h.init, "init");
	kt_lock_init(&h.lock, "list");
	h.first = NULL;
	h.last = &h.first;
	h.state = RUNNING;
	h.served = 0;
	for (uintptr_t i = 0; i < h.creators; i++)
		spawn(&h.creator[i], "creator", create, (void *)i);
	spawn(&h.daemon, "daemon", serve, NULL);
	os_join(&h.daemon);
	os_wait_detached();
	kt_lock_destroy(&h.lock);
	os_unadopt();
}

static void load(const struct plan *p)
{
	(void)p;	/* hand_off_load() has said how many creators there are */
}

static const struct subject hand_off = {
	.name = "hand-off", .load = load, .run = run,
};

void hand_off_load(unsigned creators)
{
	static struct plan none;

	KT_ASSERT(creators <= HAND_OFF_CREATORS_MAX);
	h.creators = creators;
	subject_use(&hand_off);
	plan_init(&none);
	world_load(&none);
}
