/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions of core/linux/ that the kernel's files call in place of the kernel's scheduler,
 * memory and hotplug. No type of the kernel is in them, so they are compiled with core/'s headers.
 */
#ifndef CORE_LINUX_SCHED_H
#define CORE_LINUX_SCHED_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "platform/point.h"

struct completion;
struct kthreadd;
struct mm_struct;
struct task_struct;
struct timer_base;

/* ---- sched.c ---------------------------------------------------------------- */

/*
 * Make a task that runs fn(arg). `name`: NULL if the version's kernel_thread() gets none; then it
 * is that of the request, which linux_request_named() has told. Returns a positive number,
 * -ENOMEM, or -EAGAIN, as fork does.
 */
int linux_fork(int (*fn)(void *), void *arg, const char *name);

/* End the calling kthread. kthread_stop() returns what the kernel's file has written before. */
void do_exit(long code) __attribute__((noreturn));

/* schedule(), on the daemon: it leaves its loop here when kthreadd is shut down. */
void linux_daemon_schedule(struct kt_site *why);

long schedule_timeout(long timeout);
long io_schedule_timeout(long timeout);
long linux_sleep(long timeout);

/*
 * For reports: the calling task waits at the site `why` until the task `target` ends the wait.
 * Two NULLs: the wait is over.
 */
void linux_waits(struct kt_site *why, struct task_struct *target);

/* Call fn(t, arg) with t's pi_lock held. */
int task_call_func(struct task_struct *t, int (*fn)(struct task_struct *t, void *arg), void *arg);

/* ---- words.c ----------------------------------------------------------------- */

void linux_set_comm(struct task_struct *t, const char *name);
long linux_strscpy(char *to, const char *from, size_t size);
void *linux_zeroed(void *p, size_t size);
char *linux_vasprintf(struct kt_site *site, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
void linux_mmdrop(struct mm_struct *mm);
struct timer_base *linux_timers(void);
extern const int linux_no_nodes[1];

/* The request whose list node that is has this name; both are compared or copied only. */
void linux_request_named(const void *node, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
/* kthreadd has unlinked that request. */
void linux_request_unlinked(const void *node);
const char *linux_request_name(void);

bool linux_cpu_online(unsigned cpu);
void linux_cpus_lock(void);
void linux_cpus_unlock(void);
unsigned linux_processor_id(void);

void linux_warn(const char *func, const char *what);
void linux_bug(const char *func, const char *what) __attribute__((noreturn));

/* ---- daemon.c ----------------------------------------------------------------- */

/* The one kthreadd of an execution: the kernel's files have only one. */
extern struct kthreadd *linux_kthreadd;

/* ---- reset.c ------------------------------------------------------------------ */

/* Give the kernel's static variables the values that they have at first. No task runs. */
void linux_reset(void);

/* ---- the units: what the rest of core/linux/ needs of the kernel's files -------- */

int linux_daemon_main(void *unused);		/* the kernel's kthreadd() */
void linux_set_daemon(struct task_struct *t);
bool linux_set_kthread_struct(struct task_struct *t);
void linux_free_kthread_struct(struct task_struct *t);
void linux_complete(struct completion *c);
void linux_complete_callers(void *c);		/* bridge.c: a kt_completion, or NULL */
int linux_fork_node(struct task_struct *t);	/* tsk_fork_get_node() */
void linux_set_freezing(bool freezing);
bool linux_freeze_task(struct task_struct *t);
void linux_thaw_task(struct task_struct *t);

#endif
