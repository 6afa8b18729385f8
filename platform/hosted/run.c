/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An execution: main() as task 0, and everything put back afterwards.
 *
 * The snapshot is taken before the driver begins. So an execution starts in the state in
 * which main() would. What the driver did to the C library's state is lost in the process
 * that runs executions: at its first execution the program's state replaces it.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/check.h"
#include "platform/hosted/explore.h"
#include "platform/hosted/filter.h"
#include "platform/hosted/hosted.h"
#include "platform/hosted/race.h"
#include "platform/hosted/site.h"
#include "platform/hosted/symbol.h"

enum { STACK_BYTES = 8 << 20 };
#define STACKS_BASE 0x5000000000ull

__thread bool hosted_is_here __attribute__((tls_model("initial-exec")));
uint32_t hosted_epoch;
struct sim_record *hosted_record;
uint32_t hosted_memory;
struct hosted_process *hosted_process;

static bool is_reset; /* the memory is that of the snapshot */

extern void (*const __start_hosted_begin[])(void) __attribute__((weak, visibility("hidden")));
extern void (*const __stop_hosted_begin[])(void) __attribute__((weak, visibility("hidden")));
extern void (*const __start_hosted_end[])(void) __attribute__((weak, visibility("hidden")));
extern void (*const __stop_hosted_end[])(void) __attribute__((weak, visibility("hidden")));

uint32_t hosted_epochs(void)
{
	return sites->epoch;
}

/* A folder in /proc has two links more than it has folders: one per thread. */
static void refuse_threads(void)
{
	struct stat st = { 0 };

	if (HOSTED_RAW_2(SYS_stat, "/proc/self/task", &st) == 0 && st.st_nlink > 3)
		hosted_give_up("the program started a thread before main(), which kthrash can't "
			       "control");
}

/*
 * In one process all addresses are those of any other process, because their randomization is
 * off (start.c). A module may lie elsewhere on another machine, so an address in it counts by
 * its distance from the beginning.
 */
static uint32_t class_of(const void *addr)
{
	uintptr_t a = (uintptr_t)addr;
	const struct hosted_module *m = hosted_module_of(a);

	if (m)
		a = (a - m->low) ^ (uintptr_t)(m - hosted_module + 1) << 48;
	return (uint32_t)((a >> 3) * 0x9e3779b97f4a7c15ull >> 32) | 1;
}

bool hosted_global_name(const void *addr, char *buf, size_t size)
{
	return hosted_symbol_data((uintptr_t)addr, buf, size);
}

static void init(void)
{
	hosted_is_here = true;
	hosted_process = hosted_map(sizeof *hosted_process);
	if (HOSTED_RAW_3(SYS_madvise, hosted_process, 4096, MADV_WIPEONFORK) < 0)
		hosted_give_up("this kernel is too old: it has no MADV_WIPEONFORK");
	hosted_modules_find();
	hosted_tls_init();
	hosted_sites_init();
	hosted_filter_init();
	hosted_race_init();
	if (!sim_set_stacks(STACK_BYTES, (void *)STACKS_BASE))
		hosted_give_up("no address space for stacks");
	sim_set_program(&(struct sim_program){
		.class_of = class_of, .steps_take_time = true,
	});
}

void hosted_init(void)
{
	refuse_threads();
	init();
	hosted_heap_started();
	hosted_snapshot();
}

void hosted_init_undriven(void)
{
	init();
}

void hosted_sites_apart(void)
{
	hosted_sites_init();
	hosted_filter_init();
	hosted_race_init();
}

/* ---- tasks ------------------------------------------------------------------------- */

static struct start {
	void (*fn)(void *arg);
	void *arg;
} start[HOSTED_TASKS_MAX];

static void task_main(void *arg)
{
	const struct start *s = arg;

	hosted_back();
	s->fn(s->arg);
}

uint32_t hosted_spawn(const char *name, void (*fn)(void *arg), void *arg)
{
	uint32_t task = hosted_record->tasks;

	if (task < HOSTED_TASKS_MAX) { /* otherwise sim_task_spawn() fails */
		start[task] = (struct start){ fn, arg };
		hosted_tls_begin(task);
		hosted_frames_begin_task(task);
		hosted_libc_has_threads();
	}
	return sim_task_spawn(name, task_main, &start[task]);
}

static void body_task(void *body)
{
	hosted_back();
	((void (*)(void))body)();
}

/* ---- an execution ---------------------------------------------------------------------- */

static void begin(const struct sim_options *o, const struct hosted_options *h)
{
	hosted_memory = o->memory;
	hosted_threads_may_leak = h->threads_may_leak;
	hosted_record = sim_record();
	hosted_epoch = ++sites->epoch;
	if (!is_reset) {
		hosted_restore();
		hosted_heap_restore();
		is_reset = true;
	}
	explore_begin(h->explores);
	hosted_filter_begin(h->points, h->explores);
	hosted_deadlines_near = h->early_timeouts;
	watchdog_begin(h->silence_s);
	hosted_trylock_fails = h->failing_trylocks;
	hosted_race_begin(h->races, h->volatiles);
	hosted_frames_begin(h->races == HOSTED_RACES_REPORTED);
	hosted_frames_begin_task(0);
	hosted_tls_begin(0);
	for (void (*const *fn)(void) = __start_hosted_begin; fn < __stop_hosted_begin; fn++)
		(*fn)();
	hosted_models_begin();
}

static void find_leaks(void)
{
	const void *first;
	uint32_t live = hosted_heap_live(&first);

	if (!live)
		return;
	hosted_record->failure = KT_LEAK;
	snprintf(hosted_record->message, sizeof hosted_record->message,
		 "%u block%s of memory %s still allocated at the end: %s", live, kt_plural(live),
		 live == 1 ? "is" : "are", hosted_object_name(first));
}

static void end(void)
{
	hosted_race_end(hosted_record->tasks);
	for (void (*const *fn)(void) = __start_hosted_end; fn < __stop_hosted_end; fn++)
		(*fn)();
	hosted_restore();
	hosted_heap_restore();
	hosted_filter_end();
}

static void run(const struct sim_options *o, const struct hosted_options *h, void (*body)(void))
{
	begin(o, h);
	sim_run(o, body_task, (void *)body);
	hosted_tls_host();
	if (h->leaks && hosted_record->failure == KT_PASS)
		find_leaks();
}

/* The process of an execution has ended without a verdict. */
static void died(int status)
{
	struct sim_record *r = sim_record();

	r->failure = KT_MEMORY;
	if (WIFSIGNALED(status))
		snprintf(r->message, sizeof r->message, "signal %d has ended the process",
			 WTERMSIG(status));
	else
		snprintf(r->message, sizeof r->message, "the process has ended with status %d",
			 WEXITSTATUS(status));
}

static const struct sim_record *run_isolated(const struct sim_options *o,
					     const struct hosted_options *h)
{
	int status = 0;
	long pid;

	hosted_files_look();
	sim_record()->failure = KT_PASS;
	pid = HOSTED_RAW_1(SYS_fork, 0);
	if (pid < 0)
		hosted_give_up("fork fails: error %ld", -pid);
	if (pid == 0) {
		run(o, h, hosted_call_main);
		HOSTED_RAW_1(SYS_exit_group, 0);
	}
	while (hosted_raw(SYS_wait4, pid, (long)&status, 0, 0, 0, 0) == -4 /* EINTR */)
		;
	hosted_input_back();
	if (status && sim_record()->failure == KT_PASS)
		died(status);
	return sim_record();
}

const struct sim_record *hosted_run(const struct sim_options *o, const struct hosted_options *h)
{
	if (h->isolate)
		return run_isolated(o, h);
	return hosted_run_test(o, h, hosted_call_main);
}

const struct sim_record *hosted_run_test(const struct sim_options *o,
					 const struct hosted_options *h, void (*test)(void))
{
	run(o, h, test);
	end();
	return hosted_record;
}
