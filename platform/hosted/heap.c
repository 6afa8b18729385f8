/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program's heap. Within an execution no memory is used twice, so that a use after free
 * is always seen. Fresh memory is filled with 0xcd and freed memory with 0x6b, up to
 * FILLED_MAX bytes: larger blocks are zeroed pages.
 *
 * A block is preceded by a header and so by granules that belong to no block. An access out
 * of bounds is seen if it falls there, or into another block's header, or behind the last
 * block; not if it jumps into another block.
 *
 * Accesses by code that kthrash-cc did not compile are not seen.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "platform/hosted/heap.h"

#include "platform/check.h"

enum {
	HEADER = sizeof(struct heap_header),
	FILLED_MAX = 64 * 1024,
	FRESH = 0xcd,
	FREED = 0x6b,
};

_Static_assert(sizeof(struct heap_header) == 2 * HEAP_GRANULE, "headers keep blocks aligned");

/* Three parts of a range, each filled from its beginning. */
enum part { LOW, HIGH, LARGE, PARTS };

static const struct part_of {
	uintptr_t base;
	uint64_t stride, offset, size;
} part_of[PARTS] = {
	[LOW] = { HEAP_LOW, HEAP_LOW_BYTES, 0, HEAP_LOW_BYTES },
	[HIGH] = { HEAP_HIGH, HEAP_HIGH_BYTES, 0, 1ull << 30 },
	[LARGE] = { HEAP_HIGH, HEAP_HIGH_BYTES, 1ull << 30, 3ull << 30 },
};

static struct range {
	uint64_t used[PARTS];
	uint32_t blocks, live;
	bool high_mapped;
} range[HEAP_RANGES];

static bool low_is_mapped, low_is_refused, has_started;

/* ---- address space ------------------------------------------------------------- */

static bool map_at(uintptr_t addr, size_t size)
{
	long p = hosted_raw(SYS_mmap, (long)addr, (long)size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
			    0);

	if (p > 0 && p != (long)addr)
		HOSTED_RAW_2(SYS_munmap, p, size);
	return p == (long)addr;
}

static bool map_with_bytes(uintptr_t addr, size_t size)
{
	return map_at(addr, size) && map_at((uintptr_t)heap_map_of(addr), size / HEAP_GRANULE);
}

static void map_low(void)
{
	low_is_mapped = true;
	low_is_refused = !map_with_bytes(HEAP_LOW, HEAP_RANGES * HEAP_LOW_BYTES);
}

static uintptr_t part_base(uint32_t id, enum part part)
{
	return part_of[part].base + id * part_of[part].stride + part_of[part].offset;
}

static bool map_high(uint32_t id)
{
	if (!range[id].high_mapped)
		range[id].high_mapped = map_with_bytes(part_base(id, HIGH), HEAP_HIGH_BYTES);
	return range[id].high_mapped;
}

/* ---- blocks -------------------------------------------------------------------- */

static uint32_t check_of(uintptr_t addr)
{
	return (uint32_t)(addr >> 4) * 0x9e3779b9u ^ 0x6b746872u;
}

static struct heap_header *header_of(uintptr_t addr)
{
	return (struct heap_header *)(addr - HEADER);
}

static bool is_block(uintptr_t addr)
{
	return addr % HEAP_GRANULE == 0 && heap_has(addr) && *heap_map_of(addr) != HEAP_NONE &&
	       header_of(addr)->check == check_of(addr);
}

static void mark(uintptr_t addr, size_t size)
{
	uint8_t *map = heap_map_of(addr);

	memset(map, HEAP_WHOLE, size / HEAP_GRANULE);
	if (!size)
		map[0] = HEAP_EMPTY;
	else if (size % HEAP_GRANULE)
		map[size / HEAP_GRANULE] = size % HEAP_GRANULE;
}

/* 0: the part is full. */
static uintptr_t carve(uint32_t id, enum part part, size_t size, size_t align)
{
	uintptr_t base = part_base(id, part), at, end;

	at = (base + range[id].used[part] + HEADER + align - 1) / align * align;
	end = at + (size ? size : 1);
	end = (end + HEAP_GRANULE - 1) / HEAP_GRANULE * HEAP_GRANULE;
	/* One granule at the end of a part belongs to no block. */
	if (end < at || end - base > part_of[part].size - HEAP_GRANULE)
		return 0;
	range[id].used[part] = end - base;
	return at;
}

static uintptr_t place(uint32_t id, size_t size, size_t align)
{
	uintptr_t at = 0;

	if (!low_is_mapped)
		map_low();
	if (size > 3ull << 30 || align > 1u << 30)
		return 0;
	if (size > FILLED_MAX)
		return map_high(id) ? carve(id, LARGE, size, align) : 0;
	if (!low_is_refused)
		at = carve(id, LOW, size, align);
	if (!at && map_high(id))
		at = carve(id, HIGH, size, align);
	return at;
}

/* Blocks that a library allocates for itself stay its own. */
static uintptr_t program_pc(uintptr_t pc)
{
	return hosted_on() && hosted_is_program(pc) ? hosted_program_pc(pc) : pc;
}

void *hosted_heap_alloc(size_t size, size_t align, uintptr_t pc, bool zeroed)
{
	uint32_t id = hosted_on() ? hosted_me() : HEAP_START;
	uintptr_t at = place(id, size, align < HEAP_GRANULE ? HEAP_GRANULE : align);
	bool is_huge = size > 2ull << 30;

	if (!at && is_huge)
		return NULL;
	if (!at && hosted_on())
		hosted_fail(KT_UNSUPPORTED, pc,
			    "kthrash gives a thread 4 GB of heap, and uses no memory twice in an "
			    "execution, so %zu bytes are too many",
			    size);
	if (!at)
		hosted_give_up("the program allocates more than 4 GB before main()");
	*header_of(at) = (struct heap_header){
		.size = size,
		.alloc_pc = program_pc(pc),
		.alloc_task = (uint16_t)id,
		.number = ++range[id].blocks,
		.check = check_of(at),
	};
	range[id].live++;
	mark(at, size);
	if (size <= FILLED_MAX)
		memset((void *)at, zeroed ? 0 : FRESH, size);
	return (void *)at;
}

void hosted_heap_free(void *p, uintptr_t pc)
{
	uintptr_t at = (uintptr_t)p;
	char name[160];
	struct heap_header *h;

	if (!is_block(at)) {
		if (!hosted_on())
			return;
		hosted_fail(KT_MEMORY, pc, "free of %s, which is not the beginning of a block",
			    hosted_object_name(p));
	}
	h = header_of(at);
	if (*heap_map_of(at) == HEAP_FREED) {
		hosted_heap_describe(p, name, sizeof name);
		hosted_fail(KT_MEMORY, pc, "double free of %s", name);
	}
	h->free_pc = program_pc(pc);
	h->free_task = hosted_on() ? (uint16_t)hosted_me() : HEAP_START;
	range[h->alloc_task].live--;
	sim_memory_ends(p, h->size, SIM_END_BLOCK);
	memset(heap_map_of(at), HEAP_FREED, (h->size + !h->size + HEAP_GRANULE - 1) / HEAP_GRANULE);
	if (h->size <= FILLED_MAX)
		memset(p, FREED, h->size);
}

size_t hosted_heap_size(const void *p, uintptr_t pc)
{
	uintptr_t at = (uintptr_t)p;

	if (!is_block(at) || *heap_map_of(at) == HEAP_FREED) {
		if (!hosted_on())
			return 0;
		hosted_fail(KT_MEMORY, pc, "%s is used as a block, and is none",
			    hosted_object_name(p));
	}
	return header_of(at)->size;
}

size_t hosted_heap_size_if_live(const void *p)
{
	uintptr_t at = (uintptr_t)p;

	return is_block(at) && *heap_map_of(at) != HEAP_FREED ? header_of(at)->size : 0;
}

/* ---- what an address is ----------------------------------------------------------- */

/* The block that addr is in, or the one before it. 0: none is near. */
static uintptr_t block_near(uintptr_t addr)
{
	uintptr_t at = addr & ~(uintptr_t)(HEAP_GRANULE - 1);

	for (int outside = 0; heap_has(at) && outside < 64; at -= HEAP_GRANULE) {
		if (*heap_map_of(at) == HEAP_NONE)
			outside++;
		else if (is_block(at))
			return at;
	}
	return 0;
}

static const char *task_name(uint32_t task)
{
	return task < HOSTED_TASKS_MAX ? sim_record()->task[task].name : "start";
}

bool hosted_heap_describe(const void *addr, char *buf, size_t size)
{
	uintptr_t at = (uintptr_t)addr, block;
	char alloc_place[100], free_place[100];
	const struct heap_header *h;
	int n;

	if (!heap_has(at))
		return false;
	block = block_near(at);
	if (!block) {
		snprintf(buf, size, "memory of the heap in which no block is%s",
			 hosted_is_driven() ? "" : ", unless the test allocated it for an "
			 "earlier input: such memory is gone when the test returns");
		return true;
	}
	h = header_of(block);
	n = snprintf(buf, size, "block %u of %s (%llu byte%s, allocated at %s", h->number,
		     task_name(h->alloc_task), (unsigned long long)h->size, kt_plural(h->size),
		     hosted_place(h->alloc_pc, alloc_place, sizeof alloc_place));
	if (*heap_map_of(block) == HEAP_FREED && n > 0 && (size_t)n < size)
		n += snprintf(buf + n, size - (size_t)n, ", freed by %s at %s",
			      task_name(h->free_task),
			      hosted_place(h->free_pc, free_place, sizeof free_place));
	if (n > 0 && (size_t)n < size)
		snprintf(buf + n, size - (size_t)n, at == block ? ")" : ") + %llu",
			 (unsigned long long)(at - block));
	return true;
}

void heap_bad(uintptr_t addr, uintptr_t pc)
{
	uintptr_t block = block_near(addr);
	bool freed = block && *heap_map_of(addr) == HEAP_FREED;

	hosted_fail(KT_MEMORY, pc, "%s: %s", freed ? "use after free" : "out of bounds",
		    hosted_object_name((const void *)addr));
}

void hosted_heap_check(const void *addr, size_t size, uintptr_t pc)
{
	uintptr_t at = (uintptr_t)addr, end = at + size;

	for (; at < end; at += HEAP_GRANULE)
		heap_check(at, end - at < HEAP_GRANULE ? end - at : HEAP_GRANULE, pc);
}

/* ---- the snapshot ------------------------------------------------------------------ */

static struct range start;

void hosted_heap_started(void)
{
	has_started = true;
	for (enum part p = LOW; p < PARTS; p++) {
		uintptr_t base = part_base(HEAP_START, p);
		size_t used = (range[HEAP_START].used[p] + 4095) & ~4095ull;

		if (!used)
			continue;
		hosted_keep((void *)base, used);
		hosted_keep(heap_map_of(base), (used / HEAP_GRANULE + 4095) & ~4095ull);
	}
	start = range[HEAP_START];
}

bool hosted_heap_has_started(void)
{
	return has_started;
}

/* Forget the blocks of a task. */
static void range_forget(uint32_t id)
{
	struct range *r = &range[id];

	for (enum part p = LOW; p < PARTS; p++) {
		uintptr_t base = part_base(id, p);
		size_t bytes = r->used[p] / HEAP_GRANULE + 1;

		if (!r->used[p])
			continue;
		if (p == LARGE) /* the kernel zeroes the pages */
			HOSTED_RAW_3(SYS_madvise, base, (r->used[p] + 4095) & ~4095ull,
				     MADV_DONTNEED);
		memset(heap_map_of(base), HEAP_NONE, bytes);
		r->used[p] = 0;
	}
	r->blocks = r->live = 0;
}

void hosted_heap_restore(void)
{
	uint32_t tasks = sim_record()->tasks;

	for (uint32_t i = 0; i < tasks; i++)
		if (range[i].blocks)
			range_forget(i);
	range[HEAP_START] = start;
}

/* ---- leaks ---------------------------------------------------------------------------- */

/* Live blocks of the task that the program itself asked for; *first is one of them. */
static uint32_t count_live(uint32_t id, const void **first)
{
	uint32_t live = 0;

	for (enum part p = LOW; p < PARTS; p++) {
		uintptr_t base = part_base(id, p), end = base + range[id].used[p];

		for (uintptr_t at = base; at < end; at += HEAP_GRANULE) {
			if (!is_block(at))
				continue;
			if (*heap_map_of(at) != HEAP_FREED &&
			    hosted_is_program(header_of(at)->alloc_pc) && !live++ && !*first)
				*first = (const void *)at;
			at += header_of(at)->size / HEAP_GRANULE * HEAP_GRANULE;
		}
	}
	return live;
}

uint32_t hosted_heap_live(const void **first)
{
	uint32_t live = 0;

	*first = NULL;
	for (uint32_t i = 0; i < sim_record()->tasks; i++)
		if (range[i].live)
			live += count_live(i, first);
	return live;
}
