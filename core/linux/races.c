/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data races of the unmodified text that ThreadSanitizer reports and that look benign:
 * corpus/linux/README.md says what they are. A report whose innermost function is one of these is
 * not shown. In other builds nobody calls this.
 */
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
	return "race_top:^kthread_worker_fn$\n"	/* worker->task */
	       "race_top:^kthread_destroy_worker$\n"
	       "race_top:^kthread_flush_work$\n"	/* work->worker */
	       "race_top:^__kthread_cancel_work_sync$\n"
	       "race_top:^kthread_delayed_work_timer_fn$\n"
	       "race_top:^set_freezable$\n"		/* flags */
	       "race_top:^freezing_slow_path$\n";	/* pm_nosig_freezing */
}
