/* SPDX-License-Identifier: GPL-2.0-only */
/* Starts a thread before main(). */
#include <pthread.h>
#include <unistd.h>

static pthread_t early;

static void *wait(void *arg)
{
	for (;;)
		pause();
	return arg;
}

__attribute__((constructor))
static void start(void)
{
	pthread_create(&early, NULL, wait, NULL);
}

int main(void)
{
	return 0;
}
