/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of the words that an option takes, for error messages and for help. */
#ifndef STRESS_OPTIONS_WORDS_H
#define STRESS_OPTIONS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "stress/hunt/options.h"

/* With bars "a|b|c"; else "a, b or c", where "or" comes before the word that is the last. */
struct words {
	char text[512];
	size_t used;
	bool bars;
};

void words_add(struct words *w, const char *word, bool last);

/* All words of a table: "fail", "sc", "pct:D". The last strategy is not the list's last. */
void words_add_exhaustives(struct words *w);
void words_add_memories(struct words *w);
void words_add_strategies(struct words *w);

const char *words_exhaustive(enum exhaustive kind);

/* The value of an option, with the words that STRATEGY, MEMORY or EXHAUSTIVE stand for. */
const char *words_expand(const char *value, char *buf, size_t size);

#endif
