/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * See conformance.h. On real threads a body that must fail runs in a child
 * process, because the failure ends the process.
 */
#include "platform/conformance/conformance.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(KT_OS_SIM)
#include "platform/sim/sim.h"
#else
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/posix/posix.h"
#endif

void conformance_adopted(void *arg)
{
	const struct os_hooks none = { .point = NULL };
	const struct conformance_body *b = arg;
	struct os_thread init;

	os_adopt(&init, "init");
	b->fn(b->arg);
	os_wait_detached();
	os_set_hooks(&none);
	for (int role = 0; role < KT_ROLE_COUNT; role++)
		CHECK_EQ(os_live((enum kt_role)role), 0);
	os_unadopt();
}

void conformance_run_list(const struct conformance_test *tests)
{
	for (; tests->name; tests++)
		conformance_run(tests->name, tests->body, NULL);
}

unsigned conformance_choose(int argc, char **argv, const char *program, const char *const *names,
			    unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (argc == 2 && strcmp(argv[1], names[i]) == 0)
			return i;
	fprintf(stderr, "usage: %s", program);
	for (unsigned i = 0; i < count; i++)
		fprintf(stderr, "%s%s", i ? "|" : " ", names[i]);
	fprintf(stderr, "\n");
	return count;
}

#if defined(KT_OS_SIM)

enum { SEEDS = 100 };

static void expect(const struct conformance_body *b, enum sim_model memory,
		   struct sim_strategy *strategy, uint64_t seed, enum kt_failure kind)
{
	struct sim_options o = { .strategy = strategy, .seed = seed, .memory = memory };
	const struct sim_record *r = sim_run(&o, conformance_adopted, (void *)b);

	if (r->failure == kind)
		return;
	printf("FAIL %s memory %s strategy %s seed %llu: expected %s, got %s: %s\n", b->name,
	       conformance_memory_name[memory], strategy->name, (unsigned long long)seed,
	       kt_failure_name(kind),
	       kt_failure_name(r->failure), r->message);
	exit(1);
}

static void run_all(const struct conformance_body *b, enum kt_failure kind)
{
	for (enum sim_model m = SIM_SC; m <= SIM_PSO; m++) {
		expect(b, m, sim_strategy_block(), 0, kind);
		for (uint64_t seed = 0; seed < SEEDS; seed++) {
			expect(b, m, sim_strategy_random(), seed, kind);
			expect(b, m, sim_strategy_pct(3), seed, kind);
		}
	}
	printf("ok %s\n", b->name);
}

void conformance_run(const char *name, void (*body)(void *arg), void *arg)
{
	run_all(&(struct conformance_body){ name, body, arg }, KT_PASS);
}

void conformance_fails(const char *name, enum kt_failure kind, void (*body)(void *arg), void *arg)
{
	run_all(&(struct conformance_body){ name, body, arg }, kind);
}

#else

void conformance_run(const char *name, void (*body)(void *arg), void *arg)
{
	static const unsigned permille[] = { 0, 20, 100, 500 };
	struct conformance_body b = { name, body, arg };

	for (unsigned i = 0; i < sizeof permille / sizeof permille[0]; i++) {
		posix_set_delays(i + 1, permille[i]);
		conformance_adopted(&b);
	}
	posix_set_delays(0, 0);
	printf("ok %s\n", name);
	fflush(stdout);
}

/*
 * End the child, which has the parent's memory but not its threads. With _exit()
 * ThreadSanitizer would report those threads as leaked.
 */
__attribute__((noreturn)) static void leave(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

/* Runs in the child. Ends it with the kind of failure as its exit status. */
static void on_failed(enum kt_failure kind, const char *message)
{
	(void)message;
	leave(64 + (int)kind);
}

void conformance_fails(const char *name, enum kt_failure kind, void (*body)(void *arg), void *arg)
{
	const struct os_hooks hooks = { .failed = on_failed };
	struct conformance_body b = { name, body, arg };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		os_set_hooks(&hooks);
		conformance_adopted(&b);
		leave(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 64 + (int)kind) {
		printf("FAIL %s: expected %s, got wait status %#x\n", name, kt_failure_name(kind),
		       (unsigned)status);
		exit(1);
	}
	printf("ok %s\n", name);
	fflush(stdout);
}

#endif
