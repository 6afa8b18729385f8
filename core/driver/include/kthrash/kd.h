/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the headers in include/linux/ need of the files in core/driver/: the objects as both sides
 * see them, and the functions behind the kernel's names. A driver does not use these names itself.
 *
 * The types have names of their own, because core/ has other types under the kernel's names. Only
 * struct task_struct is the same on both sides: linux/sched.h declares its first fields.
 */
#ifndef KTHRASH_KD_H
#define KTHRASH_KD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct task_struct;

/* The place in the driver's own text is the place of what these functions do. */
#define KD_INLINE static inline __attribute__((always_inline, unused))

struct kd_list {
	struct kd_list *next, *prev;
};

/* A kt_lock: zeros are a lock that is free. self.c compares the sizes. */
struct kd_lock {
	unsigned long opaque[7];
};

/* ---- context and reports ---------------------------------------------------- */

enum kd_kind { KD_ASSERTION, KD_DEADLOCK, KD_MEMORY, KD_LEAK, KD_DISCIPLINE };

/* A finding. What follows is the place: NULL is that of the caller. */
void kd_warn(const char *file, int line, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void kd_bug(const char *file, int line, const char *what) __attribute__((noreturn));
int kd_printk(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int kd_vprintk(const char *fmt, va_list args);

struct task_struct *kd_current(void);
void kd_might_sleep(const char *what);
bool kd_in_interrupt(void);	/* hard or soft */
bool kd_in_hardirq(void);
bool kd_in_atomic(void);
bool kd_irqs_disabled(void);
void kd_preempt(int by);
void kd_irqs(bool off);
void kd_bh(int by);
unsigned long kd_irqs_save(void);
void kd_irqs_restore(unsigned long flags);

/* ---- tasks ----------------------------------------------------------------- */

int kd_wake_up_state(struct task_struct *t, unsigned mask);
void kd_schedule(void);
long kd_schedule_timeout(long ticks);
int kd_schedule_hrtimeout(const int64_t *expires_ns, bool absolute);
void kd_yield(void);
void kd_cond_resched(void);
void kd_relax(void);
void kd_get_task(struct task_struct *t);
void kd_put_task(struct task_struct *t);
bool kd_signal_pending(struct task_struct *t);
bool kd_fatal_signal_pending(struct task_struct *t);
int kd_send_sig(int sig, struct task_struct *t);
void kd_allow_signal(int sig, bool allowed);
void kd_flush_signals(struct task_struct *t);
int kd_dequeue_signal(void);

/* ---- kthreads --------------------------------------------------------------- */

struct task_struct *kd_kthread_create(int (*fn)(void *data), void *data, int node,
				      const char *namefmt, ...)
	__attribute__((format(printf, 4, 5)));
struct task_struct *kd_kthread_run(int (*fn)(void *data), void *data, const char *namefmt, ...)
	__attribute__((format(printf, 3, 4)));
struct task_struct *kd_kthread_create_on_cpu(int (*fn)(void *data), void *data, unsigned cpu,
					     const char *namefmt);
int kd_kthread_stop(struct task_struct *k, bool put);
bool kd_kthread_should_stop(void);
bool kd_kthread_should_park(void);
int kd_kthread_park(struct task_struct *k);
void kd_kthread_unpark(struct task_struct *k);
void kd_kthread_parkme(void);
void kd_kthread_bind(struct task_struct *k, unsigned cpu);
void *kd_kthread_data(struct task_struct *k);
int (*kd_kthread_func(struct task_struct *k))(void *data);
struct kd_completion;
void kd_kthread_exit(struct kd_completion *c, long result) __attribute__((noreturn));
bool kd_kthread_freezable_should_stop(bool *was_frozen);
bool kd_set_freezable(void);
bool kd_try_to_freeze(void);
bool kd_freezing(struct task_struct *t);
int kd_freeze(void);
void kd_thaw(void);

/* ---- workers: core/worker.h ----------------------------------------------------- */

struct kd_timer_base;

struct kd_core_timer {	/* struct timer_list of core/timer.h */
	struct kd_list entry;
	uint64_t expires_ns;
	void (*function)(struct kd_core_timer *t);
	void *base;
};

/*
 * Works and workers have room for those of core/worker.h, and no field of theirs is known here: a
 * driver is compiled once, and runs on each core. worker.c checks that there is enough room.
 */
struct kd_kwork {
	_Alignas(16) char core[64];
	void (*func)(void *work);	/* the driver's */
};

struct kd_kdwork {
	_Alignas(16) char core[160];
	void (*func)(void *work);
};

struct kd_kworker {
	_Alignas(16) char core[160];
	struct task_struct *task; /* its thread; changed only by what starts and ends it */
};

void kd_kworker_init(struct kd_kworker *w);
int kd_kworker_fn(void *worker);
void *kd_kworker_create(unsigned flags, bool runs, const char *namefmt, ...)
	__attribute__((format(printf, 3, 4)));
void kd_kworker_destroy(void *worker);
void kd_kworker_flush(void *worker);
void kd_kwork_init(struct kd_kwork *w, void (*func)(void *work));
void kd_kdwork_init(struct kd_kdwork *w, void (*func)(void *work));
bool kd_kwork_queue(void *worker, struct kd_kwork *w);
bool kd_kdwork_queue(void *worker, struct kd_kdwork *w, unsigned long ticks, bool mod);
bool kd_kwork_cancel(struct kd_kwork *w);
bool kd_kdwork_cancel(struct kd_kdwork *w);
void kd_kwork_flush(void *w);

/* ---- spin locks ------------------------------------------------------------------ */

struct kd_spin {
	struct kd_lock lock;
	const char *name;
	struct task_struct *owner;	/* compared only */
	const void *owner_pc;		/* where it was taken */
	unsigned contexts;		/* in which it was taken: lock.c */
};

enum kd_spin_how { KD_PLAIN, KD_IRQ, KD_BH };

void kd_spin_init(struct kd_spin *l, const char *name);
void kd_spin_lock(struct kd_spin *l, enum kd_spin_how how);
bool kd_spin_trylock(struct kd_spin *l, enum kd_spin_how how);
void kd_spin_unlock(struct kd_spin *l, enum kd_spin_how how);
unsigned long kd_spin_lock_save(struct kd_spin *l);
bool kd_spin_trylock_save(struct kd_spin *l, unsigned long *flags);
void kd_spin_unlock_restore(struct kd_spin *l, unsigned long flags);
bool kd_spin_is_locked(struct kd_spin *l);
void kd_spin_assert_held(struct kd_spin *l);

/* ---- wait queues ----------------------------------------------------------------- */

enum { KD_MAGIC = 0x6b64 };	/* an object that sleeps was initialized */

struct kd_wait_head {
	struct kd_lock lock;
	struct kd_list head;
	const char *name;
	unsigned magic;
};

#define KD_WAIT_HEAD_INIT(object) \
	{ .head = { &(object).head, &(object).head }, .name = #object, .magic = KD_MAGIC }

struct kd_wait_entry {
	unsigned flags;
	void *private;
	int (*func)(struct kd_wait_entry *e, unsigned mode, int flags, void *key);
	struct kd_list entry;
};

void kd_wait_head_init(struct kd_wait_head *h, const char *name);
void kd_wait_entry_init(struct kd_wait_entry *e, unsigned flags, bool autoremove);
void kd_add_wait_queue(struct kd_wait_head *h, struct kd_wait_entry *e, bool exclusive);
void kd_remove_wait_queue(struct kd_wait_head *h, struct kd_wait_entry *e);
/* 0, or -ERESTARTSYS if a signal ends a sleep in that state. */
long kd_prepare_to_wait(struct kd_wait_head *h, struct kd_wait_entry *e, unsigned state,
			bool exclusive, bool checks_signals);
void kd_finish_wait(struct kd_wait_head *h, struct kd_wait_entry *e);
void kd_wake_up(struct kd_wait_head *h, unsigned mode, int exclusives, void *key);
bool kd_waitqueue_active(struct kd_wait_head *h);
struct kd_wait_head *kd_bit_waitqueue(const void *word, int bit);
void kd_wake_up_bit(const void *word, int bit);

/* ---- what sleeps on a wait queue ----------------------------------------------------- */

struct kd_completion {
	unsigned done;
	struct kd_wait_head wait;
};

void kd_completion_init(struct kd_completion *c, const char *name);
void kd_completion_reinit(struct kd_completion *c);
void kd_complete(struct kd_completion *c, bool all);
/* Ticks left, at least 1; 0: timeout; -ERESTARTSYS. `ticks` is LONG_MAX without a timeout. */
long kd_wait_for_completion(struct kd_completion *c, unsigned state, long ticks);
bool kd_try_wait_for_completion(struct kd_completion *c);
bool kd_completion_done(struct kd_completion *c);

struct kd_mutex {
	struct kd_lock lock;
	struct kd_list waiters;
	struct task_struct *owner;
	const char *name;
	unsigned magic;
};

#define KD_MUTEX_INIT(object) \
	{ .waiters = { &(object).waiters, &(object).waiters }, .name = #object, .magic = KD_MAGIC }

void kd_mutex_init(struct kd_mutex *m, const char *name);
int kd_mutex_lock(struct kd_mutex *m, unsigned state);
bool kd_mutex_trylock(struct kd_mutex *m);
void kd_mutex_unlock(struct kd_mutex *m);
bool kd_mutex_is_locked(struct kd_mutex *m);
void kd_mutex_destroy(struct kd_mutex *m);
void kd_mutex_assert_held(struct kd_mutex *m);

struct kd_rwsem {
	struct kd_lock lock;
	struct kd_list waiters;
	int readers;
	struct task_struct *writer;
	const char *name;
	unsigned magic;
};

void kd_rwsem_init(struct kd_rwsem *s, const char *name);
int kd_down(struct kd_rwsem *s, bool write, unsigned state);
bool kd_down_trylock(struct kd_rwsem *s, bool write);
void kd_up(struct kd_rwsem *s, bool write);
void kd_downgrade(struct kd_rwsem *s);

struct kd_semaphore {
	unsigned count;
	struct kd_wait_head wait;
};

void kd_sema_init(struct kd_semaphore *s, unsigned count, const char *name);
long kd_sema_down(struct kd_semaphore *s, unsigned state, long ticks);
bool kd_sema_trydown(struct kd_semaphore *s);
void kd_sema_up(struct kd_semaphore *s);

/* ---- time ---------------------------------------------------------------------- */

#define KD_HZ      1000
#define KD_TICK_NS (1000000000 / KD_HZ)

unsigned long kd_jiffies(void);
uint64_t kd_now_ns(void);
void kd_sleep_ns(uint64_t ns);
long kd_sleep_interruptible(unsigned msecs);
void kd_delay_ns(uint64_t ns);

struct kd_timer {
	struct kd_core_timer core;
	void (*function)(void *timer);
	void *timer;			/* the argument of function */
	unsigned long expires;
	unsigned magic;
	bool high;			/* runs as in hard interrupt context */
	int64_t restart_ns;		/* >= 0: it was armed again by its own result */
	bool dead;			/* timer_shutdown() */
};

void kd_timer_init(struct kd_timer *t, void *timer, void (*function)(void *timer), bool high);
/* True if it was pending. */
bool kd_timer_mod(struct kd_timer *t, uint64_t expires_ns);
bool kd_timer_mod_ticks(struct kd_timer *t, unsigned long expires, bool only_pending);
bool kd_timer_del(struct kd_timer *t, bool sync, bool shutdown);
bool kd_timer_pending(struct kd_timer *t);
bool kd_timer_running(struct kd_timer *t);

/* ---- work queues ------------------------------------------------------------------ */

struct kd_wq;

struct kd_work {
	void (*func)(void *work);
	struct kd_list node;
	struct kd_wq *wq;	/* on which it was queued last */
	uint64_t number;	/* works are numbered as they are queued */
	int cancels;		/* calls that cancel it; if any, it can't be queued */
	unsigned magic;
};

struct kd_dwork {
	struct kd_work work;
	struct kd_timer timer;
	struct kd_wq *wq;
};

struct kd_wq *kd_wq_system(void);
struct kd_wq *kd_wq_alloc(int max_active, const char *namefmt, ...)
	__attribute__((format(printf, 2, 3)));
void kd_wq_destroy(struct kd_wq *wq);
void kd_wq_flush(struct kd_wq *wq);
void kd_work_init(struct kd_work *w, void (*func)(void *work));
void kd_dwork_init(struct kd_dwork *w, void (*func)(void *work));
bool kd_work_queue(struct kd_wq *wq, struct kd_work *w);
bool kd_dwork_queue(struct kd_wq *wq, struct kd_dwork *w, unsigned long ticks, bool mod);
bool kd_work_flush(struct kd_work *w);
bool kd_dwork_flush(struct kd_dwork *w);
bool kd_work_cancel(struct kd_work *w, bool sync);
bool kd_dwork_cancel(struct kd_dwork *w, bool sync);
bool kd_work_pending(const struct kd_work *w);
unsigned kd_work_busy(struct kd_work *w);

/* ---- interrupts ------------------------------------------------------------------- */

int kd_request_irq(unsigned irq, int (*handler)(int irq, void *dev),
		   int (*thread_fn)(int irq, void *dev), unsigned long flags, const char *name,
		   void *dev);
void *kd_free_irq(unsigned irq, void *dev);
void kd_synchronize_irq(unsigned irq);
void kd_disable_irq(unsigned irq, bool wait);
void kd_enable_irq(unsigned irq);
void kd_raise_irq(unsigned irq);

struct kd_tasklet {
	struct kd_list node;
	unsigned long state;
	int disabled;
	void (*callback)(void *tasklet);
	void *tasklet;
	void (*func)(unsigned long data);
	unsigned long data;
};

void kd_tasklet_schedule(struct kd_tasklet *t);
void kd_tasklet_kill(struct kd_tasklet *t);
void kd_tasklet_disable(struct kd_tasklet *t, bool wait);
void kd_tasklet_enable(struct kd_tasklet *t);

/* ---- RCU and memory ------------------------------------------------------------------ */

struct kd_rcu_head {
	void *core[3];		/* a kt_rcu_head */
	void (*func)(void *head);
};

void kd_rcu_read(bool begin);
void kd_synchronize_rcu(void);
void kd_call_rcu(struct kd_rcu_head *h, void (*func)(void *head));
void kd_rcu_barrier(void);
void kd_kfree_rcu(void *p, struct kd_rcu_head *h);

/* Before memory is freed: fails if an object in it is in use. */
void kd_free_check(const void *p);

struct kd_cache;
struct kd_cache *kd_cache_create(const char *name, size_t size, void (*ctor)(void *));
void kd_cache_destroy(struct kd_cache *c);
void kd_cache_count(struct kd_cache *c, int by);
size_t kd_cache_size(struct kd_cache *c);
void kd_cache_construct(struct kd_cache *c, void *p);

/* ---- before and after main(): choose.c ------------------------------------------------- */

/* Called by a constructor, before there is a second thread: this kernel is the one that runs. */
void kd_begin(void);
/* Boot, run the program's main(), shut down. Returns main()'s result. */
int kd_main(int (*program)(int, char **, char **), int argc, char **argv, char **envp);

/* ---- modules -------------------------------------------------------------------------- */

void kd_module(int (*init)(void), void (*exit)(void));
int kd_modules_load(void);
void kd_modules_unload(void);

#endif
