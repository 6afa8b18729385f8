// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that uses what the headers in include/linux/ offer, and checks what it gets. Each
 * function is about one header.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/freezer.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/suspend.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <kthrash/driver.h>

#define CHECK(x) BUG_ON(!(x))

static DECLARE_WAIT_QUEUE_HEAD(wait);
static DEFINE_MUTEX(mutex);
static DECLARE_RWSEM(rwsem);
static DEFINE_SPINLOCK(spin);
static DEFINE_SPINLOCK(soft);
static DEFINE_SEMAPHORE(semaphore, 1);
static DECLARE_COMPLETION(completion);
static LIST_HEAD(list);
static atomic_t count;

struct item {
	struct list_head entry;
	struct rcu_head rcu;
	struct kref kref;
	int value;
};

/* ---- kthreads --------------------------------------------------------------------- */

static int plain_thread(void *data)
{
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	CHECK(current->flags & PF_KTHREAD);
	CHECK(!strcmp(current->comm, "plain/3"));
	return *(int *)data;
}

static int exiting_thread(void *data)
{
	kthread_complete_and_exit(data, 5);
}

static int parking_thread(void *data)
{
	while (!kthread_should_stop()) {
		if (kthread_should_park())
			kthread_parkme();
		wait_event_interruptible(wait, kthread_should_stop() || kthread_should_park());
	}
	return 0;
}

static void test_kthread(void)
{
	int seven = 7;
	struct task_struct *k = kthread_run(plain_thread, &seven, "plain/%d", 3);

	CHECK(!IS_ERR(k));
	CHECK(kthread_data(k) == &seven);
	int got = kthread_stop(k);
	CHECK(got == 7 || got == -EINTR);
	k = kthread_create(plain_thread, &seven, "never");
	CHECK(!IS_ERR(k));
	CHECK(kthread_stop(k) == -EINTR);
	k = kthread_create(exiting_thread, &completion, "exiting");
	CHECK(!IS_ERR(k));
	get_task_struct(k);
	wake_up_process(k);
	wait_for_completion(&completion);
	CHECK(kthread_stop_put(k) == 5);
	k = kthread_run(parking_thread, NULL, "parking");
	CHECK(!IS_ERR(k));
	CHECK(kthread_park(k) == 0);
	kthread_unpark(k);
	CHECK(kthread_stop(k) == 0);
}

static int signalled_thread(void *data)
{
	allow_signal(SIGTERM);
	complete(data);
	while (!kthread_should_stop()) {
		if (wait_event_interruptible(wait, kthread_should_stop()) &&
		    signal_pending(current) && !kthread_should_stop()) {
			CHECK(kernel_dequeue_signal() == SIGTERM);
			flush_signals(current);
			atomic_inc(&count);
			complete(data);
		}
	}
	return 0;
}

static void test_signals(void)
{
	struct completion done;
	struct task_struct *k;

	init_completion(&done);
	atomic_set(&count, 0);
	k = kthread_run(signalled_thread, &done, "signalled");
	CHECK(!IS_ERR(k));
	wait_for_completion(&done);
	send_sig(SIGUSR1, k, 1); /* it has not allowed this one */
	send_sig(SIGTERM, k, 1);
	wait_for_completion(&done);
	CHECK(kthread_stop(k) == 0);
	CHECK(atomic_read(&count) == 1);
}

static int freezable_thread(void *data)
{
	set_freezable();
	complete(data);
	while (!kthread_freezable_should_stop(NULL)) {
		wait_event_freezable(wait, kthread_should_stop());
		atomic_inc(&count);
	}
	return 0;
}

static void test_freezer(void)
{
	struct completion done;
	struct task_struct *k;

	init_completion(&done);
	k = kthread_run(freezable_thread, &done, "freezable");
	CHECK(!IS_ERR(k));
	wait_for_completion(&done);
	CHECK(freeze_kernel_threads() == 0);
	thaw_kernel_threads();
	kthread_stop(k);
}

/* ---- workers ------------------------------------------------------------------------- */

struct device {
	struct kthread_worker *worker;
	struct kthread_work work;
	struct kthread_delayed_work delayed;
	struct work_struct wq_work;
	struct delayed_work wq_delayed;
	struct timer_list timer;
	struct hrtimer hrtimer;
	struct tasklet_struct tasklet;
	struct completion done;
	int runs, ticks;
};

static void run_kwork(struct kthread_work *work)
{
	container_of(work, struct device, work)->runs++;
}

static void run_kdwork(struct kthread_work *work)
{
	container_of(work, struct device, delayed.work)->runs++;
}

static void test_worker(void)
{
	struct device d = { .runs = 0 };

	d.worker = kthread_run_worker(0, "worker/%s", "x");
	CHECK(!IS_ERR(d.worker));
	kthread_init_work(&d.work, run_kwork);
	kthread_init_delayed_work(&d.delayed, run_kdwork);
	CHECK(kthread_queue_work(d.worker, &d.work));
	kthread_flush_work(&d.work);
	CHECK(d.runs == 1);
	CHECK(kthread_queue_delayed_work(d.worker, &d.delayed, 100 * HZ));
	CHECK(kthread_mod_delayed_work(d.worker, &d.delayed, 0));
	kthread_flush_worker(d.worker);
	CHECK(d.runs == 2);
	CHECK(!kthread_cancel_work_sync(&d.work));
	CHECK(!kthread_cancel_delayed_work_sync(&d.delayed));
	kthread_destroy_worker(d.worker);
}

static void run_work(struct work_struct *work)
{
	container_of(work, struct device, wq_work)->runs++;
}

static void run_delayed(struct work_struct *work)
{
	container_of(to_delayed_work(work), struct device, wq_delayed)->runs++;
}

static void test_workqueue(void)
{
	struct device d = { .runs = 0 };
	struct workqueue_struct *wq = alloc_workqueue("test/%d", WQ_UNBOUND, 2, 1);

	CHECK(wq);
	INIT_WORK(&d.wq_work, run_work);
	INIT_DELAYED_WORK(&d.wq_delayed, run_delayed);
	CHECK(queue_work(wq, &d.wq_work));
	flush_workqueue(wq);
	CHECK(d.runs == 1 && !work_pending(&d.wq_work));
	CHECK(schedule_work(&d.wq_work));
	flush_work(&d.wq_work);
	CHECK(d.runs == 2);
	CHECK(queue_delayed_work(wq, &d.wq_delayed, 100 * HZ));
	CHECK(!queue_delayed_work(wq, &d.wq_delayed, 1));
	CHECK(cancel_delayed_work_sync(&d.wq_delayed));
	CHECK(d.runs == 2);
	CHECK(schedule_delayed_work(&d.wq_delayed, 1));
	flush_delayed_work(&d.wq_delayed);
	CHECK(d.runs == 3);
	CHECK(!cancel_work_sync(&d.wq_work));
	destroy_workqueue(wq);
}

/* ---- timers and interrupts --------------------------------------------------------------- */

static void on_timer(struct timer_list *t)
{
	struct device *d = from_timer(d, t, timer);

	CHECK(in_softirq());
	d->ticks++;
	complete(&d->done);
}

static enum hrtimer_restart on_hrtimer(struct hrtimer *t)
{
	struct device *d = container_of(t, struct device, hrtimer);

	CHECK(in_hardirq());
	if (++d->ticks == 3) {
		complete(&d->done);
		return HRTIMER_NORESTART;
	}
	hrtimer_forward_now(t, ms_to_ktime(1));
	return HRTIMER_RESTART;
}

static void test_timers(void)
{
	struct device d = { .ticks = 0 };
	unsigned long before = jiffies;

	init_completion(&d.done);
	timer_setup(&d.timer, on_timer, 0);
	CHECK(!timer_pending(&d.timer));
	CHECK(!mod_timer(&d.timer, jiffies + 1000 * HZ));
	CHECK(mod_timer(&d.timer, jiffies + msecs_to_jiffies(2)));
	wait_for_completion(&d.done);
	CHECK(time_after_eq(jiffies, before + 2));
	timer_shutdown_sync(&d.timer);
	mod_timer(&d.timer, jiffies);
	CHECK(!timer_pending(&d.timer) && d.ticks == 1);
	d.ticks = 0;
	hrtimer_setup(&d.hrtimer, on_hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	hrtimer_start(&d.hrtimer, ms_to_ktime(1), HRTIMER_MODE_REL);
	wait_for_completion(&d.done);
	CHECK(!hrtimer_cancel(&d.hrtimer));
	CHECK(d.ticks == 3);
	msleep(5);
	usleep_range(10, 20);
	udelay(3);
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(2);
	CHECK(jiffies_to_msecs(jiffies - before) >= 9);
}

static irqreturn_t on_irq(int irq, void *dev)
{
	struct device *d = dev;

	CHECK(irq == 3 && in_hardirq() && in_atomic());
	spin_lock(&spin);
	d->ticks++;
	spin_unlock(&spin);
	tasklet_schedule(&d->tasklet);
	return IRQ_WAKE_THREAD;
}

static irqreturn_t on_irq_thread(int irq, void *dev)
{
	CHECK(!in_interrupt());
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	complete(&((struct device *)dev)->done);
	return IRQ_HANDLED;
}

static void on_tasklet(struct tasklet_struct *t)
{
	struct device *d = from_tasklet(d, t, tasklet);

	CHECK(in_softirq() && !in_hardirq());
	d->runs++;
}

static void test_interrupts(void)
{
	struct device d = { .ticks = 0 };
	unsigned long flags;

	init_completion(&d.done);
	tasklet_setup(&d.tasklet, on_tasklet);
	CHECK(!request_threaded_irq(3, on_irq, on_irq_thread, IRQF_ONESHOT, "test", &d));
	CHECK(request_irq(3, on_irq, 0, "again", &d) == -EBUSY);
	kthrash_raise_irq(3);
	wait_for_completion(&d.done);
	disable_irq(3);
	spin_lock_irqsave(&spin, flags);
	CHECK(irqs_disabled() && d.ticks == 1);
	spin_unlock_irqrestore(&spin, flags);
	enable_irq(3);
	synchronize_irq(3);
	CHECK(free_irq(3, &d) == &d);
	kthrash_raise_irq(3);
	tasklet_kill(&d.tasklet);
	CHECK(d.runs == 1 && d.ticks == 1);
}

/* ---- locks and waiting ---------------------------------------------------------------------- */

static bool ready;

static int waking_thread(void *data)
{
	down_read(&rwsem);
	up_read(&rwsem);
	mutex_lock(&mutex);
	WRITE_ONCE(ready, true);
	mutex_unlock(&mutex);
	wake_up_all(&wait);
	return 0;
}

static void test_locks(void)
{
	struct task_struct *k;
	DEFINE_WAIT(entry);

	down_write(&rwsem);
	mutex_lock(&mutex);
	ready = false;
	k = kthread_create(waking_thread, NULL, "waking");
	CHECK(!IS_ERR(k));
	get_task_struct(k);
	wake_up_process(k);
	CHECK(wait_event_timeout(wait, READ_ONCE(ready), 2) == 0);
	CHECK(!down_read_trylock(&rwsem));
	downgrade_write(&rwsem);
	up_read(&rwsem);
	CHECK(mutex_is_locked(&mutex) && !mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	wait_event(wait, READ_ONCE(ready));
	CHECK(wait_event_interruptible_timeout(wait, READ_ONCE(ready), 5) == 5);
	kthread_stop_put(k);
	prepare_to_wait(&wait, &entry, TASK_INTERRUPTIBLE);
	CHECK(waitqueue_active(&wait));
	CHECK(schedule_timeout(1) == 0);
	finish_wait(&wait, &entry);
	CHECK(!waitqueue_active(&wait));
	down(&semaphore);
	CHECK(down_trylock(&semaphore));
	CHECK(down_timeout(&semaphore, 2) == -ETIME);
	up(&semaphore);
	CHECK(!down_interruptible(&semaphore));
	up(&semaphore);
	reinit_completion(&completion);
	CHECK(!wait_for_completion_timeout(&completion, 1));
	complete_all(&completion);
	CHECK(wait_for_completion_timeout(&completion, 9) && completion_done(&completion));
	spin_lock_bh(&soft);
	CHECK(spin_is_locked(&soft) && in_atomic());
	lockdep_assert_held(&soft);
	spin_unlock_bh(&soft);
}

/* ---- data ---------------------------------------------------------------------- */

static void release_item(struct kref *k)
{
	struct item *item = container_of(k, struct item, kref);

	list_del_rcu(&item->entry);
	kfree_rcu(item, rcu);
}

static void test_data(void)
{
	struct item *item = kzalloc(sizeof(*item), GFP_KERNEL), *at;
	unsigned long bits = 0;
	char *text = kasprintf(GFP_KERNEL, "%s-%d", "a", 1);
	int sum = 0;

	CHECK(item && text && !strcmp(text, "a-1"));
	kfree(text);
	kref_init(&item->kref);
	item->value = 4;
	list_add_tail_rcu(&item->entry, &list);
	rcu_read_lock();
	list_for_each_entry_rcu(at, &list, entry)
		sum += at->value;
	rcu_read_unlock();
	CHECK(sum == 4 && !list_empty(&list));
	kref_get(&item->kref);
	CHECK(!kref_put(&item->kref, release_item));
	CHECK(kref_put(&item->kref, release_item) && list_empty(&list));
	synchronize_rcu();
	rcu_barrier();
	atomic_set(&count, 1);
	CHECK(atomic_inc_return(&count) == 2 && !atomic_dec_and_test(&count));
	CHECK(atomic_cmpxchg(&count, 1, 9) == 1 && atomic_xchg(&count, 0) == 9);
	CHECK(!atomic_inc_not_zero(&count));
	CHECK(!test_and_set_bit(3, &bits) && test_bit(3, &bits) && find_first_bit(&bits, 64) == 3);
	clear_bit(3, &bits);
	CHECK(!bits);
	CHECK(min(3, 4) == 3 && max_t(long, 3, 4) == 4 && clamp(9, 1, 5) == 5);
	CHECK(PTR_ERR(ERR_PTR(-ENOMEM)) == -ENOMEM && IS_ERR_OR_NULL(NULL));
}

static int with_guards(void)
{
	int *p __free(kfree) = kmalloc(sizeof(*p), GFP_KERNEL);

	guard(mutex)(&mutex);
	CHECK(p && mutex_is_locked(&mutex));
	scoped_guard(spinlock_irqsave, &spin)
		CHECK(irqs_disabled() && spin_is_locked(&spin));
	CHECK(!spin_is_locked(&spin));
	*p = 3;
	return *p;
}

static void test_guards(void)
{
	CHECK(with_guards() == 3 && !mutex_is_locked(&mutex) && !irqs_disabled());
}

int main(void)
{
	test_kthread();
	test_signals();
	test_freezer();
	test_worker();
	test_workqueue();
	test_timers();
	test_interrupts();
	test_locks();
	test_data();
	test_guards();
	pr_info("all is well\n");
	return 0;
}
