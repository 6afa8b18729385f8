/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who waits for whom, when nobody can run. One line: the driver prints the
 * interleaving beside it.
 */
#include <stdio.h>

#include "platform/sim/internal.h"

static size_t append_waiter(char *buf, size_t size, const struct sim_task_record *t)
{
	char name[KT_SITE_NAME_MAX];
	int n;

	n = snprintf(buf, size, "%s waits at %s [%s:%u]", t->name,
		     kt_site_name(t->why, name, sizeof name), kt_site_file(t->why),
		     t->why->line);
	if (n > 0 && (size_t)n < size && t->waits_for >= 0) {
		const struct sim_task_record *other = &sim.record->task[t->waits_for];

		n += snprintf(buf + n, size - (size_t)n, " for %s%s", other->name,
			      other->state == SIM_FINISHED ? ", which has finished" : "");
	}
	return n < 0 ? 0 : (size_t)n;
}

void sim_fail_deadlock(void)
{
	struct sim_record *r = sim.record;
	char text[SIM_MESSAGE_MAX - 32];
	size_t used = 0;

	sim_unseen_begin();
	text[0] = '\0';
	for (uint32_t i = 0; i < r->tasks && used + 2 < sizeof text; i++) {
		if (r->task[i].state != SIM_SLEEPING)
			continue;
		if (used)
			used += (size_t)snprintf(text + used, sizeof text - used, "; ");
		used += append_waiter(text + used, sizeof text - used, &r->task[i]);
	}
	sim_unseen_end();
	kt_fail(KT_DEADLOCK, "nobody can run: %s", text);
}
