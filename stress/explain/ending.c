/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/explain/ending.h"

#include <stdio.h>
#include <string.h>

#include "stress/explain/values.h"

enum { FIELDS_MAX = 6 };

struct last {
	uint16_t object;
	const struct sim_field *field;
	struct sim_value value;
};

struct lasts {
	struct last of[FIELDS_MAX];
	unsigned count;
};

/* The field has this value from now on, if it is one of the task. */
static void note(struct lasts *l, const struct sim_details *d, const char *task, uint16_t object,
		 const struct sim_field *field, const struct sim_value *value)
{
	unsigned i = 0;

	if (object == SIM_NO_OBJECT || !field || field->kind != SIM_BITS ||
	    strncmp(field->bits->name, "PF_", 3) == 0 ||
	    strcmp(d->object[object].name, task) != 0)
		return;		/* PF_ flags say what kind of task it is, from its beginning on */
	while (i < l->count && l->of[i].field != field)
		i++;
	if (i == FIELDS_MAX)
		return;
	l->count += i == l->count;
	l->of[i] = (struct last){ object, field, *value };
}

char *ending_words(const struct told *t, uint32_t task, char *buf, size_t size)
{
	const struct sim_details *d = t->d;
	const char *name = t->r->task[task].name;
	char words[VALUE_WORDS_MAX];
	struct lasts l = { .count = 0 };
	size_t used = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; d && i < t->r->steps; i++) {
		const struct sim_detail *of = &d->detail[i];

		for (uint32_t k = 0; k < of->changes; k++) {
			const struct sim_change *c = &d->change[of->changes_first + k];

			note(&l, d, name, c->object, c->field, &c->after);
		}
		if (of->known)
			note(&l, d, name, of->object, of->field, &of->after);
	}
	for (unsigned i = 0; i < l.count && used < size; i++) {
		value_words(t->r, d, l.of[i].object, l.of[i].field, l.of[i].field->size,
			    &l.of[i].value, words, sizeof words);
		if (strcmp(words, "none") == 0)
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s%s %s %s",
					 used ? "," : name, used ? "" : ":", l.of[i].field->name,
					 words);
	}
	return buf;
}
