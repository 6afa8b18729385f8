/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As text.c, for functions that read and write files and for those that print. What printf() and
 * its kin print are accesses, too: the format, and each text that "%s" stands for.
 */
#include <printf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/hosted/wrapped.h"

/* ---- files ------------------------------------------------------------------------ */

WRAPPED(ssize_t, write, (int fd, const void *buf, size_t size), (fd, buf, size))
{
	(void)fd;
	READS(buf, size);
}

WRAPPED(ssize_t, pwrite, (int fd, const void *buf, size_t size, off_t at), (fd, buf, size, at))
{
	(void)fd, (void)at;
	READS(buf, size);
}

WRAPPED(size_t, fwrite, (const void *restrict buf, size_t size, size_t count, FILE *restrict f),
	(buf, size, count, f))
{
	(void)f;
	READS(buf, size * count);
}

WRAPPED(int, fputs, (const char *restrict s, FILE *restrict f), (s, f))
{
	(void)f;
	READS(s, wrapped_text(s, SIZE_MAX, pc));
}

WRAPPED(int, puts, (const char *s), (s))
{
	READS(s, wrapped_text(s, SIZE_MAX, pc));
}

/* How much is read is known afterwards. `got` is that, of `result`. */
#define READER(type, name, params, args, buf, got)                             \
	HOSTED_EXPORT type __wrap_##name params;                               \
	HOSTED_EXPORT type __wrap_##name params                                \
	{                                                                      \
		type result = name args;                                       \
		if (WRAPPED_COUNTS(name))                                      \
			hosted_range((uintptr_t)(buf), (got), true, HOSTED_CALLER); \
		return result;                                                 \
	}

READER(ssize_t, read, (int fd, void *buf, size_t size), (fd, buf, size), buf,
	result > 0 ? (size_t)result : 0)
READER(ssize_t, pread, (int fd, void *buf, size_t size, off_t at), (fd, buf, size, at), buf,
	result > 0 ? (size_t)result : 0)
READER(size_t, fread, (void *restrict buf, size_t size, size_t count, FILE *restrict f),
	(buf, size, count, f), buf, size * result)
READER(char *, fgets, (char *restrict buf, int size, FILE *restrict f), (buf, size, f), buf,
	result ? strlen(result) + 1 : 0)

/* ---- formats ------------------------------------------------------------------------ */

enum { ARGS_MAX = 32 };

/* NOLINTBEGIN(bugprone-branch-clone): what va_arg() takes differs */
static void skip(va_list *ap, int type)
{
	switch (type & ~PA_FLAG_MASK) {
	case PA_DOUBLE:
		if (type & PA_FLAG_LONG_DOUBLE)
			(void)va_arg(*ap, long double);
		else
			(void)va_arg(*ap, double);
		break;
	case PA_FLOAT:
		(void)va_arg(*ap, double);
		break;
	case PA_STRING:
	case PA_WSTRING:
	case PA_POINTER:
		(void)va_arg(*ap, void *);
		break;
	default:
		if (type & (PA_FLAG_LONG | PA_FLAG_LONG_LONG | PA_FLAG_PTR))
			(void)va_arg(*ap, long);
		else
			(void)va_arg(*ap, int);
	}
}
/* NOLINTEND(bugprone-branch-clone) */

/* With a precision, "%.3s", the text may have no end. Such formats are not looked into. */
static void prints(const char *format, va_list *ap, uintptr_t pc)
{
	int type[ARGS_MAX];
	size_t n;

	READS(format, wrapped_text(format, SIZE_MAX, pc));
	n = parse_printf_format(format, ARGS_MAX, type);
	if (n > ARGS_MAX || strchr(format, '.'))
		return;
	for (size_t i = 0; i < n; i++)
		if (type[i] == PA_STRING) {
			const char *s = va_arg(*ap, const char *);

			if (s)
				READS(s, wrapped_text(s, SIZE_MAX, pc));
		} else {
			skip(ap, type[i]);
		}
}

/* The text and the byte that ends it are `to`, as far as there is room. */
static void printed(const char *to, size_t room, int result, uintptr_t pc)
{
	size_t size = (size_t)result + 1;

	if (result >= 0 && to)
		WRITES(to, size < room ? size : room);
}

/* `call` prints the arguments `ap`. */
#define PRINT(name, call, format, to, room)                                    \
	va_list copy;                                                          \
	int result;                                                            \
	bool counts = WRAPPED_COUNTS(name);                                    \
	if (counts) {                                                          \
		va_copy(copy, ap);                                             \
		prints(format, &copy, HOSTED_CALLER);                          \
		va_end(copy);                                                  \
	}                                                                      \
	result = call;                                                         \
	if (counts)                                                            \
		printed(to, room, result, HOSTED_CALLER);

#define PRINTER(name, params, call, format, to, room)                          \
	HOSTED_EXPORT int __wrap_##name params;                                \
	HOSTED_EXPORT int __wrap_##name params                                 \
	{                                                                      \
		va_list ap;                                                    \
		va_start(ap, format);                                          \
		PRINT(name, call, format, to, room)                            \
		va_end(ap);                                                    \
		return result;                                                 \
	}

#define V_PRINTER(name, params, call, format, to, room)                        \
	HOSTED_EXPORT int __wrap_##name params;                                \
	HOSTED_EXPORT int __wrap_##name params                                 \
	{                                                                      \
		PRINT(name, call, format, to, room)                            \
		return result;                                                 \
	}

PRINTER(printf, (const char *restrict format, ...), vprintf(format, ap), format, NULL, 0)
PRINTER(fprintf, (FILE *restrict f, const char *restrict format, ...), vfprintf(f, format, ap),
	format, NULL, 0)
PRINTER(sprintf, (char *restrict to, const char *restrict format, ...), vsprintf(to, format, ap),
	format, to, SIZE_MAX)
PRINTER(snprintf, (char *restrict to, size_t room, const char *restrict format, ...),
	vsnprintf(to, room, format, ap), format, to, room)
V_PRINTER(vprintf, (const char *restrict format, va_list ap), vprintf(format, ap), format, NULL, 0)
V_PRINTER(vfprintf, (FILE *restrict f, const char *restrict format, va_list ap),
	vfprintf(f, format, ap), format, NULL, 0)
V_PRINTER(vsprintf, (char *restrict to, const char *restrict format, va_list ap),
	vsprintf(to, format, ap), format, to, SIZE_MAX)
V_PRINTER(vsnprintf, (char *restrict to, size_t room, const char *restrict format, va_list ap),
	vsnprintf(to, room, format, ap), format, to, room)

/* With _FORTIFY_SOURCE the program calls these. `size` is what is known of the size of `to`. */
int __printf_chk(int flag, const char *format, ...);
int __fprintf_chk(FILE *f, int flag, const char *format, ...);
int __sprintf_chk(char *to, int flag, size_t size, const char *format, ...);
int __snprintf_chk(char *to, size_t room, int flag, size_t size, const char *format, ...);
int __vprintf_chk(int flag, const char *format, va_list ap);
int __vfprintf_chk(FILE *f, int flag, const char *format, va_list ap);
int __vsprintf_chk(char *to, int flag, size_t size, const char *format, va_list ap);
int __vsnprintf_chk(char *to, size_t room, int flag, size_t size, const char *format, va_list ap);

PRINTER(__printf_chk, (int flag, const char *format, ...), __vprintf_chk(flag, format, ap), format,
	NULL, 0)
PRINTER(__fprintf_chk, (FILE *f, int flag, const char *format, ...),
	__vfprintf_chk(f, flag, format, ap), format, NULL, 0)
PRINTER(__sprintf_chk, (char *to, int flag, size_t size, const char *format, ...),
	__vsprintf_chk(to, flag, size, format, ap), format, to, SIZE_MAX)
PRINTER(__snprintf_chk, (char *to, size_t room, int flag, size_t size, const char *format, ...),
	__vsnprintf_chk(to, room, flag, size, format, ap), format, to, room)
V_PRINTER(__vprintf_chk, (int flag, const char *format, va_list ap),
	__vprintf_chk(flag, format, ap), format, NULL, 0)
V_PRINTER(__vfprintf_chk, (FILE *f, int flag, const char *format, va_list ap),
	__vfprintf_chk(f, flag, format, ap), format, NULL, 0)
V_PRINTER(__vsprintf_chk, (char *to, int flag, size_t size, const char *format, va_list ap),
	__vsprintf_chk(to, flag, size, format, ap), format, to, SIZE_MAX)
V_PRINTER(__vsnprintf_chk,
	(char *to, size_t room, int flag, size_t size, const char *format, va_list ap),
	__vsnprintf_chk(to, room, flag, size, format, ap), format, to, room)
