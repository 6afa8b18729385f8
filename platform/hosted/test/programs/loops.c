/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread that never reaches a hook: argv[1] says why. main() would let it go on if it could run.
 *
 *	jump		a loop without any instruction
 *	count		a loop that counts in memory of its own
 *	load		inline assembly waits for a word
 *	stack		inline assembly waits for a word on the thread's own stack
 *	exchange	inline assembly takes a spin lock
 *	foreign		code without hooks waits for a word
 *	system		a system call waits
 */
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <wchar.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int word = 1;
static const char *way;

static int is(const char *name)
{
	return strcmp(way, name) == 0;
}

static int load(const int *p)
{
	int value;

	__asm__ volatile("movl %1, %0" : "=r"(value) : "m"(*p) : "memory");
	return value;
}

static int exchange(int *p, int value)
{
	__asm__ volatile("xchgl %0, %1" : "+r"(value), "+m"(*p) : : "memory");
	return value;
}

static void count(void)
{
	/* The compiler puts no hook before what inline assembly does. */
	long n = 0;

	for (;;)
		__asm__ volatile("incq %0" : "+m"(n));
}

static void *thread(void *unused)
{
	int mine = 1;

	(void)unused;
	if (is("jump"))
		for (;;)
			__asm__ volatile("");
	if (is("count"))
		count();
	if (is("load"))
		while (load(&word))
			;
	if (is("stack"))
		while (load(&mine))
			;
	if (is("exchange"))
		while (exchange(&word, 1))
			;
	/* The two strings differ until main() writes. The runtime does not know wmemcmp(). */
	if (is("foreign")) {
		int (*volatile compare)(const wchar_t *, const wchar_t *, size_t) = wmemcmp;
		int (*same)(const wchar_t *, const wchar_t *, size_t) = compare;
		static int zero;

		for (;;) {
			__asm__ volatile("" : "+r"(same));
			if (same(&word, &zero, 1) == 0)
				break;
		}
	}
	if (is("system")) {
		register void *timeout __asm__("r10") = NULL;
		long number = SYS_futex; /* FUTEX_WAIT while it is 1 */

		__asm__ volatile("syscall"
				 : "+a"(number)
				 : "D"(&mine), "S"(0), "d"(1), "r"(timeout)
				 : "rcx", "r11", "memory");
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t;

	way = argc > 1 ? argv[1] : "";
	pthread_create(&t, NULL, thread, NULL);
	pthread_mutex_lock(&lock); /* here the thread may go first */
	word = 0;
	pthread_mutex_unlock(&lock);
	pthread_join(t, NULL);
	return 0;
}
