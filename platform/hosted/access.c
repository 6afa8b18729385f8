/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hooks that the compiler calls before plain accesses. The program itself does the
 * access, directly after the hook returns. So with weak memory a plain access works on
 * memory as it is: a plain store is visible at once, and a plain load sees the newest store
 * of any task.
 *
 * Not seen: what code does that kthrash-cc did not compile. text.c and stdio.c tell of strlen() and
 * other functions of the C library.
 */
#include <string.h>

#include "platform/hosted/call.h"
#include "platform/hosted/explore.h"
#include "platform/hosted/filter.h"
#include "platform/hosted/heap.h"
#include "platform/hosted/race.h"
#include "platform/hosted/site.h"
#include "platform/hosted/wrapped.h"

enum { GRANULE = 8 };

uint32_t hosted_since_switch;

void hosted_spin(uintptr_t pc)
{
	struct site_row *row;

	hosted_since_switch = 0;
	if (hosted_explores && !explore_is_endless())
		return;
	row = site_find(pc, HOSTED_SPIN, 0, 0);
	site_visit(row);
	site_note_step(row);
	sim_yield(&row->site);
	hosted_back();
}

/* Of a range that is very large the filter looks at the beginning only. */
enum { RANGE_LOOKED_AT = 1 << 16 };

static uintptr_t range_end(uintptr_t addr, size_t size)
{
	return addr + (size < RANGE_LOOKED_AT ? size : RANGE_LOOKED_AT);
}

/* As site_touch(). What no other task touches needs no mention. */
static void touch_shared(uintptr_t addr, size_t size, bool write)
{
	if (!sim_is_heard(SIM_HEARS_TOUCHES))
		return;
	for (uint64_t g = addr / GRANULE; g <= (range_end(addr, size) - 1) / GRANULE; g++)
		if (filter_touch(g, write))
			site_touch(g * GRANULE, GRANULE, write);
}

__attribute__((noinline)) static void point(struct site_row *row, const void *addr, size_t size,
					    bool write, uintptr_t pc)
{
	site_note_step(row);
	sim_point(&row->site, addr);
	hosted_back();
	/* Another task may have freed it. */
	hosted_heap_check(addr, size, pc);
	if (size <= 2 * GRANULE)
		site_touch((uintptr_t)addr, size, write);
	else
		touch_shared((uintptr_t)addr, size, write);
}

static inline void at_access(struct site_row *row, uintptr_t addr, size_t size, bool write,
			     bool is_point, uintptr_t pc)
{
	hosted_count_access(pc);
	if (is_point)
		point(row, (const void *)addr, size, write, pc);
	if (unlikely(hosted_explores))
		explore_access(row, (const void *)addr, size, write, is_point);
}

/* An access inside a call that is one choice point as a whole. */
__attribute__((noinline)) static void in_call(uintptr_t addr, size_t size, bool write,
					      uintptr_t pc)
{
	hosted_heap_check((const void *)addr, size, hosted_program_pc(pc));
	if (sim_unfinished() >= 2) {
		for (uint64_t g = addr / GRANULE; g <= (range_end(addr, size) - 1) / GRANULE; g++)
			filter_touch(g, write);
		touch_shared(addr, size, write);
	}
	if (unlikely(hosted_races_on))
		hosted_race_access(addr, size, write, pc);
}

/* `size` is at most 16 and constant. */
static inline __attribute__((always_inline)) void plain(uintptr_t addr, size_t size, bool write,
							uintptr_t pc)
{
	struct site_row *row;
	bool is_point;

	if (unlikely(!hosted_on()))
		return;
	if (unlikely(hosted_in_call())) {
		in_call(addr, size, write, pc);
		return;
	}
	heap_check(addr, size, pc);
	row = site_find(pc, write ? HOSTED_STORE : HOSTED_LOAD, (uint8_t)size, addr);
	is_point = site_visit(row);
	if (!hosted_is_alone()) {
		is_point |= filter_touch(addr / GRANULE, write);
		if (addr % GRANULE + size > GRANULE)
			is_point |= filter_touch(addr / GRANULE + 1, write);
		at_access(row, addr, size, write, is_point, pc);
	}
	if (unlikely(hosted_races_on))
		hosted_race_access(addr, size, write, pc);
}

/*
 * A volatile access. The compiler neither splits it nor leaves it out, and the machine does an
 * aligned one of up to eight bytes at once. So it is an atomic access, unless the user wants the
 * C standard's word. It is a choice point if its memory is shared, with coarse points as well.
 */
static inline __attribute__((always_inline)) void
volatile_access(uintptr_t addr, size_t size, bool write, uintptr_t pc)
{
	struct site_row *row;
	bool is_point;

	if (unlikely(!hosted_on()))
		return;
	if (unlikely(hosted_volatiles == HOSTED_VOLATILE_PLAIN || size > GRANULE || addr % size)) {
		plain(addr, size, write, pc);
		return;
	}
	heap_check(addr, size, pc);
	row = site_find(pc, write ? HOSTED_STORE : HOSTED_LOAD, (uint8_t)size, addr);
	is_point = site_visit(row);
	if (!hosted_is_alone()) {
		is_point |= filter_touch(addr / GRANULE, write);
		if (!is_point && filter_points == HOSTED_POINTS_COARSE)
			is_point = filter_is_shared(addr / GRANULE);
		at_access(row, addr, size, write, is_point, pc);
	}
	if (unlikely(hosted_races_on))
		hosted_race_volatile((const void *)addr, size, write, pc);
}

static bool range_is_point(uintptr_t addr, size_t size, bool write)
{
	uintptr_t end = range_end(addr, size);
	bool is_point = false;

	for (uint64_t g = addr / GRANULE; g <= (end - 1) / GRANULE; g++)
		is_point |= filter_touch(g, write);
	return is_point;
}

void hosted_range(uintptr_t addr, size_t size, bool write, uintptr_t pc)
{
	struct site_row *row;
	bool is_point;

	if (!hosted_on() || !size)
		return;
	if (unlikely(hosted_in_call())) {
		in_call(addr, size, write, pc);
		return;
	}
	hosted_heap_check((const void *)addr, size, pc);
	row = site_find(pc, write ? HOSTED_STORE : HOSTED_LOAD, 0, addr);
	is_point = site_visit(row);
	if (!hosted_is_alone()) {
		is_point |= range_is_point(addr, size, write);
		at_access(row, addr, size, write, is_point, pc);
	}
	if (unlikely(hosted_races_on))
		hosted_race_access(addr, size, write, pc);
}

void hosted_free_point(uintptr_t pc, const void *p, size_t size)
{
	struct site_row *row;
	bool is_point;

	if (unlikely(hosted_in_call())) {
		if (size)
			in_call((uintptr_t)p, size, true, pc);
		return;
	}
	row = site_find(pc, HOSTED_FREE, 0, 0);
	is_point = site_visit(row);
	if (!hosted_is_alone() && size) {
		is_point |= range_is_point((uintptr_t)p, size, true);
		at_access(row, (uintptr_t)p, size, true, is_point, pc);
	}
	if (unlikely(hosted_races_on) && size)
		hosted_race_access((uintptr_t)p, size, true, pc);
}

/* ---- the compiler's names ------------------------------------------------------------ */

#define HOOK(name, size, write)                                                \
	HOSTED_EXPORT void name(void *addr);                                   \
	HOSTED_EXPORT void name(void *addr)                                    \
	{                                                                      \
		plain((uintptr_t)addr, (size), (write), HOSTED_CALLER);        \
	}

#define VOLATILE_HOOK(name, size, write)                                       \
	HOSTED_EXPORT void name(void *addr);                                   \
	HOSTED_EXPORT void name(void *addr)                                    \
	{                                                                      \
		volatile_access((uintptr_t)addr, (size), (write), HOSTED_CALLER); \
	}

#define HOOKS(size)                                                            \
	HOOK(__tsan_read##size, size, false)                                   \
	HOOK(__tsan_write##size, size, true)                                   \
	HOOK(__tsan_unaligned_read##size, size, false)                         \
	HOOK(__tsan_unaligned_write##size, size, true)                         \
	VOLATILE_HOOK(__tsan_volatile_read##size, size, false)                 \
	VOLATILE_HOOK(__tsan_volatile_write##size, size, true)                 \
	VOLATILE_HOOK(__tsan_unaligned_volatile_read##size, size, false)       \
	VOLATILE_HOOK(__tsan_unaligned_volatile_write##size, size, true)       \
	HOOK(__tsan_read_write##size, size, true)                              \
	HOOK(__tsan_unaligned_read_write##size, size, true)

HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)

HOSTED_EXPORT void __tsan_init(void);
HOSTED_EXPORT void __tsan_init(void)
{
}

HOSTED_EXPORT void __tsan_vptr_read(void **addr);
HOSTED_EXPORT void __tsan_vptr_read(void **addr)
{
	plain((uintptr_t)addr, sizeof *addr, false, HOSTED_CALLER);
}

/* A destructor stores the same value again: that changes nothing. */
HOSTED_EXPORT void __tsan_vptr_update(void **addr, void *value);
HOSTED_EXPORT void __tsan_vptr_update(void **addr, void *value)
{
	if (*addr != value)
		plain((uintptr_t)addr, sizeof *addr, true, HOSTED_CALLER);
}

HOSTED_EXPORT void __tsan_read_range(void *addr, size_t size);
HOSTED_EXPORT void __tsan_read_range(void *addr, size_t size)
{
	hosted_range((uintptr_t)addr, size, false, HOSTED_CALLER);
}

HOSTED_EXPORT void __tsan_write_range(void *addr, size_t size);
HOSTED_EXPORT void __tsan_write_range(void *addr, size_t size)
{
	hosted_range((uintptr_t)addr, size, true, HOSTED_CALLER);
}

HOSTED_EXPORT void *__tsan_memcpy(void *to, const void *from, size_t size);
HOSTED_EXPORT void *__tsan_memcpy(void *to, const void *from, size_t size)
{
	hosted_range((uintptr_t)from, size, false, HOSTED_CALLER);
	hosted_range((uintptr_t)to, size, true, HOSTED_CALLER);
	return memcpy(to, from, size);
}

HOSTED_EXPORT void *__tsan_memmove(void *to, const void *from, size_t size);
HOSTED_EXPORT void *__tsan_memmove(void *to, const void *from, size_t size)
{
	hosted_range((uintptr_t)from, size, false, HOSTED_CALLER);
	hosted_range((uintptr_t)to, size, true, HOSTED_CALLER);
	return memmove(to, from, size);
}

HOSTED_EXPORT void *__tsan_memset(void *to, int byte, size_t size);
HOSTED_EXPORT void *__tsan_memset(void *to, int byte, size_t size)
{
	hosted_range((uintptr_t)to, size, true, HOSTED_CALLER);
	return memset(to, byte, size);
}
