/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hooks that the compiler calls before plain accesses. They are weak: in a binary with
 * ThreadSanitizer its own functions of these names are called.
 */
#include "platform/check.h"
#include "platform/plain.h"
#include "platform/sim/hooks.h"

enum { TABLE = 1 << 13 };

static struct {
	uintptr_t pc;			/* 0: free */
	struct kt_site *site;
} table[TABLE];

static uint32_t slot_of(uintptr_t pc)
{
	return (uint32_t)((uint64_t)pc * 0x9e3779b97f4a7c15ull >> 51);
}
_Static_assert(TABLE == 1 << 13, "slot_of() relies on this");

__attribute__((constructor)) static void fill(void)
{
	uint32_t places = 0;

	for (uint32_t u = 0; u < kt_plain_units_count; u++)
		for (uint32_t i = 0; i < kt_plain_units[u].count; i++) {
			const struct kt_plain_place *p = &kt_plain_units[u].place[i];
			uintptr_t pc = (uintptr_t)kt_plain_units[u].anchor +
				       (uintptr_t)(intptr_t)p->offset;
			uint32_t at = slot_of(pc);

			KT_ASSERT(++places < TABLE / 2);
			while (table[at].pc)
				at = (at + 1) % TABLE;
			table[at].pc = pc;
			table[at].site = p->site;
		}
}

static struct kt_site *site_at(uintptr_t pc)
{
	for (uint32_t at = slot_of(pc); table[at].pc; at = (at + 1) % TABLE)
		if (table[at].pc == pc)
			return table[at].site;
	kt_fail(KT_ASSERTION, "a plain access that no table knows");
}

#define HOOK(name)                                                             \
	__attribute__((weak)) void name(void *addr);                           \
	__attribute__((weak)) void name(void *addr)                            \
	{                                                                      \
		struct kt_site *site = site_at((uintptr_t)__builtin_return_address(0)); \
                                                                               \
		if (site->steady)                                              \
			sim_steady_access(site, addr, site->size);             \
		else                                                           \
			sim_plain_point(site, addr, site->size);               \
	}
#define NO_HOOK(name)                                                          \
	__attribute__((weak)) void name(void *addr);                           \
	__attribute__((weak)) void name(void *addr)                            \
	{                                                                      \
		(void)addr;                                                    \
	}

#define HOOKS(size)                                                            \
	HOOK(__tsan_read##size)                                                \
	HOOK(__tsan_write##size)                                               \
	HOOK(__tsan_unaligned_read##size)                                      \
	HOOK(__tsan_unaligned_write##size)                                     \
	/* A volatile access is ours. */                                       \
	NO_HOOK(__tsan_volatile_read##size)                                    \
	NO_HOOK(__tsan_volatile_write##size)                                   \
	NO_HOOK(__tsan_unaligned_volatile_read##size)                          \
	NO_HOOK(__tsan_unaligned_volatile_write##size)

HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)

__attribute__((weak)) void __tsan_init(void);
__attribute__((weak)) void __tsan_init(void)
{
}
