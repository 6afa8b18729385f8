/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main thread asks a question and waits for the answer. A server waits for the question and
 * signals its answer.
 *
 * Stands for: requests and replies with a condition each.
 * Bug: the server gives its answer between the two places at which the main thread holds the lock.
 *	The signal of `answered` finds nobody waiting, and the main thread then waits for it.
 *	Or the main thread wakes up spuriously, before there is an answer.
 * Repair: the main thread waits only while there is no answer.
 */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked = PTHREAD_COND_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static bool question;
static int answer;

static void *server(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	while (!question)
		pthread_cond_wait(&asked, &lock);
	answer = 42;
	pthread_cond_signal(&answered);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void ask(void)
{
	pthread_mutex_lock(&lock);
	question = true;
	pthread_cond_signal(&asked);
	pthread_mutex_unlock(&lock);
}

static int wait_for_answer(void)
{
	int a;

	pthread_mutex_lock(&lock);
#ifdef REPAIRED
	while (!answer)
#endif
		pthread_cond_wait(&answered, &lock);
	a = answer;
	pthread_mutex_unlock(&lock);
	return a;
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, server, NULL);
	ask();
	assert(wait_for_answer() == 42);
	pthread_join(t, NULL);
	return 0;
}
