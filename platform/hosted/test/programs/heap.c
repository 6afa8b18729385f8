/* SPDX-License-Identifier: GPL-2.0-only */
/* Uses the heap as its argument says, most ways wrong. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct item {
	int value;
	char name[20];
};

static struct item *item;
static const char *way;
static void *volatile kept;	/* so that no compiler leaves an allocation out */

static int is(const char *name)
{
	return strcmp(way, name) == 0;
}

static int overflow(volatile char *p)
{
	volatile char frame[1000];

	frame[0] = p[0];
	return overflow(frame) + frame[1];
}

static void *thread(void *arg)
{
	volatile char c = 0;

	(void)arg;
	if (is("use-after-free"))
		item->value = 3;
	if (is("overrun"))
		item->name[20] = 1;
	if (is("underrun"))
		((char *)item)[-1] = 1;
	if (is("double-free"))
		free(item);
	if (is("free-inside"))
		free(item->name);
	if (is("free-stack"))
		free((void *)&c);
	if (is("null"))
		*(volatile int *)16 = 1;
	if (is("overflow"))
		return (void *)(intptr_t)overflow(&c);
	if (is("memset"))
		memset(item, 1, sizeof *item + 1);
	if (is("hang"))
		for (;;)
			__asm__ volatile("pause");
	return NULL;
}

static int right(void)
{
	volatile size_t huge = SIZE_MAX;
	char *p = malloc(0), *q = calloc(10, 10), *large = malloc(3 << 20);
	void *aligned = NULL;

	if (!p || !q || q[99] || !large)
		return 1;
	if ((kept = malloc(huge)) || (kept = calloc(huge / 2, 4)) || errno != ENOMEM)
		return 2;
	if ((kept = realloc(q, huge - 100)) || (kept = reallocarray(q, huge / 4, 16)))
		return 3;
	if (posix_memalign(&aligned, 4096, 10) || (uintptr_t)aligned % 4096)
		return 4;
	if (posix_memalign(&aligned, 24, 10) != EINVAL)
		return 5;
	if (malloc_usable_size(q) < 100)
		return 6;
	memset(large, 1, 3 << 20);
	large = realloc(large, 6 << 20);
	if (large[(3 << 20) - 1] != 1)
		return 7;
	free(p);
	free(q);
	free(large);
	free(aligned);
	kept = aligned_alloc(64, 128);
	free(kept);
	for (int i = 0; i < 2000; i++) {
		kept = malloc((size_t)i * 37);
		free(kept);
	}
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t t;

	way = argc > 1 ? argv[1] : "";
	item = malloc(sizeof *item);
	if (!item)
		return is("failed") ? 0 : 1;
	if (is("freed") || is("use-after-free") || is("double-free"))
		free(item);
	if (is("right") && right())
		return right();
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	return 0;
}
