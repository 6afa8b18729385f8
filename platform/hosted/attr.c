/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attributes and names of threads. Most are kept and change nothing: the strategy decides which
 * thread runs. An execution has HOSTED_CPUS processors on any machine, so that a program that
 * makes a thread per processor does the same everywhere.
 */
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "platform/hosted/models.h"

enum { HOSTED_CPUS = 4 };

/* ---- a new thread ----------------------------------------------------- */

void hosted_attr_init(struct hosted_thread *t)
{
	memset(t->comm, 0, sizeof t->comm);
	strncpy(t->comm, program_invocation_short_name, sizeof t->comm - 1);
	CPU_ZERO(&t->cpus);
	for (int i = 0; i < HOSTED_CPUS; i++)
		CPU_SET(i, &t->cpus);
	t->blocked_signals = 0;
	t->policy = SCHED_OTHER;
	t->param = (struct sched_param){ 0 };
}

/*
 * All stacks have one size. A program that asks for more than that may need it. But the size may
 * be the default, for which the program has not asked.
 */
static void check_stack(size_t size, uintptr_t pc)
{
	char *low, *high;
	pthread_attr_t attr;
	size_t usual;

	pthread_attr_init(&attr);
	if (!pthread_attr_getstacksize(&attr, &usual) && size != usual &&
	    sim_task_stack(hosted_me(), &low, &high) &&
	    size > (size_t)(high - low) / 8 * 9)	/* OpenMP asks for a little more */
		hosted_refuse("pthread_create() with a stack of more than 8 MB", pc);
}

/* The set has room for `size` bytes. */
static int set_cpus(struct hosted_thread *t, size_t size, const cpu_set_t *set)
{
	cpu_set_t cpus;
	bool any = false;

	CPU_ZERO(&cpus);
	for (size_t i = 0; i < HOSTED_CPUS && i / 8 < size; i++)
		if (CPU_ISSET_S(i, size, set)) {
			CPU_SET(i, &cpus);
			any = true;
		}
	if (!any)
		return EINVAL;
	t->cpus = cpus;
	return 0;
}

/* The C library's word for no set at all: all processors that it knows. */
static bool is_any(const cpu_set_t *cpus)
{
	return CPU_COUNT(cpus) == CPU_SETSIZE;
}

void hosted_attr_inherit(struct hosted_thread *t, const pthread_attr_t *attr, uintptr_t pc)
{
	const struct hosted_thread *self = hosted_self();
	cpu_set_t cpus;
	sigset_t mask;
	int value;
	size_t size;

	memcpy(t->comm, self->comm, sizeof t->comm);
	t->cpus = self->cpus;
	t->blocked_signals = self->blocked_signals;
	t->policy = self->policy;
	t->param = self->param;
	if (!attr)
		return;
	if (!pthread_attr_getdetachstate(attr, &value))
		t->detached = value == PTHREAD_CREATE_DETACHED;
	if (!pthread_attr_getstacksize(attr, &size))
		check_stack(size, pc);
	if (!pthread_attr_getaffinity_np(attr, sizeof cpus, &cpus) && !is_any(&cpus))
		set_cpus(t, sizeof cpus, &cpus);
	if (pthread_attr_getsigmask_np(attr, &mask) == 0)
		memcpy(&t->blocked_signals, &mask, sizeof t->blocked_signals);
	if (!pthread_attr_getinheritsched(attr, &value) && value == PTHREAD_EXPLICIT_SCHED) {
		pthread_attr_getschedpolicy(attr, &t->policy);
		pthread_attr_getschedparam(attr, &t->param);
	}
}

/* ---- names ------------------------------------------------------------ */

static bool is_taken(uint32_t thread, const char *name)
{
	for (uint32_t i = 0; i < hosted_threads; i++)
		if (i != thread && !strcmp(hosted_name(i), name))
			return true;
	return false;
}

/* A name in a plan is one word. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

void hosted_rename(uint32_t thread, const char *name)
{
	char word[HOSTED_COMM_MAX], unique[OS_NAME_MAX];
	size_t n = 0;

	for (; n < sizeof word - 1 && name[n]; n++)
		word[n] = is_plain(name[n]) ? name[n] : '_';
	word[n] = '\0';
	if (!n)
		snprintf(word, sizeof word, "T%u", thread);
	memcpy(unique, word, sizeof word);
	for (unsigned i = 2; is_taken(thread, unique); i++)
		snprintf(unique, sizeof unique, "%s#%u", word, i);
	sim_task_rename(thread, unique);
}

static int set_name(uint32_t thread, const char *name)
{
	if (strlen(name) >= HOSTED_COMM_MAX)
		return ERANGE;
	snprintf(hosted_thread[thread].comm, HOSTED_COMM_MAX, "%s", name);
	hosted_rename(thread, name);
	return 0;
}

HOSTED_EXPORT int pthread_setname_np(pthread_t t, const char *name)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_setname_np)(t, name);
	return set_name(hosted_thread_of(t, "pthread_setname_np()", HOSTED_CALLER), name);
}

HOSTED_EXPORT int pthread_getname_np(pthread_t t, char *name, size_t size)
{
	const char *comm;

	if (!hosted_on())
		return HOSTED_REAL(pthread_getname_np)(t, name, size);
	comm = hosted_thread[hosted_thread_of(t, "pthread_getname_np()", HOSTED_CALLER)].comm;
	if (size < HOSTED_COMM_MAX)
		return ERANGE;
	snprintf(name, size, "%s", comm);
	return 0;
}

HOSTED_EXPORT int prctl(int option, ...)
{
	unsigned long a[4];
	va_list ap;

	va_start(ap, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	if (hosted_on() && option == PR_SET_NAME) {
		char name[HOSTED_COMM_MAX];

		snprintf(name, sizeof name, "%s", (const char *)a[0]);
		return set_name(hosted_me(), name);
	}
	if (hosted_on() && option == PR_GET_NAME) {
		snprintf((char *)a[0], HOSTED_COMM_MAX, "%s", hosted_self()->comm);
		return 0;
	}
	return HOSTED_REAL(prctl)(option, a[0], a[1], a[2], a[3]);
}

/* ---- attributes of a thread that runs --------------------------------- */

HOSTED_EXPORT int pthread_getattr_np(pthread_t t, pthread_attr_t *attr)
{
	uint32_t thread;
	char *low, *high;
	int error;

	if (!hosted_on())
		return HOSTED_REAL(pthread_getattr_np)(t, attr);
	thread = hosted_thread_of(t, "pthread_getattr_np()", HOSTED_CALLER);
	error = pthread_attr_init(attr);
	if (error)
		return error;
	if (sim_task_stack(thread, &low, &high))
		pthread_attr_setstack(attr, low, (size_t)(high - low));
	pthread_attr_setdetachstate(attr, hosted_thread[thread].detached ?
				    PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
	pthread_attr_setschedpolicy(attr, hosted_thread[thread].policy);
	return 0;
}

static int set_policy(struct hosted_thread *t, int policy, const struct sched_param *p)
{
	if (p->sched_priority < sched_get_priority_min(policy) ||
	    p->sched_priority > sched_get_priority_max(policy))
		return EINVAL;
	t->policy = policy;
	t->param = *p;
	return 0;
}

HOSTED_EXPORT int pthread_setschedparam(pthread_t t, int policy, const struct sched_param *p)
{
	struct hosted_thread *other;

	if (!hosted_on())
		return HOSTED_REAL(pthread_setschedparam)(t, policy, p);
	other = &hosted_thread[hosted_thread_of(t, "pthread_setschedparam()", HOSTED_CALLER)];
	return set_policy(other, policy, p);
}

HOSTED_EXPORT int pthread_getschedparam(pthread_t t, int *policy, struct sched_param *p)
{
	const struct hosted_thread *other;

	if (!hosted_on())
		return HOSTED_REAL(pthread_getschedparam)(t, policy, p);
	other = &hosted_thread[hosted_thread_of(t, "pthread_getschedparam()", HOSTED_CALLER)];
	*policy = other->policy;
	*p = other->param;
	return 0;
}

HOSTED_EXPORT int pthread_setschedprio(pthread_t t, int priority)
{
	struct hosted_thread *other;

	if (!hosted_on())
		return HOSTED_REAL(pthread_setschedprio)(t, priority);
	other = &hosted_thread[hosted_thread_of(t, "pthread_setschedprio()", HOSTED_CALLER)];
	if (priority < sched_get_priority_min(other->policy) ||
	    priority > sched_get_priority_max(other->policy))
		return EINVAL;
	other->param.sched_priority = priority;
	return 0;
}

/* ---- processors ------------------------------------------------------- */

static int get_cpus(const struct hosted_thread *t, size_t size, cpu_set_t *set)
{
	memset(set, 0, size);
	if (size < sizeof(long))
		return EINVAL;
	memcpy(set, &t->cpus, sizeof(long));
	return 0;
}

HOSTED_EXPORT int pthread_setaffinity_np(pthread_t t, size_t size, const cpu_set_t *set)
{
	if (!hosted_on())
		return HOSTED_REAL_OF(pthread_setaffinity_np, "GLIBC_2.3.4")(t, size, set);
	return set_cpus(&hosted_thread[hosted_thread_of(t, "pthread_setaffinity_np()",
							HOSTED_CALLER)], size, set);
}

HOSTED_EXPORT int pthread_getaffinity_np(pthread_t t, size_t size, cpu_set_t *set)
{
	if (!hosted_on())
		return HOSTED_REAL_OF(pthread_getaffinity_np, "GLIBC_2.3.4")(t, size, set);
	return get_cpus(&hosted_thread[hosted_thread_of(t, "pthread_getaffinity_np()",
							HOSTED_CALLER)], size, set);
}

/* pid 0 is the calling thread; others are threads of the process by their thread ID. */
static struct hosted_thread *by_tid(pid_t tid)
{
	uint32_t thread = (uint32_t)(tid - hosted_tid(0));

	return !tid ? hosted_self() : thread < hosted_threads ? &hosted_thread[thread] : NULL;
}

static int with_errno(int error)
{
	if (!error)
		return 0;
	errno = error;
	return -1;
}

HOSTED_EXPORT int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
	struct hosted_thread *t;

	if (!hosted_on())
		return HOSTED_REAL_OF(sched_setaffinity, "GLIBC_2.3.4")(pid, size, set);
	t = by_tid(pid);
	return with_errno(t ? set_cpus(t, size, set) : ESRCH);
}

HOSTED_EXPORT int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	struct hosted_thread *t;

	if (!hosted_on())
		return HOSTED_REAL_OF(sched_getaffinity, "GLIBC_2.3.4")(pid, size, set);
	t = by_tid(pid);
	return with_errno(t ? get_cpus(t, size, set) : ESRCH);
}

/* The thread's own among those that it may use, so that data per processor is used by several. */
static int cpu_of(uint32_t thread)
{
	const cpu_set_t *cpus = &hosted_thread[thread].cpus;
	int cpu = (int)(thread % HOSTED_CPUS);

	while (!CPU_ISSET(cpu, cpus))
		cpu = (cpu + 1) % HOSTED_CPUS;
	return cpu;
}

HOSTED_EXPORT int sched_getcpu(void)
{
	return hosted_on() ? cpu_of(hosted_me()) : HOSTED_REAL(sched_getcpu)();
}

HOSTED_EXPORT int getcpu(unsigned *cpu, unsigned *node)
{
	if (!hosted_on())
		return HOSTED_REAL(getcpu)(cpu, node);
	if (cpu)
		*cpu = (unsigned)cpu_of(hosted_me());
	if (node)
		*node = 0;
	return 0;
}

HOSTED_EXPORT int get_nprocs(void)
{
	return hosted_on() ? HOSTED_CPUS : HOSTED_REAL(get_nprocs)();
}

HOSTED_EXPORT int get_nprocs_conf(void)
{
	return hosted_on() ? HOSTED_CPUS : HOSTED_REAL(get_nprocs_conf)();
}

HOSTED_EXPORT long sysconf(int name)
{
	if (hosted_on() && (name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF))
		return HOSTED_CPUS;
	return HOSTED_REAL(sysconf)(name);
}

/* ---- policies by process ID ------------------------------------------- */

HOSTED_EXPORT int sched_setscheduler(pid_t pid, int policy, const struct sched_param *p)
{
	struct hosted_thread *t;

	if (!hosted_on())
		return HOSTED_REAL(sched_setscheduler)(pid, policy, p);
	t = by_tid(pid);
	return with_errno(t ? set_policy(t, policy, p) : ESRCH);
}

HOSTED_EXPORT int sched_setparam(pid_t pid, const struct sched_param *p)
{
	struct hosted_thread *t;

	if (!hosted_on())
		return HOSTED_REAL(sched_setparam)(pid, p);
	t = by_tid(pid);
	return with_errno(t ? set_policy(t, t->policy, p) : ESRCH);
}

HOSTED_EXPORT int sched_getscheduler(pid_t pid)
{
	struct hosted_thread *t;

	if (!hosted_on())
		return HOSTED_REAL(sched_getscheduler)(pid);
	t = by_tid(pid);
	return t ? t->policy : with_errno(ESRCH);
}

HOSTED_EXPORT int sched_getparam(pid_t pid, struct sched_param *p)
{
	struct hosted_thread *t;

	if (!hosted_on())
		return HOSTED_REAL(sched_getparam)(pid, p);
	t = by_tid(pid);
	if (t)
		*p = t->param;
	return with_errno(t ? 0 : ESRCH);
}

/* ---- what has no effect ----------------------------------------------- */

int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
		      void *library);

/* fork() is refused, so nothing would call the handlers. */
HOSTED_EXPORT int __register_atfork(void (*prepare)(void), void (*parent)(void),
				    void (*child)(void), void *library)
{
	if (!hosted_on())
		return HOSTED_REAL(__register_atfork)(prepare, parent, child, library);
	return 0;
}
