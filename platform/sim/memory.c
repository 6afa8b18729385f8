/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of one execution: blocks are cut from one region, accesses to them are checked,
 * and none is reused before the execution ends.
 *
 * Each 16-byte granule knows its block, so an atomic or lock operation on a freed block
 * is found in every build. A byte per granule (sim_memory_doubt) says whether the check
 * needs a second look. Builds with ASan also find plain accesses. In other builds a freed
 * block is filled with a pattern that is no valid pointer, and the end of the execution
 * checks whether it was written.
 *
 * os_object_begin() and os_object_end() tell which objects are on stacks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "platform/sim/internal.h"

enum {
	BLOCKS_MAX = 4096,
	ENDED_MAX = 256,
	FENCE = 16,	/* granules behind the last block that belong to no block */
	MAPPED_BYTES = SIM_REGION_BYTES + SIM_MOVED_MAX * SIM_GRANULE,
	APART_BYTES = 12 * 1024,	/* of each task, after sim_memory_apart() */
	COMMON = SIM_WORD_TASKS * APART_BYTES,	/* what is too much for that lies from here on */
	FRESH = 0xcd,	/* contents of a new block: not zero, to show users that rely on zero */
	FREED = 0x6b,	/* contents of a freed block: no canonical pointer, so using it faults */
};

struct block {
	uint32_t offset, size;
	struct kt_site *allocated_at, *freed_at;	/* freed_at NULL: live */
	uint8_t role, allocated_by, freed_by;
	uint16_t nth;			/* among the blocks that allocated_by allocated */
};

_Static_assert(BLOCKS_MAX <= UINT16_MAX, "mem.owner numbers the blocks");

uint8_t sim_memory_doubt[SIM_GRANULES];

static struct {
	char *mapped;			/* the region, and the room to move it */
	char *region;
	uint32_t used;			/* bytes; if `apart`, the end of the last block */
	bool apart;
	uint32_t own_used[SIM_WORD_TASKS];	/* if `apart`: bytes of each task's part */
	uint32_t common_used;
	uint32_t blocks;
	uint32_t ended;			/* on-stack objects that are dead */
	size_t live[KT_ROLE_COUNT];
	uint16_t allocations[SIM_TASKS_MAX];
	struct block block[BLOCKS_MAX];
	uint16_t owner[SIM_GRANULES];	/* the block of each granule, from 1; 0: none */
	struct { uintptr_t begin, end; } dead[ENDED_MAX];
} mem;

/*
 * What the running task has allocated since the last step of all, if it lies in one piece. No
 * other task has run since then. It can learn of the memory only by a later step of the
 * allocating task, such as a store to a shared word. So until the next step every access to the
 * memory commutes with whatever other tasks do, and a choice point before it is of no use.
 */
static struct {
	uintptr_t begin;
	size_t size;
	uint32_t steps;			/* how many steps there were then */
} fresh;

static inline bool is_fresh(const void *addr)
{
	return (uintptr_t)addr - fresh.begin < fresh.size && fresh.steps == sim.record->steps &&
	       !sim_is_weak;
}

static void note_fresh(uintptr_t begin, size_t size)
{
	if (fresh.steps == sim.record->steps && begin == fresh.begin + fresh.size + SIM_GRANULE) {
		fresh.size += size + SIM_GRANULE;
		return;
	}
	fresh.begin = begin;
	fresh.size = size;
	fresh.steps = sim.record->steps;
}

static void map_region(void)
{
	mem.mapped = mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem.mapped == MAP_FAILED) {
		perror("kthrash: no memory for the simulated heap");
		exit(3);
	}
	mem.region = mem.mapped;
	sim_poison(mem.mapped, MAPPED_BYTES);
}

/*
 * The bits of a byte of doubt: what may be gone there. A block and an object on a stack can
 * share a byte, because they can lie a multiple of SIM_REGION_BYTES apart. Where the
 * region lies is the kernel's choice, so a change of one doubt must not touch the other.
 * Otherwise the verdict of an execution would depend on an address.
 */
enum doubt { DOUBT_BLOCK = 1, DOUBT_OBJECT = 2 };

static inline void mark(size_t first, size_t n, enum doubt about, bool doubt)
{
	uint8_t keep = (uint8_t)~about, add = doubt ? (uint8_t)about : 0;

	for (size_t i = first; i < first + n; i++)
		sim_memory_doubt[i] = (sim_memory_doubt[i] & keep) | add;
}

/* Does an access to [addr, addr + size) need a second look? */
static void set_doubt(uintptr_t addr, size_t size, enum doubt about, bool doubt)
{
	size_t first = addr / SIM_GRANULE % SIM_GRANULES;
	size_t n = (addr + size + SIM_GRANULE - 1) / SIM_GRANULE - addr / SIM_GRANULE;

	if (first + n > SIM_GRANULES) {
		mark(0, first + n - SIM_GRANULES, about, doubt);
		n = SIM_GRANULES - first;
	}
	mark(first, n, about, doubt);
}

/* set_doubt() for FENCE granules, without a loop. */
static void set_fence(uintptr_t addr, bool doubt)
{
	size_t first = addr / SIM_GRANULE % SIM_GRANULES;

	if (first <= SIM_GRANULES - FENCE)
		mark(first, FENCE, DOUBT_BLOCK, doubt);
	else
		set_doubt(addr, FENCE * SIM_GRANULE, DOUBT_BLOCK, doubt);
}

static void set_doubt_of_dead(bool doubt)
{
	for (uint32_t i = 0; i < mem.ended; i++)
		set_doubt(mem.dead[i].begin, mem.dead[i].end - mem.dead[i].begin, DOUBT_OBJECT,
			  doubt);
}

void sim_memory_begin(uint32_t moved)
{
	if (!mem.mapped)
		map_region();
	sim_poison(mem.region, mem.used);
	set_doubt((uintptr_t)mem.region, mem.used + FENCE * SIM_GRANULE, DOUBT_BLOCK, false);
	set_doubt_of_dead(false);
	memset(mem.owner, 0, mem.used / SIM_GRANULE * sizeof mem.owner[0]);
	mem.region = mem.mapped + (size_t)(moved % SIM_MOVED_MAX) * SIM_GRANULE;
	memset(mem.live, 0, sizeof mem.live);
	memset(mem.allocations, 0, sizeof mem.allocations);
	mem.used = mem.blocks = mem.ended = 0;
	mem.apart = false;
	fresh.size = 0;
}

void sim_memory_apart(void)
{
	mem.apart = true;
	mem.common_used = 0;
	memset(mem.own_used, 0, sizeof mem.own_used);
}

/* The block at that offset of the region, or NULL. */
static struct block *block_at(uintptr_t offset)
{
	uint16_t owner = offset < mem.used ? mem.owner[offset / SIM_GRANULE] : 0;

	return owner ? &mem.block[owner - 1] : NULL;
}

static bool written_after_free(const struct block *b)
{
	const char *p = mem.region + b->offset;

	/*
	 * A freed block is unchanged if its first byte is FREED and each byte equals its
	 * neighbour.
	 */
	return b->size && (p[0] != FREED || memcmp(p, p + 1, b->size - 1) != 0);
}

static void describe(const struct block *b, char *buf, size_t size)
{
	const struct sim_record *r = sim.record;
	int n = snprintf(buf, size, "%s block allocated by %s at %s:%u",
			 kt_role_name((enum kt_role)b->role), r->task[b->allocated_by].name,
			 kt_site_file(b->allocated_at), kt_site_line(b->allocated_at));

	if (b->freed_at && n > 0 && (size_t)n < size)
		snprintf(buf + n, size - (size_t)n, ", freed by %s at %s:%u",
			 r->task[b->freed_by].name, kt_site_file(b->freed_at),
			 kt_site_line(b->freed_at));
}

/*
 * Runs on the host after the last task. There is no task to leave, so it only records the
 * failure.
 */
static void record_failure(enum kt_failure kind, const char *what, const struct block *b)
{
	struct sim_record *r = sim.record;
	char text[512];

	describe(b, text, sizeof text);
	snprintf(r->message, sizeof r->message, "%s: %s", what, text);
	r->failure = kind;
	r->failed_task = b->freed_at ? b->freed_by : b->allocated_by;
	r->failed_site = b->freed_at ? b->freed_at : b->allocated_at;
}

void sim_memory_end(void)
{
	for (uint32_t i = 0; i < mem.blocks; i++) {
		const struct block *b = &mem.block[i];

		if (!b->freed_at) {
			record_failure(KT_LEAK, "never freed", b);
			return;
		}
		if (!sim_has_asan() && written_after_free(b)) {
			record_failure(KT_MEMORY, "written after it was freed", b);
			return;
		}
	}
}

static bool has_room(uint32_t *used, uint32_t bytes, uint32_t size)
{
	return *used + bytes + FENCE * SIM_GRANULE <= size;
}

/*
 * Where a block of that many bytes goes. One granule behind each block belongs to none. False: no
 * room.
 */
static bool place(uint32_t bytes, uint32_t *offset)
{
	uint32_t *own = &mem.own_used[sim.current % SIM_WORD_TASKS];
	uint32_t end;

	if (!mem.apart) {
		if (!has_room(&mem.used, bytes, SIM_REGION_BYTES))
			return false;
		*offset = mem.used;
		mem.used += bytes + SIM_GRANULE;
		return true;
	}
	if (has_room(own, bytes, APART_BYTES)) {
		*offset = sim.current % SIM_WORD_TASKS * APART_BYTES + *own;
		*own += bytes + SIM_GRANULE;
	} else {
		if (!has_room(&mem.common_used, bytes, SIM_REGION_BYTES - COMMON))
			return false;
		*offset = COMMON + mem.common_used;
		mem.common_used += bytes + SIM_GRANULE;
	}
	end = *offset + bytes + SIM_GRANULE;
	mem.used = mem.used > end ? mem.used : end;
	return true;
}

void *os_alloc_at(enum kt_role role, size_t size, struct kt_site *site)
{
	uint32_t bytes = (uint32_t)((size + SIM_GRANULE - 1) / SIM_GRANULE * SIM_GRANULE);
	uint32_t offset;
	struct block *b;
	char *p;

	if (sim.hooks.alloc_fails && sim.hooks.alloc_fails(role, site))
		return NULL;
	/* After the hook, which may let other tasks run. */
	if (size > SIM_REGION_BYTES || mem.blocks == BLOCKS_MAX || !place(bytes, &offset))
		kt_fail(KT_ASSERTION, "one execution allocates more than the simulator has");
	p = mem.region + offset;
	b = &mem.block[mem.blocks++];
	*b = (struct block){
		.offset = offset, .size = (uint32_t)size, .role = (uint8_t)role,
		.allocated_by = (uint8_t)sim.current, .allocated_at = site,
		.nth = ++mem.allocations[sim.current],
	};
	for (uint32_t i = 0; i < bytes / SIM_GRANULE; i++)
		mem.owner[offset / SIM_GRANULE + i] = (uint16_t)mem.blocks;
	set_fence((uintptr_t)p, false);	/* this granule was the fence behind the last block */
	set_fence((uintptr_t)p + bytes, true);
	mem.live[role]++;
	note_fresh((uintptr_t)p, bytes);
	sim_unpoison(p, size);
	return memset(p, FRESH, size);
}

void os_free_at(void *p, struct kt_site *site)
{
	uintptr_t offset = (uintptr_t)p - (uintptr_t)mem.region;
	struct block *b;
	char text[512];

	if (!p)
		return;
	b = block_at(offset);
	if (!b)
		kt_fail(KT_MEMORY, "free of what was never allocated");
	if (b->freed_at) {
		describe(b, text, sizeof text);
		kt_fail(KT_MEMORY, "freed twice: %s", text);
	}
	if (b->offset != offset)
		kt_fail(KT_MEMORY, "free of the inside of a block");
	sim_memory_ends(p, b->size, SIM_END_BLOCK);
	fresh.size = 0;
	b->freed_at = site;
	b->freed_by = (uint8_t)sim.current;
	mem.live[b->role]--;
	set_doubt((uintptr_t)p, b->size, DOUBT_BLOCK, true);
	memset(p, FREED, b->size);
	sim_poison(p, b->size);
}

size_t os_live(enum kt_role role)
{
	return mem.live[role];
}

bool sim_memory_block(const void *addr, uint32_t *task, uint32_t *nth, uint32_t *offset)
{
	uintptr_t at = (uintptr_t)addr - (uintptr_t)mem.region;
	const struct block *b = block_at(at);

	if (!b)
		return false;
	*task = b->allocated_by;
	*nth = b->nth;
	*offset = (uint32_t)at - b->offset;
	return true;
}

enum kt_role sim_memory_role(const void *addr)
{
	return (enum kt_role)block_at((uintptr_t)addr - (uintptr_t)mem.region)->role;
}

/* ---- for states ----------------------------------------------------------- */

static void hash_block(struct sim_hash *h, const struct block *b)
{
	sim_hash_word(h, (uint64_t)b->offset << 32 | b->size);
	sim_hash_word(h, (uint64_t)b->nth << 16 | (uint64_t)b->role << 1 | !b->freed_at);
	sim_hash_bytes(h, mem.region + b->offset, b->size);
}

/* The blocks from `first` to `end`, in the order in which they lie. */
static void hash_part(struct sim_hash *h, uint32_t first, uint32_t end)
{
	for (uint32_t at = first; at < end; at += SIM_GRANULE) {
		const struct block *b = block_at(at);

		if (b && b->offset == at)
			hash_block(h, b);
	}
}

void sim_memory_hash(struct sim_hash *h)
{
	uint64_t dead = 0;

	for (uint32_t i = 0; i < sim.record->tasks; i++) {
		sim_hash_word(h, (uint64_t)mem.own_used[i] << 16 | mem.allocations[i]);
		hash_part(h, i * APART_BYTES, i * APART_BYTES + mem.own_used[i]);
	}
	sim_hash_word(h, mem.common_used);
	hash_part(h, COMMON, COMMON + mem.common_used);
	for (uint32_t i = 0; i < mem.ended; i++) {	/* they have no order */
		struct sim_hash one = { 0 };

		sim_hash_word(&one, mem.dead[i].begin);
		sim_hash_word(&one, mem.dead[i].end);
		dead += one.a;
	}
	sim_hash_word(h, dead);
}

/* ---- for details.c ------------------------------------------------------ */

static void block_of(const struct block *b, struct sim_block *out)
{
	*out = (struct sim_block){
		.base = mem.region + b->offset,
		.offset = b->offset,
		.size = b->size,
		.role = (enum kt_role)b->role,
		.allocated_by = b->allocated_by,
		.freed_by = b->freed_by,
		.allocated_at = b->allocated_at,
		.freed_at = b->freed_at,
	};
}

bool sim_memory_find(const void *addr, struct sim_block *out)
{
	const struct block *b = block_at((uintptr_t)addr - (uintptr_t)mem.region);

	if (b)
		block_of(b, out);
	return b != NULL;
}

bool sim_memory_nth(uint32_t i, struct sim_block *out)
{
	if (i >= mem.blocks)
		return false;
	block_of(&mem.block[i], out);
	return true;
}

uint32_t sim_memory_used(void)
{
	return mem.used;
}

/* ---- objects on stacks -------------------------------------------------- */

void os_object_begin(const void *addr, size_t size)
{
	uintptr_t begin = (uintptr_t)addr, end = begin + size;
	bool revived = false;

	sim_object_begins(addr, size);
	for (uint32_t i = 0; i < mem.ended; )
		if (mem.dead[i].begin < end && begin < mem.dead[i].end) {
			set_doubt(mem.dead[i].begin, mem.dead[i].end - mem.dead[i].begin,
				  DOUBT_OBJECT, false);
			mem.dead[i] = mem.dead[--mem.ended];
			revived = true;
		} else {
			i++;
		}
	if (revived)	/* other dead objects may share a granule with it */
		set_doubt_of_dead(true);
}

/*
 * The end of an object inside a block is not noted here, because the block notes when it is
 * freed.
 */
void os_object_end(const void *addr, size_t size)
{
	uintptr_t begin = (uintptr_t)addr, end = begin + size;
	bool in_block = begin - (uintptr_t)mem.region < SIM_REGION_BYTES;

	sim_memory_ends(addr, size, in_block ? SIM_END_IN_BLOCK : SIM_END_ON_STACK);
	if (in_block)
		return;
	if (mem.ended == ENDED_MAX)
		return;
	mem.dead[mem.ended].begin = begin;
	mem.dead[mem.ended++].end = end;
	set_doubt(begin, size, DOUBT_OBJECT, true);
}

/* If the running task accesses its own stack, what is there lives again. */
static void revive(const void *addr, size_t size)
{
	char *low, *high;

	if (sim_task_stack(sim.current, &low, &high) && (const char *)addr >= low &&
	    (const char *)addr < high)
		os_object_begin(addr, size);
}

static inline bool is_doubtful(const void *addr)
{
	return __builtin_expect(sim_memory_doubt[(uintptr_t)addr / SIM_GRANULE % SIM_GRANULES],
				false);
}

/* An access that is part of the task's last step. `verify` must know that the step touches addr. */
static void touch_aside(const struct kt_site *site, const void *addr)
{
	sim_touch(addr, site->access == KT_LOAD ? SIM_READ : SIM_WRITE);
}

void sim_plain_point(struct kt_site *site, const void *addr, size_t size)
{
	if (is_fresh(addr)) {
		touch_aside(site, addr);
		return;
	}
	if (is_doubtful(addr))
		revive(addr, size);
	sim_point(site, addr);
}

void sim_steady_access(struct kt_site *site, const void *addr, size_t size)
{
	if (__builtin_expect(sim_is_weak, false)) {
		sim_plain_point(site, addr, size);	/* it must see its task's own stores */
		return;
	}
	touch_aside(site, addr);
	if (is_doubtful(addr)) {
		revive(addr, size);
		sim_memory_check(addr, site);
	}
}

void *sim_store_point(struct kt_site *site, const void *addr)
{
	if (is_fresh(addr)) {
		touch_aside(site, addr);
		return (void *)addr;
	}
	return sim_point(site, addr);
}

/* ---- the check ---------------------------------------------------------- */

static void fail_block(const struct block *b, const char *what)
{
	char text[512];

	if (!b)
		kt_fail(KT_MEMORY, "%s on memory that is nobody's", what);
	describe(b, text, sizeof text);
	kt_fail(KT_MEMORY, "%s after free: %s", what, text);
}

void *sim_memory_check_slow(const void *addr, struct kt_site *site)
{
	uintptr_t a = (uintptr_t)addr, offset = a - (uintptr_t)mem.region;
	char name[KT_SITE_NAME_MAX];

	if (offset < SIM_REGION_BYTES) {
		const struct block *b = block_at(offset);

		if (!b || b->freed_at)
			fail_block(b, kt_site_name(site, name, sizeof name));
		return (void *)addr;
	}
	for (uint32_t i = 0; i < mem.ended; i++)
		if (a >= mem.dead[i].begin && a < mem.dead[i].end)
			kt_fail(KT_MEMORY, "%s on a stack object whose frame has returned",
				kt_site_name(site, name, sizeof name));
	return (void *)addr;
}
