/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of kthreadd.h that does not depend on how the daemon works. */
#include "core/kthread_internal.h"

int kthreadd_boot_timers(struct kthreadd *d)
{
	return timer_base_boot(&d->timers, d);
}

void kthreadd_wait_ready(struct kthreadd *d)
{
	kt_completion_wait(&d->ready);
}

void kthreadd_thread_gone(struct kthreadd *d)
{
	/* shutdown may free *d as soon as `all_gone` was completed */
	if (refcount_dec_and_test(&d->threads))
		kt_complete(&d->all_gone);
}
