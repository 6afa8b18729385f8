/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A finding as a file: the plan, with comments that say what it breaks and
 * where it was found. Files are written whole or not at all.
 */
#ifndef STRESS_FINDING_H
#define STRESS_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "stress/plan/plan.h"
#include "stress/run/world.h"

/*
 * Make *p expect the verdict (and its trace hash, if the world is
 * deterministic), and say so in its note.
 */
void finding_annotate(struct plan *p, const struct verdict *v, const char *found_by);

/* `text` to `path` by a temporary file and rename. 0 or -errno. */
int file_write(const char *path, const char *text, size_t size);

/* Print p to path. 0 or -errno. */
int plan_write(const char *path, const struct plan *p);

/*
 * Read and parse. 0; -EINVAL with a complaint "file:line:column: ..." on
 * stderr; or -errno with one that says why the file can't be read.
 */
int plan_read(const char *path, struct plan *p);

/* "DIR/deadlock-1a2b3c4d.plan"; the number is the signature's kt_name_hash(). */
void finding_path(char *buf, size_t size, const char *dir, enum kt_failure failure,
		  uint32_t signature);

/* "sim+modelled+park+list+modelled, clang 19 optimized, sanitizer asan": what this binary is. */
const char *build_name(void);

/* The seeded bug in this binary, or NULL. */
const char *bug_name(void);

/* What tools/kthrash replay needs to build this binary: "", or " --os=posix ...". */
void replay_options(char *buf, size_t size);

/* The command that repeats a plan with this binary. */
void replay_command(char *buf, size_t size, const char *path);

/* s as the inside of a JSON string. Returns buf. */
const char *json_escape(char *buf, size_t size, const char *s);

#endif
