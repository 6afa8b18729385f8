/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Schedule coverage: pairs of accesses to one object, by different tasks.
 *
 * An access is known by its site's name, so that a pair is the same in every
 * execution, process and build. If an access had to wait for its object (a lock, a
 * completion), it counts as a different access from one that did not wait. Accesses are the
 * operations of atomic.h, the acquires of locks, and the operations on completions.
 */
#ifndef PLATFORM_SIM_SIM_COVERAGE_H
#define PLATFORM_SIM_SIM_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/point.h"

enum sim_pair_kind {
	SIM_PAIR_ORDER,		/* next to each other in that order; not both are loads */
	SIM_PAIR_READS_FROM,	/* the last store, NULL if there was none, and its reader */
};

struct sim_pair {
	struct kt_site *first, *second;
	uint32_t first_id, second_id;	/* identify the accesses; 0: there was no store */
	uint8_t kind;			/* enum sim_pair_kind */
	bool first_waited, second_waited;
};

enum { SIM_PAIRS_MAX = 1 << 15, SIM_PAIR_SLOTS = 2 * SIM_PAIRS_MAX };

struct sim_pairs {	/* all zero: empty */
	uint32_t count;
	struct sim_pair pair[SIM_PAIRS_MAX];
	uint32_t slot[SIM_PAIR_SLOTS];	/* by hash: pair + 1; 0: none */
};

/* True if *p was not in *to and has been added. A full set takes no more. */
bool sim_pairs_add(struct sim_pairs *to, const struct sim_pair *p);

/*
 * From the next execution on, add the pairs that are seen to *pairs. NULL: add no more.
 * Affects only how long an execution takes, never its schedule.
 */
void sim_cover(struct sim_pairs *pairs);

/*
 * For a fuzzing engine, which needs a map instead of a set. For each pair that is seen, its
 * entry of map[0..size) is set to 1. The entry is found by a hash; size is a power of two.
 * With N entries set, a new pair is taken for an old one with probability N / size.
 */
void sim_cover_map(uint8_t *map, uint32_t size);

/* How many pairs, or entries, were new since the last call of this function. */
uint32_t sim_cover_fresh(void);

#endif
