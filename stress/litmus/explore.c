/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Depth first, with sleep sets (Godefroid: "Partial-Order Methods for the Verification of
 * Concurrent Systems", 1996). A transition is a step of a thread, or a held-back store that
 * becomes visible. At a node each enabled transition is tried in turn. A transition that was
 * tried sleeps in the subtrees of those tried later, until one is taken on which it depends:
 * before that, the other order gives the same state. A node at which all transitions sleep is
 * redundant.
 *
 * Two transitions depend on each other if they are of one thread, or touch one word and one of
 * them stores, or take or release one lock, or are both full barriers. A sleeping transition's
 * own footprint can't change, because only transitions of its own thread change it.
 *
 * With weak memory a store touches nothing but its thread's buffer. A full barrier, and an
 * update, make visible what the thread has stored: they touch each word to which it ever stored.
 * An acquire of a lock makes visible what others had stored before they released it: it touches
 * each word to which others ever stored. RCU depends on all.
 *
 * Which of the older stores a load reads is a choice inside its step.
 */
#include "stress/litmus/explore.h"

#include <stdlib.h>
#include <string.h>

#include "platform/check.h"

enum { NODES_MAX = 4096, NOBODY = 255 };

struct foot {
	uint32_t task;
	uint64_t reads, writes;	/* words */
	uint64_t locks;		/* taken or released */
	bool full;		/* orders itself with all other full barriers */
	bool any;		/* touches all */
};

struct node {
	uint64_t enabled, asleep, done;	/* bits as in sim_decision.runnable */
	uint8_t chosen;
	uint8_t below;		/* not 0: a load chooses one of so many stores */
};

static struct {
	struct sim_strategy strategy;
	bool every;		/* all transitions depend on each other */
	bool is_weak, started, redundant, was_short;
	const char *words;
	unsigned stride;
	uint32_t depth, at;	/* nodes of the path, and those passed in this execution */
	uint32_t expected;	/* the task that was chosen and has not arrived again */
	uint64_t asleep;	/* behind the last node */
	struct { enum act act; unsigned word; } next[SIM_STORES_FIRST], here[SIM_STORES_FIRST];
	uint64_t stored[SIM_STORES_FIRST];	/* words to which the task has stored */
	struct node node[NODES_MAX];
} x;

/* ---- dependence ------------------------------------------------------------------- */

static uint64_t word_bit(unsigned word)
{
	return 1ull << word;
}

static uint64_t stored_by_others(uint32_t task)
{
	uint64_t all = 0;

	for (uint32_t i = 1; i < SIM_STORES_FIRST; i++)
		if (i != task)
			all |= x.stored[i];
	return all;
}

static struct foot foot_of(uint32_t bit)
{
	struct foot f = { .task = bit };

	if (bit >= SIM_STORES_FIRST) {
		f.task = sim_store_task(bit);
		f.writes = word_bit((unsigned)(((const char *)sim_store_object(bit) - x.words) /
					       x.stride));
		return f;
	}
	switch (x.here[bit].act) {
	case ACT_LOAD:
		f.reads = word_bit(x.here[bit].word);
		break;
	case ACT_STORE:
		if (!x.is_weak)
			f.writes = word_bit(x.here[bit].word);
		break;
	case ACT_UPDATE:
		f.writes = word_bit(x.here[bit].word) | x.stored[bit];
		f.full = true;
		break;
	case ACT_BARRIER:
		f.writes = x.stored[bit];
		f.full = true;
		break;
	case ACT_LOCK:
		f.locks = word_bit(x.here[bit].word);
		f.writes = x.is_weak ? stored_by_others(bit) : 0;
		break;
	case ACT_UNLOCK:
		f.locks = word_bit(x.here[bit].word);
		break;
	case ACT_ANY:
		f.any = true;
		break;
	default:
		break;
	}
	return f;
}

static bool depend(const struct foot *a, const struct foot *b)
{
	return x.every || a->task == b->task || a->any || b->any || (a->full && b->full) ||
	       (a->locks & b->locks) ||
	       (a->writes & (b->writes | b->reads)) || (b->writes & a->reads);
}

/* Those of `asleep` that still sleep after that transition. */
static uint64_t sleep_on(uint64_t asleep, uint32_t bit)
{
	const struct foot f = foot_of(bit);

	for (uint64_t left = asleep; left; left &= left - 1) {
		uint32_t other = (uint32_t)__builtin_ctzll(left);
		const struct foot g = foot_of(other);

		if (depend(&f, &g))
			asleep &= ~(1ull << other);
	}
	return asleep;
}

/* ---- the strategy ---------------------------------------------------------------------- */

static void begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)seed, (void)steps_estimate;
	x.at = 0;
	x.started = x.redundant = false;
	x.expected = NOBODY;
	x.asleep = 0;
	memset(x.next, 0, sizeof x.next);
	memset(x.here, 0, sizeof x.here);
	memset(x.stored, 0, sizeof x.stored);
}

void explore_started(void)
{
	x.started = true;
}

void explore_next(unsigned thread, enum act act, unsigned word)
{
	x.next[thread + 1].act = act;
	x.next[thread + 1].word = word;
}

/* What the execution would show was shown before. */
__attribute__((noreturn)) static void give_up(void)
{
	x.redundant = true;
	kt_fail(KT_ASSERTION, "redundant");
}

/* d->task has reached its next point. If nobody chose it, there was no choice. */
static void visit(struct sim_strategy *s, const struct sim_decision *d)
{
	uint32_t i = d->task;

	(void)s;
	if (x.started && i != 0) {
		if (x.expected != i && x.at == x.depth) {
			if (x.asleep >> i & 1)
				give_up();
			x.asleep = sleep_on(x.asleep, i);
		}
		if (x.here[i].act == ACT_STORE)
			x.stored[i] |= word_bit(x.here[i].word);
		x.here[i].act = x.next[i].act;
		x.here[i].word = x.next[i].word;
		/* An unlock has a second point, behind it. */
		if (x.next[i].act == ACT_UNLOCK)
			x.next[i].act = ACT_LOCAL;
	}
	x.expected = NOBODY;
}

static struct node *new_node(void)
{
	if (x.depth == NODES_MAX)
		kt_fail(KT_LIVELOCK, "more than %d choices", NODES_MAX);
	x.node[x.depth] = (struct node){ .below = 0 };
	return &x.node[x.depth++];
}

/* The first thread goes first, and again when all others have ended and all stores are visible. */
static uint32_t next(struct sim_strategy *s, const struct sim_decision *d)
{
	uint64_t can = d->runnable;
	struct node *n;

	(void)s;
	if (!x.started && (can & 1))
		return 0;
	if (can & ~1ull)
		can &= ~1ull;
	if ((sim_record()->stores & ~can) == 0 && sim_record()->stores)
		x.was_short = true;
	if (x.at == x.depth) {
		if (!(can & ~x.asleep))
			give_up();
		n = new_node();
		n->enabled = can;
		n->asleep = x.asleep;
		n->chosen = (uint8_t)__builtin_ctzll(can & ~x.asleep);
	}
	n = &x.node[x.at++];
	if (n->below || !(can >> n->chosen & 1))
		abort();	/* the execution went another way than before */
	if (x.at == x.depth)
		x.asleep = sleep_on(n->asleep | n->done, n->chosen);
	if (n->chosen < SIM_STORES_FIRST)
		x.expected = n->chosen;
	return n->chosen;
}

static uint32_t choose(struct sim_strategy *s, enum sim_choice kind, uint32_t below)
{
	struct node *n;

	(void)s;
	if (kind != SIM_CHOOSE_STALE)
		return 0;
	if (x.at == x.depth) {
		n = new_node();
		n->below = (uint8_t)below;
		n->asleep = x.asleep;
	}
	n = &x.node[x.at++];
	if (n->below != below)
		abort();
	x.asleep = n->asleep;
	return n->chosen;
}

/* ---- executions ------------------------------------------------------------------------- */

void explore_begin(enum sim_model memory, const char *words, unsigned stride)
{
	x.is_weak = memory != SIM_SC;
	x.words = words;
	x.stride = stride;
	x.depth = 0;
	x.was_short = false;
}

void explore_every(void)
{
	x.every = true;
}

struct sim_strategy *explore_strategy(void)
{
	x.strategy = (struct sim_strategy){
		.name = "litmus", .begin = begin, .next = next, .choose = choose, .visit = visit,
	};
	return &x.strategy;
}

bool explore_was_redundant(void)
{
	return x.redundant;
}

bool explore_was_short(void)
{
	return x.was_short;
}

bool explore_more(void)
{
	for (; x.depth; x.depth--) {
		struct node *n = &x.node[x.depth - 1];
		uint64_t left;

		if (n->below) {
			if (++n->chosen < n->below)
				return true;
			continue;
		}
		n->done |= 1ull << n->chosen;
		left = n->enabled & ~n->asleep & ~n->done;
		if (left) {
			n->chosen = (uint8_t)__builtin_ctzll(left);
			return true;
		}
	}
	return false;
}
