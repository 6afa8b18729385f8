/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first use of a service starts it, once. If messages have arrived before, the start delivers
 * them.
 *
 * Stands for: an initialization that calls the code it initializes.
 * Bug: the thread `sender` adds a message before the main thread looks for messages in start().
 *	The main thread delivers it by use(), which waits until start() has ended: for ever,
 *	because it is inside start() itself.
 * Repair: the start only sets up. use() delivers what has arrived, after the start.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int messages, delivered;

static void use(void);

static void start(void)
{
#ifndef REPAIRED
	if (atomic_load(&messages))
		use();
#endif
}

static void use(void)
{
	pthread_once(&once, start);
	atomic_fetch_add(&delivered, atomic_exchange(&messages, 0));
}

static void *sender(void *unused)
{
	(void)unused;
	atomic_fetch_add(&messages, 1);
	return NULL;
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, sender, NULL);
	use();
	pthread_join(t, NULL);
	use();
	assert(atomic_load(&delivered) == 1);
	return 0;
}
