/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plan: a small program (which tasks call what of core/) and the directives
 * that make one execution of it. Seeds, fuzzer inputs, findings, replays and
 * regressions are all plans. README.md has the whole format by example, words.def
 * each of its words.
 *
 * struct plan is flat: no pointers, copied by assignment, compared by
 * plan_equal(). Strings live in its own pool. Nothing here allocates, reads a
 * clock or keeps state between calls; any thread may call it.
 *
 *	kthrash-plan 1
 *	# why this plan is here (kept: plan.note)
 *	signature "deadlock: kthreadd_main:schedule() + wait_for_thread:wait_killable(done)"
 *	found by "random" seed 7 execution 123 on "sim+modelled+park+list+modelled, clang 19"
 *	boot concurrent
 *	memory tso
 *	strategy pct 3 seed 91
 *	task C1: a = create "w/%u" 0 until-stop 7; wake a; stop a == 7
 *	task C2: b = create "x" return 0 node 1; get b; wake b; stop b; put b
 *	task C3: c = create "p/%u" 2 parkable 0 cpu 2; park c; unpark c; wake a
 *	kill C1 at kthreadd kthreadd.unlinked #1
 *	fail stack #2
 *	oom task #1 kills C2
 *	switch kthreadd at kthreadd.unlinked #1 to C1
 *	spurious C1 at kthread_create_on_node:wait_killable(done) #1
 *	visible kthreadd kthreadd_main:store(current->state) at C1 create.woken #1
 *	expect deadlock trace 0123456789abcdef
 *
 * A plan of a program that is not made of operations has a line with the program's
 * words in place of its tasks. Its directives may name any task and any point.
 *
 *	kthrash-plan 1
 *	program "./queue_test" "3" "100"
 *	kill worker-2 at main worker_push:store(queue->head) #4
 */
#ifndef STRESS_PLAN_H
#define STRESS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "platform/check.h"
#include "platform/role.h"
#include "platform/strategy.h"

#define PLAN_BYTES_MAX      65536	/* of text */
#define PLAN_TASKS_MAX      16
#define PLAN_THREADS_MAX    32		/* create and run operations */
#define PLAN_OPS_MAX        256		/* over all tasks */
#define PLAN_DIRECTIVES_MAX 512
#define PLAN_STRINGS_MAX    24576	/* bytes of all names together */
#define PLAN_NOTE_MAX       2048
#define PLAN_QUOTED_MAX     1024	/* bytes of a quoted text with its zero */
#define PLAN_ARGS_MAX       16		/* words of a program */
#define PLAN_NTH_MAX        1000000	/* largest #n */
#define PLAN_STEPS_MAX      1000000	/* largest estimate of steps */
#define PLAN_OLDER_MAX      63		/* largest "after N" */
#define PLAN_DEPTH_MAX      64		/* largest depth of pct and delay */

typedef uint16_t plan_str;		/* offset into plan.strings; 0 = "" */

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
	PLAN_HARD      = 1 << 2,	/* another body that sleeps uninterruptibly */
	PLAN_NO_RESULT = 1 << 3,	/* no R follows the word */
};

#define PLAN_CPUS   4		/* "cpu N" and "bind": below this */
#define PLAN_PERCPUS_MAX 4	/* percpu operations */
#define PLAN_LIVES_MAX   44	/* threads that these and others may come to make */
#define PLAN_WEAK_MAX    49	/* those and tasks, in a plan with weak memory */

/* Works of a worker, by number. 0 and 1 do nothing special. */
#define PLAN_WORKS  4
#define PLAN_WORK_AGAIN 2	/* queues itself again until it is canceled */
#define PLAN_WORK_GATE  3	/* its function waits for an "open" */

#define PLAN_DELAY_MAX 100000	/* microseconds */

struct plan_thread {		/* one kthread, made by one create or run; or one on
				 * each CPU, kept by one percpu */
	plan_str var;		/* the handle, "a" */
	plan_str format;	/* as written: "w/%u"; at most one %u or %d */
	plan_str name;		/* formatted: "w/0"; unique in the plan, and
				 * different from task names, init, kthreadd.
				 * Of a percpu that of CPU 0's */
	bool     has_number;
	int32_t  number;
	enum plan_body body;
	int32_t  result;	/* R */
	int16_t  node;		/* -1: none */
	int16_t  cpu;		/* "cpu N": kthread_create_on_cpu(); -1: none.
				 * Then the name has a number and it is N */
	bool     freezable;	/* of a worker */
	uint8_t  task;		/* which task has the handle */
};

enum plan_op_kind {
#define OPERATION(id, word, traits, weight, help) PLAN_##id,
#include "stress/plan/words.def"
#undef OPERATION
	PLAN_OPS	/* count */
};

/* What follows an operation's word, and which tasks may use it. */
enum plan_op_trait {
	PLAN_NO_HANDLE   = 1 << 0,	/* of no thread */
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

/* Has it all of `traits`? */
bool plan_op_has(enum plan_op_kind k, unsigned traits);

struct plan_op {
	enum plan_op_kind kind;
	uint8_t thread;		/* index; unless PLAN_NO_HANDLE */
	uint8_t victim;		/* PLAN_HAS_VICTIM: task index */
	int8_t  cpu;		/* PLAN_HAS_CPU */
	uint8_t work;		/* PLAN_HAS_WORK: X */
	uint32_t delay_us;	/* PLAN_HAS_DELAY */
	bool    has_expect;	/* "== R" */
	bool    expect_ok;	/* "== ok": create or run gave a task */
	int32_t expect;		/* else the value, or -errno */
};

struct plan_task {
	plan_str name;
	uint16_t ops_first;	/* index into plan.ops; a task's are adjacent */
	uint16_t ops_count;
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

struct plan_directive {
	enum plan_directive_kind kind;
	plan_str task;		/* full name of a task or thread */
	plan_str point;		/* kt_site_name() */
	plan_str target;
	plan_str store;		/* kt_site_name() */
	uint8_t older;		/* D_VISIBLE: after N */
	uint32_t nth;		/* from 1 */
	enum kt_role role;	/* D_FAIL, D_OOM */
};

/* With the values of enum kt_strategy. */
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

/* The words and sentences of the rows: "wake", "borrow", "kill", "tso", "pct". */
const char *plan_op_name(enum plan_op_kind k);
const char *plan_op_help(enum plan_op_kind k);
const char *plan_body_name(enum plan_body b);
const char *plan_body_help(enum plan_body b);
const char *plan_directive_name(enum plan_directive_kind k);
const char *plan_directive_form(enum plan_directive_kind k);
const char *plan_directive_help(enum plan_directive_kind k);
const char *plan_line_name(enum plan_line k);
const char *plan_memory_name(enum plan_memory m);
const char *plan_memory_help(enum plan_memory m);
const char *plan_strategy_name(enum plan_strategy_kind k);

/* "-EINTR", or NULL if plans have no word for it. */
const char *plan_errno_name(int32_t value);

/* Does it take a depth (and an estimate of steps)? */
bool plan_strategy_has_depth(enum plan_strategy_kind k);

/* Print every word of the format to `out`, a line each with what it means. */
void plan_print_words(FILE *out);

/* How a finding was found: "found by BY [seed N execution N] on BUILD". */
struct plan_origin {
	plan_str by;		/* a strategy or a command; 0: there is no such line */
	plan_str build;		/* back ends, compiler, sanitizer */
	bool     numbered;	/* a hunt can repeat it by these numbers */
	uint64_t seed, execution;
};

struct plan {
	struct plan_task tasks[PLAN_TASKS_MAX];
	struct plan_thread threads[PLAN_THREADS_MAX];
	struct plan_op ops[PLAN_OPS_MAX];
	struct plan_directive directives[PLAN_DIRECTIVES_MAX];
	uint16_t tasks_count, threads_count, ops_count, directives_count;

	/* The program's words, in place of tasks: see plan_is_program(). */
	plan_str args[PLAN_ARGS_MAX];
	uint16_t args_count;

	plan_str signature;	/* of the bug that this plan shows; 0: none */
	struct plan_origin origin;

	bool boot_concurrent;	/* tasks start while kthreadd boots */
	enum plan_memory memory;
	enum plan_strategy_kind strategy;
	uint32_t depth;		/* pct, delay */
	uint32_t steps_estimate;	/* pct, delay: how long an execution is; 0: not said */
	uint64_t seed;

	bool has_expect;
	enum kt_failure expect;	/* KT_PASS: "expect pass" */
	bool has_trace;
	uint64_t trace;

	uint16_t strings_used;
	char strings[PLAN_STRINGS_MAX];
	char note[PLAN_NOTE_MAX];	/* comment lines after the first line,
					 * "# " stripped, '\n' between */
};

/* How many threads have names from it: PLAN_CPUS for a percpu, else 1. */
unsigned plan_names(const struct plan_thread *t);

/* Does such a function end by itself? Does it park when asked to? */
bool plan_body_exits(enum plan_body b);
bool plan_body_parks(enum plan_body b);

static inline const char *plan_string(const struct plan *p, plan_str s)
{
	return p->strings + s;
}

/* "-EINTR", or NULL if plans have no word for it. */
const char *plan_errno_name(int32_t value);

/* Empty plan: no task, strategy block. */
void plan_init(struct plan *p);

/* Intern a string. Returns 0 for "" and also when the pool is full. */
plan_str plan_intern(struct plan *p, const char *s, size_t len);

/*
 * The same for a text in quotes. '?' stands for each byte that the format can't
 * hold: '"' and all that is not printable ASCII. The text is cut to PLAN_QUOTED_MAX.
 */
plan_str plan_intern_printable(struct plan *p, const char *s);

/* Does p have a program instead of tasks? Such a plan has no tasks and no operations. */
bool plan_is_program(const struct plan *p);

struct plan_error {
	unsigned line, column;	/* from 1 */
	int op, directive;	/* index of what breaks a rule, or -1 */
	char message[512];	/* what is wrong, what was expected */
};

/*
 * Parse `size` bytes of text (which need no terminator and may hold anything).
 * 0, or -EINVAL with *err filled and *p undefined. Includes plan_check().
 */
int plan_parse(struct plan *p, const char *text, size_t size, struct plan_error *err);

/*
 * The rules a plan keeps beyond its grammar: names unique and known, handles
 * used by their own task after their create, and, unless the plan expects a
 * failure, the caller rules of core/kthread.h: a thread that can exit by itself
 * is stopped only if a reference was taken before its first wake, references
 * balanced, nothing done with a handle after its last reference, only a thread
 * that polls is parked, bound only before the first wake.
 *
 * A task may also `wake` a handle of an earlier task: a stray wake-up. It then
 * waits for the create, and holds a reference until its end. Of a worker's
 * handle it may do all but open and destroy; destroy waits for such tasks' end,
 * so no handle that others use is made after it. The same holds of a percpu's
 * handle, with poke and settle, and unregister. A worker whose gate is queued
 * is used by its own task only, which opens it next, or first flushes works
 * that came before the gate.
 *
 * A task thaws what it has frozen, at its end if not before; until then it does
 * nothing that may wait for a frozen thread, or for a task that does: no flush
 * of a freezable worker, no park of a freezable thread, no destroy, nothing
 * with another task's handle. While the gate of its worker is queued a task waits
 * for nothing else.
 *
 * `walk`, and `find` of any handle made by then, are legal at any other time.
 *
 * 0 or -EINVAL with *err (line and column 0 if p was not parsed).
 */
int plan_check(const struct plan *p, struct plan_error *err);

/*
 * Canonical text into buf, always terminated if size > 0. Returns its length,
 * which may exceed size - 1 (then it is cut). parse(print(p)) equals p.
 */
size_t plan_print(const struct plan *p, char *buf, size_t size);

bool plan_equal(const struct plan *a, const struct plan *b);

/* ---- making plans ------------------------------------------------------- */

/* A legal plan, the same for the same seed everywhere. */
struct plan_generate_options {
	unsigned tasks_max;	/* 1..PLAN_TASKS_MAX; 0 = 3 */
	unsigned ops_max;	/* per task; 0 = 6 */
	bool faults;		/* also kill, fail and oom directives */
};
void plan_generate(struct plan *p, uint64_t seed, const struct plan_generate_options *o);

/*
 * A plan that breaks one rule of plan_check() on purpose, and expects the failure
 * that this is due. Returns a bit per enum kt_failure that some schedule may end
 * it with; it may also pass, if it is not the schedule's wish.
 */
unsigned plan_generate_illegal(struct plan *p, uint64_t seed);

/*
 * Change p into another legal plan, chosen by seed: insert, delete, replace or
 * reorder operations, tasks and directives, change the strategy or a number.
 * Text stays <= size_max. Always succeeds (falls back to plan_generate()).
 */
void plan_mutate(struct plan *p, uint64_t seed, size_t size_max);

/*
 * Tasks, operations and directives of both; legal. Neither it nor plan_mutate() keeps
 * a signature or an origin, because the new plan may show another bug or none. They
 * generate a plan instead of changing one of a program.
 */
void plan_crossover(struct plan *out, const struct plan *a, const struct plan *b, uint64_t seed);

/*
 * Remove one piece (shrinking). Pieces are numbered 0.. in the order directives,
 * operations, tasks, extras (boot, strategy, numbers made smaller). Removing an
 * operation takes along what depends on it; removing a thread or task takes
 * along the directives that name it. Signature, origin and program stay. False if
 * there is no such piece or the result would break plan_check(); then *out is
 * undefined.
 */
unsigned plan_pieces(const struct plan *p);
bool plan_without(struct plan *out, const struct plan *p, unsigned first, unsigned count);

/* Keep kills, failures and the strategy; drop switches, visible stores and the trace. */
void plan_drop_schedule(struct plan *p);

#endif
