/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state before an event, as a hash of all that decides what can follow:
 *
 *	- the memory that the program names (sim_exploration.memory), its blocks, and the
 *	  objects on stacks that have ended;
 *	- of each task: what the engine knows of it, the part of its stack that is in use, and the
 *	  registers that its frames may still need;
 *	- the clock, and what the modelled back ends keep outside of objects;
 *	- what the exploration itself knows of the tasks, and the kills and failures that it has
 *	  spent.
 *
 * The engine's own frames are left out: `sim_entry` says where they begin. So two executions that
 * reach the same memory by different ways are in the same state. A value that is dead may differ
 * between them: then the exploration takes them for two states, which costs time and no
 * soundness. sim_wipe() makes that rare, because new frames begin with zeros.
 *
 * The hash has 128 bits. Two states of n are taken for one with a chance of n * n / 2^129.
 */
#include <string.h>

#include "platform/sim/dpor.h"

static struct sim_entry at[DPOR_PROCS_MAX];	/* of each task, at its last decision; sp 0: none */

enum { LANES = 4 };

/* Long pieces go through several hashes side by side, which do not wait for each other. */
static const char *hash_lanes(struct sim_hash *h, const char *from, size_t blocks)
{
	struct sim_hash lane[LANES] = { 0 };
	uint64_t word[LANES];

	for (; blocks; blocks--, from += sizeof word) {
		memcpy(word, from, sizeof word);
		for (uint32_t i = 0; i < LANES; i++)
			sim_hash_word(&lane[i], word[i]);
	}
	for (uint32_t i = 0; i < LANES; i++) {
		h->b += lane[i].b;
		sim_hash_word(h, lane[i].a);
		h->a ^= lane[i].b;
		sim_hash_word(h, lane[i].b);
	}
	return from;
}

void sim_hash_bytes(struct sim_hash *h, const void *p, size_t size)
{
	const char *from = p;
	uint64_t word = 0;
	size_t block = LANES * sizeof word;

	if (size >= 2 * block) {
		from = hash_lanes(h, from, size / block);
		size %= block;
	}
	for (; size >= sizeof word; size -= sizeof word, from += sizeof word) {
		memcpy(&word, from, sizeof word);
		sim_hash_word(h, word);
	}
	if (!size)
		return;
	word = 0;
	memcpy(&word, from, size);
	sim_hash_word(h, word);
}

bool dpor_states_possible(void)
{
#if defined(__x86_64__)
	return !fiber_sanitized;
#else
	return false;
#endif
}

void dpor_state_begin(uint32_t task)
{
	at[task].sp = 0;
}

void dpor_state_note(uint32_t task)
{
#if defined(__x86_64__)
	at[task] = sim_entry;
#else
	(void)task;
#endif
}

static void hash_attributes(struct sim_hash *h, const struct sim_attributes *a)
{
	sim_hash_bytes(h, a->comm, sizeof a->comm);
	sim_hash_word(h, a->cpus);
	sim_hash_word(h, (uint64_t)(uint32_t)a->spawn_node << 32 | (uint64_t)a->policy << 8 |
			 (uint64_t)a->all_nodes << 1 | a->signals_ignored);
}

/* The task has ended, and nothing can ask for it: the memory of its handle is freed. */
static bool is_gone(const struct sim_task *t)
{
	struct sim_block b;

	return t->record->state == SIM_FINISHED &&
	       sim_memory_find(t->handle.thread, &b) && b.freed_at;
}

/* What the engine knows of the task. */
static void hash_engine(struct sim_hash *h, const struct sim_task *t)
{
	const struct sim_task_record *r = t->record;
	uint64_t flags = r->state;

	if (is_gone(t)) {
		sim_hash_word(h, t->joinable);
		return;
	}
	sim_hash_word(h, (uint64_t)r->name_hash << 32 | (uint64_t)r->state << 3 |
			 (uint64_t)r->killed << 2 | (uint64_t)t->joinable << 1 | t->joined);
	sim_hash_word(h, (uintptr_t)t->handle.thread);
	if (r->state == SIM_FINISHED)
		return;
	flags = flags << 1 | t->permit;
	flags = flags << 1 | t->sleeper_permit;
	flags = flags << 1 | t->timed;
	flags = flags << 1 | t->timed_out;
	flags = flags << 1 | t->through;
	sim_hash_word(h, flags);
	sim_hash_word(h, t->cpu);
	sim_hash_word(h, (uint64_t)t->joiner << 32 | t->next_waiter);
	sim_hash_word(h, (uintptr_t)t->fn);
	sim_hash_word(h, (uintptr_t)t->arg);
	sim_hash_word(h, (uintptr_t)t->sleeps_on);
	sim_hash_word(h, t->timed ? t->deadline : 0);
	sim_hash_word(h, (uintptr_t)t->interrupt);
	sim_hash_word(h, t->interrupt ? (uintptr_t)t->interrupt_arg : 0);
	sim_hash_word(h, t->rcu_awaits);
	sim_hash_bytes(h, &t->handle, sizeof t->handle);
	hash_attributes(h, &t->attributes);
}

/* Does the wait that the task is in end because another task ended it? */
static bool was_granted(const struct dpor_task *t)
{
	return (t->pending == DPOR_PERMIT && t->permit.count) ||
	       (t->pending == DPOR_WOKEN && t->woken.count);
}

/* What the exploration knows of the task. */
static void hash_pending(struct sim_hash *h, uint32_t id)
{
	const struct dpor_task *t = &dpor.task[id];
	bool touches = t->pending == DPOR_TOUCH || t->pending == DPOR_ACQUIRE ||
		       t->pending == DPOR_VALUE;

	sim_hash_word(h, (uint64_t)t->pending << 32 | (touches ? t->touch : 0));
	sim_hash_word(h, (uint64_t)(t->pending == DPOR_EXIT || t->pending == DPOR_VALUE ?
				    t->other : 0) << 8 |
			 (uint64_t)t->may_time_out << 2 | (uint64_t)t->spun << 1 |
			 was_granted(t));
	if (t->spun)
		sim_hash_word(h, dpor_spin_hash(id));
}

static void hash_task(struct sim_hash *h, uint32_t id)
{
	const struct sim_task *t = &sim.task[id];
	uint64_t end;

	sim_hash_word(h, dpor_proc[id]);
	hash_engine(h, t);
	if (t->record->state == SIM_FINISHED)
		return;
	hash_pending(h, id);
	sim_hash_word(h, at[id].sp);
	if (!at[id].sp)
		return;		/* it has not run yet */
	sim_hash_bytes(h, at[id].saved, sizeof at[id].saved);
	end = fiber_bottom(&t->fiber, id);
	sim_hash_bytes(h, (const void *)(uintptr_t)at[id].sp, end - at[id].sp);
}

struct sim_hash dpor_state(const struct dpor_node *n)
{
	struct sim_hash h = { 0 };

	if (dpor.o.normalize)
		dpor.o.normalize();
	for (uint32_t i = 0; i < dpor.o.memory_count; i++)
		sim_hash_bytes(&h, dpor.o.memory[i].at, dpor.o.memory[i].size);
	sim_memory_hash(&h);
	sim_rcu_hash(&h);
	sim_futex_hash(&h);
	sim_hash_word(&h, sim.clock_ns);
	sim_hash_word(&h, sim.runnable);
	sim_hash_word(&h, sim.timed);
	sim_hash_word(&h, sim.yielded);
	sim_hash_word(&h, sim.far_from);
	for (uint32_t i = 0; i < DPOR_BUDGETS; i++)
		sim_hash_word(&h, n->used[i]);
	sim_hash_word(&h, sim.record->tasks);
	for (uint32_t id = 0; id < sim.record->tasks; id++)
		hash_task(&h, id);
	return h;
}
