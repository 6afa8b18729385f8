/* SPDX-License-Identifier: GPL-2.0-only */
/* The closed lists of words in a plan, and looking names up. */
#include <errno.h>
#include <string.h>

#include "stress/plan_internal.h"

static const struct {
	int32_t value;
	const char *name;
} errnos[] = {
	{ -EINTR, "-EINTR" },
	{ -ENOMEM, "-ENOMEM" },
	{ -EAGAIN, "-EAGAIN" },
	{ -EBUSY, "-EBUSY" },
	{ -ENOSYS, "-ENOSYS" },
};

const char *plan_errno_name(int32_t value)
{
	for (size_t i = 0; i < sizeof errnos / sizeof errnos[0]; i++)
		if (errnos[i].value == value)
			return errnos[i].name;
	return NULL;
}

bool plan_errno_find(const char *name, size_t len, int32_t *value)
{
	for (size_t i = 0; i < sizeof errnos / sizeof errnos[0]; i++)
		if (strlen(errnos[i].name) == len && memcmp(errnos[i].name, name, len) == 0) {
			*value = errnos[i].value;
			return true;
		}
	return false;
}

const char *plan_body_name(enum plan_body b)
{
	static const char *const names[] = {
		[PLAN_RETURN] = "return",
		[PLAN_UNTIL_STOP] = "until-stop",
		[PLAN_UNTIL_STOP_HARD] = "until-stop-hard",
		[PLAN_PARKABLE] = "parkable",
		[PLAN_PARKABLE_HARD] = "parkable-hard",
		[PLAN_EXIT] = "exit",
		[PLAN_COMPLETE_EXIT] = "complete-exit",
		[PLAN_WORKER] = "worker",
	};

	return names[b];
}

const char *plan_op_name(enum plan_op_kind k)
{
	static const char *const names[] = {
		[PLAN_CREATE] = "create", [PLAN_RUN] = "run", [PLAN_WAKE] = "wake",
		[PLAN_STOP] = "stop", [PLAN_GET] = "get", [PLAN_PUT] = "put",
		[PLAN_STOP_PUT] = "stop-put", [PLAN_PARK] = "park",
		[PLAN_UNPARK] = "unpark", [PLAN_BIND] = "bind",
		[PLAN_PER_CPU] = "per-cpu", [PLAN_DISPLACE] = "displace",
		[PLAN_AWAIT] = "await", [PLAN_QUEUE] = "queue", [PLAN_DELAY] = "delay",
		[PLAN_MOD] = "mod", [PLAN_CANCEL] = "cancel", [PLAN_FLUSH] = "flush",
		[PLAN_FLUSH_WORKER] = "flush-worker", [PLAN_DESTROY] = "destroy",
		[PLAN_KILL] = "kill",
	};

	return names[k];
}

bool plan_op_has_result(enum plan_op_kind k)
{
	return plan_op_makes_thread(k) || k == PLAN_WAKE || k == PLAN_STOP ||
	       k == PLAN_STOP_PUT || k == PLAN_PARK || (k >= PLAN_QUEUE && k <= PLAN_CANCEL);
}

bool plan_op_has_work(enum plan_op_kind k)
{
	return k >= PLAN_QUEUE && k <= PLAN_FLUSH;
}

bool plan_op_has_delay(enum plan_op_kind k)
{
	return k == PLAN_DELAY || k == PLAN_MOD;
}

bool plan_op_is_workers(enum plan_op_kind k)
{
	return k >= PLAN_QUEUE && k <= PLAN_DESTROY;
}

bool plan_op_has_cpu(enum plan_op_kind k)
{
	return k == PLAN_BIND || k == PLAN_PER_CPU;
}

bool plan_body_exits(enum plan_body b)
{
	return b == PLAN_RETURN || b == PLAN_EXIT || b == PLAN_COMPLETE_EXIT;
}

bool plan_body_parks(enum plan_body b)
{
	return b == PLAN_PARKABLE || b == PLAN_PARKABLE_HARD;
}

bool plan_op_makes_thread(enum plan_op_kind k)
{
	return k == PLAN_CREATE || k == PLAN_RUN;
}

int plan_find_task(const struct plan *p, const char *name)
{
	for (unsigned i = 0; i < p->tasks_count; i++)
		if (strcmp(plan_string(p, p->tasks[i].name), name) == 0)
			return (int)i;
	return -1;
}

int plan_find_thread(const struct plan *p, const char *name)
{
	for (unsigned i = 0; i < p->threads_count; i++)
		if (strcmp(plan_string(p, p->threads[i].name), name) == 0)
			return (int)i;
	return -1;
}

bool plan_knows_name(const struct plan *p, const char *name)
{
	return strcmp(name, "init") == 0 || strcmp(name, "kthreadd") == 0 ||
	       strcmp(name, "ktimers") == 0 ||
	       plan_find_task(p, name) >= 0 || plan_find_thread(p, name) >= 0;
}
