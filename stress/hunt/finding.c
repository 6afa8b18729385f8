/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/finding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "stress/hunt/build.h"
#include "stress/hunt/files.h"

void finding_path(char *buf, size_t size, const char *dir, const char *id)
{
	snprintf(buf, size, "%s/%s.plan", dir, id);
}

void finding_shrunk_path(char *buf, size_t size, const char *path)
{
	snprintf(buf, size, "%.*s.min.plan", (int)(strlen(path) - strlen(".plan")), path);
}

/* A note is lines of printable ASCII, but a message may hold any byte. */
static void make_printable(char *s)
{
	for (; *s; s++)
		if ((*s < ' ' && *s != '\n') || *s > '~')
			*s = '?';
}

void finding_annotate(struct plan *p, const struct verdict *v)
{
	p->has_expect = true;
	p->expect = v->failure;
	p->has_trace = world_can(WORLD_REPEATS) && v->failure != KT_NONDETERMINISM;
	p->trace = v->hash;
	p->signature = plan_intern_printable(p, v->signature);
	snprintf(p->note, sizeof p->note, "%s", v->message);
	make_printable(p->note);
}

void finding_set_cause(struct plan *p, const struct cause *c)
{
	p->cause = p->identity = 0;
	if (c->kind == CAUSE_NOT_FOUND)
		return;
	p->cause = plan_intern_printable(p, c->sentence);
	p->identity = plan_intern_printable(p, c->identity);
}

void finding_set_origin(struct plan *p, const struct finding_origin *origin)
{
	p->origin = (struct plan_origin){
		.by = plan_intern_printable(p, origin->by),
		.build = plan_intern_printable(p, build_name()),
		.numbered = origin->numbered, .seed = origin->seed,
		.execution = origin->execution,
	};
}

/* Was *a found by the same hunt as *b, in an earlier execution? */
static bool is_earlier(const struct plan *a, const struct plan *b)
{
	return a->origin.numbered && b->origin.numbered && a->origin.seed == b->origin.seed &&
	       strcmp(plan_string(a, a->origin.build), plan_string(b, b->origin.build)) == 0 &&
	       a->origin.execution < b->origin.execution;
}

int finding_save(const char *path, const struct plan *p)
{
	static struct plan saved;
	struct stat there;
	int err;

	if (lstat(path, &there) != 0)
		return (err = plan_write(path, p)) ? err : 1;
	/* The file that is there is not one of ours, so it stays, and *p is not saved. */
	if (!S_ISREG(there.st_mode) || plan_read(path, &saved) != 0)
		return -EEXIST;
	if (!is_earlier(p, &saved))
		return 0;
	return (err = plan_write(path, p)) ? err : 1;
}

/* Compares the signature in the form in which a plan can hold it. */
bool finding_has_signature(const struct plan *p, const char *signature)
{
	static struct plan scratch;

	plan_init(&scratch);
	return strcmp(plan_string(&scratch, plan_intern_printable(&scratch, signature)),
		      plan_string(p, p->signature)) == 0;
}
