/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words by which plans and reports call sites, failures and roles.
 *
 * Locking: none. Everything is a pure function of its arguments, except the
 * hash cached in a site: threads may race to fill it, all with the same value, so
 * relaxed atomics are enough.
 *
 * Uses nothing of an operating system, so every driver and every tool may link
 * it. It formats no messages and knows no plans.
 */
#include <stdbool.h>
#include <string.h>

#include "platform/check.h"
#include "platform/point.h"
#include "platform/role.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char *const failure_names[] = {
	[KT_PASS]       = "pass",
	[KT_ASSERTION]  = "assertion",
	[KT_DEADLOCK]   = "deadlock",
	[KT_LIVELOCK]   = "livelock",
	[KT_MEMORY]     = "memory",
	[KT_LEAK]       = "leak",
	[KT_MODEL]      = "model",
	[KT_DISCIPLINE] = "discipline",
	[KT_RACE]       = "race",
	[KT_UNDEFINED]  = "undefined",
	[KT_HANG]       = "hang",
	[KT_EXPECT]     = "expect",
	[KT_NONDETERMINISM] = "nondeterminism",
};
_Static_assert(ARRAY_SIZE(failure_names) == KT_FAILURES, "every failure has a name");

static const char *const role_names[] = {
#define X(id, name) [KT_ROLE_##id] = (name),
	KT_ROLES(X)
#undef X
};
_Static_assert(ARRAY_SIZE(role_names) == KT_ROLE_COUNT, "every role has a name");

const char *kt_failure_name(enum kt_failure f)
{
	if ((unsigned)f >= KT_FAILURES)
		return "unknown";
	return failure_names[f];
}

const char *kt_role_name(enum kt_role role)
{
	if ((unsigned)role >= KT_ROLE_COUNT)
		return "unknown";
	return role_names[role];
}

enum kt_role kt_role_find(const char *name)
{
	for (unsigned i = 0; i < KT_ROLE_COUNT; i++) {
		if (strcmp(role_names[i], name) == 0)
			return (enum kt_role)i;
	}
	return KT_ROLE_COUNT;
}

/* ---- site names ---------------------------------------------------------- */

/* A string being built in a buffer that may be too short. */
struct out {
	char  *buf;
	size_t used;	/* bytes written, without the terminating zero */
	size_t size;	/* at least 1 */
};

static void out_char(struct out *o, char c)
{
	if (o->used + 1 < o->size)
		o->buf[o->used++] = c;
}

static void out_text(struct out *o, const char *s)
{
	while (*s)
		out_char(o, *s++);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

/* Drops blanks, and '&'s in front, because compilers and formatters differ in them. */
static void out_source(struct out *o, const char *s)
{
	bool front = true;

	for (; *s; s++) {
		if (is_blank(*s) || (front && *s == '&'))
			continue;
		front = false;
		out_char(o, *s);
	}
}

char *kt_site_name(const struct kt_site *site, char *buf, size_t size)
{
	struct out o = { buf, 0, size };

	if (size == 0)
		return buf;
	if (!site->func) {
		out_source(&o, site->what);
	} else {
		out_text(&o, site->func);
		out_char(&o, ':');
		out_text(&o, site->op);
		out_char(&o, '(');
		out_source(&o, site->what);
		out_char(&o, ')');
	}
	buf[o.used] = '\0';
	return buf;
}

/* FNV-1a, 32 bits; 0 means "not yet" in a site and so is never a hash. */
uint32_t kt_name_hash(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h ? h : 1;
}

uint32_t kt_site_hash(struct kt_site *site)
{
	char name[KT_SITE_NAME_MAX];
	uint32_t h = __atomic_load_n(&site->hash, __ATOMIC_RELAXED);

	if (h)
		return h;
	h = kt_name_hash(kt_site_name(site, name, sizeof(name)));
	__atomic_store_n(&site->hash, h, __ATOMIC_RELAXED);
	return h;
}

const char *kt_site_file(const struct kt_site *site)
{
	static const char *const folders[] = { "core/", "platform/", "stress/", "fuzz/", "tools/" };
	const char *file = site->file ? site->file : "";
	const char *found = file;

	/*
	 * The last folder of ours in the path decides, so that neither a build root such
	 * as /src/tools/ nor a second copy of the tree changes the result.
	 */
	for (const char *p = file; *p; p++) {
		if (p != file && p[-1] != '/')
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
			if (strncmp(p, folders[i], strlen(folders[i])) == 0)
				found = p;
		}
	}
	return found;
}
