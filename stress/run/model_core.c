/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the kernel's own files behave otherwise than core/: the rows of core/README.md, "Where it
 * differs from Linux", that a plan can see. The model and the explanations of known hangs ask for
 * them by version.
 */
#include "stress/run/model_core.h"

#include <stddef.h>

#define VERSION(major, minor) ((major) << 16 | (minor) << 8)
#define FOR_EVER              UINT32_MAX

static const struct {
	uint32_t difference;
	uint32_t before;	/* it is gone in this version */
	const char *what;
} rows[] = {
	{ MODEL_KTHREAD_EAGAIN, FOR_EVER,
	  "a failed allocation of struct kthread in fork gives -EAGAIN" },
	{ MODEL_NAME_CUT, VERSION(6, 4),
	  "a failed allocation of a long name leaves it cut off" },
	{ MODEL_STOP_ONCE, FOR_EVER, "a second kthread_stop() waits for ever" },
	{ MODEL_CANCEL_DROPS, FOR_EVER,
	  "cancel and mod return false for a work that its timer has dropped meanwhile" },
	{ MODEL_FLUSH_TIMER, FOR_EVER,
	  "a flush of a delayed work whose timer is pending waits for ever" },
	{ MODEL_WORKER_STARTS, VERSION(6, 14), "kthread_create_worker() starts the thread" },
	{ MODEL_FROZEN_STAYS, FOR_EVER, "kthread_stop() of a frozen thread waits for the thaw" },
	{ MODEL_PARKED_AWAKE, FOR_EVER, "a freezable thread that is parked makes a freeze fail" },
	{ MODEL_FROZEN_WORK, FOR_EVER,
	  "flush and cancel of the work that a frozen worker ran last wait for the thaw" },
	{ MODEL_FREEZE_UNSEEN, FOR_EVER,
	  "a thread that is about to sleep in the refrigerator counts as frozen, and may miss the "
	  "thaw" },
	{ MODEL_FREEZE_ESCAPED, FOR_EVER,
	  "a thread that leaves the refrigerator counts as frozen in a freeze that begins just "
	  "then" },
};

uint32_t model_differences, model_explained;

void model_set_core(uint32_t linux_version)
{
	model_differences = 0;
	for (size_t i = 0; linux_version && i < sizeof rows / sizeof rows[0]; i++)
		if (linux_version < rows[i].before)
			model_differences |= rows[i].difference;
}

const char *model_difference(uint32_t difference)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].difference == difference)
			return rows[i].what;
	return NULL;
}
