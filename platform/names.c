/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words by which plans and reports call sites, failures, roles and strategies.
 *
 * Locking: none. Everything is a pure function of its arguments, except that a site caches
 * its hash. Threads may race to store it, but all store the same value, so relaxed atomics
 * are enough.
 *
 * This file uses nothing of an operating system, so every driver and every tool may link
 * it. It formats no messages and knows no plans.
 */
#include <stdbool.h>
#include <string.h>

#include "platform/check.h"
#include "platform/point.h"
#include "platform/role.h"
#include "platform/strategy.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A word of the plan format and what it means. */
struct row {
	const char *word, *help;
};

#define FAILURE(id, word, help) [KT_##id] = { word, help },
static const struct row failures[] = {
#include "platform/words.def"
};
#undef FAILURE

#define ROLE(id, word, help) [KT_ROLE_##id] = { word, help },
static const struct row roles[] = {
#include "platform/words.def"
};
#undef ROLE

static const struct {
	struct row row;
	uint32_t depth_max;
} strategies[] = {
#define STRATEGY(id, word, depth, make, profile, places, measured, help) \
	[KT_STRATEGY_##id] = { { word, help }, depth },
#include "platform/words.def"
#undef STRATEGY
};

#define STRATEGY(id, word, depth, make, profile, places, measured, help) places
#define AT(turn, id, depth) [turn] = { KT_STRATEGY_##id, depth },
static const struct kt_strategy_place portfolio[] = {
#include "platform/words.def"
};
#undef AT
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a term of a sum */
#define AT(turn, id, depth) + 1
enum {
	PLACES = 0
#include "platform/words.def"
};
_Static_assert(ARRAY_SIZE(portfolio) == PLACES, "each turn of the portfolio is one strategy's");
#undef AT
#undef STRATEGY

/* Row i of the table, or a placeholder if the table has no row i. */
static const struct row *row_of(const struct row *rows, size_t count, unsigned i)
{
	static const struct row unknown = { "unknown", "unknown" };

	return i < count ? &rows[i] : &unknown;
}

const char *kt_failure_name(enum kt_failure f)
{
	return row_of(failures, ARRAY_SIZE(failures), f)->word;
}

const char *kt_failure_help(enum kt_failure f)
{
	return row_of(failures, ARRAY_SIZE(failures), f)->help;
}

const char *kt_role_name(enum kt_role role)
{
	return row_of(roles, ARRAY_SIZE(roles), role)->word;
}

const char *kt_role_help(enum kt_role role)
{
	return row_of(roles, ARRAY_SIZE(roles), role)->help;
}

enum kt_role kt_role_find(const char *name)
{
	for (unsigned i = 0; i < KT_ROLE_COUNT; i++) {
		if (strcmp(roles[i].word, name) == 0)
			return (enum kt_role)i;
	}
	return KT_ROLE_COUNT;
}

const char *kt_strategy_name(enum kt_strategy s)
{
	return strategies[s].row.word;
}

const char *kt_strategy_help(enum kt_strategy s)
{
	return strategies[s].row.help;
}

uint32_t kt_strategy_depth_max(enum kt_strategy s)
{
	return strategies[s].depth_max;
}

uint32_t kt_portfolio_places(void)
{
	return ARRAY_SIZE(portfolio);
}

struct kt_strategy_place kt_portfolio_place(uint32_t nth)
{
	return portfolio[nth];
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

/* "queue.c:42 " */
static void out_place(struct out *o, const struct kt_site *site)
{
	char digit[8];
	unsigned n = 0, line = site->line;

	out_source(o, site->file);
	out_char(o, ':');
	do
		digit[n++] = (char)('0' + line % 10);
	while (line /= 10);
	while (n)
		out_char(o, digit[--n]);
	out_char(o, ' ');
}

const char kt_site_later[] = "?";

static void (*namer)(struct kt_site *site);

void kt_site_set_namer(void (*set)(struct kt_site *site))
{
	namer = set;
}

/* A site is only named by its strings, so a caller may hold it as const. */
static void find_strings(const struct kt_site *site)
{
	if (site->func == kt_site_later && namer)
		namer((struct kt_site *)site);
}

static void out_label(struct out *o, const struct kt_site *site)
{
	if (!site->func) {
		out_source(o, site->what);
		return;
	}
	out_text(o, site->func);
	out_char(o, ':');
	out_text(o, site->op);
	out_char(o, '(');
	out_source(o, site->what);
	out_char(o, ')');
}

static char *name_of(const struct kt_site *site, bool placed, char *buf, size_t size)
{
	struct out o = { buf, 0, size };

	if (size == 0)
		return buf;
	find_strings(site);
	if (placed)
		out_place(&o, site);
	out_label(&o, site);
	buf[o.used] = '\0';
	return buf;
}

char *kt_site_name(const struct kt_site *site, char *buf, size_t size)
{
	return name_of(site, site->placed, buf, size);
}

char *kt_site_label(const struct kt_site *site, char *buf, size_t size)
{
	return name_of(site, false, buf, size);
}

/*
 * Where the object begins in the name of a placed site: "queue.c:42 push:store(" is before it.
 * The end of the name if it is not placed, or has no object. The name of a C++ function may
 * hold "operator()".
 */
static const char *object_of(const char *name)
{
	static const char call[] = "operator";
	const char *colon = NULL, *p = strchr(name, ' ');

	for (; p && *p; p++) {
		if (*p == ':')
			colon = p;
		else if (*p == '(' && colon && strncmp(colon + 1, call, strlen(call)) != 0)
			return p + 1;
	}
	return name + strlen(name);
}

/* FNV-1a, 32 bits. The result is never 0, because in a site 0 means "not yet". */
static uint32_t hash_until(const char *text, const char *end)
{
	uint32_t h = 2166136261u;

	for (; text < end; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h ? h : 1;
}

uint32_t kt_text_hash(const char *text)
{
	return hash_until(text, text + strlen(text));
}

/*
 * The object of a placed site does not count, because its words come from the source text,
 * which may not be there when a plan is replayed.
 */
uint32_t kt_name_hash(const char *name)
{
	return hash_until(name, object_of(name));
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
	const char *file, *found;

	find_strings(site);
	found = file = site->file ? site->file : "";
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

uint32_t kt_site_line(const struct kt_site *site)
{
	find_strings(site);
	return site->line;
}
