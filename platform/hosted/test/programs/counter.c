/* SPDX-License-Identifier: GPL-2.0-only */
/* Two threads add to a counter; with an argument they take a lock. */
#include <assert.h>
#include <pthread.h>

static int counter;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *add(void *locked)
{
	if (locked)
		pthread_mutex_lock(&lock);
	counter++;
	if (locked)
		pthread_mutex_unlock(&lock);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t a, b;
	void *locked = argc > 1 ? argv : NULL;

	pthread_create(&a, NULL, add, locked);
	pthread_create(&b, NULL, add, locked);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(counter == 2);
	return 0;
}
