/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests the driver with a second subject (counter_subject.h). The driver can do with that
 * subject's programs all that it can do with plans of operations on core/.
 *
 * Each command runs in a process of its own, as the front door would run it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/conformance/test.h"
#include "stress/counter_subject.h"
#include "stress/driver.h"
#include "stress/hunt/options.h"
#include "stress/run/world.h"

/* ---- commands ------------------------------------------------------------------ */

static char folder[] = "/tmp/subject_test.XXXXXX";
static char output[1 << 20];		/* of the last command, stderr too */

/* Stays valid for the next three calls. */
static const char *path_of(const char *name)
{
	static char path[4][256];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof path[0], "%s/%s", folder, name);
	return p;
}

static void read_file(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(buf, 1, size - 1, f) : 0;

	if (!f)
		kt_fail(KT_ASSERTION, "%s is not there", path);
	buf[n] = '\0';
	fclose(f);
}

static const char *write_plan(const char *program)
{
	const char *path = path_of("it.plan");
	FILE *f = fopen(path, "w");

	if (!f)
		kt_fail(KT_ASSERTION, "%s can't be written", path);
	fprintf(f, "kthrash-plan 1\n%s\n", program);
	fclose(f);
	return path;
}

/* Run a command. Returns its exit status; what it printed is in `output`. */
static int command(const char *name, const char *a, const char *b, const char *more)
{
	char findings[300], options[300], *argv[16] = { "kthrash", (char *)name };
	const char *printed = path_of("output");
	int argc = 2, status;
	pid_t pid;

	snprintf(findings, sizeof findings, "--findings=%s", path_of("findings"));
	snprintf(options, sizeof options, "%s", more);
	if (strcmp(name, "stress") == 0 || strcmp(name, "verify") == 0)
		argv[argc++] = findings;
	if (a)
		argv[argc++] = (char *)a;
	if (b)
		argv[argc++] = (char *)b;
	for (char *save, *word = strtok_r(options, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		CHECK(freopen(printed, "w", stdout) && dup2(fileno(stdout), STDERR_FILENO) >= 0);
		exit(driver_main(&counter_subject, argc, argv));
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	read_file(printed, output, sizeof output);
	if (!WIFEXITED(status))
		kt_fail(KT_ASSERTION, "%s died: %s", name, output);
	return WEXITSTATUS(status);
}

static int stress(const char *program, const char *more)
{
	char plan[300];

	snprintf(plan, sizeof plan, "--plan=%s", write_plan(program));
	return command("stress", plan, "--json", more);
}

static void expect_status(int status, int expected)
{
	if (status != expected)
		kt_fail(KT_ASSERTION, "exit status %d, expected %d: %s", status, expected,
			output);
}

static void expect_output(const char *words)
{
	if (!strstr(output, words))
		kt_fail(KT_ASSERTION, "expected '%s' in: %s", words, output);
}

/* The last string with that key in `output`. Stays valid for the next three calls. */
static const char *value_of(const char *key)
{
	static char value[4][512];
	static unsigned turn;
	char *v = value[turn++ % 4], quoted[64];
	const char *at = NULL;

	snprintf(quoted, sizeof quoted, "\"%s\":\"", key);
	for (const char *p = strstr(output, quoted); p; p = strstr(p + 1, quoted))
		at = p + strlen(quoted);
	if (!at)
		kt_fail(KT_ASSERTION, "no '%s' in: %s", key, output);
	snprintf(v, sizeof value[0], "%.*s", (int)strcspn(at, "\""), at);
	return v;
}

/* Remove the findings. Returns how many plans there were. */
static unsigned clear_findings(void)
{
	DIR *dir = opendir(path_of("findings"));
	unsigned plans = 0;
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char path[600];

		snprintf(path, sizeof path, "%s/%s", path_of("findings"), e->d_name);
		plans += strstr(e->d_name, ".plan") != NULL;
		if (e->d_name[0] != '.')
			unlink(path);
	}
	if (dir)
		closedir(dir);
	return plans;
}

/* ---- tests --------------------------------------------------------------------- */

static const char lost[] = "model: an increment is lost";

/* A bug is found and saved with lines that say what it is. The saved plan repeats it. */
static void test_hunt_and_replay(void)
{
	static char text[PLAN_BYTES_MAX];
	char id[64];

	expect_status(stress("program \"counter\"", "--executions=5000"), EXIT_FINDINGS);
	CHECK_STR(value_of("kind"), "model");
	CHECK(strncmp(value_of("signature"), lost, strlen(lost)) == 0);
	snprintf(id, sizeof id, "%s", value_of("id"));
	read_file(value_of("file"), text, sizeof text);
	CHECK(strstr(text, "\nprogram \"counter\"\n"));
	CHECK(strstr(text, "\nsignature \"model: an increment is lost"));
	CHECK(strstr(text, "\nfound by \"") && strstr(text, " seed 1 execution "));
	CHECK(strstr(text, "\nexpect model trace "));
	expect_status(command("replay", value_of("file"), "--json", "--times=3"), EXIT_CLEAN);
	CHECK_STR(value_of("id"), id);
	expect_output("\"run\":3,\"ok\":true");
	expect_output("\"same_signature\":true");
	/* The same bug, in a plan that does not say what it is. */
	expect_status(command("stress", "--json", NULL, "--executions=5000"), EXIT_FINDINGS);
	CHECK_STR(value_of("id"), id);
	CHECK_EQ(clear_findings(), 1);
	printf("ok hunt and replay\n");
}

static void test_mended(void)
{
	expect_status(stress("program \"counter\" \"mended\"", "--executions=5000"), EXIT_CLEAN);
	expect_output("\"executions\":5000");
	CHECK_EQ(clear_findings(), 0);
	printf("ok mended\n");
}

/* Two processes together give the same counts and findings as one. */
static void test_jobs(void)
{
	char digest[64];

	expect_status(stress("program \"counter\"", "--executions=640 --keep-going"),
		      EXIT_FINDINGS);
	snprintf(digest, sizeof digest, "%s", value_of("digest"));
	CHECK_EQ(clear_findings(), 1);
	expect_status(stress("program \"counter\"", "--executions=640 --keep-going --jobs=2"),
		      EXIT_FINDINGS);
	CHECK_STR(value_of("digest"), digest);
	CHECK_EQ(clear_findings(), 1);
	printf("ok jobs\n");
}

/* One switch is enough, and the explanation shows it. */
static void test_shrink_and_explain(void)
{
	static char text[PLAN_BYTES_MAX];
	char shrunk[256], out[300];

	snprintf(shrunk, sizeof shrunk, "%s", path_of("shrunk.plan"));
	snprintf(out, sizeof out, "--json -o %s", shrunk);
	expect_status(stress("program \"counter\"", "--executions=5000 --strategy=random"),
		      EXIT_FINDINGS);
	expect_status(command("shrink", value_of("file"), NULL, out), EXIT_CLEAN);
	expect_output("\"directives\":1,");
	read_file(shrunk, text, sizeof text);
	CHECK(strstr(text, "\nswitch ") && strstr(text, "\nfound by \"random\" seed 1 "));
	expect_status(command("replay", shrunk, "--json", ""), EXIT_CLEAN);
	expect_output("\"same_signature\":true");
	expect_status(command("explain", shrunk, NULL, ""), EXIT_CLEAN);
	expect_output("add_one:store(c.number)");
	expect_output("model: an increment is lost");
	expect_status(command("explain", shrunk, "--format=json", ""), EXIT_CLEAN);
	expect_output("\"tasks\":[\"init\",\"A\",\"B\"]");
	CHECK(strncmp(value_of("id"), "model-", strlen("model-")) == 0);
	clear_findings();
	printf("ok shrink and explain\n");
}

static void test_verify(void)
{
	expect_status(command("verify", write_plan("program \"counter\""), "--json", ""),
		      EXIT_FINDINGS);
	expect_output("\"verdict\":\"counterexample\"");
	expect_status(command("replay", value_of("file"), "--json", ""), EXIT_CLEAN);
	clear_findings();
	expect_status(command("verify", write_plan("program \"counter\" \"mended\""), "--json", ""),
		      EXIT_CLEAN);
	expect_output("\"verdict\":\"verified\"");
	expect_status(command("verify", write_plan("program \"embrace\""), "--json",
			      "--strategy=bound:1"), EXIT_FINDINGS);
	CHECK_STR(value_of("kind"), "deadlock");
	clear_findings();
	printf("ok verify\n");
}

/* Two tasks that wait for each other have one signature of both places. */
static void test_deadlock(void)
{
	expect_status(stress("program \"embrace\"", "--executions=5000"), EXIT_FINDINGS);
	CHECK_STR(value_of("signature"),
		  "deadlock: embrace:acquire(second) + os.join");
	clear_findings();
	printf("ok deadlock\n");
}

/* --exhaustive tries every fault of a kind. One of them, an allocation or a kill, shows the bug. */
static void test_enumerate(void)
{
	static const char *const kinds[] = { "fail", "kill", "pairs" };
	char more[64];

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		snprintf(more, sizeof more, "--exhaustive=%s", kinds[i]);
		expect_status(stress("program \"counter\" \"careless\"", more), EXIT_FINDINGS);
		expect_status(command("replay", value_of("file"), "--json", ""), EXIT_CLEAN);
		clear_findings();
		expect_status(stress("program \"counter\" \"mended\"", more), EXIT_CLEAN);
	}
	printf("ok enumerate\n");
}

static void test_twice(void)
{
	expect_status(stress("program \"counter\" \"mended\"", "--executions=200 --twice"),
		      EXIT_CLEAN);
	expect_status(stress("program \"counter\" \"address\"", "--executions=200"), EXIT_CLEAN);
	expect_status(stress("program \"counter\" \"address\"", "--executions=200 --twice"),
		      EXIT_FINDINGS);
	CHECK_STR(value_of("kind"), "nondeterminism");
	expect_status(command("replay", value_of("file"), "--json", ""), EXIT_CLEAN);
	clear_findings();
	printf("ok twice\n");
}

static void test_coverage(void)
{
	static char text[65536];
	char more[300];

	snprintf(more, sizeof more, "--executions=200 --strategy=adaptive --coverage=%s",
		 path_of("pairs"));
	expect_status(stress("program \"counter\" \"mended\"", more), EXIT_CLEAN);
	read_file(path_of("pairs"), text, sizeof text);
	CHECK(strstr(text, "\nreads-from add_one:store(c.number) add_one:load(c.number)\n"));
	printf("ok coverage\n");
}

/*
 * A request that this subject can't fulfil, and a hunt without an execution, end with a
 * sentence.
 */
static void test_refusals(void)
{
	expect_status(stress("task C1: a = create \"a\" return 0", ""), EXIT_USAGE);
	expect_output("a plan of operations on core/, which the subject 'counter' does not run");
	expect_status(stress("program \"another\"", ""), EXIT_USAGE);
	expect_output("a plan of the program \"another\", which this driver does not run");
	expect_status(command("replay", write_plan("program \"another\""), NULL, ""), EXIT_USAGE);
	if (!world_can(WORLD_ENDS_MISUSE))
		return;
	expect_status(command("stress", "--illegal", NULL, ""), EXIT_USAGE);
	expect_output("the subject 'counter' makes no illegal plans");
	expect_status(command("stress", "--mutate", NULL, ""), EXIT_USAGE);
	expect_output("the subject 'counter' can't change plans");
	expect_status(stress("program \"counter\"",
			     "--executions=1 --first=18446744073709551615"), EXIT_USAGE);
	expect_output("a whole number from 0 to 9223372036854775807");
	printf("ok refusals\n");
}

/* Real threads hunt, replay and explain, and refuse the rest with a sentence. */
static void test_where_runs_differ(void)
{
	expect_status(stress("program \"counter\" \"mended\"", "--executions=50"), EXIT_CLEAN);
	expect_status(command("replay", write_plan("program \"counter\" \"mended\""), "--json",
			      "--times=5"), EXIT_CLEAN);
	expect_output("\"same_signature\":null");
	expect_status(command("explain", write_plan("program \"counter\" \"mended\""),
			      "--format=json", ""), EXIT_CLEAN);
	expect_output("\"steps\":[]");
	expect_status(command("verify", write_plan("program \"counter\""), NULL, ""), EXIT_USAGE);
	expect_output("verify needs the simulator");
	expect_status(stress("program \"counter\"", "--twice"), EXIT_USAGE);
	expect_output("--twice needs the simulator");
	expect_status(stress("program \"counter\"", "--strategy=random"), EXIT_USAGE);
	expect_output("--strategy needs the simulator");
	expect_status(stress("program \"counter\"", "--memory=sc"), EXIT_USAGE);
	expect_output("--memory=sc needs the simulator");
	printf("ok where runs differ\n");
}

int main(void)
{
	CHECK(mkdtemp(folder));
	if (world_can(WORLD_REPEATS)) {
		test_hunt_and_replay();
		test_mended();
		test_jobs();
		test_shrink_and_explain();
		test_verify();
		test_deadlock();
		test_enumerate();
		test_twice();
		test_coverage();
	} else {
		test_where_runs_differ();
	}
	test_refusals();
	clear_findings();
	return 0;
}
