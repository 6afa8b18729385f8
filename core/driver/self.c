/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calling thread: how it becomes a task, in which context it runs, whether it may sleep. And
 * findings, and what the kernel prints.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "core/driver/driver.h"

__thread struct kd_self kd_own;
struct kthreadd kd_daemon;

/* ---- threads that the program makes itself ------------------------------------- */

static tss_t at_thread_end;
static once_flag at_thread_end_once = ONCE_FLAG_INIT;

/* Runs when a thread ends that the program made by pthread_create(). */
static void unadopt(void *task)
{
	KD_CALL(QUIET, NULL);
	os_unadopt();
	task_destroy(task);
	os_free(task);
	kd_own.task = NULL;
}

static void make_key(void)
{
	if (tss_create(&at_thread_end, unadopt) != thrd_success)
		abort();
}

static void adopt(void)
{
	bool is_main = !kd_daemon.task;
	struct task_struct *t = kd_alloc(sizeof *t);

	task_init(t, &kd_daemon, is_main ? "main" : "user");
	os_adopt(&t->os, is_main ? "main" : "user");
	kd_own.task = t;
	kd_own.adopted = true;
	if (is_main)
		return; /* it lives as long as the program */
	call_once(&at_thread_end_once, make_key);
	tss_set(at_thread_end, t);
}

struct kd_self *kd_self(void)
{
	if (!kd_own.task) {
		if (os_self())
			kd_own.task = current;
		else
			adopt();
	}
	return &kd_own;
}

struct task_struct *kd_current(void)
{
	if (!kd_own.task) {
		KD_CALL(QUIET, NULL);
		kd_self();
	}
	return kd_own.task;
}

void *kd_alloc(size_t size)
{
	void *p;

	kd_must_succeed(1);
	p = os_alloc(KT_ROLE_TEST, size);
	kd_must_succeed(-1);
	if (!p)
		abort();
	memset(p, 0, size);
	return p;
}

/* ---- findings ------------------------------------------------------------------- */

void kd_fail(enum kt_failure kind, const void *pc, const char *fmt, ...)
{
	char message[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	if (kthrash_call_failed)
		kthrash_call_failed(kind, message, pc);
	kt_fail(kind, "%s", message);
}

/* `file` without the folders before it. */
static const char *base(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

void kd_warn(const char *file, int line, const char *what, const char *fmt, ...)
{
	char text[256];
	size_t n;
	va_list ap;

	KD_CALL(QUIET, NULL);
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	n = strlen(text);
	if (n && text[n - 1] == '\n')
		text[n - 1] = '\0';
	kd_fail(KT_ASSERTION, NULL, "%s at %s:%d%s%s", what, base(file), line, n ? ": " : "", text);
}

void kd_bug(const char *file, int line, const char *what)
{
	KD_CALL(QUIET, NULL);
	kd_fail(KT_ASSERTION, NULL, "%s at %s:%d", what, base(file), line);
}

/* ---- printing --------------------------------------------------------------------- */

int kd_vprintk(const char *fmt, va_list args)
{
	/* "\001" and a digit are the level; both are no part of the text. */
	if (fmt[0] == '\001' && fmt[1])
		fmt += 2;
	return vfprintf(stderr, fmt, args);
}

int kd_printk(const char *fmt, ...)
{
	va_list ap;
	int n;

	KD_CALL(QUIET, NULL);
	va_start(ap, fmt);
	n = kd_vprintk(fmt, ap);
	va_end(ap);
	return n;
}

/* ---- context --------------------------------------------------------------------- */

static bool is_atomic(const struct kd_self *s)
{
	return s->preempt || s->rcu || s->bh || s->hardirq || s->softirq || s->irqs_off;
}

static void describe(const struct kd_self *s, char *buf, size_t size)
{
	if (s->hardirq)
		snprintf(buf, size, "in an interrupt handler");
	else if (s->held)
		snprintf(buf, size, "with spin lock %s held",
			 s->held->name ? s->held->name : "of no name");
	else if (s->softirq)
		snprintf(buf, size, "in a timer's or tasklet's function");
	else if (s->rcu)
		snprintf(buf, size, "inside rcu_read_lock()");
	else if (s->irqs_off)
		snprintf(buf, size, "with interrupts disabled");
	else
		snprintf(buf, size, "with preemption or soft interrupts disabled");
}

void kd_may_sleep(const char *what)
{
	struct kd_self *s = kd_self();
	char context[128];

	if (is_atomic(s)) {
		describe(s, context, sizeof context);
		kd_fail(KT_DISCIPLINE, NULL, "%s may sleep, and is called %s", what, context);
	}
}

/* Also of what sets the state itself: that would end the caller's own wait. */
void kd_might_sleep(const char *what)
{
	KD_CALL(QUIET, NULL);
	kd_may_sleep(what);
	if (READ_ONCE(kd_self()->task->state) != TASK_RUNNING)
		kd_fail(KT_DISCIPLINE, NULL,
			"%s may sleep, and is called in state %s, between prepare_to_wait() or "
			"set_current_state() and schedule()",
			what,
			READ_ONCE(kd_self()->task->state) & TASK_INTERRUPTIBLE
				? "TASK_INTERRUPTIBLE"
				: "TASK_UNINTERRUPTIBLE");
}

bool kd_in_hardirq(void)
{
	return kd_own.hardirq;
}

bool kd_in_interrupt(void)
{
	return kd_own.hardirq || kd_own.softirq || kd_own.bh;
}

bool kd_in_atomic(void)
{
	return is_atomic(&kd_own);
}

bool kd_irqs_disabled(void)
{
	return kd_own.irqs_off || kd_own.hardirq;
}

void kd_preempt(int by)
{
	kd_own.preempt += by;
}

void kd_irqs(bool off)
{
	kd_own.irqs_off = off;
}

void kd_bh(int by)
{
	kd_own.bh += by;
}

unsigned long kd_irqs_save(void)
{
	unsigned long flags = (unsigned long)kd_own.irqs_off;

	kd_own.irqs_off = 1;
	return flags;
}

void kd_irqs_restore(unsigned long flags)
{
	kd_own.irqs_off = (int)(flags & 1);
}
