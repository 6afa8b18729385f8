/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside sites: the table from (pc, op) to site, and the counts of visits, as the path of an
 * access sees them.
 */
#ifndef PLATFORM_HOSTED_SITE_H
#define PLATFORM_HOSTED_SITE_H

#include "platform/hosted/backbone.h"

enum {
	SITES_MAX = 1 << 15,
	SITES_TABLE = 1 << 16,
	SITE_NAMES_MAX = 1 << 14,
	SITE_NAMES_TABLE = 1 << 15,
	SITE_TEXT_BYTES = 8 << 20,
	CALLS_TABLE = 1 << 14, /* power of two */
};

struct site_row {
	struct kt_site site; /* first: a site's address is its row's */
	uint32_t name;       /* the number of its name */
	bool is_library;     /* struct hosted_symbol */
	uintptr_t pc;
};

struct site_key {
	uint64_t pc_op; /* pc << 8 | op; 0: free */
	struct site_row *row;
};

/* In memory that the parent process shares: it reads the names. */
struct sites {
	uint32_t epoch;        /* executions so far */
	const char *not_reset; /* hosted_not_reset() */
	uint32_t rows, names, text_used;
	struct site_key key[SITES_TABLE];
	struct {
		uint32_t hash, name; /* kt_site_hash(); 0: free */
	} by_hash[SITE_NAMES_TABLE];
	struct site_row row[SITES_MAX];
	bool watched[SITE_NAMES_MAX];
	uint32_t calls; /* how many of the next table are used */
	struct site_call {
		uint64_t pc : 63, is_library : 1; /* pc 0: free */
	} call[CALLS_TABLE];
	uint64_t nth[SIM_STEPS_MAX]; /* epoch << 32 | visit */
	char text[SITE_TEXT_BYTES];
};

extern struct sites *sites;
/* Visits of each name by each task: epoch << 32 | count. */
extern uint64_t (*site_visits)[SITE_NAMES_MAX];

/* addr: what the first visit accesses, or 0. It may help to name the object. */
struct site_row *site_make(uint64_t pc_op, uint8_t size, uintptr_t addr);

static inline uint32_t site_slot(uint64_t pc_op)
{
	return (uint32_t)(pc_op * 0x9e3779b97f4a7c15ull >> 48);
}

_Static_assert(SITES_TABLE == 1 << 16, "site_slot() relies on this");

static inline struct site_row *site_find(uintptr_t pc, enum hosted_op op, uint8_t size,
					 uintptr_t addr)
{
	uint64_t pc_op = (uint64_t)pc << 8 | op;

	for (uint32_t i = site_slot(pc_op);; i = (i + 1) % SITES_TABLE) {
		const struct site_key *k = &sites->key[i];

		if (likely(k->pc_op == pc_op))
			return k->row;
		if (!k->pc_op)
			return site_make(pc_op, size, addr);
	}
}

static inline uint64_t *site_count(const struct site_row *row, uint32_t task)
{
	return &site_visits[task][row->name];
}

static inline bool site_visit(const struct site_row *row)
{
	uint64_t *count = site_count(row, hosted_me());

	if (unlikely(*count >> 32 != hosted_epoch))
		*count = (uint64_t)hosted_epoch << 32;
	++*count;
	return unlikely(sites->watched[row->name]);
}

/* The step that comes next is the last visit that the task has counted at the row. */
static inline void site_note_step(const struct site_row *row)
{
	uint32_t step = hosted_record->steps;

	if (likely(step < SIM_STEPS_MAX))
		sites->nth[step] = *site_count(row, hosted_me());
}

/*
 * The step under way accesses these bytes. For strategies that must know which steps depend on
 * each other, an access touches the 8-byte granules in which it is.
 */
static inline void site_touch(uintptr_t addr, size_t size, bool write)
{
	if (!sim_is_heard(SIM_HEARS_TOUCHES))
		return;
	for (uintptr_t g = addr / 8; g <= (addr + size - 1) / 8; g++)
		sim_touch((const void *)(g * 8 + 7), write ? SIM_WRITE : SIM_READ);
}

static inline uintptr_t site_pc(const struct site_row *row)
{
	return row->pc;
}

static inline struct site_row *site_row_of(struct kt_site *site)
{
	return (struct site_row *)(void *)site;
}

#endif
