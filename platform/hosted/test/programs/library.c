/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks for what can't be put back, as its argument says. */
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

static void *thread(void *arg)
{
	return arg;
}

int main(int argc, char **argv)
{
	static int runs;
	struct rlimit limit;
	pthread_t t;

	if (argc > 1 && strcmp(argv[1], "load") == 0 && !dlopen("libm.so.6", RTLD_NOW))
		return 1;
	if (argc > 1 && strcmp(argv[1], "limit") == 0) {
		getrlimit(RLIMIT_CORE, &limit);
		if (setrlimit(RLIMIT_CORE, &limit))
			return 2;
	}
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	return runs++;
}
