/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timers, high-resolution timers and sleeps, on core/timer.h. All functions of timers run on the
 * thread `ktimers`, which is started with the first timer: those of a timer_list as in soft
 * interrupt context, those of an hrtimer as in hard interrupt context.
 */
#include <limits.h>
#include <string.h>

#include "core/driver/driver.h"

static struct {
	struct kd_lock lock;
	bool booted;                    /* under lock */
	uint32_t runs;                  /* futex word: counts the ends of functions */
	const struct kd_timer *running; /* atomic; compared only */
	const struct task_struct *task; /* the thread; atomic */
} timers;

void kd_timers_boot(void)
{
	kd_must_succeed(1);
	KD_LOCK(&timers.lock);
	if (!timers.booted && kthreadd_boot_timers(&kd_daemon))
		kd_fail(KT_ASSERTION, NULL, "there is no thread for timers");
	timers.booted = true;
	KD_UNLOCK(&timers.lock);
	kd_must_succeed(-1);
}

/* ---- timers ------------------------------------------------------------------------ */

static void check(const struct kd_timer *t)
{
	if (t->magic != KD_MAGIC)
		kd_fail(KT_DISCIPLINE, NULL, "a timer is used that was never initialized");
}

static void arm(struct kd_timer *t, uint64_t expires_ns)
{
	kd_timers_boot();
	kd_object_add(t, "a timer that is pending");
	mod_timer((void *)&t->core, expires_ns);
}

static void fire(struct kd_core_timer *core)
{
	struct kd_timer *t = container_of(core, struct kd_timer, core);
	struct kd_self *s = kd_self();
	bool high = t->high;

	smp_store_release(&timers.running, t);
	smp_store_release(&timers.task, s->task);
	kd_object_gone(t);
	if (high) {
		t->restart_ns = -1;
		s->hardirq++;
	} else {
		s->softirq++;
	}
	KD_CALLBACK(t->function(t->timer));
	if (high) {
		/* An hrtimer may not be freed in its function, which says whether it goes on. */
		s->hardirq--;
		if (t->restart_ns >= 0)
			arm(t, (uint64_t)t->restart_ns);
	} else {
		s->softirq--; /* *t may be gone */
	}
	smp_store_release(&timers.running, NULL);
	fetch_add(&timers.runs, 1);
	os_futex_wake(&timers.runs, OS_FUTEX_ALL);
}

void kd_timer_init(struct kd_timer *t, void *timer, void (*function)(void *timer), bool high)
{
	KD_CALL(QUIET, NULL);
	kd_self();
	memset(t, 0, sizeof *t);
	timer_setup((void *)&t->core, &kd_daemon.timers, (void (*)(struct timer_list *))fire);
	t->timer = timer;
	t->function = function;
	t->high = high;
	t->magic = KD_MAGIC;
}

bool kd_timer_mod(struct kd_timer *t, uint64_t expires_ns)
{
	bool was_pending;

	KD_CALL(CALL, t);
	kd_self();
	check(t);
	was_pending = timer_pending((void *)&t->core);
	if (!READ_ONCE(t->dead))
		arm(t, expires_ns);
	return was_pending;
}

/* The time of a tick that may be past. */
static uint64_t time_of(unsigned long ticks)
{
	uint64_t now = os_now_ns();
	long away = (long)(ticks - (unsigned long)(now / KD_TICK_NS));

	return away > 0 ? now + (uint64_t)away * KD_TICK_NS : now;
}

bool kd_timer_mod_ticks(struct kd_timer *t, unsigned long expires, bool only_pending)
{
	bool was_pending;

	KD_CALL(CALL, t);
	kd_self();
	check(t);
	was_pending = timer_pending((void *)&t->core);
	if (READ_ONCE(t->dead) || (only_pending && !was_pending))
		return was_pending;
	t->expires = expires;
	arm(t, time_of(expires));
	return was_pending;
}

/* Sleep until its function does not run. */
static void wait_for(const struct kd_timer *t)
{
	for (;;) {
		uint32_t runs = smp_load_acquire(&timers.runs);

		if (smp_load_acquire(&timers.running) != t)
			return;
		if (smp_load_acquire(&timers.task) == kd_own.task)
			kd_fail(KT_DEADLOCK, NULL,
				"a timer's own function waits for its end: del_timer_sync()");
		/* A spin lock may be held here, so this is no sleep that may_sleep would report. */
		os_futex_wait_at(&timers.runs, runs, NULL, KT_SITE("wait", "timer"));
	}
}

bool kd_timer_del(struct kd_timer *t, bool sync, bool shutdown)
{
	bool was_pending;

	KD_CALL(CALL, t);
	kd_self();
	if (shutdown && t->magic != KD_MAGIC)
		return false;
	check(t);
	if (shutdown)
		WRITE_ONCE(t->dead, true);
	do {
		was_pending = del_timer((void *)&t->core);
		if (sync)
			wait_for(t);
		/* Its function may have armed it again. */
	} while (sync && timer_pending((void *)&t->core));
	kd_object_gone(t);
	return was_pending;
}

bool kd_timer_pending(struct kd_timer *t)
{
	KD_CALL(CALL, t);
	return timer_pending((void *)&t->core);
}

bool kd_timer_running(struct kd_timer *t)
{
	KD_CALL(CALL, t);
	return smp_load_acquire(&timers.running) == t;
}

/* ---- time --------------------------------------------------------------------------- */

uint64_t kd_now_ns(void)
{
	KD_CALL(QUIET, NULL);
	return os_now_ns();
}

unsigned long kd_jiffies(void)
{
	KD_CALL(QUIET, NULL);
	return (unsigned long)(os_now_ns() / KD_TICK_NS);
}

void kd_sleep_ns(uint64_t ns)
{
	uint64_t deadline;

	KD_CALL(CALL, NULL);
	kd_might_sleep("msleep()");
	deadline = os_now_ns() + ns;
	do {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_until(deadline);
	} while (os_now_ns() < deadline);
}

long kd_sleep_interruptible(unsigned msecs)
{
	uint64_t deadline;

	KD_CALL(CALL, NULL);
	kd_might_sleep("msleep_interruptible()");
	deadline = os_now_ns() + msecs * 1000000ull;
	while (os_now_ns() < deadline && !kd_signal_pending(current)) {
		set_current_state(TASK_INTERRUPTIBLE);
		schedule_until(deadline);
	}
	return kd_ticks_left(deadline, 0) * 1000 / KD_HZ;
}

/* A busy wait. Other threads may run meanwhile, as on other processors. */
void kd_delay_ns(uint64_t ns)
{
	uint64_t deadline;

	KD_CALL(CALL, NULL);
	deadline = os_now_ns() + ns;
	while (os_now_ns() < deadline)
		cpu_relax();
}

void kd_relax(void)
{
	KD_CALL(QUIET, NULL);
	cpu_relax();
}
