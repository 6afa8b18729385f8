/* SPDX-License-Identifier: GPL-2.0-only */
/* Words for what an execution's details hold: objects, fields, values. */
#ifndef STRESS_EXPLAIN_VALUES_H
#define STRESS_EXPLAIN_VALUES_H

#include <stddef.h>

#include "platform/sim/sim_detail.h"

enum { VALUE_WORDS_MAX = 96, PLACE_WORDS_MAX = 128 };

/* "a/0", or for a block without a name "C1's create_info block". Returns buf. */
char *object_words(const struct sim_record *r, const struct sim_details *d, uint16_t object,
		   char *buf, size_t size);

/*
 * Where a slot's operation works: "a/0.state", or the source text of the object. If the object
 * has the name of the task itself, the field alone. Returns buf.
 */
char *place_words(const struct sim_record *r, const struct sim_details *d,
		  const struct sim_detail *t, uint32_t task, const struct kt_site *site, char *buf,
		  size_t size);

/*
 * A value of a field of `object`. `field` may be NULL; `bytes` is the size of the word.
 * No address is ever printed. Returns buf.
 */
char *value_words(const struct sim_record *r, const struct sim_details *d, uint16_t object,
		  const struct sim_field *field, uint32_t bytes, const struct sim_value *v,
		  char *buf, size_t size);

/* "a/0.result 0 -> 7": a change by a plain access of the task. Returns buf. */
char *change_words(const struct sim_record *r, const struct sim_details *d,
		   const struct sim_change *c, uint32_t task, char *buf, size_t size);

/* A source text without blanks and leading '&'. Returns buf. */
char *source_words(const char *what, char *buf, size_t size);

/* The bit of the field that a source text names, "KTHREAD_SHOULD_STOP" or "0"; or NULL. */
const struct sim_bits *bit_named(const struct sim_field *field, const char *what);

#endif
