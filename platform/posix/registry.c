/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The records of all threads, and the report of where they wait.
 *
 * A record stays in the list for ever and is used again, so posix_dump_waits() can
 * walk the list in a signal handler. The registry's lock guards the list of unused
 * records; the fields that reports read are atomics.
 */
#include "platform/posix/posix.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/posix/internal.h"

static struct {
	pthread_mutex_t lock;
	struct posix_thread *unused;	/* lock must be held */
	struct posix_thread *all;	/* atomic; only grows */
} registry = { .lock = PTHREAD_MUTEX_INITIALIZER };

static __thread struct posix_thread *self;

struct posix_thread *posix_self(void)
{
	return self;
}

void posix_become(struct posix_thread *p)
{
	self = p;
}

static struct posix_thread *new_record(void)
{
	struct posix_thread *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	/* Release pairs with the acquire in posix_dump_waits(), which reads next_all. */
	p->next_all = __atomic_load_n(&registry.all, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&registry.all, &p->next_all, p, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	return p;
}

struct posix_thread *posix_thread_get(struct os_thread *handle, const char *name)
{
	uint64_t words[OS_NAME_MAX / sizeof(uint64_t)] = { 0 };
	struct posix_thread *p;

	pthread_mutex_lock(&registry.lock);
	p = registry.unused;
	if (p)
		registry.unused = p->next_free;
	pthread_mutex_unlock(&registry.lock);
	if (!p)
		p = new_record();
	if (!p)
		return NULL;
	memcpy(words, name, strnlen(name, OS_NAME_MAX - 1));
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		__atomic_store_n(&p->name[i], words[i], __ATOMIC_RELAXED);
	__atomic_store_n(&p->handle, handle, __ATOMIC_RELAXED);
	__atomic_store_n(&p->waits_for, NULL, __ATOMIC_RELAXED);
	__atomic_store_n(&p->waits_at, NULL, __ATOMIC_RELAXED);
	/* An unpark may still come late. Then it is a spurious one. */
	__atomic_store_n(&p->permit, 0, __ATOMIC_RELAXED);
	p->delays_epoch = 0;
	p->relaxed = 0;
	p->lockdep.held = 0;
	p->lockdep.acquires = false;
	p->spawn_node = OS_NO_NODE;
	p->has_policy = false;
	__atomic_store_n(&p->go, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&p->live, true, __ATOMIC_RELEASE);
	return p;
}

void posix_thread_put(struct posix_thread *p)
{
	__atomic_store_n(&p->live, false, __ATOMIC_RELEASE);
	pthread_mutex_lock(&registry.lock);
	p->next_free = registry.unused;
	registry.unused = p;
	pthread_mutex_unlock(&registry.lock);
}

struct kt_lockdep_thread *os_lockdep(void)
{
	return self ? &self->lockdep : NULL;
}

struct os_thread *os_self(void)
{
	return self ? __atomic_load_n(&self->handle, __ATOMIC_RELAXED) : NULL;
}

struct kt_rcu_reader *os_rcu_reader(void)
{
	return self ? &self->rcu : NULL;
}

void posix_waits_at(struct kt_site *site)
{
	if (self)
		__atomic_store_n(&self->waits_at, site, __ATOMIC_RELAXED);
}

void os_waits_for(const struct os_thread *t)
{
	if (self)
		__atomic_store_n(&self->waits_for, t, __ATOMIC_RELAXED);
}

/* ---- the report: async-signal-safe from here on -------------------------- */

struct line {
	char   text[512];
	size_t used;
};

static void add_text(struct line *l, const char *s)
{
	size_t len = strlen(s), room = sizeof l->text - l->used;

	if (len > room)
		len = room;
	memcpy(l->text + l->used, s, len);
	l->used += len;
}

static void add_number(struct line *l, uint32_t n)
{
	char digits[12];
	size_t i = sizeof digits;

	digits[--i] = '\0';
	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	add_text(l, digits + i);
}

static void add_name(struct line *l, const struct posix_thread *p)
{
	uint64_t words[OS_NAME_MAX / sizeof(uint64_t) + 1] = { 0 };

	for (size_t i = 0; i < OS_NAME_MAX / sizeof(uint64_t); i++)
		words[i] = __atomic_load_n(&p->name[i], __ATOMIC_RELAXED);
	add_text(l, (const char *)words);
}

static bool is_live(const struct posix_thread *p)
{
	return __atomic_load_n(&p->live, __ATOMIC_ACQUIRE);
}

static void add_awaited(struct line *l, const struct posix_thread *waiter)
{
	const struct os_thread *t = __atomic_load_n(&waiter->waits_for, __ATOMIC_RELAXED);
	const struct posix_thread *p = __atomic_load_n(&registry.all, __ATOMIC_ACQUIRE);

	if (!t)
		return;
	add_text(l, " for ");
	for (; p; p = p->next_all) {
		if (is_live(p) && __atomic_load_n(&p->handle, __ATOMIC_RELAXED) == t) {
			add_name(l, p);
			return;
		}
	}
	add_text(l, "a thread that has finished");
}

static void add_place(struct line *l, const struct posix_thread *p)
{
	const struct kt_site *site = __atomic_load_n(&p->waits_at, __ATOMIC_RELAXED);
	char name[KT_SITE_NAME_MAX];

	if (!site) {
		add_text(l, " runs");
		return;
	}
	add_text(l, " waits at ");
	add_text(l, kt_site_name(site, name, sizeof name));
	add_text(l, " [");
	add_text(l, kt_site_file(site));
	add_text(l, ":");
	add_number(l, site->line);
	add_text(l, "]");
}

void posix_dump_waits(int fd)
{
	const struct posix_thread *p = __atomic_load_n(&registry.all, __ATOMIC_ACQUIRE);

	for (; p; p = p->next_all) {
		struct line l = { .used = 0 };

		if (!is_live(p))
			continue;
		add_name(&l, p);
		add_place(&l, p);
		add_awaited(&l, p);
		if (l.used == sizeof l.text)
			l.used--;
		l.text[l.used++] = '\n';
		if (write(fd, l.text, l.used) < 0)
			return;
	}
}

void posix_reset(void)
{
	posix_hooks = (struct os_hooks){ .point = NULL };
	posix_set_delays(0, 0);
	posix_forget_detached();
	pthread_mutex_init(&registry.lock, NULL);
	for (struct posix_thread *p = registry.all; p; p = p->next_all)
		if (p != self && is_live(p))
			posix_thread_put(p);
}
