/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread calls the function of the C library that the first argument names, on a block of the
 * heap. The second argument says what is wrong with that: "right", nothing; "freed", the block is
 * freed; "race", main() writes to the block at the same time. Without arguments the program prints
 * the names.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static char buf[64], *p;
static int fd;
static FILE *file;
static volatile long sink;
/* Constants would let the compiler put code in the place of calls. */
static const char *volatile one = "12";
static volatile size_t four = 4, eight = 8;
static volatile int number = 1;

static int less(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

static int v(int (*print)(const char *, va_list), const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = print(format, ap);
	va_end(ap);
	return n;
}

static int to_stdout(const char *format, va_list ap)
{
	return vprintf(format, ap);
}

static int to_file(const char *format, va_list ap)
{
	return vfprintf(file, format, ap);
}

static int to_text(const char *format, va_list ap)
{
	return vsprintf(p, format, ap);
}

static int to_room(const char *format, va_list ap)
{
	return vsnprintf(p, 8, format, ap);
}

/* Each calls one function. The block begins with "12 x". */
#define WAYS                                                                   \
	WAY(memcpy, memcpy(buf, p, eight))                                     \
	WAY(memcpy_to, memcpy(p, buf, eight))                                  \
	WAY(mempcpy, mempcpy(p, buf, eight))                                   \
	WAY(memmove, memmove(p, p + 1, eight))                                 \
	WAY(memset, memset(p, '1', eight))                                     \
	WAY(memcmp, memcmp(buf, p, eight))                                     \
	WAY(bcmp, bcmp(buf, p, eight))                                         \
	WAY(memchr, memchr(p, 'x', eight))                                     \
	WAY(qsort, (qsort(p, four, 1, less), 0))                               \
	WAY(strlen, strlen(p))                                                 \
	WAY(strnlen, strnlen(p, four))                                         \
	WAY(strcpy, strcpy(buf, p))                                            \
	WAY(strcpy_to, strcpy(p, one))                                         \
	WAY(stpcpy, stpcpy(p, one))                                            \
	WAY(strncpy, strncpy(p, one, four))                                    \
	WAY(strcat, strcat(p, one))                                            \
	WAY(strncat, strncat(p, one, four))                                    \
	WAY(strcmp, strcmp(p, one))                                            \
	WAY(strncmp, strncmp(p, one, four))                                    \
	WAY(strcasecmp, strcasecmp(p, one))                                    \
	WAY(strncasecmp, strncasecmp(p, one, four))                            \
	WAY(strchr, strchr(p, '2'))                                            \
	WAY(strrchr, strrchr(p, '2'))                                          \
	WAY(strstr, strstr(p, one))                                            \
	WAY(strdup, (free(strdup(p)), 0))                                      \
	WAY(strndup, (free(strndup(p, four)), 0))                              \
	WAY(atoi, atoi(p))                                                     \
	WAY(atol, atol(p))                                                     \
	WAY(strtol, strtol(p, NULL, 10))                                       \
	WAY(strtoul, strtoul(p, NULL, 10))                                     \
	WAY(strtod, strtod(p, NULL))                                           \
	WAY(write, write(fd, p, four))                                         \
	WAY(pwrite, pwrite(fd, p, four, 0))                                    \
	WAY(fwrite, fwrite(p, 1, four, file))                                  \
	WAY(fputs, fputs(p, file))                                             \
	WAY(puts, puts(p))                                                     \
	WAY(read, read(fd, p, four))                                           \
	WAY(pread, pread(fd, p, four, 0))                                      \
	WAY(fread, fread(p, 1, four, file))                                    \
	WAY(fgets, fgets(p, (int)four, file))                                  \
	WAY(printf, printf("%d %s %f\n", 1, p, 1.0))                           \
	WAY(printf_format, printf(p, 1))                                       \
	WAY(fprintf, fprintf(file, "%ld %c %p %s\n", 1L, 'c', buf, p))         \
	WAY(sprintf, sprintf(p, "%d", number))                                 \
	WAY(snprintf, snprintf(p, eight, "%s", one))                           \
	WAY(snprintf_from, snprintf(buf, eight, "%s", p))                      \
	WAY(vprintf, v(to_stdout, "%Lf %s\n", 1.0L, p))                        \
	WAY(vfprintf, v(to_file, "%lld %s\n", 1LL, p))                         \
	WAY(vsprintf, v(to_text, "%s", one))                                   \
	WAY(vsnprintf, v(to_room, "%s", one))

static const char *way, *wrong;

static void *thread(void *unused)
{
#define WAY(name, call)                                                        \
	if (strcmp(way, #name) == 0)                                           \
		sink = (long)(call);
	WAYS
#undef WAY
		return unused;
}

static void print_names(void)
{
#define WAY(name, call) puts(#name);
	WAYS
#undef WAY
}

int main(int argc, char **argv)
{
	pthread_t t;

	if (argc < 3) {
		print_names();
		return 0;
	}
	way = argv[1];
	wrong = argv[2];
	fd = open("text.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600);
	file = fopen("text.tmp", "w+");
	fputs("text", file);
	rewind(file);
	p = calloc(1, 32);
	strcpy(p, "12 x\n");
	if (strcmp(wrong, "freed") == 0)
		free(p);
	pthread_create(&t, NULL, thread, NULL);
	if (strcmp(wrong, "race") == 0)
		p[0] = '2';
	pthread_join(t, NULL);
	fclose(file);
	close(fd);
	return 0;
}
