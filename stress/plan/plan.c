/* SPDX-License-Identifier: GPL-2.0-only */
/* A plan as data: its strings, names and equality. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "stress/plan/internal.h"

void plan_init(struct plan *p)
{
	/* The directives are a large array. The code that adds one writes all of it. */
	char *rest = (char *)(p->directives + PLAN_DIRECTIVES_MAX);

	memset(p, 0, offsetof(struct plan, directives));
	memset(rest, 0, (size_t)((char *)(p + 1) - rest));
	p->strings_used = 1;	/* offset 0 is "" */
}

plan_str plan_intern(struct plan *p, const char *s, size_t len)
{
	uint16_t at;

	if (len == 0)
		return 0;
	for (at = 1; at < p->strings_used; at = (uint16_t)(at + strlen(p->strings + at) + 1))
		if (strlen(p->strings + at) == len && memcmp(p->strings + at, s, len) == 0)
			return at;
	if (p->strings_used + len + 1 > PLAN_STRINGS_MAX)
		return 0;
	memcpy(p->strings + at, s, len);
	p->strings[at + len] = '\0';
	p->strings_used = (uint16_t)(at + len + 1);
	return at;
}

plan_str plan_intern_text(struct plan *p, const char *s)
{
	return plan_intern(p, s, strlen(s));
}

plan_str plan_intern_printable(struct plan *p, const char *s)
{
	char buf[PLAN_QUOTED_MAX];
	size_t len = 0;

	for (; len < sizeof buf - 1 && s[len]; len++)
		buf[len] = plan_may_quote(s[len]) ? s[len] : '?';
	return plan_intern(p, buf, len);
}

bool plan_may_quote(char c)
{
	return c >= ' ' && c <= '~' && c != '"';
}

bool plan_is_program(const struct plan *p)
{
	return p->args_count > 0;
}

/* Compares the canonical texts, because it does not matter where the strings lie. */
bool plan_equal(const struct plan *a, const struct plan *b)
{
	static char ta[4 * PLAN_BYTES_MAX], tb[4 * PLAN_BYTES_MAX];
	size_t la = plan_print(a, ta, sizeof ta), lb = plan_print(b, tb, sizeof tb);

	return la < sizeof ta && la == lb && memcmp(ta, tb, la) == 0;
}

bool plan_format_name(const char *format, bool has_number, int32_t number, char *buf, size_t size)
{
	bool numbered = false;
	size_t used = 0;

	for (const char *f = format; *f; f++) {
		if (used + 12 >= size)
			return false;
		if (*f != '%') {
			buf[used++] = *f;
			continue;
		}
		f++;
		if (*f == '%') {
			buf[used++] = '%';
		} else if (*f == 'u' || *f == 'd') {
			if (numbered || !has_number)
				return false;
			numbered = true;
			used += (size_t)snprintf(buf + used, size - used,
						 *f == 'u' ? "%u" : "%d", number);
		} else {
			return false;
		}
	}
	buf[used] = '\0';
	return used != 0 && numbered == has_number;
}
