/* SPDX-License-Identifier: GPL-2.0-only */
#include "platform/lock/modelled.h"

#include "platform/sim/internal.h"

/* The name of a lock after its destroy. It is compared by its address. */
static const char destroyed[] = "(destroyed)";

void kt_lock_modelled_init(struct kt_lock_modelled *l, const char *name)
{
	*l = (struct kt_lock_modelled){ .name = name };
}

/* Memory that was never a lock is often zero. */
static void check_initialized(const struct kt_lock_modelled *l)
{
	if (!l->name)
		kt_fail(KT_DISCIPLINE, "a lock is used before its init");
	if (l->name == destroyed)
		kt_fail(KT_DISCIPLINE, "a lock is used after its destroy");
}

void kt_lock_modelled_destroy(struct kt_lock_modelled *l)
{
	check_initialized(l);
	sim_touch(l, SIM_WRITE);
	if (l->holder)
		kt_fail(KT_DISCIPLINE, "lock %s destroyed while %s holds it", l->name,
			sim.record->task[l->holder - 1].name);
	l->name = destroyed;
}

static void take(struct kt_lock_modelled *l)
{
	l->holder = sim.current + 1;
	sim_hb_acquire(l);
}

void kt_lock_modelled_take(struct kt_lock_modelled *l, struct kt_site *site)
{
	struct sim_task *t = sim_current();

	check_initialized(l);

	if (l->holder == sim.current + 1)
		kt_fail(KT_DISCIPLINE, "lock %s acquired by its holder", l->name);
	while (l->holder) {
		t->record->waits_for = (int16_t)(l->holder - 1);
		l->waiters |= 1ull << sim.current;
		sim_block(site);
		sim_memory_check(l, site);
		t->record->waits_for = -1;
	}
	take(l);
}

bool kt_lock_modelled_try_take(struct kt_lock_modelled *l)
{
	check_initialized(l);
	if (l->holder)
		return false;
	sim_touch(l, SIM_ACQUIRE);
	take(l);
	return true;
}

void kt_lock_modelled_release(struct kt_lock_modelled *l, struct kt_site *site)
{
	uint64_t waiters;

	sim_memory_check(l, site);
	if (l->holder != sim.current + 1)
		kt_fail(KT_DISCIPLINE, "lock %s released by %s, who does not hold it",
			l->name, sim.record->task[sim.current].name);
	waiters = l->waiters;
	l->waiters = 0;
	l->holder = 0;
	sim_touch(l, SIM_RELEASE);
	sim_hb_release(l);
	while (waiters) {
		sim_wake_ahead((uint32_t)__builtin_ctzll(waiters));
		waiters &= waiters - 1;
	}
	/* This point comes after the release, so that what the releaser does next can be late. */
	sim_point(site, NULL);
}

void kt_lock_modelled_assert_held(const struct kt_lock_modelled *l)
{
	if (l->holder != sim.current + 1)
		kt_fail(KT_DISCIPLINE, "lock %s is not held by %s, as it should be", l->name,
			sim.record->task[sim.current].name);
}
