/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of plans as C enums, made from the rows of words.def. */
#ifndef STRESS_PLAN_WORDS_H
#define STRESS_PLAN_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "platform/check.h"
#include "platform/role.h"
#include "platform/strategy.h"

// cppcheck-suppress syntaxError ; it also tries each table's macro without parameters
enum plan_body {	/* what the created thread's function does */
#define BODY(id, word, traits, draw, help) PLAN_##id,
#include "stress/plan/words.def"
#undef BODY
	PLAN_BODIES,	/* count */
	PLAN_PERCPU = PLAN_BODIES,	/* no body: threads that percpu registers */
};

enum plan_body_trait {
	PLAN_ENDS      = 1 << 0,	/* ends by itself */
	PLAN_PARKS     = 1 << 1,	/* parks when asked to */
	PLAN_HARD      = 1 << 2,	/* the uninterruptible variant of another body */
	PLAN_NO_RESULT = 1 << 3,	/* no R follows the word */
};

enum plan_op_kind {
#define OPERATION(id, word, traits, weight, help) PLAN_##id,
#include "stress/plan/words.def"
#undef OPERATION
	PLAN_OPS	/* count */
};

/* What follows an operation's word, and which tasks may use it. */
enum plan_op_trait {
	PLAN_NO_HANDLE   = 1 << 0,	/* no handle follows */
	PLAN_HAS_CPU     = 1 << 1,
	PLAN_HAS_WORK    = 1 << 2,
	PLAN_HAS_DELAY   = 1 << 3,
	PLAN_HAS_RESULT  = 1 << 4,	/* "== R" may follow */
	PLAN_MAKES       = 1 << 5,	/* "a = WORD ...": makes the thread */
	PLAN_OF_WORKER   = 1 << 6,	/* a worker's handle only */
	PLAN_BY_OTHERS   = 1 << 7,	/* other tasks may use the handle, too */
	PLAN_BY_ID       = 1 << 8,	/* the thread may be gone: it is not touched */
	PLAN_OF_PERCPU   = 1 << 9,	/* a percpu's handle only */
	PLAN_HAS_VICTIM  = 1 << 10,	/* the name of a task follows */
};

enum plan_directive_kind {
#define DIRECTIVE(id, word, form, task, target, help) PLAN_D_##id,
#include "stress/plan/words.def"
#undef DIRECTIVE
	PLAN_DIRECTIVES	/* count */
};

enum plan_line {		/* the other lines */
#define LINE(id, word, form, help) PLAN_LINE_##id,
#include "stress/plan/words.def"
#undef LINE
	PLAN_LINE_KINDS	/* count */
};

#define PLAN_ROLE_ANY KT_ROLE_COUNT

/* Its values are those of enum kt_strategy. */
enum plan_strategy_kind {
#define STRATEGY(id, word, depth, make, profile, places, measured, help) PLAN_##id,
#include "platform/words.def"
#undef STRATEGY
	PLAN_STRATEGIES	/* count */
};

enum plan_memory {	/* platform/sim/sim.h; real threads have the machine's */
#define MEMORY(id, word, help) PLAN_##id,
#include "stress/plan/words.def"
#undef MEMORY
	PLAN_MEMORIES	/* count */
};

/* The words of the rows: "wake", "borrow", "kill", "task", "tso", "pct". */
const char *plan_op_name(enum plan_op_kind k);
const char *plan_body_name(enum plan_body b);
const char *plan_directive_name(enum plan_directive_kind k);
const char *plan_line_name(enum plan_line k);
const char *plan_memory_name(enum plan_memory m);
const char *plan_strategy_name(enum plan_strategy_kind k);

/* "-EINTR", or NULL if plans have no word for it. */
const char *plan_errno_name(int32_t value);

/* Does the operation have all of `traits`? */
bool plan_op_has(enum plan_op_kind k, unsigned traits);

/* Does a function with this body end by itself? Does it park when it is asked to? */
bool plan_body_exits(enum plan_body b);
bool plan_body_parks(enum plan_body b);

/* Does the strategy take a depth, and an estimate of steps? */
bool plan_strategy_has_depth(enum plan_strategy_kind k);

/* Print every word of the format to `out`, a line each with what it means. */
void plan_print_words(FILE *out);

#endif
