/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of the words that an option takes, for error messages and for help. */
#ifndef STRESS_OPTIONS_WORDS_H
#define STRESS_OPTIONS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "stress/hunt/options.h"

/* A list of words: "a|b|c" if `bars`, else "a, b or c". */
struct words {
	char text[512];
	size_t used;
	bool bars;
};

/* Append a word. Before the `last` one comes "or". */
void words_add(struct words *w, const char *word, bool last);

/*
 * Append all words of a table: "fail", "sc", "pct:D". The caller appends more after the
 * strategies, so no strategy gets an "or".
 */
void words_add_exhaustives(struct words *w);
void words_add_memories(struct words *w);
void words_add_strategies(struct words *w);

/* The word of one row. */
const char *words_exhaustive(enum exhaustive kind);

/*
 * Copy `value` to buf. In place of STRATEGY, MEMORY and EXHAUSTIVE put the words of that table.
 * Returns buf.
 */
const char *words_expand(const char *value, char *buf, size_t size);

#endif
