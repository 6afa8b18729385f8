/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/explain/values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "" for the first nameless block of that task and role, " #2" for the second one. */
static const char *which(const struct sim_details *d, uint16_t object, char *buf, size_t size)
{
	const struct sim_named *o = &d->object[object];
	unsigned before = 0;

	for (uint16_t i = 1; i < object; i++)
		before += d->object[i].is_block && !d->object[i].name[0] &&
			  d->object[i].role == o->role &&
			  d->object[i].allocated_by == o->allocated_by;
	buf[0] = '\0';
	if (before)
		snprintf(buf, size, " #%u", before + 1);
	return buf;
}

char *object_words(const struct sim_record *r, const struct sim_details *d, uint16_t object,
		   char *buf, size_t size)
{
	const struct sim_named *o = &d->object[object];
	char nth[16];

	if (object == SIM_NO_OBJECT)
		buf[0] = '\0';
	else if (o->name[0])
		snprintf(buf, size, "%s", o->name);
	else if (o->is_block)
		snprintf(buf, size, "%s's %s block%s", r->task[o->allocated_by].name,
			 kt_role_name((enum kt_role)o->role), which(d, object, nth, sizeof nth));
	else
		snprintf(buf, size, "an object");
	return buf;
}

char *source_words(const char *what, char *buf, size_t size)
{
	size_t n = 0;

	while (*what == '&' || *what == ' ')
		what++;
	for (; *what && n + 1 < size; what++)
		if (*what != ' ')
			buf[n++] = *what;
	buf[n] = '\0';
	return buf;
}

/* Only its address is known, so the source text says more. */
static bool is_nameless(const struct sim_details *d, uint16_t object)
{
	return !d->object[object].name[0] && !d->object[object].is_block;
}

static void field_words(const struct sim_record *r, const struct sim_details *d, uint16_t object,
			const struct sim_field *field, uint32_t task, char *buf, size_t size)
{
	char name[SIM_OBJECT_NAME_MAX + 32];

	object_words(r, d, object, name, sizeof name);
	if (strcmp(name, r->task[task].name) == 0)
		snprintf(buf, size, "%s", field->name);
	else
		snprintf(buf, size, "%s.%s", name, field->name);
}

char *place_words(const struct sim_record *r, const struct sim_details *d,
		  const struct sim_detail *t, uint32_t task, const struct kt_site *site, char *buf,
		  size_t size)
{
	char object[SIM_OBJECT_NAME_MAX + 32];

	if (t->object == SIM_NO_OBJECT || d->object[t->object].is_stack ||
	    is_nameless(d, t->object))
		return source_words(site->what, buf, size);
	object_words(r, d, t->object, object, sizeof object);
	if (t->field)
		field_words(r, d, t->object, t->field, task, buf, size);
	else if (d->object[t->object].is_block && t->offset)
		snprintf(buf, size, "%s+%u", object, t->offset);
	else
		snprintf(buf, size, "%s", object);
	return buf;
}

const struct sim_bits *bit_named(const struct sim_field *field, const char *what)
{
	uint64_t number = what[0] >= '0' && what[0] <= '9' ? 1ull << strtoul(what, NULL, 10) % 64
							   : 0;

	for (const struct sim_bits *b = field ? field->bits : NULL; b && b->name; b++) {
		size_t name = strlen(b->name), all = strlen(what);

		if (number && b->bits == number)
			return b;
		if (b->bits && all >= name && strcmp(what + all - name, b->name) == 0)
			return b;
	}
	return NULL;
}

static void bits_words(const struct sim_bits *b, uint64_t bits, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (; b->name; b++) {
		if (b->bits ? (bits & b->bits) != b->bits : used > 0)
			continue;
		if (!b->bits && bits)
			continue;
		used += (size_t)snprintf(buf + used, used < size ? size - used : 0, "%s%s",
					 used ? "|" : "", b->name);
		bits &= ~b->bits;
		if (used >= size)
			return;
	}
	if (bits)
		snprintf(buf + used, used < size ? size - used : 0, "%s0x%" PRIx64, used ? "|" : "",
			 bits);
}

/* The simulator fills a freed block, and a new one, with a pattern: see memory.c. */
static const char *pattern(uint64_t bits, uint32_t bytes)
{
	uint64_t mask = bytes < 8 ? (1ull << 8 * bytes) - 1 : UINT64_MAX;

	if (bytes < 4)
		return NULL;
	if (bits == (0x6b6b6b6b6b6b6b6bull & mask))
		return "freed memory";
	if (bits == (0xcdcdcdcdcdcdcdcdull & mask))
		return "uninitialized";
	return NULL;
}

/* What list_del() leaves in a node. Only where a pointer may be; elsewhere it is a number. */
static const char *poison(uint64_t bits, uint32_t bytes)
{
	enum { LIST_POISON1 = 0x100, LIST_POISON2 = 0x122 };

	if (bytes != sizeof(void *))
		return NULL;
	return bits == LIST_POISON1 ? "LIST_POISON1" : bits == LIST_POISON2 ? "LIST_POISON2" : NULL;
}

static void pointer_words(const struct sim_record *r, const struct sim_details *d, uint16_t own,
			  const struct sim_field *field, const struct sim_value *v, char *buf,
			  size_t size)
{
	if (v->bits == 0)
		snprintf(buf, size, "NULL");
	else if (v->object == SIM_NO_OBJECT)
		snprintf(buf, size, "not NULL");
	else if (field && v->object == own && v->offset >= field->offset &&
		 v->offset < field->offset + field->size)
		snprintf(buf, size, "empty");
	else
		object_words(r, d, v->object, buf, size);
}

static void number_words(uint64_t bits, uint32_t bytes, bool is_signed, char *buf, size_t size)
{
	uint32_t shift = bytes < 8 ? 64 - 8 * bytes : 0;
	int64_t number = (int64_t)(bits << shift) >> shift;

	if (is_signed || (bytes >= 4 && number < 0 && number > -4096))
		snprintf(buf, size, "%" PRId64, number);
	else
		snprintf(buf, size, "%" PRIu64, bits);
}

/* A word of which only the size is known. If it may be an address, say only that. */
static void word_words(const struct sim_record *r, const struct sim_details *d,
		       const struct sim_field *field, uint16_t object, uint32_t bytes,
		       const struct sim_value *v, char *buf, size_t size)
{
	enum { ADDRESSES_FROM = 1 << 16, ADDRESS_BITS = 47 };

	if (v->object != SIM_NO_OBJECT ||
	    (bytes == 8 && v->bits >= ADDRESSES_FROM && v->bits >> ADDRESS_BITS == 0))
		pointer_words(r, d, object, field, v, buf, size);
	else
		number_words(v->bits, bytes, false, buf, size);
}

char *value_words(const struct sim_record *r, const struct sim_details *d, uint16_t object,
		  const struct sim_field *field, uint32_t bytes, const struct sim_value *v,
		  char *buf, size_t size)
{
	const char *words = pattern(v->bits, bytes);
	enum sim_kind kind = field ? field->kind : SIM_QUIET;

	if (!words && field && (kind == SIM_POINTER || kind == SIM_LINKS || kind == SIM_QUIET))
		words = poison(v->bits, bytes);
	if (words) {
		snprintf(buf, size, "%s", words);
		return buf;
	}
	switch (kind) {
	case SIM_BITS: bits_words(field->bits, v->bits, buf, size); break;
	case SIM_BOOL: snprintf(buf, size, "%s", v->bits ? "true" : "false"); break;
	case SIM_HEX: snprintf(buf, size, "0x%" PRIx64, v->bits); break;
	case SIM_SIGNED: number_words(v->bits, bytes, true, buf, size); break;
	case SIM_NUMBER: number_words(v->bits, bytes, false, buf, size); break;
	case SIM_POINTER: pointer_words(r, d, object, field, v, buf, size); break;
	case SIM_LINKS:
	case SIM_QUIET: word_words(r, d, field, object, bytes, v, buf, size); break;
	}
	return buf;
}

/* What a list_head leads to. */
static void links_words(const struct sim_record *r, const struct sim_details *d,
			const struct sim_value *v, char *buf, size_t size)
{
	const char *words = poison(v->bits, sizeof(void *));

	if (!v->bits)
		snprintf(buf, size, "empty");
	else if (words)
		snprintf(buf, size, "%s", words);
	else if (v->object == SIM_NO_OBJECT)
		snprintf(buf, size, "linked");
	else
		object_words(r, d, v->object, buf, size);
}

char *change_words(const struct sim_record *r, const struct sim_details *d,
		   const struct sim_change *c, uint32_t task, char *buf, size_t size)
{
	char place[PLACE_WORDS_MAX], before[VALUE_WORDS_MAX], after[VALUE_WORDS_MAX];

	field_words(r, d, c->object, c->field, task, place, sizeof place);
	if (c->field->kind == SIM_LINKS) {
		links_words(r, d, &c->before, before, sizeof before);
		links_words(r, d, &c->after, after, sizeof after);
		snprintf(buf, size, "%s %s -> %s", place, before, after);
		return buf;
	}
	value_words(r, d, c->object, c->field, c->field->size, &c->before, before, sizeof before);
	value_words(r, d, c->object, c->field, c->field->size, &c->after, after, sizeof after);
	snprintf(buf, size, "%s %s -> %s", place, before, after);
	return buf;
}
