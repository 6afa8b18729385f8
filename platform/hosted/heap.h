/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the heap: address ranges, and a map with one byte for each 16 bytes of them.
 *
 * Each task has a range of its own, so that the address of a block does not depend on what
 * other tasks allocate. The first part of a range is below 2 GB, because programs exist that
 * keep a pointer in 32 bits. What does not fit there lies in the second part.
 */
#ifndef PLATFORM_HOSTED_HEAP_H
#define PLATFORM_HOSTED_HEAP_H

#include "platform/hosted/backbone.h"

enum {
	HEAP_GRANULE = 16,
	HEAP_START = HOSTED_TASKS_MAX, /* the range of what is allocated before main() */
	HEAP_RANGES,
};

#define HEAP_LOW        0x20000000ull
#define HEAP_LOW_BYTES  (4ull << 20)	/* per range */
#define HEAP_HIGH       0x100000000000ull
#define HEAP_HIGH_BYTES (4ull << 30)	/* per range */
#define HEAP_MAP        0x200000000000ull	/* the byte of `addr` is at HEAP_MAP + addr / 16 */

/* A byte of the map: how many bytes of the granule belong to a block, or: */
enum {
	HEAP_NONE = 0, /* it belongs to no block, and lies before or after one */
	HEAP_WHOLE = 16,
	HEAP_EMPTY = 17, /* a block of no bytes */
	HEAP_FREED = 0xfd,
};

/* Lies directly before a block. */
struct heap_header {
	uint64_t size;
	uint64_t alloc_pc : 48, alloc_task : 16;
	uint64_t free_pc : 48, free_task : 16;
	uint32_t number; /* among the blocks of its range, from 1 */
	uint32_t check;  /* heap_check_of() */
};

static inline bool heap_has(uintptr_t addr)
{
	return addr - HEAP_LOW < HEAP_RANGES * HEAP_LOW_BYTES ||
	       addr - HEAP_HIGH < HEAP_RANGES * HEAP_HIGH_BYTES;
}

static inline uint8_t *heap_map_of(uintptr_t addr)
{
	return (uint8_t *)(HEAP_MAP + addr / HEAP_GRANULE);
}

/* Fails: the access is bad. */
void heap_bad(uintptr_t addr, uintptr_t pc) __attribute__((noreturn));

/* [addr, addr + size), which lies in at most two granules. */
static inline void heap_check(uintptr_t addr, size_t size, uintptr_t pc)
{
	uint8_t first, last;

	if (!heap_has(addr))
		return;
	first = *heap_map_of(addr);
	last = *heap_map_of(addr + size - 1);
	if (likely(first == HEAP_WHOLE && last == HEAP_WHOLE))
		return;
	if (first > HEAP_WHOLE || addr % HEAP_GRANULE >= first)
		heap_bad(addr, pc);
	if (last > HEAP_WHOLE || (addr + size - 1) % HEAP_GRANULE >= last)
		heap_bad(addr + size - 1, pc);
}

/* The host's own allocator (heap_host.c): for what the driver allocates. */
bool heap_host_has(const void *p);
void *heap_host_alloc(size_t size, size_t align);
void heap_host_free(void *p);
size_t heap_host_size(const void *p);

#endif
