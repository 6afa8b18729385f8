/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * platform/os.h on real threads: the attributes, which are the operating system's.
 * Nothing is kept here, so what is read back is what is in force.
 *
 * Memory policies are set by system call, because libnuma may be missing. If a
 * sandbox forbids a call, the caller gets the errno, never success.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/posix/internal.h"

/*
 * The kernel's mask of nodes is one word. The system calls expect a count that is one more
 * than the number of its bits.
 */
enum { NODE_BITS = 8 * sizeof(unsigned long), MAXNODE = POSIX_NODES_MAX + 1 };

/* Signals that must not be ignored: the thread would repeat its fault for ever. */
static const int synchronous[] = {
	SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS,
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static int result(long err)
{
	return err < 0 ? -errno : 0;
}

/* ---- memory policy ------------------------------------------------------- */

int posix_get_mempolicy(struct posix_mempolicy *out)
{
	memset(out, 0, sizeof *out);
	return result(syscall(SYS_get_mempolicy, &out->mode, out->nodes,
			      (unsigned long)POSIX_NODES_MAX, NULL, 0ul));
}

static bool is_empty(const struct posix_mempolicy *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(p->nodes); i++)
		if (p->nodes[i])
			return false;
	return true;
}

int posix_set_mempolicy(const struct posix_mempolicy *p)
{
	bool empty = is_empty(p);

	return result(syscall(SYS_set_mempolicy, (long)p->mode, empty ? NULL : p->nodes,
			      empty ? 0ul : (unsigned long)MAXNODE));
}

int posix_prefer_node(int node)
{
	struct posix_mempolicy p = { .mode = MPOL_PREFERRED };

	if (node < 0 || node >= POSIX_NODES_MAX)
		return -EINVAL;
	p.nodes[(unsigned)node / NODE_BITS] = 1ul << ((unsigned)node % NODE_BITS);
	return posix_set_mempolicy(&p);
}

int os_allow_all_nodes(void)
{
	return posix_set_mempolicy(&(struct posix_mempolicy){ .mode = MPOL_DEFAULT });
}

void os_set_spawn_node(int node)
{
	struct posix_thread *me = posix_self();

	KT_ASSERT(me != NULL);
	me->spawn_node = node;
}

/* ---- the others ---------------------------------------------------------- */

int os_set_comm(const char *name)
{
	char comm[OS_COMM_MAX] = "";

	memcpy(comm, name, strnlen(name, sizeof comm - 1));
	return result(prctl(PR_SET_NAME, comm));
}

int os_set_policy(enum os_policy policy)
{
	struct sched_param param = { .sched_priority = policy == OS_POLICY_FIFO ? 1 : 0 };
	int native;

	switch (policy) {
	case OS_POLICY_NORMAL:
		native = SCHED_OTHER;
		break;
	case OS_POLICY_BATCH:
		native = SCHED_BATCH;
		break;
	case OS_POLICY_FIFO:
		native = SCHED_FIFO;
		break;
	default:
		return -EINVAL;
	}
	return result(sched_setscheduler(0, native, &param));
}

int os_allow_cpus(const uint64_t *cpus)
{
	cpu_set_t set;

	_Static_assert(sizeof set == OS_CPUS_MAX / 8, "one bit per processor in both");
	/*
	 * NULL sets all bits: the kernel clears those of processors that don't exist or are
	 * not allowed.
	 */
	if (cpus)
		memcpy(&set, cpus, sizeof set);
	else
		memset(&set, 0xff, sizeof set);
	return result(sched_setaffinity(0, sizeof set, &set));
}

/* ---- logical processors -------------------------------------------------- */

/* The processors that the process may use, in their order; written once. */
static struct {
	pthread_once_t once;
	unsigned count;
	uint16_t cpu[OS_CPUS_MAX];
} usable = { .once = PTHREAD_ONCE_INIT };

/* Read from the process's first thread, because that is never bound. */
static void find_usable(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(getpid(), sizeof set, &set) == 0)
		for (unsigned cpu = 0; cpu < OS_CPUS_MAX; cpu++)
			if (CPU_ISSET(cpu, &set))
				usable.cpu[usable.count++] = (uint16_t)cpu;
	if (usable.count == 0)
		usable.cpu[usable.count++] = 0;
}

static unsigned usable_count(void)
{
	pthread_once(&usable.once, find_usable);
	return usable.count;
}

int os_bind(struct os_thread *t, uint64_t cpus)
{
	unsigned count = usable_count();
	cpu_set_t set;

	CPU_ZERO(&set);
	for (unsigned n = 0; n < 64; n++)
		if (cpus >> n & 1)
			CPU_SET(usable.cpu[n % count], &set);
	return -pthread_setaffinity_np(t->pthread, sizeof set, &set);
}

int os_cpu_to_node(unsigned cpu)
{
	unsigned count = usable_count();
	char path[64];

	for (int node = 0; node < POSIX_NODES_MAX; node++) {
		snprintf(path, sizeof path, "/sys/devices/system/node/node%d", node);
		if (access(path, F_OK) != 0)
			break;
		snprintf(path, sizeof path, "/sys/devices/system/node/node%d/cpu%u", node,
			 usable.cpu[cpu % count]);
		if (access(path, F_OK) == 0)
			return node;
	}
	return OS_NO_NODE;
}

bool os_on_cpus(uint64_t cpus)
{
	unsigned count = usable_count();
	int cpu = sched_getcpu();

	for (unsigned n = 0; n < 64; n++)
		if ((cpus >> n & 1) && usable.cpu[n % count] == cpu)
			return true;
	return false;
}

int os_ignore_signals(void)
{
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(synchronous); i++)
		sigdelset(&set, synchronous[i]);
	return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* ---- reading back -------------------------------------------------------- */

static int get_policy(enum os_policy *out)
{
	int native = sched_getscheduler(0);

	if (native < 0)
		return -errno;
	switch (native & ~SCHED_RESET_ON_FORK) {
	case SCHED_OTHER:
		*out = OS_POLICY_NORMAL;
		return 0;
	case SCHED_BATCH:
		*out = OS_POLICY_BATCH;
		return 0;
	case SCHED_FIFO:
		*out = OS_POLICY_FIFO;
		return 0;
	default:	/* a policy for which platform/os.h has no word */
		return -EINVAL;
	}
}

/* SIGKILL and SIGSTOP can't be ignored, and the C library reserves a few signals. */
static bool is_deaf(void)
{
	sigset_t set;

	if (pthread_sigmask(SIG_BLOCK, NULL, &set) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(synchronous); i++)
		sigaddset(&set, synchronous[i]);
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		if (sig != SIGKILL && sig != SIGSTOP && sigismember(&set, sig) == 0 &&
		    (sig < __SIGRTMIN || sig >= SIGRTMIN))
			return false;
	return true;
}

static int get_all_nodes(bool *out)
{
	struct posix_mempolicy p;
	int err = posix_get_mempolicy(&p);

	*out = err == 0 && (p.mode == MPOL_DEFAULT || p.mode == MPOL_LOCAL);
	return err;
}

int os_get_attributes(struct os_attributes *out)
{
	struct posix_thread *me = posix_self();
	int err, first;

	/* We go on after an error, so that *out has all that can be read. */
	memset(out, 0, sizeof *out);
	out->spawn_node = me ? me->spawn_node : OS_NO_NODE;
	out->signals_ignored = is_deaf();
	first = result(prctl(PR_GET_NAME, out->comm));
	/*
	 * The mask is zero before the call, because the kernel stores no more bits than it has
	 * processors.
	 */
	err = result(sched_getaffinity(0, sizeof out->cpus, (cpu_set_t *)out->cpus));
	first = first ? first : err;
	err = get_policy(&out->policy);
	first = first ? first : err;
	err = get_all_nodes(&out->all_nodes);
	return first ? first : err;
}
