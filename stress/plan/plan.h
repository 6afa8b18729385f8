/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plan: a small program (which tasks call which functions of core/) and the directives that
 * make one execution of it. Seeds, fuzzer inputs, findings, replays and regressions are all
 * plans. README.md shows the whole format by example, and words.def lists all of its words.
 *
 * struct plan is flat: it has no pointers, is copied by assignment and compared by
 * plan_equal(). Its strings are in its own pool. Nothing here allocates, reads a clock or an
 * address, so the same text and the same seed give the same plan everywhere. In a process
 * only one thread at a time may call these functions.
 *
 *	kthrash-plan 1
 *	# why this plan is here (kept: plan.note)
 *	signature "deadlock: kthreadd_main:schedule() + wait_for_thread:wait_killable(done)"
 *	cause "fails only because C1's `a:load(x)` comes before kthreadd's `b:store(x)`"
 *	identity "deadlock: a:load(x) < b:store(x)"
 *	found by "random" seed 7 execution 123 on "sim+modelled+park+list+modelled, clang 19"
 *	boot concurrent
 *	memory tso
 *	strategy pct 3 seed 91
 *	task C1: a = create "w/%u" 0 until-stop 7; wake a; stop a == 7
 *	task C2: b = create "x" return 0 node 1; get b; wake b; stop b; put b
 *	task C3: c = create "p/%u" 2 parkable 0 cpu 2; park c; unpark c; wake a
 *	on a: d = run "d" until-stop 0; park d; stop d; wake c
 *	kill C1 at kthreadd kthreadd.unlinked #1
 *	fail stack #2
 *	oom task #1 kills C2
 *	switch kthreadd at kthreadd.unlinked #1 to C1
 *	spurious C1 at kthread_create_on_node:wait_killable(done) #1
 *	visible kthreadd kthreadd_main:store(current->state) at C1 create.woken #1
 *	stale C1 at kthread_stop:load(k->result) #1 older 1
 *	expect deadlock trace 0123456789abcdef
 *
 * A plan of a program that is not made of operations has a line with the program's words in
 * place of its tasks. Its directives may name any task and any point.
 *
 *	kthrash-plan 1
 *	program "./queue_test" "3" "100"
 *	binary "queue_test 5f2c9a01"
 *	switch main at queue.c:42 push:store(queue->head) #4 to worker-2
 */
#ifndef STRESS_PLAN_H
#define STRESS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "stress/plan/words.h"

#define PLAN_BYTES_MAX      524288	/* of text */
#define PLAN_TASKS_MAX      16
#define PLAN_THREADS_MAX    32		/* create and run operations */
#define PLAN_OPS_MAX        256		/* over all tasks */
#define PLAN_DIRECTIVES_MAX 3072
#define PLAN_STRINGS_MAX    24576	/* bytes of all names together */
#define PLAN_NOTE_MAX       2048
#define PLAN_QUOTED_MAX     1024	/* bytes of a quoted text with its zero */
#define PLAN_ARGS_MAX       16		/* words of a program */
#define PLAN_NTH_MAX        1000000	/* largest #n */
#define PLAN_STEPS_MAX      1000000	/* largest estimate of steps */
#define PLAN_OLDER_MAX      63		/* largest "after N" and "older K" */
#define PLAN_VARIANT_MAX 63
#define PLAN_DEPTH_MAX      64		/* largest depth of pct and delay */

typedef uint16_t plan_str;		/* offset into plan.strings; 0 is "" */

#define PLAN_CPUS   4		/* "cpu N" and "bind" are below this */
#define PLAN_PERCPUS_MAX 4	/* percpu operations */
#define PLAN_LIVES_MAX   44	/* kthreads that one execution can make, if the plan has a percpu */
#define PLAN_WEAK_MAX    49	/* kthreads and tasks together, in a plan with weak memory */

/* Works of a worker, by number. 0 and 1 do nothing special. */
#define PLAN_WORKS  4
#define PLAN_WORK_AGAIN 2	/* queues itself again until it is canceled */
#define PLAN_WORK_GATE  3	/* its function waits for an "open" */

#define PLAN_DELAY_MAX 100000	/* microseconds */

/* One kthread, made by one create or run; or one on each CPU, kept by one percpu. */
struct plan_thread {
	plan_str var;		/* the handle, "a" */
	plan_str format;	/* as written: "w/%u"; at most one %u or %d */
	plan_str name;		/* formatted: "w/0"; unique in the plan, and
				 * different from task names, init, kthreadd.
				 * A percpu has the name of CPU 0's thread here. */
	bool     has_number;
	int32_t  number;
	enum plan_body body;
	int32_t  result;	/* R */
	int16_t  node;		/* -1: none */
	int16_t  cpu;		/* "cpu N": kthread_create_on_cpu(), and N is also the number in
				 * the name. -1: no CPU */
	bool     freezable;	/* of a worker */
	uint8_t  task;		/* index of the task or inner task that has the handle */
};

struct plan_op {
	enum plan_op_kind kind;
	uint8_t thread;		/* index; unless PLAN_NO_HANDLE */
	uint8_t victim;		/* PLAN_HAS_VICTIM: task index */
	int8_t  cpu;		/* PLAN_HAS_CPU */
	uint8_t work;		/* PLAN_HAS_WORK: X */
	uint32_t delay_us;	/* PLAN_HAS_DELAY */
	bool    has_expect;	/* "== R" */
	bool    expect_ok;	/* "== ok": create or run gave a task */
	int32_t expect;		/* if not "== ok": the value, or -errno */
};

/*
 * A task, or an inner task: operations that a thread does when its function begins, or that a
 * worker's work does when it runs for the first time. An inner task has no name of its own.
 */
struct plan_task {
	plan_str name;		/* 0: an inner task */
	uint16_t ops_first;	/* index into plan.ops; a task's are adjacent */
	uint16_t ops_count;
	uint8_t host;		/* of an inner task: the index of its thread or worker, */
	uint8_t work;		/* and the number of its work, if the host is a worker */
};

/* words.def says which fields a kind has; the others are 0. */
struct plan_directive {
	enum plan_directive_kind kind;
	plan_str task;		/* full name of a task or thread */
	plan_str point;		/* kt_site_name() */
	plan_str target;
	plan_str store;		/* kt_site_name() */
	uint8_t older;		/* after N; older K */
	uint32_t nth;		/* from 1 */
	enum kt_role role;
};

/* How a finding was found: "found by BY [seed N execution N] on BUILD". */
struct plan_origin {
	plan_str by;		/* a strategy or a command; 0: there is no such line */
	plan_str build;		/* back ends, compiler, sanitizer */
	bool     numbered;	/* a hunt can repeat the execution by the numbers below */
	uint64_t seed, execution;
};

struct plan {
	struct plan_task tasks[PLAN_TASKS_MAX];	/* the inner tasks come after the tasks */
	struct plan_thread threads[PLAN_THREADS_MAX];
	struct plan_op ops[PLAN_OPS_MAX];
	struct plan_directive directives[PLAN_DIRECTIVES_MAX];
	uint16_t tasks_count, threads_count, ops_count, directives_count;
	uint16_t inners_count;	/* tasks_count is without these */

	/* The program's words, in place of tasks: see plan_is_program(). */
	plan_str args[PLAN_ARGS_MAX];
	uint16_t args_count;
	plan_str binary;	/* identifies the build of that program; 0: unknown */

	/* What the program's calls may do at any time, because their contracts allow it. */
	bool early_timeouts, failing_trylocks;
	/* Volatile accesses are plain ones, or acquire and release; otherwise relaxed atomics. */
	bool volatile_races, volatile_orders;

	plan_str signature;	/* of the bug that this plan shows; 0: none */
	plan_str cause, identity;	/* stress/cause/cause.h: the sentence, and the identity of
				 * the bug by its cause; 0: none */
	struct plan_origin origin;

	bool boot_concurrent;	/* tasks start while kthreadd boots */
	bool handles_bare;	/* a task that uses another task's handle has no reference, and
				 * the handle's owner does not wait for it */
	enum plan_memory memory;
	enum plan_strategy_kind strategy;
	uint32_t depth;		/* 0 if the strategy takes none */
	uint32_t steps_estimate;	/* of an execution, if the strategy takes a depth; 0:
					 * unknown */
	uint64_t seed;
	uint32_t variant;	/* of the subject's execution (subject.h), with a strategy */

	bool has_expect;
	enum kt_failure expect;
	bool has_trace;
	uint64_t trace;

	uint16_t strings_used;
	char strings[PLAN_STRINGS_MAX];
	char note[PLAN_NOTE_MAX];	/* the comment lines after the first line,
					 * without "# ", with '\n' between them */
};

/* How many threads, each with its name, *t stands for: PLAN_CPUS for a percpu, else 1. */
unsigned plan_names(const struct plan_thread *t);

/* How many tasks and inner tasks there are. */
static inline unsigned plan_all_tasks(const struct plan *p)
{
	return p->tasks_count + (unsigned)p->inners_count;
}

/* The inner task of thread i: its index among all tasks, or -1 if the thread has none. */
int plan_inner_of(const struct plan *p, unsigned i);

/* Is the operation's handle that of the thread or worker on which inner task `task` runs? */
static inline bool plan_is_of_host(const struct plan *p, unsigned task, const struct plan_op *op)
{
	return task >= p->tasks_count && !plan_op_has(op->kind, PLAN_NO_HANDLE) &&
	       op->thread == p->tasks[task].host;
}

/* The text of a string of the plan, with a zero at its end. */
static inline const char *plan_string(const struct plan *p, plan_str s)
{
	return p->strings + s;
}

/* Empty plan: no task, strategy block. */
void plan_init(struct plan *p);

/* Intern a string. Returns 0 for "" and also when the pool is full. */
plan_str plan_intern(struct plan *p, const char *s, size_t len);

/*
 * Intern a text that the plan has in quotes. '?' stands for each byte that the format can't
 * hold: '"' and all that is not printable ASCII. The text is cut to PLAN_QUOTED_MAX.
 */
plan_str plan_intern_printable(struct plan *p, const char *s);

/* Does an "allows" line say anything? */
static inline bool plan_allows(const struct plan *p)
{
	return p->early_timeouts || p->failing_trylocks || p->volatile_races ||
	       p->volatile_orders;
}

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
 * The rules that a plan keeps beyond its grammar. Names are unique and known, and a task
 * uses its handles after their create.
 *
 * Unless the plan expects a failure, it also keeps the rules for callers in
 * core/kthread.h. A thread that can exit by itself is stopped only if a reference was
 * taken before its first wake. References are balanced, and nothing is done with a handle
 * after its last reference. Only a thread that polls is parked. A thread is bound before
 * its first wake.
 *
 * A task may `wake` a handle of an earlier task: a stray wake-up. The task then waits for
 * the create, and holds a reference until its end. With another task's worker it may do
 * everything but open and destroy. With another task's percpu it may do poke and settle.
 * destroy and unregister wait for the end of such tasks. So a task makes no handle that other
 * tasks use after a destroy or unregister. A worker whose gate is queued is used by its own
 * task only. That task opens the gate next, or first flushes works that came before the gate.
 *
 * A task thaws what it has frozen, at its end if not before. Until then it does nothing
 * that may wait for a frozen thread, or for a task that waits for one: no flush of a
 * freezable worker, no park of a freezable thread, no destroy, nothing with another task's
 * handle. While the gate of its worker is queued, a task waits for nothing else.
 *
 * An inner task is a caller like the others. A thread or worker that a task has made has at most
 * one, and check_inner.c has what is legal in it. A thread that parks itself is parked by no task.
 *
 * `walk`, and `find` of a handle that has been made, are legal unless a rule above forbids it.
 *
 * 0, or -EINVAL with *err (line and column are 0 if p was not parsed).
 */
int plan_check(const struct plan *p, struct plan_error *err);

/*
 * Which rules for callers the operations break, whatever the plan expects: 0 if none. Two plans
 * that break the same rules with handles of the same names have the same number.
 */
uint64_t plan_illegality(const struct plan *p);

/*
 * Canonical text into buf, always terminated if size > 0. Returns its length,
 * which may exceed size - 1 (then it is cut). parse(print(p)) equals p.
 */
size_t plan_print(const struct plan *p, char *buf, size_t size);

/* The same for one operation: "wake a". */
size_t plan_print_op(const struct plan *p, const struct plan_op *op, char *buf, size_t size);

/* The same for one directive: "kill C1 at create.appended #1". */
size_t plan_print_directive(const struct plan *p, const struct plan_directive *d, char *buf,
			    size_t size);

/* Do both plans have the same canonical text? */
bool plan_equal(const struct plan *a, const struct plan *b);

#include "stress/plan/make.h"

#endif
