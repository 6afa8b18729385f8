/* SPDX-License-Identifier: GPL-2.0-only */
/* Describes this binary in words, for people, for findings, and for the front door. */
#ifndef STRESS_HUNT_BUILD_H
#define STRESS_HUNT_BUILD_H

#include <stddef.h>

/* "sim+modelled+park+list+modelled, clang 19 optimized, sanitizer asan". */
const char *build_name(void);

/* The kinds of bugs that no execution of this binary can show: "data races (...), ...". */
const char *build_blind_to(void);

/* The seeded bug in this binary, or NULL. */
const char *bug_name(void);

/* The options with which tools/kthrash replay builds this binary: "", or " --os=posix ...". */
void replay_options(char *buf, size_t size);

/* The command that repeats a plan with this binary, as a shell reads it. */
void replay_command(char *buf, size_t size, const char *path);

#endif
