/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts and tasklets. An interrupt is a thread: kthrash_raise_irq() lets the thread of that
 * number call the handlers, as on another processor. So a handler runs beside the code that it
 * would stop, and lock.c finds what it could deadlock with if it did stop it. A handler that
 * returns IRQ_WAKE_THREAD has its second function called by a thread of its own.
 */
#include <stdio.h>
#include <string.h>

#include "core/driver/driver.h"

enum { IRQS_MAX = 32, WAKE_THREAD = 2, SHARED = 0x80 };

struct action {
	int (*handler)(int irq, void *dev);
	int (*thread_fn)(int irq, void *dev);
	void *dev;
	bool shared, gone;
	unsigned due; /* calls of thread_fn; under the line's lock */
	bool thread_runs;
	bool has_thread;
	struct line *line;
	struct kd_service service;
	struct action *next;
};

static struct line {
	struct kd_lock lock;
	struct action *actions; /* under lock, from here on */
	unsigned raised, disabled;
	bool has_thread, runs;
	uint32_t ends; /* futex word: counts the ends of handlers and of their threads' calls */
	struct kd_service service;
} line[IRQS_MAX];

static struct line *line_of(unsigned irq, const char *call)
{
	if (irq >= IRQS_MAX)
		kd_fail(KT_UNSUPPORTED, NULL, "%s of interrupt %u; there are %d", call, irq,
			IRQS_MAX);
	return &line[irq];
}

static void note(uint32_t *ends)
{
	fetch_add(ends, 1);
	os_futex_wake(ends, OS_FUTEX_ALL);
}

/* Sleep until something ends. The lock is held before and after. */
static void wait_locked(struct line *l)
{
	uint32_t ends = READ_ONCE(l->ends);

	KD_UNLOCK(&l->lock);
	os_futex_wait_at(&l->ends, ends, NULL, KT_SITE("wait", "irq"));
	KD_LOCK(&l->lock);
}

/* ---- the threads of a line --------------------------------------------------------- */

/*
 * What a thread of the line does until its service stops. `step` does one piece of work, with the
 * lock held, or returns false because there is none. The state is set first, so that no wake-up is
 * lost between the look for work and the sleep.
 */
static void serve(struct line *l, const struct kd_service *service, bool (*step)(void *), void *arg)
{
	KD_LOCK(&l->lock);
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (step(arg)) {
			note(&l->ends);
			continue;
		}
		if (kd_service_should_stop(service))
			break;
		KD_UNLOCK(&l->lock);
		schedule();
		KD_LOCK(&l->lock);
	}
	__set_current_state(TASK_RUNNING);
	KD_UNLOCK(&l->lock);
}

static bool call_thread_fn(void *arg)
{
	struct action *a = arg;
	struct line *l = a->line;

	if (!a->due || a->gone)
		return false;
	__set_current_state(TASK_RUNNING);
	a->due = 0;
	a->thread_runs = true;
	KD_UNLOCK(&l->lock);
	KD_CALLBACK(a->thread_fn((int)(l - line), a->dev));
	KD_LOCK(&l->lock);
	a->thread_runs = false;
	return true;
}

static void thread_main(void *arg)
{
	struct action *a = arg;

	serve(a->line, &a->service, call_thread_fn, a);
}

static void handle_locked(struct line *l)
{
	struct kd_self *s = kd_self();

	for (struct action *a = l->actions; a; a = a->next) {
		int result = WAKE_THREAD;

		if (a->gone)
			continue;
		if (a->handler) {
			KD_UNLOCK(&l->lock);
			s->hardirq++;
			KD_CALLBACK(result = a->handler((int)(l - line), a->dev));
			s->hardirq--;
			KD_LOCK(&l->lock);
		}
		if (result == WAKE_THREAD && a->has_thread && !a->gone) {
			a->due++;
			wake_up_process(&a->service.task);
		}
	}
}

static bool call_handlers(void *arg)
{
	struct line *l = arg;

	if (!l->raised || l->disabled)
		return false;
	__set_current_state(TASK_RUNNING);
	l->raised--;
	l->runs = true;
	handle_locked(l);
	l->runs = false;
	return true;
}

static void line_main(void *arg)
{
	struct line *l = arg;

	serve(l, &l->service, call_handlers, l);
}

/* ---- what drivers call --------------------------------------------------------------- */

int kd_request_irq(unsigned irq, int (*handler)(int irq, void *dev),
		   int (*thread_fn)(int irq, void *dev), unsigned long flags, const char *name,
		   void *dev)
{
	struct line *l;
	struct action *a, **at;
	char text[OS_COMM_MAX];

	KD_CALL(CALL, dev);
	kd_might_sleep("request_irq()");
	l = line_of(irq, "request_irq()");
	if (!handler && !thread_fn)
		return -EINVAL;
	a = kd_alloc(sizeof *a);
	*a = (struct action){ .handler = handler,
			      .thread_fn = thread_fn,
			      .dev = dev,
			      .shared = flags & SHARED,
			      .line = l };
	if (thread_fn) {
		a->has_thread = true;
		snprintf(text, sizeof text, "irq-%u-%.8s", irq, name);
		kd_service_start(&a->service, text, thread_main, a);
	}
	KD_LOCK(&l->lock);
	for (at = &l->actions; *at; at = &(*at)->next)
		if (!(*at)->gone && !((*at)->shared && a->shared)) {
			a->gone = true;
			KD_UNLOCK(&l->lock);
			return -EBUSY;
		}
	*at = a;
	if (!l->has_thread) {
		l->has_thread = true;
		snprintf(text, sizeof text, "irq-%u", irq);
		kd_service_start(&l->service, text, line_main, l);
	}
	KD_UNLOCK(&l->lock);
	return 0;
}

static bool threads_run(const struct line *l, const struct action *only)
{
	for (const struct action *a = l->actions; a; a = a->next)
		if ((!only || a == only) && (a->thread_runs || (a->due && !a->gone)))
			return true;
	return false;
}

static void synchronize_locked(struct line *l, const struct action *only)
{
	if (l->runs && &l->service.task == current)
		kd_fail(KT_DEADLOCK, NULL, "an interrupt handler waits for its own end");
	while (l->runs || threads_run(l, only))
		wait_locked(l);
}

void *kd_free_irq(unsigned irq, void *dev)
{
	struct line *l;
	struct action *a;

	KD_CALL(CALL, dev);
	kd_might_sleep("free_irq()");
	l = line_of(irq, "free_irq()");
	KD_LOCK(&l->lock);
	for (a = l->actions; a && (a->gone || a->dev != dev); a = a->next)
		;
	if (!a)
		kd_fail(KT_ASSERTION, NULL,
			"free_irq() of interrupt %u, which was not requested for "
			"this device",
			irq);
	a->gone = true; /* a late interrupt does not find it */
	synchronize_locked(l, a);
	KD_UNLOCK(&l->lock);
	return dev;
}

void kd_synchronize_irq(unsigned irq)
{
	struct line *l;

	KD_CALL(CALL, NULL);
	kd_might_sleep("synchronize_irq()");
	l = line_of(irq, "synchronize_irq()");
	KD_LOCK(&l->lock);
	synchronize_locked(l, NULL);
	KD_UNLOCK(&l->lock);
}

void kd_disable_irq(unsigned irq, bool wait)
{
	struct line *l;

	KD_CALL(CALL, NULL);
	if (wait)
		kd_might_sleep("disable_irq()");
	kd_self();
	l = line_of(irq, "disable_irq()");
	KD_LOCK(&l->lock);
	l->disabled++;
	if (wait)
		synchronize_locked(l, NULL);
	KD_UNLOCK(&l->lock);
}

void kd_enable_irq(unsigned irq)
{
	struct line *l;

	KD_CALL(CALL, NULL);
	kd_self();
	l = line_of(irq, "enable_irq()");
	KD_LOCK(&l->lock);
	if (!l->disabled)
		kd_fail(KT_ASSERTION, NULL, "enable_irq() of interrupt %u, which is not disabled",
			irq);
	l->disabled--;
	if (l->has_thread)
		wake_up_process(&l->service.task);
	KD_UNLOCK(&l->lock);
}

void kd_raise_irq(unsigned irq)
{
	struct line *l;

	KD_CALL(WAKE, NULL);
	kd_self();
	l = line_of(irq, "kthrash_raise_irq()");
	KD_LOCK(&l->lock);
	if (l->has_thread) { /* else nobody has ever asked for it */
		l->raised++;
		wake_up_process(&l->service.task);
	}
	KD_UNLOCK(&l->lock);
}

/* ---- tasklets -------------------------------------------------------------------------- */

enum { SCHEDULED = 1, RUNS = 2 };

static struct {
	struct kd_lock lock;
	struct kd_list list; /* under lock, from here on */
	bool has_thread;
	uint32_t ends;
	struct kd_service service;
} softirq;

static struct kd_tasklet *first_locked(void)
{
	for (struct kd_list *at = softirq.list.next; at != &softirq.list; at = at->next) {
		struct kd_tasklet *t = container_of(at, struct kd_tasklet, node);

		if (!t->disabled && !(t->state & RUNS))
			return t;
	}
	return NULL;
}

static void softirq_main(void *arg)
{
	struct kd_self *s = kd_self();

	(void)arg;
	KD_LOCK(&softirq.lock);
	for (;;) {
		struct kd_tasklet *t;

		set_current_state(TASK_UNINTERRUPTIBLE);
		t = first_locked();
		if (t) {
			__set_current_state(TASK_RUNNING);
			kd_list_del(&t->node);
			t->state = RUNS;
			kd_object_gone(t);
			KD_UNLOCK(&softirq.lock);
			s->softirq++;
			if (t->callback)
				KD_CALLBACK(t->callback(t->tasklet));
			else
				KD_CALLBACK(t->func(t->data));
			s->softirq--;
			KD_LOCK(&softirq.lock);
			t->state &= ~(unsigned long)RUNS;
			note(&softirq.ends);
			continue;
		}
		if (kd_service_should_stop(&softirq.service))
			break;
		KD_UNLOCK(&softirq.lock);
		schedule();
		KD_LOCK(&softirq.lock);
	}
	__set_current_state(TASK_RUNNING);
	KD_UNLOCK(&softirq.lock);
}

void kd_tasklet_schedule(struct kd_tasklet *t)
{
	KD_CALL(WAKE, t);
	kd_self();
	KD_LOCK(&softirq.lock);
	if (!softirq.has_thread) {
		softirq.has_thread = true;
		kd_list_init(&softirq.list);
		kd_service_start(&softirq.service, "ksoftirqd", softirq_main, NULL);
	}
	if (!(t->state & SCHEDULED)) {
		t->state |= SCHEDULED;
		kd_list_add_tail(&t->node, &softirq.list);
		kd_object_add(t, "a tasklet that is scheduled");
		wake_up_process(&softirq.service.task);
	}
	KD_UNLOCK(&softirq.lock);
}

/* The caller holds the lock. */
static void wait_for_tasklet(struct kd_tasklet *t, unsigned long state)
{
	while (t->state & state) {
		uint32_t ends = READ_ONCE(softirq.ends);

		KD_UNLOCK(&softirq.lock);
		os_futex_wait_at(&softirq.ends, ends, NULL, KT_SITE("wait", "tasklet"));
		KD_LOCK(&softirq.lock);
	}
}

void kd_tasklet_kill(struct kd_tasklet *t)
{
	KD_CALL(CALL, t);
	kd_might_sleep("tasklet_kill()");
	KD_LOCK(&softirq.lock);
	wait_for_tasklet(t, SCHEDULED | RUNS);
	KD_UNLOCK(&softirq.lock);
}

void kd_tasklet_disable(struct kd_tasklet *t, bool wait)
{
	KD_CALL(CALL, t);
	kd_self();
	KD_LOCK(&softirq.lock);
	t->disabled++;
	if (wait)
		wait_for_tasklet(t, RUNS);
	KD_UNLOCK(&softirq.lock);
}

void kd_tasklet_enable(struct kd_tasklet *t)
{
	KD_CALL(CALL, t);
	kd_self();
	KD_LOCK(&softirq.lock);
	if (t->disabled)
		t->disabled--;
	if (softirq.has_thread)
		wake_up_process(&softirq.service.task);
	KD_UNLOCK(&softirq.lock);
}
