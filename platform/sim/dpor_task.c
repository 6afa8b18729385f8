/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasks and procs. A proc is the number of a task in the exploration. It is the same in
 * every execution, whatever the order in which tasks are spawned, because it follows from
 * the proc of the task's parent and from the task's place among the parent's children.
 */
#include <string.h>

#include "platform/sim/dpor.h"

uint8_t dpor_proc[DPOR_PROCS_MAX];

static uint8_t child[DPOR_PROCS_MAX][DPOR_PROCS_MAX];	/* a proc's n-th child; 0: none yet */
static uint8_t children[DPOR_PROCS_MAX];		/* of each proc, in this execution */
static uint8_t parent_of[DPOR_PROCS_MAX];

static void task_begin(uint32_t id, uint32_t proc)
{
	struct dpor_task *t = &dpor.task[id];
	uint32_t name = sim.record->task[id].name_hash;

	dpor_proc[id] = (uint8_t)proc;
	dpor.task_of[proc] = (uint8_t)id;
	dpor.there |= 1ull << proc;
	children[proc] = 0;
	dpor_state_begin(id);
	*t = (struct dpor_task){ .last = (uint16_t)dpor.events };
	t->may_be_killed = dpor.o.kills && dpor.o.may_be_killed && dpor.o.may_be_killed(name);
}

void dpor_tasks_forget(void)
{
	memset(child, 0, sizeof child);
	dpor.procs = 1;
}

uint32_t dpor_parent(uint32_t proc)
{
	return parent_of[proc];
}

void dpor_tasks_begin(void)
{
	dpor.there = 0;
	task_begin(0, 0);
}

void dpor_task_spawned(uint32_t task)
{
	uint32_t parent = dpor_proc[sim.current];
	uint8_t *proc = &child[parent][children[parent]++];

	if (!*proc) {
		if (dpor.procs == DPOR_PROCS_MAX)
			dpor_give_up("too many tasks");
		*proc = (uint8_t)dpor.procs++;
		parent_of[*proc] = (uint8_t)parent;
	}
	task_begin(task, *proc);
}
