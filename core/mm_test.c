/* SPDX-License-Identifier: GPL-2.0-only */
/* Address spaces and block cgroups that kthreads borrow: references and results. */
#include "core/core_test.h"
#include "core/mm.h"

static struct mm_struct *mm, *other;
static struct cgroup_subsys_state css;
static unsigned released;

static void release(struct cgroup_subsys_state *c)
{
	CHECK(c == &css);
	released++;
}

/*
 * Run fn on a kthread until fn returns. Because the kthread was parked before, a stop still
 * calls fn.
 */
static void on_kthread(int (*fn)(void *))
{
	struct task_struct *k = kthread_create(fn, NULL, "k");

	CHECK(!IS_ERR(k));
	CHECK_EQ(kthread_park(k), 0);
	CHECK_EQ(kthread_stop(k), 0);
}

/* ---- address spaces ------------------------------------------------------------ */

static int uses_two(void *unused)
{
	(void)unused;
	CHECK(!current->mm && !current->active_mm);
	kthread_use_mm(mm);
	CHECK(current->mm == mm && current->active_mm == mm);
	CHECK_EQ(mm->count.refs, 2);
	kthread_unuse_mm(mm);
	CHECK(!current->mm && current->active_mm == mm);
	CHECK_EQ(mm->count.refs, 2);
	kthread_use_mm(mm);	/* the thread is lazy on this mm already */
	kthread_unuse_mm(mm);
	CHECK_EQ(mm->count.refs, 2);
	kthread_use_mm(other);
	CHECK(current->active_mm == other);
	CHECK_EQ(mm->count.refs, 1);
	kthread_unuse_mm(other);
	return 0;
}

static void counts_follow_the_thread(void)
{
	mm = mm_alloc();
	other = mm_alloc();
	CHECK(mm && other);
	on_kthread(uses_two);
	CHECK_EQ(mm->count.refs, 1);
	CHECK_EQ(mm->users.refs, 1);
	mmput(mm);
	mmput(other);
}

static int lazy(void *done)
{
	kthread_use_mm(mm);
	kthread_unuse_mm(mm);
	kt_complete(done);
	sleep_until_stop(TASK_INTERRUPTIBLE);
	CHECK_EQ(current->active_mm->users.refs, 0);
	return 0;
}

static void a_lazy_thread_keeps_the_struct(void)
{
	struct task_struct *k;
	kt_completion done;

	mm = mm_alloc();
	CHECK(mm);
	kt_completion_init(&done);
	k = kthread_run(lazy, &done, "k");
	CHECK(!IS_ERR(k));
	kt_completion_wait(&done);
	kt_completion_destroy(&done);
	mmput(mm);		/* the last user; the thread still reads the struct */
	CHECK_EQ(kthread_stop(k), 0);
}

static void without_memory(void)
{
	fail_role = KT_ROLE_MM;
	CHECK(!mm_alloc());
	fail_role = KT_ROLE_COUNT;
}

/* ---- the block cgroup ----------------------------------------------------------- */

static int borrows_css(void *unused)
{
	(void)unused;
	CHECK(!kthread_blkcg());
	kthread_associate_blkcg(&css);
	CHECK(kthread_blkcg() == &css);
	CHECK_EQ(css.refs.refs, 2);
	kthread_associate_blkcg(&css);
	CHECK_EQ(css.refs.refs, 2);
	kthread_associate_blkcg(NULL);
	CHECK(!kthread_blkcg());
	CHECK_EQ(css.refs.refs, 1);
	return 0;
}

static void css_goes_and_comes_back(void)
{
	css.release = release;
	refcount_set(&css.refs, 1);
	released = 0;
	on_kthread(borrows_css);
	kthread_associate_blkcg(&css);	/* does nothing, because this task is no kthread */
	CHECK_EQ(css.refs.refs, 1);
	CHECK(!kthread_blkcg());
	css_put(&css);
	CHECK_EQ(released, 1);
}

/* ---- broken rules ----------------------------------------------------------------- */

static int uses_twice(void *unused)
{
	(void)unused;
	kthread_use_mm(mm);
	kthread_use_mm(mm);
	return 0;
}

static int ends_with_mm(void *unused)
{
	(void)unused;
	kthread_use_mm(mm);
	return 0;
}

static int unuses_another(void *unused)
{
	(void)unused;
	kthread_use_mm(mm);
	kthread_unuse_mm(other);
	return 0;
}

static int uses_one_without_users(void *unused)
{
	(void)unused;
	mmgrab(mm);
	mmput(mm);
	kthread_use_mm(mm);
	return 0;
}

static int ends_with_css(void *unused)
{
	(void)unused;
	kthread_associate_blkcg(&css);
	return 0;
}

static int (*breaks)(void *);

static void break_it(void)
{
	mm = mm_alloc();
	other = mm_alloc();
	CHECK(mm && other);
	css.release = release;
	refcount_set(&css.refs, 1);
	on_kthread(breaks);
}

int main(void)
{
	static const struct {
		const char *name;
		int (*fn)(void *);
	} rules[] = {
		T(uses_twice),
		T(ends_with_mm),
		T(unuses_another),
		T(uses_one_without_users),
		T(ends_with_css),
	};
	static const struct core_test tests[] = {
		T(counts_follow_the_thread),
		T(a_lazy_thread_keeps_the_struct),
		T(without_memory),
		T(css_goes_and_comes_back),
	};

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		breaks = rules[i].fn;
		run_failing(rules[i].name, KT_DISCIPLINE, break_it);
	}
	RUN_TESTS(tests);
	return 0;
}
