/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Puts all writable memory back between executions: the data of the program and of its
 * libraries, the C library's too, what the program allocated before main(), its arguments.
 * What belongs to this library or to the loader is not part of it.
 *
 * A small region is copied. A large one becomes a private mapping of a file in memory that
 * holds its contents: to put it back is to drop the pages that were changed. A page costs
 * about as much as the copy of 50 kB.
 *
 * Not put back, because the kernel has it: open files and their offsets, the working
 * directory, signal handlers, timers, child processes. files.c watches those.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "platform/hosted/backbone.h"

enum {
	PAGE = 4096,
	REGIONS_MAX = 256,
	COPIED_MAX = 256 * 1024,
};

static struct region {
	char *at;
	size_t size;
	char *copy; /* NULL: a private mapping */
} region[REGIONS_MAX];
static uint32_t regions;

void *hosted_map(size_t bytes)
{
	long p = hosted_raw(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p < 0)
		hosted_give_up("no memory: %zu bytes", bytes);
	return (void *)p;
}

/* ---- what there is ----------------------------------------------------------- */

void hosted_keep(void *addr, size_t size)
{
	if (!size)
		return;
	if (regions == REGIONS_MAX)
		hosted_give_up("the program has more than %d writable regions", REGIONS_MAX);
	region[regions++] = (struct region){ .at = addr, .size = size };
}

static void widen(char *s, uintptr_t *low, uintptr_t *high)
{
	if ((uintptr_t)s < *low)
		*low = (uintptr_t)s;
	if ((uintptr_t)s + strlen(s) + 1 > *high)
		*high = (uintptr_t)s + strlen(s) + 1;
}

void hosted_arguments_keep(char **argv, char **envp)
{
	uintptr_t low = (uintptr_t)argv, high = (uintptr_t)argv;

	for (char **s = argv; *s; s++)
		widen(*s, &low, &high);
	for (char **s = envp; *s; s++)
		widen(*s, &low, &high);
	/* The kernel has placed the strings above the pointers. */
	if (low == (uintptr_t)argv)
		hosted_keep((void *)low, high - low);
}

static void keep_part(uintptr_t low, uintptr_t high, const struct hosted_module *m)
{
	uintptr_t first = m->low & ~(uintptr_t)(PAGE - 1);
	uintptr_t end = (m->high + PAGE - 1) & ~(uintptr_t)(PAGE - 1);

	if (low < first)
		low = first;
	if (high > end)
		high = end;
	if (low >= high)
		return;
	if (m->plt_low < low || m->plt_high > high || m->plt_low >= m->plt_high) {
		hosted_keep((void *)low, high - low);
		return;
	}
	hosted_keep((void *)low, m->plt_low - low);
	hosted_keep((void *)m->plt_high, high - m->plt_high);
}

static const char *hex(const char *s, uintptr_t *value)
{
	*value = 0;
	for (;; s++) {
		unsigned digit = *s >= '0' && *s <= '9'   ? (unsigned)(*s - '0')
				 : *s >= 'a' && *s <= 'f' ? (unsigned)(*s - 'a' + 10)
							  : 16;

		if (digit == 16)
			return s;
		*value = *value << 4 | digit;
	}
}

/* A line of /proc/self/maps: "low-high rw-p ...". */
static void keep_mapping(const char *line)
{
	uintptr_t low, high;
	const char *s = hex(line, &low);

	s = hex(s + 1, &high);
	if (strncmp(s, " rw", 3) != 0)
		return;
	for (uint32_t i = 0; i < hosted_modules; i++)
		if (!hosted_module[i].ours)
			keep_part(low, high, &hosted_module[i]);
}

static char *read_maps(void)
{
	enum { MAPS_MAX = 1 << 20 };
	char *text = hosted_map(MAPS_MAX);
	size_t used = 0;
	long n, fd = HOSTED_RAW_3(SYS_open, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		hosted_give_up("/proc/self/maps can't be read");
	while ((n = HOSTED_RAW_3(SYS_read, fd, text + used, MAPS_MAX - 1 - used)) > 0)
		used += (size_t)n;
	HOSTED_RAW_1(SYS_close, fd);
	return text;
}

/* ---- the snapshot -------------------------------------------------------------- */

static void keep_by_copy(struct region *r)
{
	r->copy = hosted_map(r->size);
	memcpy(r->copy, r->at, r->size);
}

static bool keep_by_mapping(struct region *r)
{
	size_t done = 0;
	long n, at, fd;

	if ((uintptr_t)r->at % PAGE || r->size % PAGE)
		return false;
	fd = HOSTED_RAW_2(SYS_memfd_create, "kthrash", MFD_CLOEXEC);
	if (fd < 0)
		return false;
	while (done < r->size &&
	       (n = HOSTED_RAW_3(SYS_write, fd, r->at + done, r->size - done)) > 0)
		done += (size_t)n;
	if (done < r->size) {
		HOSTED_RAW_1(SYS_close, fd);
		return false;
	}
	at = hosted_raw(SYS_mmap, (long)r->at, (long)r->size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_FIXED, fd, 0);
	if (at != (long)r->at)
		hosted_give_up("the program's data can't be mapped: error %ld", -at);
	HOSTED_RAW_1(SYS_close, fd);
	return true;
}

void hosted_snapshot(void)
{
	char *maps = read_maps();

	for (const char *line = maps; *line;) {
		const char *end = strchr(line, '\n');

		keep_mapping(line);
		if (!end)
			break;
		line = end + 1;
	}
	HOSTED_RAW_2(SYS_munmap, maps, 1 << 20);
	for (uint32_t i = 0; i < regions; i++)
		if (region[i].size <= COPIED_MAX || !keep_by_mapping(&region[i]))
			keep_by_copy(&region[i]);
}

void hosted_restore(void)
{
	for (uint32_t i = 0; i < regions; i++) {
		const struct region *r = &region[i];

		if (r->copy)
			memcpy(r->at, r->copy, r->size);
		else
			HOSTED_RAW_3(SYS_madvise, r->at, r->size, MADV_DONTNEED);
	}
}
