/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/options_words.h"

#include <stdio.h>
#include <string.h>

void words_add(struct words *w, const char *word, bool last)
{
	const char *before = w->used == 0 ? "" : w->bars ? "|" : last ? " or " : ", ";

	if (w->used < sizeof w->text)
		w->used += (size_t)snprintf(w->text + w->used, sizeof w->text - w->used, "%s%s",
					    before, word);
}

static const char *const exhaustive_words[] = {
#define EXHAUSTIVE(id, word, help) [EXHAUST_##id] = (word),
#include "stress/hunt/options.def"
#undef EXHAUSTIVE
};

const char *words_exhaustive(enum exhaustive kind)
{
	return exhaustive_words[kind];
}

void words_add_exhaustives(struct words *w)
{
	for (unsigned i = EXHAUST_NOT + 1; i < EXHAUST_KINDS; i++)
		words_add(w, exhaustive_words[i], i + 1 == EXHAUST_KINDS);
}

void words_add_memories(struct words *w)
{
	for (enum plan_memory m = 0; m < PLAN_MEMORIES; m++)
		words_add(w, plan_memory_name(m), m + 1 == PLAN_MEMORIES);
}

void words_add_strategies(struct words *w)
{
	char word[32];

	for (enum plan_strategy_kind k = 0; k < PLAN_STRATEGIES; k++) {
		snprintf(word, sizeof word, "%s%s", plan_strategy_name(k),
			 plan_strategy_has_depth(k) ? ":D" : "");
		words_add(w, word, false);
	}
}

const char *words_expand(const char *value, char *buf, size_t size)
{
	static const struct {
		const char *stands;
		void (*add)(struct words *w);
	} tables[] = {
		{ "STRATEGY", words_add_strategies },
		{ "MEMORY", words_add_memories },
		{ "EXHAUSTIVE", words_add_exhaustives },
	};

	snprintf(buf, size, "%s", value);
	for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		const char *at = strstr(value, tables[i].stands);
		struct words w = { .bars = true };

		if (!at)
			continue;
		tables[i].add(&w);
		snprintf(buf, size, "%.*s%s%s", (int)(at - value), value, w.text,
			 at + strlen(tables[i].stands));
	}
	return buf;
}
