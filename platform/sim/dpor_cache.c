/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The states that were explored, and for each of them its future: what is touched, and by which
 * procs, in all executions that were explored from it. dpor_persist.c says what a future is for.
 *
 * A future is a set of bits, one per `deed`: a touch by a proc. Many states have the same
 * future, so each is stored once.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/sim/dpor.h"

struct state {
	struct sim_hash key;
	uint64_t slept;			/* procs that were asleep when it was explored */
	uint32_t future;		/* OPEN, or which one */
	bool used;
};

enum { OPEN = UINT32_MAX };

struct future {
	uint64_t hash;
	uint32_t first, words;		/* in futures.word[] */
};

static struct {
	struct state *state;
	uint64_t size, count;
} states;

static struct {
	struct dpor_deed *deed;
	uint32_t *same;			/* of each deed: another one on its object, + 1 */
	uint32_t *last;			/* of each object: a deed on it, + 1 */
	uint32_t *slot;			/* deed + 1, by its hash */
	uint32_t count, size, slots, same_size, last_size;
} deeds;

static struct {
	struct future *future;
	uint64_t *word;
	uint32_t *slot;			/* future + 1, by its hash */
	uint32_t count, size, words, words_size, slots;
} futures;

/* What has been touched so far after each node of the execution under way. */
static struct bits {
	uint64_t *word;
	uint32_t words, size;
} after[DPOR_EVENTS_MAX + 1];

static uint64_t mix(uint64_t h)
{
	h *= 0x9e3779b97f4a7c15ull;
	return h ^ h >> 32;
}

/* ---- memory --------------------------------------------------------------------- */

uint64_t dpor_cache_bytes(void)
{
	return states.size * sizeof *states.state + deeds.size * sizeof *deeds.deed +
	       deeds.slots * sizeof *deeds.slot + futures.size * sizeof *futures.future +
	       futures.words_size * sizeof *futures.word + futures.slots * sizeof *futures.slot;
}

static bool is_full(uint64_t more)
{
	uint64_t limit = dpor.o.memory_limit;

	if (!limit || dpor_cache_bytes() + more <= limit)
		return false;
	dpor.result.limited = true;
	return true;
}

void dpor_cache_forget(void)
{
	states.count = 0;
	if (states.state)
		memset(states.state, 0, states.size * sizeof *states.state);
	deeds.count = futures.count = futures.words = 0;
	if (deeds.last)
		memset(deeds.last, 0, deeds.last_size * sizeof *deeds.last);
	if (deeds.slot)
		memset(deeds.slot, 0, deeds.slots * sizeof *deeds.slot);
	if (futures.slot)
		memset(futures.slot, 0, futures.slots * sizeof *futures.slot);
}

/* An empty table with room for twice as many; NULL: no memory. */
static void *bigger(uint64_t *size, uint64_t first, size_t each)
{
	void *p;

	*size = *size ? *size * 2 : first;
	p = calloc(*size, each);
	if (!p)
		dpor.no_memory = true;
	return p;
}

/* ---- deeds ------------------------------------------------------------------------- */

static uint64_t deed_hash(const struct dpor_deed *d)
{
	return mix(mix(mix(d->touch) ^ d->past) ^ ((uint64_t)d->proc << 8 | d->how));
}

static bool more_deed_slots(void)
{
	uint64_t slots = deeds.slots;
	uint32_t *slot = bigger(&slots, 1024, sizeof *slot);

	if (!slot)
		return false;
	for (uint32_t i = 0; i < deeds.count; i++) {
		uint64_t s = deed_hash(&deeds.deed[i]) % slots;

		while (slot[s])
			s = (s + 1) % slots;
		slot[s] = i + 1;
	}
	free(deeds.slot);
	deeds.slot = slot;
	deeds.slots = (uint32_t)slots;
	return true;
}

static bool same_deed(const struct dpor_deed *a, const struct dpor_deed *b)
{
	return a->touch == b->touch && a->proc == b->proc && a->how == b->how && a->past == b->past;
}

static bool room_for_object(uint32_t object)
{
	uint32_t was = deeds.last_size;

	if (!dpor_room(&deeds.last, &deeds.last_size, object + 1, sizeof *deeds.last))
		return false;
	memset(&deeds.last[was], 0, (deeds.last_size - was) * sizeof *deeds.last);
	return true;
}

/* The number of this deed. */
static uint32_t deed_number(const struct dpor_deed *d)
{
	uint64_t s;
	uint32_t i;

	if (deeds.count * 2 >= deeds.slots && !more_deed_slots())
		return 0;
	for (s = deed_hash(d) % deeds.slots; (i = deeds.slot[s]) != 0; s = (s + 1) % deeds.slots)
		if (same_deed(&deeds.deed[i - 1], d))
			return i - 1;
	if (!dpor_room(&deeds.deed, &deeds.size, deeds.count + 1, sizeof *deeds.deed) ||
	    !dpor_room(&deeds.same, &deeds.same_size, deeds.count + 1, sizeof *deeds.same) ||
	    !room_for_object(dpor_touch_object(d->touch)))
		return 0;
	deeds.deed[deeds.count] = *d;
	deeds.slot[s] = ++deeds.count;
	deeds.same[deeds.count - 1] = deeds.last[dpor_touch_object(d->touch)];
	deeds.last[dpor_touch_object(d->touch)] = deeds.count;
	return deeds.count - 1;
}

const struct dpor_deed *dpor_deed(uint32_t number)
{
	return &deeds.deed[number];
}

/* ---- what comes after the nodes of this execution ----------------------------------- */

static bool make_words(struct bits *b, uint32_t words)
{
	if (words <= b->words)
		return true;
	if (!dpor_room(&b->word, &b->size, words, sizeof *b->word))
		return false;
	memset(&b->word[b->words], 0, (words - b->words) * sizeof *b->word);
	b->words = words;
	return true;
}

static void add_words(struct bits *b, const uint64_t *word, uint32_t words)
{
	if (!make_words(b, words))
		return;
	for (uint32_t i = 0; i < words; i++)
		b->word[i] |= word[i];
}

void dpor_after_clear(uint32_t node)
{
	after[node].words = 0;
}

void dpor_after_deed(uint32_t node, const struct dpor_deed *d)
{
	uint32_t i = deed_number(d);

	if (make_words(&after[node], i / 64 + 1))
		after[node].word[i / 64] |= 1ull << i % 64;
}

void dpor_after_leave_out(uint32_t node, uint32_t object)
{
	struct bits *b = &after[node];

	if (object >= deeds.last_size)
		return;
	for (uint32_t i = deeds.last[object]; i; i = deeds.same[i - 1])
		if ((i - 1) / 64 < b->words)
			b->word[(i - 1) / 64] &= ~(1ull << (i - 1) % 64);
}

uint32_t dpor_after_words(uint32_t node, const uint64_t **word)
{
	*word = after[node].word;
	return after[node].words;
}

void dpor_after_future(uint32_t node, uint32_t future)
{
	const struct future *f = &futures.future[future];

	add_words(&after[node], &futures.word[f->first], f->words);
}

/* ---- futures -------------------------------------------------------------------------- */

static bool more_future_slots(void)
{
	uint64_t slots = futures.slots;
	uint32_t *slot = bigger(&slots, 1024, sizeof *slot);

	if (!slot)
		return false;
	for (uint32_t i = 0; i < futures.count; i++) {
		uint64_t s = futures.future[i].hash % slots;

		while (slot[s])
			s = (s + 1) % slots;
		slot[s] = i + 1;
	}
	free(futures.slot);
	futures.slot = slot;
	futures.slots = (uint32_t)slots;
	return true;
}

static bool is_future(const struct future *f, uint64_t hash, const struct bits *b)
{
	return f->hash == hash && f->words == b->words &&
	       (!b->words ||
		memcmp(&futures.word[f->first], b->word, b->words * sizeof *b->word) == 0);
}

/* The number of the future that is in after[node]. OPEN: no memory. */
static uint32_t future_number(const struct bits *b)
{
	uint64_t hash = b->words, s;
	uint32_t i;

	for (uint32_t w = 0; w < b->words; w++)
		hash = mix(hash ^ b->word[w]) + w;
	if (futures.count * 2 >= futures.slots && !more_future_slots())
		return OPEN;
	for (s = hash % futures.slots; (i = futures.slot[s]) != 0; s = (s + 1) % futures.slots)
		if (is_future(&futures.future[i - 1], hash, b))
			return i - 1;
	if (!dpor_room(&futures.future, &futures.size, futures.count + 1, sizeof *futures.future) ||
	    !dpor_room(&futures.word, &futures.words_size, futures.words + b->words,
		       sizeof *futures.word))
		return OPEN;
	if (b->words)
		memcpy(&futures.word[futures.words], b->word, b->words * sizeof *b->word);
	futures.future[futures.count] = (struct future){ hash, futures.words, b->words };
	futures.words += b->words;
	futures.slot[s] = ++futures.count;
	return futures.count - 1;
}

uint32_t dpor_future_words(uint32_t future, const uint64_t **word)
{
	*word = &futures.word[futures.future[future].first];
	return futures.future[future].words;
}

/* ---- states ----------------------------------------------------------------------------- */

static struct state *look_up(const struct sim_hash *key)
{
	uint64_t s = key->a % states.size;

	while (states.state[s].used &&
	       (states.state[s].key.a != key->a || states.state[s].key.b != key->b))
		s = (s + 1) % states.size;
	return &states.state[s];
}

static bool states_grow(void)
{
	struct state *old = states.state;
	uint64_t was = states.size;

	if (is_full((was ? was * 2 : 4096) * sizeof *old))
		return false;
	states.state = bigger(&states.size, 4096, sizeof *old);
	if (!states.state) {
		states.state = old;
		states.size = was;
		return false;
	}
	for (uint64_t i = 0; i < was; i++)
		if (old[i].used)
			*look_up(&old[i].key) = old[i];
	free(old);
	return true;
}

enum dpor_seen dpor_state_look(const struct sim_hash *key, uint64_t *slept, uint32_t *future)
{
	struct state *s;

	if (states.count * 3 >= states.size * 2 && !states_grow()) {
		if (!states.size || states.count * 16 >= states.size * 15)
			dpor.result.limited = true;
	}
	if (!states.size)
		return DPOR_NOT_KEPT;
	s = look_up(key);
	if (s->used && s->future != OPEN) {
		*future = s->future;
		if (!(s->slept & ~*slept))
			return DPOR_SEEN;
		s->slept &= *slept;
		*slept = s->slept;
		s->future = OPEN;
		return DPOR_NEW;
	}
	if (s->used || states.count * 16 >= states.size * 15 || is_full(0))
		return DPOR_NOT_KEPT;	/* it is open: the execution goes round in a circle */
	*s = (struct state){ .key = *key, .slept = *slept, .future = OPEN, .used = true };
	states.count++;
	dpor.result.states++;
	return DPOR_NEW;
}

void dpor_state_explored(const struct sim_hash *key, uint32_t node)
{
	struct state *s = look_up(key);

	s->future = future_number(&after[node]);
}
