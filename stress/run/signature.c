/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/run/signature.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *signature_id(char id[SIGNATURE_ID_MAX], enum kt_failure failure,
			 const char *signature)
{
	snprintf(id, SIGNATURE_ID_MAX, "%s-%08x", kt_failure_name(failure),
		 kt_text_hash(signature));
	return id;
}

void signature_of_message(char signature[SIGNATURE_MAX], enum kt_failure failure,
			  const char *message, struct kt_site *at)
{
	char name[KT_SITE_NAME_MAX] = "";

	if (at)
		kt_site_name(at, name, sizeof name);
	snprintf(signature, SIGNATURE_MAX, "%s: %.*s%s%s", kt_failure_name(failure),
		 (int)strcspn(message, ":"), message, at ? " @ " : "", name);
}

static bool is_of_name(char c)
{
	return isalnum((unsigned char)c) || strchr("_/-", c);
}

/* The length of the name that the text begins with, or 0. */
static size_t name_at(const char *text, const char *const *name, unsigned names)
{
	size_t length = 0;

	while (text[length] && is_of_name(text[length]))
		length++;
	for (unsigned i = 0; i < names; i++)
		if (strlen(name[i]) == length && memcmp(text, name[i], length) == 0)
			return length;
	return 0;
}

char *signature_hide_plan(char *buf, size_t size, const char *message, const char *const *name,
			  unsigned names)
{
	static const char cpu[] = "CPU ";
	size_t used = 0;

	for (const char *p = message; *p && used + 1 < size; ) {
		bool begins = p == message || !is_of_name(p[-1]);
		size_t length = begins ? name_at(p, name, names) : 0;
		const char *other = "a task";

		if (begins && strncmp(p, cpu, strlen(cpu)) == 0 &&
		    isdigit((unsigned char)p[strlen(cpu)])) {
			length = strlen(cpu) + strspn(p + strlen(cpu), "0123456789");
			other = "CPU N";
		}
		if (length)
			used += (size_t)snprintf(buf + used, size - used, "%s", other);
		else
			buf[used++] = *p;
		p += length ? length : 1;
	}
	buf[used < size ? used : size - 1] = '\0';
	return buf;
}

/* ---- places ---------------------------------------------------------------- */

/* Holds each place once, sorted by name. */
struct places {
	char name[SIGNATURE_PLACES_MAX][KT_SITE_NAME_MAX];
	unsigned count;
};

static void add_place(struct places *p, const struct kt_site *site)
{
	char name[KT_SITE_NAME_MAX];
	unsigned at = 0;

	kt_site_name(site, name, sizeof name);
	while (at < p->count && strcmp(p->name[at], name) < 0)
		at++;
	if (at < p->count && strcmp(p->name[at], name) == 0)
		return;
	memmove(p->name[at + 1], p->name[at], (p->count - at) * sizeof p->name[0]);
	memcpy(p->name[at], name, sizeof name);
	p->count++;
}

void signature_of_places(char signature[SIGNATURE_MAX], enum kt_failure failure,
			 struct kt_site *const *place, unsigned count)
{
	struct places p = { .count = 0 };
	int used = snprintf(signature, SIGNATURE_MAX, "%s", kt_failure_name(failure));

	KT_ASSERT(count <= SIGNATURE_PLACES_MAX);
	for (unsigned i = 0; i < count; i++)
		add_place(&p, place[i]);
	for (unsigned i = 0; i < p.count && used > 0 && used < SIGNATURE_MAX; i++)
		used += snprintf(signature + used, (size_t)(SIGNATURE_MAX - used), "%s%s",
				 i ? " + " : ": ", p.name[i]);
}

/* ---- two runs -------------------------------------------------------------- */

void signature_of_steps(char signature[SIGNATURE_MAX], const char *place, const char *other)
{
	bool swap = strcmp(place, other) > 0;

	snprintf(signature, SIGNATURE_MAX, "%s: %.110s | %.110s",
		 kt_failure_name(KT_NONDETERMINISM), swap ? other : place, swap ? place : other);
}

void signature_of_ends(char signature[SIGNATURE_MAX], enum kt_failure first,
		       enum kt_failure again)
{
	snprintf(signature, SIGNATURE_MAX, "%s: %s | %s", kt_failure_name(KT_NONDETERMINISM),
		 kt_failure_name(first), kt_failure_name(again));
}

/* ---- reports --------------------------------------------------------------- */

enum { STACKS_MAX = 4, FRAMES_MAX = 3 };

/* Is the line, up to `end`, of a frame in a file of this repository? */
static bool is_ours(const char *line, const char *end)
{
	static const char *const folders[] = { "/core/", "/platform/", "/stress/", " core/",
					       " platform/", " stress/" };

	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		if (memmem(line, (size_t)(end - line), folders[i], strlen(folders[i])))
			return true;
	return false;
}

/* Find the function in "#1 0x12 in func file:line" or "#1 func file:line". Returns its length. */
static int frame_function(const char *frame, const char *end, const char **name)
{
	const char *p = frame, *in;

	while (p < end && *p != ' ')
		p++;
	while (p < end && *p == ' ')
		p++;
	in = memmem(p, (size_t)(end - p), " in ", strlen(" in "));
	if (in)
		p = in + strlen(" in ");
	*name = p;
	while (p < end && *p != ' ' && *p != '(')
		p++;
	return (int)(p - *name);
}

struct stacks {
	unsigned count, frames;		/* frames of the first stack */
	char top[STACKS_MAX][64];	/* each stack's first function of this repository */
	char first[160];		/* functions of the first stack, up to FRAMES_MAX */
};

static void add_frame(struct stacks *s, bool is_top, const char *name, int length)
{
	size_t used = strlen(s->first);

	if (is_top && length > 0)
		snprintf(s->top[s->count++], sizeof s->top[0], "%.*s", length, name);
	if (s->count == 1 && s->frames++ < FRAMES_MAX && length > 0)
		snprintf(s->first + used, sizeof s->first - used, "%s%.*s", used ? " < " : "",
			 length, name);
}

static void read_stacks(struct stacks *s, const char *report)
{
	bool in_stack = false;

	for (const char *line = report; *line && s->count < STACKS_MAX; ) {
		const char *end = line + strcspn(line, "\n"), *name = "";
		const char *p = line + strspn(line, " ");

		if (*p != '#') {
			in_stack = false;
		} else if (is_ours(line, end)) {
			int length = frame_function(p, end, &name);

			add_frame(s, !in_stack, name, length);
			in_stack = true;
		}
		line = *end ? end + 1 : end;
	}
}

/* A report may give the two sides of a race in either order, so they are sorted here. */
void signature_of_report(char signature[SIGNATURE_MAX], enum kt_failure failure,
			 const char *report)
{
	struct stacks s = { 0 };

	read_stacks(&s, report);
	if (failure == KT_RACE && s.count >= 2) {
		bool swap = strcmp(s.top[0], s.top[1]) > 0;

		snprintf(signature, SIGNATURE_MAX, "%s: %s | %s", kt_failure_name(failure),
			 s.top[swap], s.top[!swap]);
	} else {
		snprintf(signature, SIGNATURE_MAX, "%s: %s", kt_failure_name(failure), s.first);
	}
}

void signature_of_signal(char signature[SIGNATURE_MAX], int signal)
{
	snprintf(signature, SIGNATURE_MAX, "%s: signal %d", kt_failure_name(KT_MEMORY), signal);
}

void signature_of_hang(char signature[SIGNATURE_MAX])
{
	snprintf(signature, SIGNATURE_MAX, "%s", kt_failure_name(KT_HANG));
}
