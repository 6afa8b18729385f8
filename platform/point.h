/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sites and named points.
 *
 * A site is one place in the source at which the platform may step in: every
 * atomic, lock, park and allocation has one, made by the macro that is used there. A named
 * point is a site without an operation. At a named point the simulator may switch tasks,
 * and a real thread may lose some time. A plan switches tasks or kills one at a point, and
 * an oracle observes it.
 *
 * The printed name (kt_site_name) of a site in kthrash's own code never holds a file or
 * line, so that it survives edits elsewhere and is the same in every build and in a patched
 * copy. Plans and the trace hash use that name only. The name of a site in a user's program
 * begins with its file and line, because there many places have the same function,
 * operation and object.
 */
#ifndef PLATFORM_POINT_H
#define PLATFORM_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kt_access {	/* what platform/atomic.h does to the word at a site */
	KT_NO_ACCESS,
	KT_LOAD,
	KT_STORE,
	KT_STORE_RELEASE,
	KT_UPDATE,	/* fully ordered */
	KT_LOAD_ACQUIRE,
	KT_LOAD_SEQ,	/* an acquire, in the one order of all sequentially consistent accesses */
	KT_UPDATE_RELAXED,
	KT_UPDATE_ACQUIRE,
	KT_UPDATE_RELEASE,
	KT_UPDATE_ACQ_REL,
	KT_CMPXCHG,	/* the caller then asks sim_at_cmpxchg() */
	KT_LOAD_PLAIN,	/* done on memory, whatever address sim_point() returns */
};

static inline bool kt_access_loads(enum kt_access a)
{
	return a == KT_LOAD || a == KT_LOAD_ACQUIRE || a == KT_LOAD_SEQ || a == KT_LOAD_PLAIN;
}

struct kt_site {
	const char *func;	/* enclosing function; NULL for a named point */
	const char *op;		/* "load", "xchg", "acquire", ...; "point" */
	const char *what;	/* source text of the object; a point's name */
	const char *file;
	uint16_t    line;
	uint8_t     access : 4;	/* enum kt_access */
	bool        placed : 1;	/* its name begins with file and line */
	bool        plain : 1;	/* a plain access: platform/plain.h */
	bool        steady : 1;	/* a plain access that no other task's write can change */
	uint8_t     size;	/* bytes of the word */
	uint32_t    hash;	/* kt_site_hash() keeps it here; 0 = not yet */
};

/* Where a site lies. A unit whose static variables are reset keeps its sites apart from them. */
#if !defined(KT_SITE_SECTION)
#define KT_SITE_SECTION
#endif

#define KT_SITE(op_, what_) KT_SITE_OF((op_), (what_), KT_NO_ACCESS, 0)

#define KT_SITE_OF(op_, what_, access_, size_)                                 \
	(__extension__({                                                       \
		static struct kt_site kt_site_here KT_SITE_SECTION = {         \
			.func = __func__, .op = (op_), .what = (what_),        \
			.file = __FILE__, .line = __LINE__,                    \
			.access = (access_), .size = (size_),                  \
		};                                                             \
		&kt_site_here;                                                 \
	}))

#define KT_SITE_NAMED(name_)                                                   \
	(__extension__({                                                       \
		static struct kt_site kt_site_here KT_SITE_SECTION = {         \
			.op = "point", .what = (name_),                        \
			.file = __FILE__, .line = __LINE__,                    \
		};                                                             \
		&kt_site_here;                                                 \
	}))

#define KT_SITE_NAME_MAX 128	/* bytes, the terminating zero included */

/*
 * The name a plan uses: "create.appended" for a named point, else
 * "func:op(what)" without blanks and leading '&', after "file:line " if the site is
 * placed. Truncated to size, always terminated. Returns buf.
 */
char *kt_site_name(const struct kt_site *site, char *buf, size_t size);

/* The same without file and line, for a text that has those elsewhere. */
char *kt_site_label(const struct kt_site *site, char *buf, size_t size);

/* The hash of kt_site_name(); never 0. Any thread may call this. */
uint32_t kt_site_hash(struct kt_site *site);

/* A hash of all of a text; never 0. */
uint32_t kt_text_hash(const char *text);

/* The same hash of a name written in a plan. Without the object, if the site is placed. */
uint32_t kt_name_hash(const char *name);

/* `file` without the folders that a build system puts before it: "core/kthread.c". */
const char *kt_site_file(const struct kt_site *site);
uint32_t kt_site_line(const struct kt_site *site);

/*
 * Sites made at run time, whose strings are costly to find. Such a site has kt_site_later as
 * its func. Its op, access and size are set, and its hash may be. The functions above call
 * the namer before they read anything else of the site. The namer sets func, what, file and
 * line. kt_site_hash() needs the name only if the hash is not set; it is called at the first
 * visit of a site in the simulator, in an execution. So the namer must not reach a site then.
 */
extern const char kt_site_later[];
void kt_site_set_namer(void (*namer)(struct kt_site *site));

/*
 * Visit a named point; see KT_POINT. Calls the `point` hook (platform/os.h)
 * with `subject`, the object that the point is about, or NULL.
 */
void kt_point(struct kt_site *site, const void *subject);

#define KT_POINT(name)              kt_point(KT_SITE_NAMED(#name), NULL)
#define KT_POINT_ON(name, subject_) kt_point(KT_SITE_NAMED(#name), (subject_))

#endif
