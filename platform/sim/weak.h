/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside weak memory: the stores that are held back. weak.c holds them back, and
 * weak_buffer.c keeps them. weak.c says how the model works.
 */
#ifndef PLATFORM_SIM_WEAK_H
#define PLATFORM_SIM_WEAK_H

#include "platform/sim/internal.h"

enum {
	WEAK_STORES_MAX = 64,	/* stores held back at a time, and words that have such stores */
	WEAK_NO_BIT = 0,
};

/* A store that is held back. */
struct weak_store {
	char *addr;
	struct kt_site *site;
	uint64_t number;	/* counts the stores of an execution, from 1 */
	uint64_t value;
	uint64_t after;		/* stores of its task before that number become visible first */
	uint64_t event;		/* key of the event that did it, if sim_accesses_on */
	uint32_t step;
	uint8_t size, task;
	bool release;
	bool ordered;		/* `release`, or `after` is not 0 */
	uint8_t carried;	/* SIM_ARM: its view in weak_buffer.c */
	uint8_t bit;		/* in sim.runnable; WEAK_NO_BIT: it can't be chosen yet */
};

/* A word to which some store is held back. */
struct weak_word {
	char *addr;
	uint8_t size;
	uint32_t stores;	/* held back, never 0 */
	uint64_t visible;	/* what other tasks see */
	uint64_t latest;	/* what the simulator knows to be in memory */
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "operations of any size are done at the beginning of `visible`");

extern struct weak {
	enum sim_model memory;
	uint32_t stores, words;
	uint64_t number;	/* the number of the next store */
	bool unread;		/* the last operation is about to be done: its value is not known */
	char *updated;		/* SIM_ARM: that was an update of the value here; else a store */
	uint8_t updated_size;
	/* Of each task the number of the next store when it last did a barrier for stores. */
	uint64_t barrier[SIM_STORES_FIRST];
	/* The same for its last release of an edge. */
	uint64_t released[SIM_STORES_FIRST];
	struct weak_store store[WEAK_STORES_MAX];	/* in the order in which they were done */
	struct weak_word word[WEAK_STORES_MAX];
} weak;

/* Nothing is held back. */
void weak_buffer_begin(enum sim_model memory);

/* NULL: no store to it is held back. */
struct weak_word *weak_find_word(const char *addr);

/* What is in memory. Not by memcpy(), because ThreadSanitizer hears of that. */
uint64_t weak_load(const char *addr, uint8_t size);

/*
 * Called before anything looks at the stores. The last operation was only about to be done when
 * it was noted. By now its value is in memory, so note the value.
 */
void weak_settle_last(void);

static inline void weak_settle(void)
{
	if (weak.unread)
		weak_settle_last();
}

/*
 * Hold back the store to the word that the running task is about to do at `site`. There
 * must be room.
 */
void weak_hold_back(struct weak_word *w, struct kt_site *site);

/* The key of the event that did the store which has that bit. */
uint64_t weak_event(uint32_t bit);

/* The store with that index becomes visible. No other must become visible before it. */
void weak_show(uint32_t i, enum sim_shown shown);
/* Make visible all stores of the task that were done before store `number`. */
void weak_show_before(uint32_t task, uint64_t number);
void weak_show_all(void);
/*
 * Make visible the current task's stores that must come before its update of the word: those to
 * the word itself, those before its last barrier for stores, and what must come before these.
 */
void weak_show_before_update(const char *addr);
/* Is a store of the current task to that word held back? */
bool weak_is_own(const char *addr);

/* Drop the word's stores, as if they had become visible before what is done to it next. */
void weak_forget_stores(struct weak_word *w);

/* Is a store of the task, done before store `number`, held back? */
bool weak_holds_back(uint32_t task, uint64_t before);

#endif
