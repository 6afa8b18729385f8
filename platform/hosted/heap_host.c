/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's allocator: for what the driver allocates once the snapshot is taken. It is not
 * put back. Sizes are rounded up to one of four steps per power of two, and each step has a
 * list of free blocks.
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include "platform/hosted/heap.h"

#define HOST_BASE  0x300000000000ull
#define HOST_BYTES (256ull << 30)

enum { CLASSES = 160, MIN_SHIFT = 4, GIVEN_BACK = 1 << 20 };

struct host_header {
	uint64_t size; /* what was asked for */
	uint32_t class;
	uint32_t back; /* from the block to the beginning of the header's memory */
};

struct free_block {
	struct free_block *next;
};

_Static_assert(sizeof(struct host_header) == 16, "headers keep blocks aligned");

static struct free_block *free_list[CLASSES];
static uintptr_t used;

bool heap_host_has(const void *p)
{
	return (uintptr_t)p - HOST_BASE < HOST_BYTES;
}

/* The class of the smallest step of at least `size` bytes. */
static uint32_t class_of(size_t size, size_t *step)
{
	uint32_t shift, quarter;

	if (size < 64)
		size = 64;
	shift = 61 - (uint32_t)__builtin_clzll(size - 1); /* a quarter of a power of two */
	quarter = (uint32_t)((size - 1) >> shift) + 1;    /* 5 to 8 */
	*step = (size_t)quarter << shift;
	return (shift - MIN_SHIFT + 1) * 4 + quarter - 5;
}

static struct host_header *header_of(const void *p)
{
	return (struct host_header *)((uintptr_t)p - sizeof(struct host_header));
}

void *heap_host_alloc(size_t size, size_t align)
{
	size_t step, need = size + sizeof(struct host_header) + (align > 16 ? align : 0);
	uint32_t class;
	uintptr_t at, p;

	if (need < size || need > HOST_BYTES / 4)
		return NULL;
	class = class_of(need, &step);
	if (!used && hosted_raw(SYS_mmap, HOST_BASE, HOST_BYTES, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
				-1, 0) != (long)HOST_BASE)
		hosted_give_up("no address space for the driver's heap");
	if (free_list[class]) {
		at = (uintptr_t)free_list[class];
		free_list[class] = free_list[class]->next;
	} else {
		if (used + step > HOST_BYTES)
			return NULL;
		at = HOST_BASE + used;
		used += step;
	}
	p = at + sizeof(struct host_header);
	if (align > 16)
		p = (p + align - 1) / align * align;
	*header_of((void *)p) = (struct host_header){ size, class, (uint32_t)(p - at) };
	return (void *)p;
}

void heap_host_free(void *p)
{
	const struct host_header *h = header_of(p);
	struct free_block *b = (struct free_block *)((uintptr_t)p - h->back);
	uint32_t class = h->class;

	if (h->size >= GIVEN_BACK) {
		uintptr_t first = ((uintptr_t)p + 4095) & ~4095ull;
		uintptr_t end = ((uintptr_t)p + h->size) & ~4095ull;

		HOSTED_RAW_3(SYS_madvise, first, end - first, MADV_DONTNEED);
	}
	b->next = free_list[class];
	free_list[class] = b;
}

size_t heap_host_size(const void *p)
{
	return header_of(p)->size;
}
