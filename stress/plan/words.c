/* SPDX-License-Identifier: GPL-2.0-only */
/* The closed lists of words in a plan, and looking names up. */
#include <errno.h>
#include <string.h>

#include "stress/plan/internal.h"

#define WORK (PLAN_OF_WORKER | PLAN_BY_OTHERS)
#define POST (PLAN_OF_PERCPU | PLAN_BY_OTHERS | PLAN_HAS_CPU)

static const struct {
	int32_t value;
	const char *name;
} errnos[] = {
	{ -EINTR, "-EINTR" },
	{ -ENOMEM, "-ENOMEM" },
	{ -EAGAIN, "-EAGAIN" },
	{ -EBUSY, "-EBUSY" },
	{ -ENOSYS, "-ENOSYS" },
	{ -EINVAL, "-EINVAL" },
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

static const struct {
	const char *name;
	bool has_depth;
} strategies[] = {
	[PLAN_BLOCK] = { "block", false },
	[PLAN_RANDOM] = { "random", false },
	[PLAN_PCT] = { "pct", true },
	[PLAN_DELAY_BOUNDED] = { "delay", true },
	[PLAN_POS] = { "pos", false },
	[PLAN_SURW] = { "surw", false },
};

const char *plan_strategy_name(enum plan_strategy_kind k)
{
	return strategies[k].name;
}

bool plan_strategy_has_depth(enum plan_strategy_kind k)
{
	return strategies[k].has_depth;
}

const char *plan_memory_name(enum plan_memory m)
{
	static const char *const names[] = {
		[PLAN_SC] = "sc", [PLAN_TSO] = "tso", [PLAN_PSO] = "pso",
	};

	return names[m];
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
		[PLAN_FREEZABLE] = "freezable",
		[PLAN_BORROW] = "borrow",
		[PLAN_WORKER] = "worker",
	};

	return names[b];
}

/* The one table of operations: a new one is a row here, and one in exec_ops.c. */
static const struct {
	const char *name;
	unsigned traits;
} ops[PLAN_OPS] = {
	[PLAN_CREATE]       = { "create", PLAN_MAKES | PLAN_HAS_RESULT },
	[PLAN_RUN]          = { "run", PLAN_MAKES | PLAN_HAS_RESULT },
	[PLAN_WAKE]         = { "wake", PLAN_BY_OTHERS | PLAN_HAS_RESULT },
	[PLAN_STOP]         = { "stop", PLAN_HAS_RESULT },
	[PLAN_GET]          = { "get", 0 },
	[PLAN_PUT]          = { "put", 0 },
	[PLAN_STOP_PUT]     = { "stop-put", PLAN_HAS_RESULT },
	[PLAN_PARK]         = { "park", PLAN_HAS_RESULT },
	[PLAN_UNPARK]       = { "unpark", 0 },
	[PLAN_BIND]         = { "bind", PLAN_HAS_CPU },
	[PLAN_PER_CPU]      = { "per-cpu", PLAN_HAS_CPU },
	[PLAN_AFFINE]       = { "affine", PLAN_BY_OTHERS | PLAN_HAS_CPU | PLAN_HAS_RESULT },
	[PLAN_DISPLACE]     = { "displace", 0 },
	[PLAN_AWAIT]        = { "await", 0 },
	[PLAN_QUEUE]        = { "queue", WORK | PLAN_HAS_WORK | PLAN_HAS_RESULT },
	[PLAN_DELAY]        = { "delay", WORK | PLAN_HAS_WORK | PLAN_HAS_DELAY | PLAN_HAS_RESULT },
	[PLAN_MOD]          = { "mod", WORK | PLAN_HAS_WORK | PLAN_HAS_DELAY | PLAN_HAS_RESULT },
	[PLAN_CANCEL]       = { "cancel", WORK | PLAN_HAS_WORK | PLAN_HAS_RESULT },
	[PLAN_FLUSH]        = { "flush", WORK | PLAN_HAS_WORK },
	[PLAN_FLUSH_WORKER] = { "flush-worker", WORK },
	[PLAN_RAN]          = { "ran", PLAN_OF_WORKER | PLAN_HAS_WORK },
	[PLAN_POST]         = { "post", WORK },
	[PLAN_OPEN]         = { "open", PLAN_OF_WORKER },
	[PLAN_DESTROY]      = { "destroy", PLAN_OF_WORKER },
	[PLAN_DESTROY_RAW]  = { "destroy-raw", PLAN_OF_WORKER },
	[PLAN_REGISTER]     = { "percpu", PLAN_MAKES | PLAN_HAS_RESULT },
	[PLAN_POKE]         = { "poke", POST },
	[PLAN_SETTLE]       = { "settle", POST },
	[PLAN_UNREGISTER]   = { "unregister", PLAN_OF_PERCPU },
	[PLAN_FIND]         = { "find", PLAN_BY_OTHERS | PLAN_BY_ID | PLAN_HAS_RESULT },
	[PLAN_WALK]         = { "walk", PLAN_NO_HANDLE },
	[PLAN_KILL]         = { "kill", PLAN_NO_HANDLE },
	[PLAN_FREEZE]       = { "freeze", PLAN_NO_HANDLE | PLAN_HAS_RESULT },
	[PLAN_THAW]         = { "thaw", PLAN_NO_HANDLE },
	[PLAN_CPU_DOWN]     = { "cpu-down", PLAN_NO_HANDLE | PLAN_HAS_CPU | PLAN_HAS_RESULT },
	[PLAN_CPU_UP]       = { "cpu-up", PLAN_NO_HANDLE | PLAN_HAS_CPU | PLAN_HAS_RESULT },
};

const char *plan_op_name(enum plan_op_kind k)
{
	return ops[k].name;
}

bool plan_op_has(enum plan_op_kind k, unsigned traits)
{
	return (ops[k].traits & traits) == traits;
}

bool plan_body_exits(enum plan_body b)
{
	return b == PLAN_RETURN || b == PLAN_EXIT || b == PLAN_COMPLETE_EXIT;
}

bool plan_body_parks(enum plan_body b)
{
	return b == PLAN_PARKABLE || b == PLAN_PARKABLE_HARD ||
	       b == PLAN_FREEZABLE || b == PLAN_BORROW;
}

int plan_find_task(const struct plan *p, const char *name)
{
	for (unsigned i = 0; i < p->tasks_count; i++)
		if (strcmp(plan_string(p, p->tasks[i].name), name) == 0)
			return (int)i;
	return -1;
}

unsigned plan_names(const struct plan_thread *t)
{
	return t->body == PLAN_PERCPU ? PLAN_CPUS : 1;
}

const char *plan_thread_name(const struct plan *p, const struct plan_thread *t, unsigned nth,
			     char *buf)
{
	const char *name = plan_string(p, t->name);

	if (nth == 0 || !plan_format_name(plan_string(p, t->format), true, (int32_t)nth, buf,
					  PLAN_NAME_MAX + 16))
		return name;
	return buf;
}

int plan_find_thread(const struct plan *p, const char *name)
{
	char buf[PLAN_NAME_MAX + 16];

	for (unsigned i = 0; i < p->threads_count; i++)
		for (unsigned n = 0; n < plan_names(&p->threads[i]); n++)
			if (strcmp(plan_thread_name(p, &p->threads[i], n, buf), name) == 0)
				return (int)i;
	return -1;
}

bool plan_knows_name(const struct plan *p, const char *name)
{
	if (plan_is_program(p))
		return name[0] != '\0';
	return strcmp(name, "init") == 0 || strcmp(name, "kthreadd") == 0 ||
	       strcmp(name, "ktimers") == 0 ||
	       plan_find_task(p, name) >= 0 || plan_find_thread(p, name) >= 0;
}
