// SPDX-License-Identifier: GPL-2.0-only
/*
 * A flash translation layer: writes are jobs for a thread, which runs them and frees them.
 *
 * The bug: the function that submits a job reads the job's number when the job is in the queue
 * already, for its message. The thread may have run and freed the job. The twin reads it before.
 */
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include <kthrash/driver.h>

struct job {
	struct list_head entry;
	int sector;
};

static DEFINE_SPINLOCK(jobs_lock);
static LIST_HEAD(jobs); /* under jobs_lock */
static DECLARE_WAIT_QUEUE_HEAD(jobs_wait);
static struct task_struct *writer;
static int written;

static struct job *next_job(void)
{
	struct job *job;

	spin_lock(&jobs_lock);
	job = list_first_entry_or_null(&jobs, struct job, entry);
	if (job)
		list_del(&job->entry);
	spin_unlock(&jobs_lock);
	return job;
}

static int writer_thread(void *unused)
{
	struct job *job = NULL;

	for (;;) {
		wait_event_interruptible(jobs_wait, (job = next_job()) || kthread_should_stop());
		if (!job)
			return 0;
		written = job->sector;
		kfree(job);
		job = NULL;
	}
}

static int submit(int sector)
{
	struct job *job = kmalloc(sizeof(*job), GFP_KERNEL);
	int submitted;

	if (!job)
		return -ENOMEM;
	job->sector = sector;
	submitted = job->sector;
	spin_lock(&jobs_lock);
	list_add_tail(&job->entry, &jobs);
	spin_unlock(&jobs_lock);
	wake_up(&jobs_wait);
#ifndef REPAIRED
	submitted = job->sector;
#endif
	return submitted;
}

static int __init ftl_init(void)
{
	writer = kthread_run(writer_thread, NULL, "ftl-writer");
	return PTR_ERR_OR_ZERO(writer);
}

static void __exit ftl_exit(void)
{
	struct job *job;

	/* A thread that is stopped before it has run leaves its jobs. */
	kthread_stop(writer);
	while ((job = next_job()))
		kfree(job);
}

int kthrash_test(void)
{
	return submit(7) < 0;
}

module_init(ftl_init);
module_exit(ftl_exit);
MODULE_LICENSE("GPL");
