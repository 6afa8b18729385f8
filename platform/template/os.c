/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An operating system that does nothing and has one thread: the process's first. Where the
 * contract (platform/os.h) lets a system refuse, the function refuses. Where it does not,
 * the function says that it is missing and ends the process. So all of core/ compiles,
 * links and starts, and the message names the first missing function that core/ needs.
 */
#include "platform/os.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/lockdep.h"
#include "platform/rcu.h"
#include "platform/sem.h"

struct template_sleeper {
	struct os_thread *thread;	/* NULL: not adopted */
	struct kt_rcu_reader rcu;
	struct kt_lockdep_thread lockdep;
};

static struct template_sleeper only;
static struct os_hooks os_hooks;
static size_t live[KT_ROLE_COUNT];

__attribute__((noreturn)) static void missing(const char *function)
{
	fprintf(stderr, "platform/template: %s() is not ported\n", function);
	abort();
}

/* ---- failures and points ----------------------------------------------------- */

void kt_fail(enum kt_failure kind, const char *fmt, ...)
{
	char message[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof message, fmt, args);
	va_end(args);
	fprintf(stderr, "kthrash: %s: %s\n", kt_failure_name(kind), message);
	if (os_hooks.failed)
		os_hooks.failed(kind, message);
	abort();
}

void kt_assert_failed(const char *file, int line, const char *func, const char *expr)
{
	kt_fail(KT_ASSERTION, "%s:%d: %s: %s", file, line, func, expr);
}

void kt_point(struct kt_site *site, const void *subject)
{
	if (os_hooks.point)
		os_hooks.point(site, subject);
}

void os_set_hooks(const struct os_hooks *hooks)
{
	os_hooks = *hooks;
}

/* ---- threads ------------------------------------------------------------------- */

int os_spawn(struct os_thread *t, const char *name, enum os_spawn_kind kind,
	     void (*fn)(void *arg), void *arg)
{
	(void)t, (void)name, (void)kind, (void)fn, (void)arg;
	return -EAGAIN;
}

void os_join(struct os_thread *t)
{
	(void)t;
	missing("os_join");
}

void os_wait_detached(void)
{
	/* No thread was started. */
}

void os_adopt(struct os_thread *t, const char *name)
{
	t->name = name;
	only.thread = t;
	/* RCU must begin once, when the process begins. Here it is early enough. */
	KT_RCU_IMPL(_begin)();
	KT_RCU_IMPL(_register_thread)();
}

void os_unadopt(void)
{
	KT_RCU_IMPL(_unregister_thread)();
	only.thread = NULL;
}

struct os_thread *os_self(void)
{
	return only.thread;
}

os_sleeper *os_sleeper_self(void)
{
	return only.thread ? &only : NULL;
}

struct kt_rcu_reader *os_rcu_reader(void)
{
	return only.thread ? &only.rcu : NULL;
}

struct kt_lockdep_thread *os_lockdep(void)
{
	return only.thread ? &only.lockdep : NULL;
}

const char *os_name(const struct os_thread *t)
{
	return t->name;
}

/* ---- sleeping ------------------------------------------------------------------ */

/* No other thread could end a sleep of the only thread. */
void os_park(struct kt_site *why)
{
	(void)why;
	missing("os_park");
}

bool os_park_until(uint64_t deadline_ns, struct kt_site *why)
{
	(void)deadline_ns, (void)why;
	missing("os_park_until");
}

void os_unpark_at(struct os_thread *t, struct kt_site *site)
{
	(void)t, (void)site;
	missing("os_unpark");
}

void os_sleeper_park(struct kt_site *why)
{
	(void)why;
	missing("os_sleeper_park");
}

void os_sleeper_unpark_at(os_sleeper *s, struct kt_site *site)
{
	(void)s, (void)site;
	missing("os_sleeper_unpark");
}

bool os_futex_wait_at(const uint32_t *word, uint32_t expected, const uint64_t *deadline_ns,
		      struct kt_site *why)
{
	(void)deadline_ns, (void)why;
	if (__atomic_load_n(word, __ATOMIC_RELAXED) != expected)
		return true;
	missing("os_futex_wait");
}

void os_futex_wake_at(const uint32_t *word, uint32_t count, struct kt_site *site)
{
	(void)word, (void)count, (void)site;
}

void os_sem_init(struct os_sem *s)
{
	(void)s;
	missing("os_sem_init");
}

void os_sem_destroy(struct os_sem *s)
{
	(void)s;
	missing("os_sem_destroy");
}

void os_sem_post_at(struct os_sem *s, struct kt_site *site)
{
	(void)s, (void)site;
	missing("os_sem_post");
}

bool os_sem_wait_at(struct os_sem *s, const uint64_t *deadline_ns, struct kt_site *why)
{
	(void)s, (void)deadline_ns, (void)why;
	missing("os_sem_wait");
}

void os_kill(struct os_thread *t)
{
	(void)t;
	missing("os_kill");
}

bool os_is_killed(const struct os_thread *t)
{
	(void)t;
	return false;
}

void os_wait_begin(void (*interrupt)(void *arg), void *arg)
{
	(void)interrupt, (void)arg;
}

void os_wait_end(void)
{
}

void os_waits_for(const struct os_thread *t)
{
	(void)t;
}

void os_relax(struct kt_site *where)
{
	(void)where;
	missing("os_relax");
}

uint64_t os_now_ns(void)
{
	return 0;
}

/* ---- memory -------------------------------------------------------------------- */

/* A header with the role, for os_live(). */
struct header {
	_Alignas(max_align_t) enum kt_role role;
};

void *os_alloc_at(enum kt_role role, size_t size, struct kt_site *site)
{
	struct header *h;

	if (os_hooks.alloc_fails && os_hooks.alloc_fails(role, site))
		return NULL;
	h = malloc(sizeof *h + size);
	if (!h)
		return NULL;
	h->role = role;
	live[role]++;
	return h + 1;
}

void os_free_at(void *p, struct kt_site *site)
{
	struct header *h = p;

	(void)site;
	if (!h)
		return;
	h--;
	live[h->role]--;
	free(h);
}

size_t os_live(enum kt_role role)
{
	return live[role];
}

/* ---- attributes ---------------------------------------------------------------- */

int os_set_comm(const char *name)
{
	(void)name;
	return -ENOSYS;
}

int os_set_policy(enum os_policy policy)
{
	(void)policy;
	return -ENOSYS;
}

int os_allow_cpus(const uint64_t *cpus)
{
	(void)cpus;
	return -ENOSYS;
}

int os_allow_all_nodes(void)
{
	return -ENOSYS;
}

int os_ignore_signals(void)
{
	return -ENOSYS;
}

int os_bind(struct os_thread *t, uint64_t cpus)
{
	(void)t;
	return cpus ? 0 : -EINVAL;
}

int os_cpu_to_node(unsigned cpu)
{
	(void)cpu;
	return OS_NO_NODE;
}

bool os_on_cpus(uint64_t cpus)
{
	(void)cpus;
	return true;
}

void os_set_spawn_node(int node)
{
	(void)node;
}

int os_get_attributes(struct os_attributes *out)
{
	memset(out, 0, sizeof *out);
	return -ENOSYS;
}
