/* SPDX-License-Identifier: GPL-2.0-only */
/* The happens-before race detector. Races are not looked for yet. */
#include "platform/hosted/internal.h"

bool hosted_races_on;

void hosted_release(const void *edge)
{
	sim_hb_release(edge);
}

void hosted_acquire(const void *edge)
{
	sim_hb_acquire(edge);
}

void hosted_race_access(uintptr_t addr, size_t size, bool write, uintptr_t pc)
{
	(void)addr, (void)size, (void)write, (void)pc;
}

void hosted_holds(const void *lock, uintptr_t pc, bool exclusive)
{
	(void)lock, (void)pc, (void)exclusive;
}

void hosted_holds_not(const void *lock)
{
	(void)lock;
}

void hosted_race_fence(int order)
{
	(void)order;
}
