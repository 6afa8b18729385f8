/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A worker makes a reply and hands it to the main thread.
 *
 * Stands for: allocations that "never" fail.
 * Bug: malloc() in the worker fails, and the worker writes through the null pointer.
 * Repair: the worker hands over no reply, and the main thread can do without one.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct reply {
	int status;
};

static void *worker(void *unused)
{
	struct reply *reply = malloc(sizeof(*reply));

	(void)unused;
#ifdef REPAIRED
	if (!reply)
		return NULL;
#endif
	reply->status = 200;
	return reply;
}

int main(void)
{
	struct reply *reply;
	void *result;
	pthread_t t;

	if (pthread_create(&t, NULL, worker, NULL))
		return 0;
	pthread_join(t, &result);
	reply = result;
	if (reply)
		assert(reply->status == 200);
	free(reply);
	return 0;
}
