/* SPDX-License-Identifier: GPL-2.0-only */
/* Store buffering, message passing: the outcomes that only weak memory has. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static atomic_int x, y;
static int seen_x, seen_y;
static int is_fenced, is_passing, is_release;

static void *left(void *arg)
{
	(void)arg;
	atomic_store_explicit(&x, 1, memory_order_relaxed);
	if (is_fenced)
		atomic_thread_fence(memory_order_seq_cst);
	if (is_passing && is_release)
		atomic_store_explicit(&y, 1, memory_order_release);
	else if (is_passing)
		atomic_store_explicit(&y, 1, memory_order_relaxed);
	else
		seen_y = atomic_load_explicit(&y, memory_order_relaxed);
	return NULL;
}

static void *right(void *arg)
{
	(void)arg;
	if (is_passing) {
		seen_y = atomic_load_explicit(&y, memory_order_acquire);
	} else {
		atomic_store_explicit(&y, 1, memory_order_relaxed);
		if (is_fenced)
			atomic_thread_fence(memory_order_seq_cst);
	}
	seen_x = atomic_load_explicit(&x, memory_order_relaxed);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t a, b;

	is_fenced = argc > 2;
	is_passing = argc > 1 && strncmp(argv[1], "mp", 2) == 0;
	is_release = is_passing && strcmp(argv[1], "mp-release") == 0;
	pthread_create(&a, NULL, left, NULL);
	pthread_create(&b, NULL, right, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(is_passing ? !(seen_y && !seen_x) : seen_x || seen_y);
	return 0;
}
