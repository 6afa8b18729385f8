/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What people call the memory of an execution: the objects by the names that the plan gives
 * them, the fields by those of the structs of core/, the values by the kernel's words. Only
 * explanations ask for it, between the steps of an execution, so nothing here reaches a site.
 */
#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/kthread_internal.h"
#include "platform/sim/sim_detail.h"
#include "stress/run/exec_internal.h"

/* ---- values ------------------------------------------------------------------------ */

static const struct sim_bits task_states[] = {
	{ TASK_KILLABLE, "KILLABLE" },
	{ TASK_INTERRUPTIBLE, "INTERRUPTIBLE" },
	{ TASK_UNINTERRUPTIBLE, "UNINTERRUPTIBLE" },
	{ TASK_PARKED, "PARKED" },
	{ TASK_DEAD, "DEAD" },
	{ TASK_FROZEN, "FROZEN" },
	{ TASK_RUNNING, "RUNNING" },
	{ 0, NULL },
};

static const struct sim_bits task_flags[] = {
	{ PF_KTHREAD, "PF_KTHREAD" },
	{ PF_NOFREEZE, "PF_NOFREEZE" },
	{ PF_NOSIGNAL, "PF_NOSIGNAL" },
	{ 0, "none" },
	{ 0, NULL },
};

static const struct sim_bits shutdown_flags[] = {
	{ 1, "SHUTDOWN" },
	{ 0, "none" },
	{ 0, NULL },
};

static const struct sim_bits notify_flags[] = {
	{ 1, "NOTIFIED" },
	{ 0, "none" },
	{ 0, NULL },
};

/* ---- fields ------------------------------------------------------------------------ */

#define FIELD_OF(type, member, label, kind_, bits_)                            \
	{ (label), offsetof(type, member), sizeof(((type *)NULL)->member), (kind_), (bits_) }
#define SHAPE(type, rows) { sizeof(type), sizeof(rows) / sizeof(rows)[0], (rows) }

#define TASK(member, kind)       FIELD_OF(struct task_struct, member, #member, kind, NULL)
static const struct sim_field task_fields[] = {
	FIELD_OF(struct task_struct, state, "state", SIM_BITS, task_states),
	FIELD_OF(struct task_struct, flags, "flags", SIM_BITS, task_flags),
	FIELD_OF(struct task_struct, notify, "notify", SIM_BITS, notify_flags),
	TASK(pi_lock, SIM_QUIET),
	TASK(on_cpu, SIM_NUMBER),
	TASK(cpus_mask, SIM_HEX),
	TASK(no_setaffinity, SIM_BOOL),
	TASK(is_bound, SIM_BOOL),
	TASK(bound, SIM_LINKS),
	TASK(usage, SIM_NUMBER),
	TASK(registered, SIM_LINKS),
	TASK(is_frozen, SIM_BOOL),
	TASK(freeze_entry, SIM_LINKS),
	TASK(mm, SIM_POINTER),
	TASK(active_mm, SIM_POINTER),
	TASK(kthread, SIM_QUIET),
	TASK(no_cgroup_migration, SIM_QUIET),
	TASK(os, SIM_QUIET),
	TASK(id, SIM_QUIET),
	TASK(rcu, SIM_QUIET),
	TASK(kthreadd, SIM_QUIET),
};
static const struct sim_shape task_shape = SHAPE(struct task_struct, task_fields);

#if !defined(KT_CORE_LINUX)
static const struct sim_bits kthread_flags[] = {
	{ 1ull << KTHREAD_SHOULD_STOP, "SHOULD_STOP" },
	{ 1ull << KTHREAD_SHOULD_PARK, "SHOULD_PARK" },
	{ 1ull << KTHREAD_IS_PER_CPU, "IS_PER_CPU" },
	{ 1ull << KTHREAD_EXITING, "EXITING" },
	{ 0, "none" },
	{ 0, NULL },
};

#define KTHREAD(member, kind) FIELD_OF(struct kthread, member, #member, kind, NULL)
static const struct sim_field kthread_fields[] = {
	FIELD_OF(struct kthread, flags, "flags", SIM_BITS, kthread_flags),
	KTHREAD(exited, SIM_QUIET),
	KTHREAD(parked, SIM_QUIET),
	KTHREAD(result, SIM_SIGNED),
	KTHREAD(started, SIM_BOOL),
	KTHREAD(cpu, SIM_NUMBER),
	KTHREAD(exit, SIM_QUIET),
	KTHREAD(full_name, SIM_QUIET),
	KTHREAD(blkcg_css, SIM_POINTER),
};
static const struct sim_shape kthread_shape = SHAPE(struct kthread, kthread_fields);

#define REQUEST(member, kind) FIELD_OF(struct kthread_create_info, member, #member, kind, NULL)
static const struct sim_field request_fields[] = {
	REQUEST(full_name, SIM_POINTER), REQUEST(node, SIM_SIGNED), REQUEST(result, SIM_POINTER),
	REQUEST(done, SIM_POINTER),      REQUEST(list, SIM_QUIET),
};
static const struct sim_shape request_shape = SHAPE(struct kthread_create_info, request_fields);

#define WORKER(member, kind) FIELD_OF(struct kthread_worker, member, #member, kind, NULL)
static const struct sim_field worker_fields[] = {
	WORKER(lock, SIM_QUIET),
	WORKER(work_list, SIM_LINKS),
	WORKER(delayed_work_list, SIM_LINKS),
	WORKER(current_work, SIM_POINTER),
	WORKER(task, SIM_POINTER),
	WORKER(flags, SIM_HEX),
};
static const struct sim_shape worker_shape = SHAPE(struct kthread_worker, worker_fields);

#define WORK(member, kind) FIELD_OF(struct exec_job, dwork.work.member, #member, kind, NULL)
#define TIMER(member, kind)                                                    \
	FIELD_OF(struct exec_job, dwork.timer.member, "timer." #member, kind, NULL)
static const struct sim_field work_fields[] = {
	WORK(worker, SIM_POINTER),     WORK(node, SIM_LINKS),
	WORK(delayed, SIM_BOOL),       WORK(dropped, SIM_BOOL),
	WORK(canceling, SIM_SIGNED),   TIMER(entry, SIM_LINKS),
	TIMER(expires_ns, SIM_NUMBER), FIELD_OF(struct exec_job, ran, "ran", SIM_QUIET, NULL),
};
static const struct sim_shape work_shape = SHAPE(struct exec_job, work_fields);

/* NULL: it has no name of its own. */
static const char *name_of_kthread(const struct kthread *k)
{
	return k->full_name;
}

static const char *name_of_request(const struct kthread_create_info *r)
{
	return r->full_name;
}
#else
/* The kernel's structs of these names are complete only where its files are compiled. */
struct kthread_create_info;
static const struct sim_shape kthread_shape, request_shape, worker_shape;
static const struct sim_field work_fields[] = {
	FIELD_OF(struct exec_job, ran, "ran", SIM_QUIET, NULL),
};
static const struct sim_shape work_shape = SHAPE(struct exec_job, work_fields);

static const char *name_of_kthread(const struct kthread *k)
{
	(void)k;
	return NULL;
}

static const char *name_of_request(const struct kthread_create_info *r)
{
	(void)r;
	return NULL;
}
#endif

#define MM(member, kind) FIELD_OF(struct mm_struct, member, #member, kind, NULL)
static const struct sim_field mm_fields[] = { MM(users, SIM_NUMBER), MM(count, SIM_NUMBER) };
static const struct sim_shape mm_shape = SHAPE(struct mm_struct, mm_fields);

static const struct sim_field css_fields[] = {
	FIELD_OF(struct cgroup_subsys_state, refs, "refs", SIM_NUMBER, NULL),
};
static const struct sim_shape css_shape = SHAPE(struct cgroup_subsys_state, css_fields);

#define DAEMON(member, kind) FIELD_OF(struct kthreadd, member, #member, kind, NULL)
static const struct sim_field kthreadd_fields[] = {
	DAEMON(create_list, SIM_QUIET),
	DAEMON(task, SIM_POINTER),
	DAEMON(ready, SIM_QUIET),
	DAEMON(pref_node_fork, SIM_SIGNED),
	FIELD_OF(struct kthreadd, flags, "flags", SIM_BITS, shutdown_flags),
	DAEMON(threads, SIM_NUMBER),
	DAEMON(all_gone, SIM_QUIET),
	DAEMON(registry.lock, SIM_QUIET),
	DAEMON(registry.threads, SIM_QUIET),
	DAEMON(registry.last_id, SIM_QUIET),
	DAEMON(timers.lock, SIM_QUIET),
	DAEMON(timers.pending, SIM_LINKS),
	DAEMON(timers.running, SIM_POINTER),
	FIELD_OF(struct kthreadd, timers.flags, "timers.flags", SIM_BITS, shutdown_flags),
	DAEMON(freezer.lock, SIM_QUIET),
	DAEMON(freezer.freezable, SIM_LINKS),
	DAEMON(freezer.waiters, SIM_LINKS),
	DAEMON(freezer.awake, SIM_NUMBER),
	DAEMON(freezer.freezers, SIM_NUMBER),
	DAEMON(cpus.cpu_maps_lock.sem.lock, SIM_QUIET),
	DAEMON(cpus.cpu_maps_lock.sem.writer, SIM_POINTER),
	DAEMON(cpus.cpu_maps_lock.sem.waiters, SIM_LINKS),
	DAEMON(cpus.cpu_hotplug_lock.lock, SIM_QUIET),
	DAEMON(cpus.cpu_hotplug_lock.readers, SIM_SIGNED),
	DAEMON(cpus.cpu_hotplug_lock.writer, SIM_POINTER),
	DAEMON(cpus.cpu_hotplug_lock.waiters, SIM_LINKS),
	DAEMON(cpus.online, SIM_HEX),
	DAEMON(cpus.bound_lock, SIM_QUIET),
	DAEMON(cpus.bound, SIM_QUIET),
	DAEMON(smpboot.threads_lock.sem.lock, SIM_QUIET),
	DAEMON(smpboot.threads_lock.sem.writer, SIM_POINTER),
	DAEMON(smpboot.threads_lock.sem.waiters, SIM_LINKS),
	DAEMON(smpboot.hotplug_threads, SIM_LINKS),
};
static const struct sim_shape kthreadd_shape = SHAPE(struct kthreadd, kthreadd_fields);

#define POKED(n, member)                                                       \
	FIELD_OF(struct exec_percpu, cpu[n].member, #member "[CPU " #n "]", SIM_NUMBER, NULL)
#define STORE(n) FIELD_OF(struct exec_percpu, store[n], "thread[CPU " #n "]", SIM_POINTER, NULL)
static const struct sim_field percpu_fields[] = {
	FIELD_OF(struct exec_percpu, ht.list, "registered", SIM_LINKS, NULL),
	STORE(0),
	STORE(1),
	STORE(2),
	STORE(3),
	POKED(0, poked),
	POKED(1, poked),
	POKED(2, poked),
	POKED(3, poked),
	POKED(0, done),
	POKED(1, done),
	POKED(2, done),
	POKED(3, done),
};
static const struct sim_shape percpu_shape = SHAPE(struct exec_percpu, percpu_fields);

/* ---- where they are ------------------------------------------------------------------ */

static const struct sim_shape *shape_of_block(enum kt_role role, const void *base, size_t size)
{
	const struct sim_shape *s = role == KT_ROLE_TASK          ? &task_shape
				    : role == KT_ROLE_KTHREAD     ? &kthread_shape
				    : role == KT_ROLE_CREATE_INFO ? &request_shape
				    : role == KT_ROLE_WORKER      ? &worker_shape
				    : role == KT_ROLE_MM          ? &mm_shape
								  : NULL;

	(void)base;
	return s && s->size <= size ? s : NULL;
}

struct named_range {
	const void *base;
	const struct sim_shape *shape;
};

/* The works of thread i, or what it has per CPU. */
static unsigned ranges_of_thread(unsigned i, struct named_range *out)
{
	unsigned n = 0;

	if (exec.plan->threads[i].body == PLAN_WORKER)
		for (unsigned k = 0; k < PLAN_WORKS; k++)
			out[n++] = (struct named_range){ &exec.thread[i].job[k], &work_shape };
	return n;
}

static bool nth_range(unsigned i, const void **base, const struct sim_shape **shape)
{
	static struct named_range
		all[4 + PLAN_TASKS_MAX + PLAN_THREADS_MAX * PLAN_WORKS + PLAN_PERCPUS_MAX];
	static unsigned count;

	if (i == 0) {
		count = 0;
		all[count++] = (struct named_range){ &exec.kthreadd, &kthreadd_shape };
		all[count++] = (struct named_range){ &exec.kthreadd.daemon, &task_shape };
		all[count++] = (struct named_range){ &exec.kthreadd.timers.task, &task_shape };
		all[count++] = (struct named_range){ &exec.init, &task_shape };
		for (unsigned k = 0; k < exec.plan->tasks_count; k++)
			all[count++] = (struct named_range){ &exec.task[k].task, &task_shape };
		for (unsigned k = 0; k < exec.plan->threads_count; k++)
			count += ranges_of_thread(k, &all[count]);
		for (unsigned k = 0; k < PLAN_PERCPUS_MAX; k++)
			all[count++] = (struct named_range){ &exec.percpu[k], &percpu_shape };
		if (exec.borrows)
			all[count - 1] = (struct named_range){ &exec.css, &css_shape };
	}
	if (i >= count)
		return false;
	*base = all[i].base;
	*shape = all[i].shape;
	return true;
}

/* ---- names --------------------------------------------------------------------------- */

/* Is there a text, in memory that was written and is not freed? */
__attribute__((no_sanitize("address"))) static bool is_text(const char *s)
{
	enum { FREED = 0x6b };
	size_t n = 0;

	if (!s || (s[0] == FREED && s[1] == FREED))
		return false;
	while (n < OS_NAME_MAX && isprint((unsigned char)s[n]))
		n++;
	return n > 0 && n < OS_NAME_MAX && s[n] == '\0';
}

/* The kthread may be freed, if a bug made that so; then the name is comm. */
__attribute__((no_sanitize("address"))) static bool name_task(const struct task_struct *t,
							      char *buf, size_t size)
{
	const char *name = t->kthread ? name_of_kthread(t->kthread) : NULL;

	if (!is_text(name))
		name = t->comm;
	if (t == &exec.kthreadd.daemon)
		name = "kthreadd";
	else if (t == &exec.kthreadd.timers.task)
		name = "ktimers";
	for (unsigned i = 0; i < exec.plan->tasks_count; i++)
		if (t == &exec.task[i].task)
			name = plan_string(exec.plan, exec.plan->tasks[i].name);
	if (!is_text(name))
		return false;
	snprintf(buf, size, "%s", name);
	return true;
}

static bool name_of_text(const char *before, const char *name, char *buf, size_t size)
{
	if (!is_text(name))
		return false;
	snprintf(buf, size, "%s%s", before, name);
	return true;
}

static const char *handle_of(const struct exec_thread *t)
{
	return plan_string(exec.plan, exec.plan->threads[t - exec.thread].var);
}

static bool name_worker(const struct kthread_worker *w, char *buf, size_t size)
{
	for (unsigned i = 0; i < exec.plan->threads_count; i++)
		if (exec.thread[i].worker == w) {
			snprintf(buf, size, "worker %s", handle_of(&exec.thread[i]));
			return true;
		}
	return false;
}

static bool name_work(const void *base, char *buf, size_t size)
{
	for (unsigned i = 0; i < exec.plan->threads_count; i++)
		for (unsigned k = 0; k < PLAN_WORKS; k++)
			if (base == &exec.thread[i].job[k]) {
				snprintf(buf, size, "%s's work %u",
					 plan_string(exec.plan, exec.plan->threads[i].var), k);
				return true;
			}
	return false;
}

static bool name_percpu(const struct exec_percpu *p, char *buf, size_t size)
{
	if (!p->thread)
		return false;
	snprintf(buf, size, "%s", handle_of(p->thread));
	return true;
}

static bool name_object(const void *base, const struct sim_shape *s, char *buf, size_t size)
{
	if (s == &task_shape)
		return name_task(base, buf, size);
	if (s == &kthread_shape)
		return name_of_text("", name_of_kthread(base), buf, size);
	if (s == &request_shape)
		return name_of_text("request for ", name_of_request(base), buf, size);
	if (s == &worker_shape)
		return name_worker(base, buf, size);
	if (s == &work_shape)
		return name_work(base, buf, size);
	if (s == &percpu_shape)
		return name_percpu(base, buf, size);
	if (s == &mm_shape)
		return false;	/* the task that allocated it says which one it is */
	if (s == &css_shape)
		snprintf(buf, size, "the cgroup");
	else
		snprintf(buf, size, "kthreadd");
	return true;
}

static bool owner_of(const void *base, const struct sim_shape *s, char *buf, size_t size)
{
	const struct exec_job *j = base;

	if (s == &task_shape || s == &kthread_shape)
		return name_object(base, s, buf, size);
	if (s == &work_shape && j->thread)
		return name_of_text("", j->thread->name, buf, size);
	for (unsigned i = 0; s == &worker_shape && i < exec.plan->threads_count; i++)
		if (exec.thread[i].worker == base)
			return name_of_text("", exec.thread[i].name, buf, size);
	if (s != &request_shape && s != &kthreadd_shape)
		return false;
	snprintf(buf, size, "kthreadd");
	return true;
}

/* Functions of core/ and of the kernel's files that sleep until there is something to do. */
static bool idles(const struct kt_site *why)
{
	static const char *const loops[] = {
		"kthreadd_main", "kthread_worker_fn", "smpboot_thread_fn",
		"timer_main",    "until_stop",        "freezable",
		"park",          "refrigerator",      "exec_borrow",
		"kthread_main",
	};

	if (why->func && strcmp(why->func, "kthreadd") == 0)	/* the kernel's own daemon */
		return true;
	for (size_t i = 0; why->func && i < sizeof loops / sizeof loops[0]; i++)
		if (strstr(why->func, loops[i]))
			return true;
	return false;
}

const struct sim_namer exec_namer = {
	.range = nth_range,
	.block = shape_of_block,
	.name = name_object,
	.owner = owner_of,
	.idles = idles,
};
