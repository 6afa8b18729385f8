/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The barrier of the RCUs of our own, `epoch` and `biglock`. Both call callbacks one at a
 * time, in the order in which they were queued. So the barrier queues a callback of its own.
 * When this one is called, all callbacks that were queued before it have returned.
 *
 * The head is in the barrier's stack frame. The callback's last touch of the frame is
 * the store to `reached`, a release. It pairs with the acquire in the barrier, which so
 * sees what the earlier callbacks did.
 */
#include <stddef.h>

#include "platform/atomic.h"
#include "platform/os.h"
#include "platform/rcu.h"
#include "platform/rcu/thread.h"

struct barrier {
	kt_rcu_head head;
	bool reached;
};

static void reach(kt_rcu_head *head)
{
	struct barrier *b = (struct barrier *)(void *)head;

	smp_store_release(&b->reached, true);	/* the last touch */
}
_Static_assert(offsetof(struct barrier, head) == 0, "reach() relies on it");

void KT_RCU_IMPL(_barrier)(struct kt_site *site)
{
	struct barrier b = { .reached = false };

	kt_rcu_check_may_wait("rcu_barrier()");
	os_object_begin(&b, sizeof b);
	KT_RCU_IMPL(_call)(&b.head, reach, site);
	while (!smp_load_acquire(&b.reached))
		os_relax(site);
	os_object_end(&b, sizeof b);
}
