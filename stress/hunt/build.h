/* SPDX-License-Identifier: GPL-2.0-only */
/* Describes this binary in words, for people, for findings, and for the front door. */
#ifndef STRESS_HUNT_BUILD_H
#define STRESS_HUNT_BUILD_H

#include <stdbool.h>
#include <stddef.h>

struct json;

/*
 * "sim+modelled+park+list+modelled, clang 19 optimized, sanitizer asan"; on the kernel's own files
 * also ", core linux 6.12.117 (76e07eb2840d4465)"; if plain accesses of core/ are choice points
 * also ", core plain"; with a seeded bug also ", bug P1".
 */
const char *build_name(void);

/* The same in parts. */
struct build_facts {
	const char *platform;	/* "sim+modelled+park+list+modelled" */
	const char *compiler;	/* "clang 19" */
	const char *sanitizer;	/* asan, tsan or none */
	const char *core;	/* "kthrash", "plain" or "linux 6.12.117" */
	const char *tree;	/* which files of the kernel they are: a hash of them; else "" */
	const char *bug;	/* the seeded bug, or "" */
	bool optimized;
};

struct build_facts build_facts(void);

/*
 * Say which binary this is, as the first line of a command's text, or as values in a JSON object.
 * The front door compares them with the build that the user asked for.
 */
void build_show(const char *command);
void build_put(struct json *j);

/* The kinds of bugs that no execution of this binary can show: "data races (...), ...". */
const char *build_blind_to(void);

/* The seeded bug in this binary, or NULL. */
const char *bug_name(void);

/* The kernel version whose files are the core of this binary, "6.12.117", or NULL: our own core. */
const char *linux_version(void);
/* The hash of those files, without the seeded bug's edits; "" if it is not known. */
const char *linux_tree(void);

/* Are the plain accesses of our own core choice points? */
bool plain_core(void);

/* The options with which tools/kthrash replay builds this binary: "", or " --os=posix ...". */
void replay_options(char *buf, size_t size);

/* The command that repeats a plan with this binary, as a shell reads it. */
void replay_command(char *buf, size_t size, const char *path);
/* That command begins with `name` instead of tools/kthrash. */
void replay_through(const char *name);

#endif
