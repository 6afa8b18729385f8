/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread looks into the configuration whether a name is the host's, while the main thread reads
 * the configuration again.
 *
 * Stands for: settings, tables of strings and caches that are replaced while they are in use.
 * Bug: the thread takes the pointer under the lock, and compares the string after it has given the
 *	lock up. The main thread may replace the string and free it in between. Only strcmp() in the
 *	C library reads the freed memory.
 * Repair: the thread compares under the lock.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct {
	pthread_mutex_t lock;
	char *host;
} config = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void load(const char *host)
{
	char *fresh = strdup(host), *old;

	if (!fresh)
		exit(0);
	pthread_mutex_lock(&config.lock);
	old = config.host;
	config.host = fresh;
	pthread_mutex_unlock(&config.lock);
	free(old);
}

static void *asks(void *name)
{
	const char *host;
	int same;

	pthread_mutex_lock(&config.lock);
	host = config.host;
#ifdef REPAIRED
	same = strcmp(host, name) == 0;
	pthread_mutex_unlock(&config.lock);
#else
	pthread_mutex_unlock(&config.lock);
	same = strcmp(host, name) == 0;
#endif
	return same ? name : NULL;
}

int main(void)
{
	pthread_t t;

	load("alpha");
	if (pthread_create(&t, NULL, asks, "alpha") == 0) {
		load("omega");
		pthread_join(t, NULL);
	}
	free(config.host);
	return 0;
}
