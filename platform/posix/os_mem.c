/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * platform/os.h on real threads: memory, from malloc, so that AddressSanitizer
 * and LeakSanitizer know every block.
 *
 * A header before each block remembers its role. The counts are atomics; they
 * order nothing. The header is poisoned for ASan. Otherwise ASan would not notice a write
 * just before the block.
 */
#include <stdlib.h>

#include "platform/posix/internal.h"
#include "platform/sanitizer.h"

#if KT_WITH_ASAN
#include <sanitizer/asan_interface.h>
#define HIDE(p, size) __asan_poison_memory_region((p), (size))
#define SHOW(p, size) __asan_unpoison_memory_region((p), (size))
#else
#define HIDE(p, size) ((void)(p), (void)(size))
#define SHOW(p, size) ((void)(p), (void)(size))
#endif

enum { LIVE = 0x6c697665, FREED = 0x66726565 };

struct header {
	uint32_t state;		/* LIVE or FREED; any other value: not a block of os_alloc() */
	uint32_t role;
	uint64_t unused;	/* keeps the block aligned to 16 */
};
_Static_assert(sizeof(struct header) == 16, "alignment of the block");

static size_t live[KT_ROLE_COUNT];

void posix_count_live(enum kt_role role, int by)
{
	__atomic_add_fetch(&live[role], (size_t)(ptrdiff_t)by, __ATOMIC_RELAXED);
}

size_t os_live(enum kt_role role)
{
	return __atomic_load_n(&live[role], __ATOMIC_RELAXED);
}

void *os_alloc_at(enum kt_role role, size_t size, struct kt_site *site)
{
	struct header *h;

	KT_ASSERT(size > 0);
	if (posix_hooks.alloc_fails && posix_hooks.alloc_fails(role, site))
		return NULL;
	if (size > SIZE_MAX - sizeof *h)
		return NULL;
	h = malloc(sizeof *h + size);
	if (!h)
		return NULL;
	h->state = LIVE;
	h->role = role;
	HIDE(h, sizeof *h);
	posix_count_live(role, 1);
	return h + 1;
}

void os_free_at(void *p, struct kt_site *site)
{
	struct header *h = p;

	if (!p)
		return;
	h--;
#if KT_WITH_ASAN
	/* ASan's report of a freed block says more than ours could, so let ASan report it. */
	if (__asan_address_is_poisoned(p) && __asan_address_is_poisoned(h))
		free(h);
#endif
	SHOW(h, sizeof *h);
	if (h->state != LIVE)
		kt_fail(KT_MEMORY, "free of what is no allocated block: %s at %s:%u", site->what,
			kt_site_file(site), site->line);
	h->state = FREED;
	posix_count_live((enum kt_role)h->role, -1);
	free(h);
}
