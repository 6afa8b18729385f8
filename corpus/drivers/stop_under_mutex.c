// SPDX-License-Identifier: GPL-2.0-only
/*
 * A capture card: a thread fills buffers while the card streams. The ioctl that ends the stream
 * holds the card's mutex.
 *
 * The bug: it stops the thread under the mutex, and the thread takes the mutex for each buffer
 * before it looks whether it should stop. The twin drops the mutex around the stop.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include <kthrash/driver.h>

struct card {
	struct mutex lock;
	struct task_struct *streamer; /* under lock */
	int frames;                   /* under lock */
};

static struct card card;

static int stream_thread(void *data)
{
	struct card *c = data;

	while (!kthread_should_stop()) {
		mutex_lock(&c->lock);
		c->frames++;
		mutex_unlock(&c->lock);
		usleep_range(1000, 1500);
	}
	return 0;
}

static int stream_on(struct card *c)
{
	struct task_struct *k;
	int err = 0;

	mutex_lock(&c->lock);
	if (!c->streamer) {
		k = kthread_run(stream_thread, c, "streamer");
		if (IS_ERR(k))
			err = PTR_ERR(k);
		else
			c->streamer = k;
	}
	mutex_unlock(&c->lock);
	return err;
}

static void stream_off(struct card *c)
{
	struct task_struct *k;

	mutex_lock(&c->lock);
	k = c->streamer;
	c->streamer = NULL;
#ifdef REPAIRED
	mutex_unlock(&c->lock);
	if (k)
		kthread_stop(k);
#else
	if (k)
		kthread_stop(k);
	mutex_unlock(&c->lock);
#endif
}

int kthrash_test(void)
{
	mutex_init(&card.lock);
	if (stream_on(&card))
		return 0;
	stream_off(&card);
	return 0;
}
