/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings that the program makes in an execution. Each task has a range of addresses of its
 * own, so that an address depends on nothing that other tasks or the driver do. After the
 * execution all of them are gone.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/hosted/backbone.h"

#define MAPS_BASE  0x380000000000ull
#define MAPS_BYTES (64ull << 30)	/* per task */

enum { PAGE = 4096 };

static uint64_t used[HOSTED_TASKS_MAX];

static bool is_in_ranges(uintptr_t addr)
{
	return addr - MAPS_BASE < HOSTED_TASKS_MAX * MAPS_BYTES;
}

static void *result_of(long result)
{
	if (result < 0 && result > -PAGE) {
		errno = (int)-result;
		return MAP_FAILED;
	}
	return (void *)result;
}

static uintptr_t place(size_t size)
{
	uint32_t me = hosted_me();
	uintptr_t at = MAPS_BASE + me * MAPS_BYTES + used[me];

	size = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
	if (size > MAPS_BYTES - used[me] - PAGE)
		return 0;
	used[me] += size + PAGE; /* a page between two mappings faults */
	return at;
}

static void *map(void *addr, size_t size, int protection, int flags, int fd, off_t offset)
{
	uintptr_t at = (uintptr_t)addr;

	if (!hosted_on())
		goto as_asked;
	if ((flags & MAP_SHARED) && fd >= 0 && (protection & PROT_WRITE))
		hosted_cannot_reset("it mapped a file to write to it");
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (!is_in_ranges(at))
			hosted_cannot_reset("it mapped memory at an address of its choice");
		goto as_asked;
	}
	at = place(size);
	if (!at)
		return result_of(-ENOMEM);
	flags |= MAP_FIXED_NOREPLACE;
as_asked:
	return result_of(
		hosted_raw(SYS_mmap, (long)at, (long)size, protection, flags, fd, (long)offset));
}

HOSTED_EXPORT void *mmap(void *addr, size_t size, int protection, int flags, int fd, off_t offset)
{
	return map(addr, size, protection, flags, fd, offset);
}

HOSTED_EXPORT void *mmap64(void *addr, size_t size, int protection, int flags, int fd, off_t offset)
{
	return map(addr, size, protection, flags, fd, offset);
}

HOSTED_EXPORT int munmap(void *addr, size_t size)
{
	long result;

	if (hosted_on() && !is_in_ranges((uintptr_t)addr))
		hosted_cannot_reset("it unmapped memory that it had mapped before main()");
	result = HOSTED_RAW_2(SYS_munmap, addr, size);
	if (result == 0)
		return 0;
	errno = (int)-result;
	return -1;
}

HOSTED_EXPORT void *mremap(void *addr, size_t old_size, size_t new_size, int flags, ...)
{
	void *to = NULL;
	va_list ap;

	va_start(ap, flags);
	if (flags & MREMAP_FIXED)
		to = va_arg(ap, void *);
	va_end(ap);
	if (hosted_on() && !is_in_ranges((uintptr_t)addr))
		hosted_cannot_reset("it moved memory that it had mapped before main()");
	if (hosted_on() && (flags & MREMAP_MAYMOVE) && !to && new_size > old_size) {
		to = (void *)place(new_size);
		if (!to)
			return result_of(-ENOMEM);
		flags |= MREMAP_FIXED;
	}
	return result_of(hosted_raw(SYS_mremap, (long)addr, (long)old_size, (long)new_size, flags,
				    (long)to, 0));
}

HOSTED_EXPORT void *sbrk(intptr_t by)
{
	if (by)
		hosted_cannot_reset("it called sbrk()");
	return HOSTED_REAL(sbrk)(by);
}

HOSTED_EXPORT int brk(void *addr)
{
	hosted_cannot_reset("it called brk()");
	return HOSTED_REAL(brk)(addr);
}

HOSTED_EXPORT void *shmat(int id, const void *addr, int flags)
{
	hosted_cannot_reset("it attached shared memory by shmat()");
	return HOSTED_REAL(shmat)(id, addr, flags);
}

static void end(void)
{
	for (uint32_t i = 0; i < hosted_record->tasks; i++) {
		if (used[i])
			HOSTED_RAW_2(SYS_munmap, MAPS_BASE + i * MAPS_BYTES, used[i]);
		used[i] = 0;
	}
}
HOSTED_AT_END(end);
