/* SPDX-License-Identifier: GPL-2.0-only */
/* How a program says that something is wrong: assert(), abort(), err(). */
#include <assert.h>
#include <err.h>
#include <error.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "platform/hosted/models.h"

/* ---- assertions ------------------------------------------------------- */

HOSTED_EXPORT void __assert_fail(const char *expr, const char *file, unsigned line,
				 const char *func)
{
	if (!hosted_on())
		HOSTED_REAL(__assert_fail)(expr, file, line, func);
	kt_assert_failed(file, (int)line, func ? func : "?", expr);
}

HOSTED_EXPORT void __assert_perror_fail(int error, const char *file, unsigned line,
					const char *func)
{
	char expr[64];

	if (!hosted_on())
		HOSTED_REAL(__assert_perror_fail)(error, file, line, func);
	snprintf(expr, sizeof expr, "unexpected error %s", strerrorname_np(error));
	kt_assert_failed(file, (int)line, func ? func : "?", expr);
}

HOSTED_EXPORT void __assert(const char *expr, const char *file, int line)
{
	if (!hosted_on())
		HOSTED_REAL(__assert)(expr, file, line);
	kt_assert_failed(file, line, "?", expr);
}

/* ---- abort() ---------------------------------------------------------- */

/* std::type_info: a pointer to its virtual functions, and the name. */
struct type_info {
	const void *functions;
	const char *name;
};

/*
 * std::terminate() calls abort() because of an exception that is not caught. The type of the
 * exception says more than that. A program in C has no such library.
 */
static const char *exception(void)
{
	struct type_info *(*current)(void) = NULL;
	char *(*demangle)(const char *, char *, size_t *, int *) = NULL;
	struct type_info *type;
	const char *name = NULL;
	int status = -1;

	*(void **)&current = dlsym(RTLD_DEFAULT, "__cxa_current_exception_type");
	type = current ? current() : NULL;
	if (!type)
		return NULL;
	*(void **)&demangle = dlsym(RTLD_DEFAULT, "__cxa_demangle");
	if (demangle)
		name = demangle(type->name, NULL, NULL, &status);
	return status ? type->name : name;
}

HOSTED_EXPORT void abort(void)
{
	uintptr_t pc = HOSTED_CALLER;
	const char *type;

	/* The library's own abort() is no finding in the program. */
	if (!hosted_on() || hosted_is_own(pc))
		HOSTED_REAL(abort)();
	pc = hosted_program_pc(pc);	/* where the program has thrown */
	if (!hosted_is_program(pc))
		pc = 0;
	type = exception();
	if (type)
		hosted_fail(KT_ASSERTION, pc, "abort(), because of an exception of type %s", type);
	hosted_fail(KT_ASSERTION, pc, "abort()");
}

void __stack_chk_fail(void) __attribute__((noreturn));

HOSTED_EXPORT void __stack_chk_fail(void)
{
	if (!hosted_on()) {
		HOSTED_REAL(__stack_chk_fail)();
		__builtin_unreachable();
	}
	hosted_fail(KT_MEMORY, HOSTED_CALLER,
		    "a function has written beyond its part of the stack");
}

/* ---- err() and its kin: the C library's own call its exit(), from within --- */

HOSTED_EXPORT void verr(int status, const char *format, va_list ap)
{
	if (!hosted_on())
		HOSTED_REAL(verr)(status, format, ap);
	vwarn(format, ap);
	hosted_exit(status, HOSTED_CALLER);
}

HOSTED_EXPORT void verrx(int status, const char *format, va_list ap)
{
	if (!hosted_on())
		HOSTED_REAL(verrx)(status, format, ap);
	vwarnx(format, ap);
	hosted_exit(status, HOSTED_CALLER);
}

HOSTED_EXPORT void err(int status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (!hosted_on())
		HOSTED_REAL(verr)(status, format, ap);
	vwarn(format, ap);
	va_end(ap);
	hosted_exit(status, HOSTED_CALLER);
}

HOSTED_EXPORT void errx(int status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (!hosted_on())
		HOSTED_REAL(verrx)(status, format, ap);
	vwarnx(format, ap);
	va_end(ap);
	hosted_exit(status, HOSTED_CALLER);
}

HOSTED_EXPORT void error(int status, int number, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (!hosted_on() || !status) {
		HOSTED_REAL(error)(status, number, "%s", text);
		return;
	}
	HOSTED_REAL(error)(0, number, "%s", text);
	hosted_exit(status, HOSTED_CALLER);
}
