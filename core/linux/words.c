/* SPDX-License-Identifier: GPL-2.0-only */
/* Small things that the kernel's files want of the rest of the kernel. */
#include <stdio.h>
#include <string.h>

#include "core/kthread_internal.h"
#include "core/linux/sched.h"

const int linux_no_nodes[1];

/* ---- names ------------------------------------------------------------------------- */

void linux_set_comm(struct task_struct *t, const char *name)
{
	char comm[OS_COMM_MAX] = "";

	memcpy(comm, name, strnlen(name, OS_COMM_MAX - 1));
	memcpy(t->comm, comm, sizeof comm);
	if (t == current)
		os_set_comm(comm);
}

long linux_strscpy(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size);

	if (!size)
		return -E2BIG;
	memcpy(to, from, len < size ? len : size - 1);
	memset(to + (len < size ? len : size - 1), 0, size - (len < size ? len : size - 1));
	return len < size ? (long)len : -E2BIG;
}

char *linux_vasprintf(struct kt_site *site, const char *format, va_list args)
{
	char text[OS_NAME_MAX], *name;
	va_list copy;
	int len;

	/* linux_request_named() is given the same list later. */
	va_copy(copy, args);
	len = vsnprintf(text, sizeof text, format, copy);
	va_end(copy);
	KT_ASSERT(len >= 0 && len < OS_NAME_MAX);
	name = os_alloc_at(KT_ROLE_NAME, (size_t)len + 1, site);
	if (name)
		memcpy(name, text, (size_t)len + 1);
	return name;
}

/*
 * Names of requests, for versions whose kernel_thread() gets none. Used under the lock of the
 * kernel's create list, but for the last function, which the daemon calls.
 */
enum { REQUESTS_MAX = 64 };

static struct {
	const void *node[REQUESTS_MAX];		/* NULL: free */
	char name[REQUESTS_MAX][OS_NAME_MAX];
	char next[OS_NAME_MAX];
} requests;

static void forget_requests(void)
{
	memset(requests.node, 0, sizeof requests.node);
}

void linux_request_named(const void *node, const char *format, va_list args)
{
	va_list copy;
	unsigned i = 0;

	if (!format)
		return;
	while (i < REQUESTS_MAX && requests.node[i])
		i++;
	if (i == REQUESTS_MAX)
		kt_fail(KT_ASSERTION, "more than %d requests wait for kthreadd", REQUESTS_MAX);
	requests.node[i] = node;
	va_copy(copy, args);
	vsnprintf(requests.name[i], OS_NAME_MAX, format, copy);
	va_end(copy);
}

void linux_request_unlinked(const void *node)
{
	for (unsigned i = 0; i < REQUESTS_MAX; i++)
		if (requests.node[i] == node) {
			requests.node[i] = NULL;
			memcpy(requests.next, requests.name[i], OS_NAME_MAX);
		}
}

const char *linux_request_name(void)
{
	return requests.next;
}

/* ---- memory -------------------------------------------------------------------------- */

void *linux_zeroed(void *p, size_t size)
{
	return p ? memset(p, 0, size) : NULL;
}

void linux_mmdrop(struct mm_struct *mm)
{
	if (mm)
		mmdrop(mm);
}

struct timer_base *linux_timers(void)
{
	return &linux_kthreadd->timers;
}

/* ---- warnings -------------------------------------------------------------------------- */

/*
 * Warnings that core/'s rules for callers allow. kthread_park() refuses a thread that is parked or
 * has ended by an error, and a plan may ask for that.
 */
static const char *const due[] = { "kthread_park" };

void linux_warn(const char *func, const char *what)
{
	for (size_t i = 0; i < sizeof due / sizeof due[0]; i++)
		if (strcmp(func, due[i]) == 0)
			return;
	kt_fail(KT_DISCIPLINE, "WARN_ON in %s: %s", func, what);
}

void linux_bug(const char *func, const char *what)
{
	kt_fail(KT_DISCIPLINE, "BUG_ON in %s: %s", func, what);
}

/* ---- reset ------------------------------------------------------------------------------- */

/*
 * The static variables of the kernel's files are in two sections of their own, which
 * unit_*.c's prelude names. The linker knows where they begin and end.
 */
extern char __start_kdata[] __attribute__((weak)), __stop_kdata[] __attribute__((weak));
extern char __start_kbss[] __attribute__((weak)), __stop_kbss[] __attribute__((weak));
typedef void init_fn(void);
extern init_fn *const __start_linux_inits[], *const __stop_linux_inits[];

enum { DATA_MAX = 4096 };

static char first_data[DATA_MAX];
static bool have_first;

/* By hand, because a sanitizer's memcpy() looks at the gaps between variables, too. */
__attribute__((no_sanitize("address", "thread"), optnone))
static void copy(char *to, const char *from, const char *end)
{
	while (from < end)
		*to++ = *from++;
}

__attribute__((no_sanitize("address", "thread"), optnone))
static void clear(char *from, const char *end)
{
	while (from < end)
		*from++ = 0;
}

void linux_reset(void)
{
	KT_ASSERT(__stop_kdata - __start_kdata <= DATA_MAX);
	if (!have_first)
		copy(first_data, __start_kdata, __stop_kdata);
	have_first = true;
	copy(__start_kdata, first_data, first_data + (__stop_kdata - __start_kdata));
	clear(__start_kbss, __stop_kbss);
	for (init_fn *const *init = __start_linux_inits; init < __stop_linux_inits; init++)
		(*init)();
	forget_requests();
}
