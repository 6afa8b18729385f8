/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The attributes of a thread, in the place of platform/posix/os_attr.c. Drivers' threads run on
 * any processor of the machine, because the processor shows in nothing that a driver does. So
 * nothing here is a system call but the name, which reports show.
 */
#include <string.h>
#include <sys/prctl.h>

#include "core/driver/driver.h"
#include "platform/posix/internal.h"

/*
 * platform/posix/os_thread.c calls this for pthread_create(). Its threads set their names when they
 * begin to run. Here a thread has its name before.
 */
int kd_pthread_create(pthread_t *pthread, const pthread_attr_t *attr, void *(*fn)(void *),
		      void *arg)
{
	const struct posix_thread *p = arg;

	if (kthrash_call_names)
		kthrash_call_names((const char *)p->name);
	return pthread_create(pthread, attr, fn, arg);
}

int os_set_comm(const char *name)
{
	char comm[OS_COMM_MAX] = "";

	memcpy(comm, name, strnlen(name, sizeof comm - 1));
	prctl(PR_SET_NAME, comm);
	return 0;
}

int os_set_policy(enum os_policy policy)
{
	(void)policy;
	return 0;
}

int os_allow_cpus(const uint64_t *cpus)
{
	(void)cpus;
	return 0;
}

int os_allow_all_nodes(void)
{
	return 0;
}

int os_ignore_signals(void)
{
	return 0;
}

int os_bind(struct os_thread *t, uint64_t cpus)
{
	(void)t;
	return cpus ? 0 : -EINVAL;
}

int os_cpu_to_node(unsigned cpu)
{
	(void)cpu;
	return OS_NO_NODE;
}

bool os_on_cpus(uint64_t cpus)
{
	return cpus != 0;
}

void os_set_spawn_node(int node)
{
	(void)node;
}

int os_get_attributes(struct os_attributes *out)
{
	(void)out;
	return -ENOSYS;
}

int posix_get_mempolicy(struct posix_mempolicy *out)
{
	(void)out;
	return -ENOSYS;
}

int posix_set_mempolicy(const struct posix_mempolicy *p)
{
	(void)p;
	return -ENOSYS;
}

int posix_prefer_node(int node)
{
	(void)node;
	return -ENOSYS;
}
