/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The barrier of an RCU of our own, `epoch` or `biglock`, made of its call: both call
 * callbacks in the order they were queued, one at a time. So when a callback of the
 * barrier's own is called, those queued before it have returned.
 *
 * The barrier's stack frame has the head. The callback's last touch of it is the store
 * to `reached`, a release: who sees it also sees what the callbacks before it did.
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
_Static_assert(offsetof(struct barrier, head) == 0, "reach() takes one for the other");

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
