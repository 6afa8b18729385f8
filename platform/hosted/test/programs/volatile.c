/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Volatile accesses: argv[1] says how two threads use them.
 *
 *	flag	a flag alone, written and read by both
 *	fence	data, a fence, a flag; the reader sees the flag, a fence, the data
 *	list	a node, a fence, a pointer to it; the reader follows the pointer without a fence
 *	data	data and a flag without a fence: a race on the data
 *	mixed	a plain write and a volatile read of one word: a race
 *	odd	a volatile word that is not aligned: a race
 *	add	both threads do flag++: none is lost only if nobody comes between
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static volatile int flag;
static int data, plain;
static struct node {
	int value;
} node;
static struct node *volatile head;
static struct {
	char first;
	volatile long number;
} __attribute__((packed)) odd;
static const char *way;

static int is(const char *word)
{
	return strcmp(way, word) == 0;
}

static void *writer(void *unused)
{
	(void)unused;
	if (is("fence") || is("data"))
		data = 1;
	if (is("fence"))
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (is("list")) {
		node.value = 7;
		__atomic_thread_fence(__ATOMIC_RELEASE);
		head = &node;
	}
	if (is("mixed"))
		plain = 1;
	if (is("odd"))
		odd.number = 1;
	if (is("add"))
		flag++;
	else
		flag = 1;
	return NULL;
}

static int read_all(void)
{
	struct node *n;

	if (is("fence") && flag) {
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		return data != 1;
	}
	if (is("list") && (n = head))
		return n->value != 7;
	if (is("data"))
		return flag && data != 1;
	if (is("mixed"))
		return *(volatile int *)&plain > 1;
	if (is("odd"))
		return odd.number > 1;
	if (is("add"))
		return flag++ > 1;
	return flag > 1;
}

int main(int argc, char **argv)
{
	pthread_t t;
	int wrong;

	way = argc > 1 ? argv[1] : "flag";
	pthread_create(&t, NULL, writer, NULL);
	wrong = read_all();
	pthread_join(t, NULL);
	return wrong || (is("add") && flag != 2);
}
