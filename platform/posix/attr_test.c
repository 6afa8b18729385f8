/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attributes of real threads, compared with what the operating system says about the
 * thread. The test asks through /proc and system calls, not through platform/os.h. If a
 * sandbox refuses a call, the call must give an errno and must change nothing.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/conformance/conformance.h"

/* ---- what the operating system says ------------------------------------------- */

static void open_own(FILE **f, const char *file)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/task/%ld/%s", syscall(SYS_gettid), file);
	*f = fopen(path, "r");
	CHECK(*f != NULL);
}

static void read_comm(char *comm, int size)
{
	FILE *f;

	open_own(&f, "comm");
	CHECK(fgets(comm, size, f) != NULL);
	comm[strcspn(comm, "\n")] = '\0';
	fclose(f);
}

/* The value of a line of /proc/.../status, without blanks in front. */
static void read_status(const char *key, char *value, size_t size)
{
	char line[4096];
	bool found = false;
	FILE *f;

	open_own(&f, "status");
	while (!found && fgets(line, sizeof line, f))
		if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':') {
			const char *p = line + strlen(key) + 1;

			p += strspn(p, " \t");
			snprintf(value, size, "%.*s", (int)strcspn(p, "\n"), p);
			found = true;
		}
	fclose(f);
	CHECK(found);
}

static unsigned long long read_signals_blocked(void)
{
	char value[64];

	read_status("SigBlk", value, sizeof value);
	return strtoull(value, NULL, 16);
}

static int read_cpus_count(void)
{
	char value[4096];
	int n = 0;

	read_status("Cpus_allowed", value, sizeof value);
	for (const char *p = value; *p; p++) {
		char digit[2] = { *p, '\0' };

		n += __builtin_popcount((unsigned)strtoul(digit, NULL, 16));
	}
	return n;
}

/* Field 41 of /proc/.../stat; the second is in brackets and may hold anything. */
static int read_policy(void)
{
	char text[1024], *p;
	int field = 2, policy;
	FILE *f;

	open_own(&f, "stat");
	CHECK(fgets(text, sizeof text, f) != NULL);
	fclose(f);
	p = strrchr(text, ')');
	CHECK(p != NULL);
	for (p += 2; ++field < 41; p++)
		p += strcspn(p, " ");
	CHECK_EQ(sscanf(p, "%d", &policy), 1);
	return policy;
}

/* -errno, or the mode of the thread's memory policy. */
static int read_mempolicy(void)
{
	unsigned long nodes[16];
	int mode;

	if (syscall(SYS_get_mempolicy, &mode, nodes, 1024ul, NULL, 0ul) < 0)
		return -errno;
	return mode;
}

static bool is_refusal(int err)
{
	return err == -EPERM || err == -ENOSYS;
}

/* Run fn on a thread of its own, so that its changes end with that thread. */
static void on_thread(const char *name, void (*fn)(void *arg), void *arg)
{
	struct os_thread t;

	spawn(&t, name, fn, arg);
	os_join(&t);
}

/* ---- names ------------------------------------------------------------------- */

static void own_name(void *arg)
{
	char comm[32];

	read_comm(comm, sizeof comm);
	CHECK_STR(comm, "kworker/u8:3-ev");
	CHECK_EQ(os_set_comm(arg), 0);
	read_comm(comm, sizeof comm);
	CHECK_STR(comm, "a)b (c");
}

static void names(void *arg)
{
	char before[32], after[32];

	(void)arg;
	read_comm(before, sizeof before);
	on_thread("kworker/u8:3-events_unbound", own_name, "a)b (c");
	read_comm(after, sizeof after);
	CHECK_STR(after, before);
}

/* ---- processors ----------------------------------------------------------------- */

static void expect_cpus(void *arg)
{
	CHECK_EQ(read_cpus_count(), *(int *)arg);
}

static void bound(void *arg)
{
	uint64_t cpus[OS_CPUS_MAX / 64] = { 0 };
	int all, one = 1;
	cpu_set_t set;

	CHECK_EQ(os_allow_cpus(NULL), 0);
	all = read_cpus_count();
	CHECK_EQ(sched_getaffinity(0, sizeof set, &set), 0);
	for (unsigned i = 0; i < OS_CPUS_MAX; i++) {
		if (!CPU_ISSET(i, &set))
			continue;
		memset(cpus, 0, sizeof cpus);
		cpus[i / 64] = 1ull << (i % 64);
		CHECK_EQ(os_allow_cpus(cpus), 0);
		CHECK_EQ(read_cpus_count(), 1);
		CHECK_EQ(sched_getcpu(), i);
	}
	on_thread("bound_child", expect_cpus, &one);
	/* NULL means all processors of the process, not all that this thread may still use. */
	CHECK_EQ(os_allow_cpus(NULL), 0);
	CHECK_EQ(read_cpus_count(), all);
	on_thread("free_child", expect_cpus, &all);
	(void)arg;
}

static void cpus(void *arg)
{
	on_thread("bound", bound, arg);
}

/* ---- policy ------------------------------------------------------------------------ */

static void expect_policy(void *arg)
{
	CHECK_EQ(read_policy(), *(int *)arg);
}

static void scheduled(void *arg)
{
	static const struct {
		enum os_policy policy;
		int native;
	} table[] = {
		{ OS_POLICY_BATCH, SCHED_BATCH },
		{ OS_POLICY_FIFO, SCHED_FIFO },
		{ OS_POLICY_NORMAL, SCHED_OTHER },
	};
	struct os_attributes a;

	(void)arg;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		int before = read_policy(), err = os_set_policy(table[i].policy);
		int expected = err ? before : table[i].native;

		CHECK(err == 0 || is_refusal(err));
		CHECK_EQ(read_policy(), expected);
		on_thread("policy_child", expect_policy, &expected);
		err = os_get_attributes(&a);
		CHECK(err == 0 || is_refusal(err));
		if (read_policy() == table[i].native)
			CHECK_EQ(a.policy, table[i].policy);
	}
	/* NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): what it refuses */
	CHECK_EQ(os_set_policy((enum os_policy)17), -EINVAL);
}

static void policies(void *arg)
{
	on_thread("scheduled", scheduled, arg);
}

/* ---- signals -------------------------------------------------------------------------- */

static void expect_deaf(void *arg)
{
	static const int kept_away[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD, SIGPIPE };
	static const int needed[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP };
	unsigned long long blocked = read_signals_blocked();

	(void)arg;
	for (unsigned i = 0; i < sizeof kept_away / sizeof kept_away[0]; i++)
		CHECK_EQ(blocked >> (kept_away[i] - 1) & 1, 1);
	for (unsigned i = 0; i < sizeof needed / sizeof needed[0]; i++)
		CHECK_EQ(blocked >> (needed[i] - 1) & 1, 0);
	CHECK_EQ(blocked >> (SIGRTMAX - 1) & 1, 1);
}

static void deaf(void *arg)
{
	struct os_attributes a;

	os_get_attributes(&a);
	CHECK(!a.signals_ignored);
	CHECK_EQ(os_ignore_signals(), 0);
	expect_deaf(NULL);
	os_get_attributes(&a);
	CHECK(a.signals_ignored);
	/* The signal is sent to the thread itself, and does not end it. */
	CHECK_EQ(raise(SIGTERM), 0);
	on_thread("deaf_child", expect_deaf, NULL);
	(void)arg;
}

static void signals(void *arg)
{
	unsigned long long before = read_signals_blocked();

	on_thread("deaf", deaf, arg);
	CHECK_EQ(read_signals_blocked(), before);
}

/* ---- memory nodes ------------------------------------------------------------------------ */

static void expect_mempolicy(void *arg)
{
	struct os_attributes a;
	int node;

	CHECK_EQ(read_mempolicy(), *(int *)arg);
	CHECK_EQ(os_get_attributes(&a), 0);
	CHECK_EQ(a.all_nodes, *(int *)arg == MPOL_DEFAULT);
	/* On which node is this very stack? */
	CHECK_EQ(syscall(SYS_get_mempolicy, &node, NULL, 0ul, &a,
			 (long)(MPOL_F_NODE | MPOL_F_ADDR)),
		 0);
	if (os_name(os_self())[0] == '0')
		CHECK_EQ(node, 0);
}

static void on_nodes(void *arg)
{
	int mode = MPOL_DEFAULT;
	unsigned long node0 = 1;

	(void)arg;
	CHECK_EQ(os_allow_all_nodes(), 0);
	CHECK_EQ(read_mempolicy(), mode);
	on_thread("all", expect_mempolicy, &mode);
	os_set_spawn_node(0);
	on_thread("0", expect_mempolicy, &mode);
	CHECK_EQ(read_mempolicy(), mode);

	/* The new thread inherits the spawning thread's policy; that thread keeps it, too. */
	CHECK_EQ(syscall(SYS_set_mempolicy, (long)MPOL_INTERLEAVE, &node0, 64ul), 0);
	mode = MPOL_INTERLEAVE;
	on_thread("0", expect_mempolicy, &mode);
	CHECK_EQ(read_mempolicy(), mode);
	os_set_spawn_node(1023);	/* there is no such node: the hint is ignored */
	on_thread("none", expect_mempolicy, &mode);
	CHECK_EQ(read_mempolicy(), mode);
	CHECK_EQ(os_allow_all_nodes(), 0);
	CHECK_EQ(read_mempolicy(), MPOL_DEFAULT);
}

static void nodes(void *arg)
{
	struct os_attributes a;
	int err = read_mempolicy();

	if (is_refusal(err)) {
		CHECK_EQ(os_get_attributes(&a), err);
		CHECK(a.comm[0] != '\0');
		on_thread("refused", names, NULL);
		return;
	}
	on_thread("on_nodes", on_nodes, arg);
}

int main(void)
{
	conformance_run("attr.names", names, NULL);
	conformance_run("attr.cpus", cpus, NULL);
	conformance_run("attr.policies", policies, NULL);
	conformance_run("attr.signals", signals, NULL);
	conformance_run("attr.nodes", nodes, NULL);
	return 0;
}
