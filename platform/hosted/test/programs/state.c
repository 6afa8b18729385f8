/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes all that it can, and fails unless it finds everything as in the first execution. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition))                                              \
			exit(__LINE__ % 100 + 100);                            \
	} while (0)

static int global, initialized = 3;
static char large[8 << 20];		/* put back by pages and not by a copy */
static __thread int mine = 4, mine_zero;
static __thread char mine_aligned[64] __attribute__((aligned(64))) = "aligned";
static char *early;			/* allocated before main() */

__attribute__((constructor))
static void init(void)
{
	early = malloc(1 << 20);
	strcpy(early, "early");
	mine_zero = 9;
}

static void *thread(void *arg)
{
	char word[2] = { 'x', '\0' };

	CHECK(mine == 4 && mine_zero == 0 && errno == 0);
	CHECK(strcmp(mine_aligned, "aligned") == 0 && (unsigned long)mine_aligned % 64 == 0);
	mine = 1;
	mine_aligned[0] = 'b';
	errno = 7;
	return strdup(arg ? word : "");
}

static void check_files(void)
{
	char line[100], folder[4096];
	int null = open("/dev/null", O_RDWR), zero;
	static int first = -1;
	FILE *f = fopen("/etc/passwd", "r");

	CHECK(first == -1);
	first = null;
	CHECK(f && fgets(line, sizeof line, f));
	CHECK(fgets(line, sizeof line, stdin) && strcmp(line, "input\n") == 0);
	CHECK(getcwd(folder, sizeof folder) && strcmp(folder, "/") != 0 && chdir("/") == 0);
	CHECK(umask(0) != 0);
	close(0);
	zero = open("/dev/zero", O_RDONLY);
	CHECK(zero == 0);
}

static void check_memory(void)
{
	char *m = mmap(NULL, 100000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static char *seen;

	CHECK(m != MAP_FAILED && m[0] == 0 && seen == NULL);
	m[0] = 1;
	seen = m;
	m = mremap(m, 100000, 300000, MREMAP_MAYMOVE);
	CHECK(m != MAP_FAILED && m[0] == 1 && m[200000] == 0);
	CHECK(strcmp(early, "early") == 0);
	early[0] = 'x';
	early = realloc(early, 2 << 20);
	CHECK(strcmp(early, "xarly") == 0);
	free(early);
	for (unsigned i = 0; i < sizeof large; i += 10000) {
		CHECK(large[i] == 0);
		large[i] = 1;
	}
}

int main(int argc, char **argv)
{
	pthread_t t;
	void *result;

	CHECK(argc == 2 && strcmp(argv[1], "word") == 0 && !getenv("STATE_VARIABLE"));
	CHECK(!getenv("KTHRASH_DRIVER"));
	CHECK(global == 0 && initialized == 3 && mine == 4 && mine_zero == 9);
	CHECK(strcmp(setlocale(LC_ALL, NULL), "C") == 0);
	check_files();
	check_memory();
	global = initialized = mine = mine_zero = 1;
	argv[1][0] = 'W';
	strtok(argv[1], "o");
	setenv("STATE_VARIABLE", "1", 1);
	setlocale(LC_ALL, "C.UTF-8");
	printf("printed\n");
	CHECK(pthread_create(&t, NULL, thread, &t) == 0);
	CHECK(pthread_join(t, &result) == 0 && strcmp(result, "x") == 0);
	CHECK(mine == 1);
	return 0;
}
