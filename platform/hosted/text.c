/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions of the C library that access the program's memory: strings and blocks of bytes. The
 * compiler tells nothing of these accesses. So kthrash-cc links a program with the linker's option
 * --wrap for each of them (wrapped.opts), and the program's calls come here. Calls by the C library
 * itself, by other libraries and by this one do not.
 *
 * Each function first says what it will access, which is a choice point as any access is, and then
 * calls the C library. A program may have a function of its own with such a name. Then that one is
 * called, and nothing is said of it.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "platform/hosted/wrapped.h"

/* NOLINTBEGIN(clang-analyzer-security.insecureAPI.*): the program calls these functions */

bool wrapped_is_libc(const void *function)
{
	const struct hosted_module *m = hosted_module_of((uintptr_t)function);

	return m && (m->libc || m->ours);	/* the runtime has its own write() */
}

size_t wrapped_text(const char *s, size_t max, uintptr_t pc)
{
	size_t n = 0;

	/* The block may be freed, or too short. The check ends the execution then. */
	while (n < max) {
		hosted_heap_check(s + n, 1, pc);
		if (!s[n++])
			break;
	}
	return n;
}

/* Returns how many bytes of two texts a comparison looks at. */
static size_t compared(const char *a, const char *b, size_t max, bool is_text, uintptr_t pc)
{
	size_t n = 0;

	while (n < max) {
		hosted_heap_check(a + n, 1, pc);
		hosted_heap_check(b + n, 1, pc);
		n++;
		if (a[n - 1] != b[n - 1] || (is_text && !a[n - 1]))
			break;
	}
	return n;
}

/* ---- blocks of bytes -------------------------------------------------------------- */

WRAPPED(void *, memcpy, (void *restrict to, const void *restrict from, size_t size),
	(to, from, size))
{
	READS(from, size);
	WRITES(to, size);
}

WRAPPED(void *, mempcpy, (void *restrict to, const void *restrict from, size_t size),
	(to, from, size))
{
	READS(from, size);
	WRITES(to, size);
}

WRAPPED(void *, memmove, (void *to, const void *from, size_t size), (to, from, size))
{
	READS(from, size);
	WRITES(to, size);
}

WRAPPED(void *, memset, (void *to, int byte, size_t size), (to, byte, size))
{
	(void)byte;
	WRITES(to, size);
}

WRAPPED(int, memcmp, (const void *a, const void *b, size_t size), (a, b, size))
{
	size_t n = compared(a, b, size, false, pc);

	READS(a, n);
	READS(b, n);
}

/* clang calls it for a memcmp() that asks only whether there is a difference. */
WRAPPED(int, bcmp, (const void *a, const void *b, size_t size), (a, b, size))
{
	size_t n = compared(a, b, size, false, pc);

	READS(a, n);
	READS(b, n);
}

WRAPPED(void *, memchr, (const void *s, int c, size_t size), (s, c, size))
{
	const char *text = s;
	size_t n = 0;

	while (n < size) {
		hosted_heap_check(text + n, 1, pc);
		if (text[n++] == (char)c)
			break;
	}
	READS(s, n);
}

WRAPPED(void, qsort, (void *base, size_t count, size_t size,
		int (*compare)(const void *, const void *)), (base, count, size, compare))
{
	(void)compare;
	WRITES(base, count * size);
}

/* ---- strings ------------------------------------------------------------------------ */

#define ALL SIZE_MAX

WRAPPED(size_t, strlen, (const char *s), (s))
{
	READS(s, wrapped_text(s, ALL, pc));
}

WRAPPED(size_t, strnlen, (const char *s, size_t max), (s, max))
{
	READS(s, wrapped_text(s, max, pc));
}

WRAPPED(char *, strcpy, (char *restrict to, const char *restrict from), (to, from))
{
	size_t n = wrapped_text(from, ALL, pc);

	READS(from, n);
	WRITES(to, n);
}

WRAPPED(char *, stpcpy, (char *restrict to, const char *restrict from), (to, from))
{
	size_t n = wrapped_text(from, ALL, pc);

	READS(from, n);
	WRITES(to, n);
}

WRAPPED(char *, strncpy, (char *restrict to, const char *restrict from, size_t max),
	(to, from, max))
{
	READS(from, wrapped_text(from, max, pc));
	WRITES(to, max);
}

/* The byte that ends the first text is overwritten. */
static void appends(char *to, const char *from, size_t max, uintptr_t pc)
{
	size_t n = wrapped_text(from, max, pc), at = wrapped_text(to, ALL, pc) - 1;
	bool is_whole = n && !from[n - 1];

	READS(from, n);
	READS(to, at + 1);
	WRITES(to + at, n + !is_whole);
}

WRAPPED(char *, strcat, (char *restrict to, const char *restrict from), (to, from))
{
	appends(to, from, ALL, pc);
}

WRAPPED(char *, strncat, (char *restrict to, const char *restrict from, size_t max),
	(to, from, max))
{
	appends(to, from, max, pc);
}

WRAPPED(int, strcmp, (const char *a, const char *b), (a, b))
{
	size_t n = compared(a, b, ALL, true, pc);

	READS(a, n);
	READS(b, n);
}

WRAPPED(int, strncmp, (const char *a, const char *b, size_t max), (a, b, max))
{
	size_t n = compared(a, b, max, true, pc);

	READS(a, n);
	READS(b, n);
}

/* Letters of either case are the same, so the first difference is not the end. */
static void compares_words(const char *a, const char *b, size_t max, uintptr_t pc)
{
	size_t n = wrapped_text(a, max, pc);

	n = wrapped_text(b, n, pc);
	READS(a, n);
	READS(b, n);
}

WRAPPED(int, strcasecmp, (const char *a, const char *b), (a, b))
{
	compares_words(a, b, ALL, pc);
}

WRAPPED(int, strncasecmp, (const char *a, const char *b, size_t max), (a, b, max))
{
	compares_words(a, b, max, pc);
}

WRAPPED(char *, strchr, (const char *s, int c), (s, c))
{
	size_t n = 0;

	do
		hosted_heap_check(s + n, 1, pc);
	while (s[n] != (char)c && s[n++]);
	READS(s, n + (s[n] == (char)c));
}

WRAPPED(char *, strrchr, (const char *s, int c), (s, c))
{
	(void)c;
	READS(s, wrapped_text(s, ALL, pc));
}

WRAPPED(char *, strstr, (const char *s, const char *part), (s, part))
{
	size_t n = wrapped_text(s, ALL, pc), size = wrapped_text(part, ALL, pc);
	const char *found = strstr(s, part);

	READS(part, size);
	READS(s, found ? (size_t)(found - s) + size - 1 : n);
}

WRAPPED(char *, strdup, (const char *s), (s))
{
	READS(s, wrapped_text(s, ALL, pc));
}

WRAPPED(char *, strndup, (const char *s, size_t max), (s, max))
{
	READS(s, wrapped_text(s, max, pc));
}

/* ---- numbers ------------------------------------------------------------------------ */

/* A number may end before the text does. What follows it is looked at, but not its end. */
#define NUMBER(s, convert)                                                     \
	do {                                                                   \
		char *end;                                                     \
		hosted_heap_check(s, 1, pc);                                   \
		(void)(convert);                                                 \
		READS(s, (size_t)(end - (s)) + 1);                             \
	} while (0)

WRAPPED(int, atoi, (const char *s), (s))
{
	NUMBER(s, strtol(s, &end, 10));
}

WRAPPED(long, atol, (const char *s), (s))
{
	NUMBER(s, strtol(s, &end, 10));
}

WRAPPED(long, strtol, (const char *restrict s, char **restrict to, int base), (s, to, base))
{
	(void)to;
	NUMBER(s, strtol(s, &end, base));
}

WRAPPED(unsigned long, strtoul, (const char *restrict s, char **restrict to, int base),
	(s, to, base))
{
	(void)to;
	NUMBER(s, strtoul(s, &end, base));
}

WRAPPED(double, strtod, (const char *restrict s, char **restrict to), (s, to))
{
	(void)to;
	NUMBER(s, strtod(s, &end));
}

/* ---- with _FORTIFY_SOURCE ------------------------------------------------------------ */

/* `room` is what is known of the size of `to`. */
void *__memcpy_chk(void *to, const void *from, size_t size, size_t room);
void *__memmove_chk(void *to, const void *from, size_t size, size_t room);
void *__memset_chk(void *to, int byte, size_t size, size_t room);
char *__strcpy_chk(char *to, const char *from, size_t room);
char *__stpcpy_chk(char *to, const char *from, size_t room);
char *__strncpy_chk(char *to, const char *from, size_t max, size_t room);
char *__strcat_chk(char *to, const char *from, size_t room);
char *__strncat_chk(char *to, const char *from, size_t max, size_t room);

#define CHECKED(type, name, params, args, of)                                  \
	WRAPPED(type, __##name##_chk, params, args)                            \
	{                                                                      \
		(void)room;                                                    \
		wrapped_##name of;                                             \
	}

CHECKED(void *, memcpy, (void *to, const void *from, size_t size, size_t room),
	(to, from, size, room), (pc, to, from, size))
CHECKED(void *, memmove, (void *to, const void *from, size_t size, size_t room),
	(to, from, size, room), (pc, to, from, size))
CHECKED(void *, memset, (void *to, int byte, size_t size, size_t room), (to, byte, size, room),
	(pc, to, byte, size))
CHECKED(char *, strcpy, (char *to, const char *from, size_t room), (to, from, room),
	(pc, to, from))
CHECKED(char *, stpcpy, (char *to, const char *from, size_t room), (to, from, room),
	(pc, to, from))
CHECKED(char *, strncpy, (char *to, const char *from, size_t max, size_t room),
	(to, from, max, room), (pc, to, from, max))
CHECKED(char *, strcat, (char *to, const char *from, size_t room), (to, from, room),
	(pc, to, from))
CHECKED(char *, strncat, (char *to, const char *from, size_t max, size_t room),
	(to, from, max, room), (pc, to, from, max))

/* NOLINTEND(clang-analyzer-security.insecureAPI.*) */
