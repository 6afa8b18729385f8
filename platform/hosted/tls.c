/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Thread-local storage. Each task has a block like the one that the C library makes for a
 * thread: the variables of all modules, and above them, where the thread pointer points, the
 * C library's own record of the thread. No thread of the kernel belongs to it.
 *
 * The template of the blocks is main's block as main() finds it. In it, what the program has
 * stored is replaced by the initial values for the tasks that are not main. Words that point
 * into main's block are changed to point into the task's own.
 *
 * errno, thread_local, the C library's locale, stack protectors and exceptions then work as
 * they do in threads. A library that is loaded in an execution finds no room here: the
 * loader allocates its variables on first use.
 */
#include <asm/prctl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "platform/hosted/backbone.h"

#define HWCAP2_FSGSBASE_BIT (1ul << 1)
#define BLOCKS_BASE 0x4000000000ull	/* where no kernel places anything by itself */

enum {
	PAGE = 4096,
	RECORD_SIZE_USUAL = 2304, /* struct pthread of glibc 2.36 */
	RECORD_SIZE_MAX = 8192,
	DTV_WORD = 1, /* of the record */
	MOVED_MAX = 256,
};

struct dtv { /* the C library's table of modules' variables */
	uintptr_t at, to_free;
};

static struct {
	uintptr_t host;      /* the host's thread pointer */
	uintptr_t low, high; /* main's block, with the record */
	size_t stride;
	char *blocks;
	char *main, *fresh;               /* templates */
	uint32_t moved[MOVED_MAX], moves; /* offsets of words that point into the block */
	struct dtv *dtv;
	size_t dtv_count;
	bool by_instruction;
} tls;

uint32_t hosted_tls_of = UINT32_MAX; /* UINT32_MAX: the host's */

/* ---- the thread pointer -------------------------------------------------------- */

static inline uintptr_t thread_pointer(void)
{
	uintptr_t p;

	__asm__ volatile("movq %%fs:0, %0" : "=r"(p));
	return p;
}

static inline void set_thread_pointer(uintptr_t p)
{
	if (likely(tls.by_instruction))
		__asm__ volatile("wrfsbase %0" : : "r"(p) : "memory");
	else
		HOSTED_RAW_2(SYS_arch_prctl, ARCH_SET_FS, p);
}

uintptr_t hosted_tls_pointer(uint32_t task)
{
	return (uintptr_t)tls.blocks + task * tls.stride + (tls.host - tls.low);
}

void hosted_tls_switch(void)
{
	hosted_tls_of = sim_who();
	hosted_since_switch = 0;
	set_thread_pointer(hosted_tls_pointer(hosted_tls_of));
}

void hosted_tls_host(void)
{
	hosted_tls_of = UINT32_MAX;
	set_thread_pointer(tls.host);
}

/* ---- templates ----------------------------------------------------------------- */

static void find_bounds(void)
{
	const uint32_t *record_size = dlsym(RTLD_DEFAULT, "_thread_db_sizeof_pthread");
	size_t size = record_size ? *record_size : RECORD_SIZE_USUAL;

	tls.host = thread_pointer();
	tls.low = tls.host;
	for (uint32_t i = 0; i < hosted_modules; i++) {
		uintptr_t block = (uintptr_t)hosted_module[i].tls;

		if (block && block < tls.low)
			tls.low = block;
	}
	tls.low &= ~(uintptr_t)63;
	tls.high = tls.host + (size < RECORD_SIZE_MAX ? size : RECORD_SIZE_USUAL);
}

static void find_moves(const char *block)
{
	tls.moves = 0;
	for (uintptr_t at = tls.low; at + 8 <= tls.high; at += 8) {
		uintptr_t word;

		memcpy(&word, block + (at - tls.low), sizeof word);
		if (word - tls.low >= tls.high - tls.low)
			continue;
		if (tls.moves == MOVED_MAX)
			hosted_give_up("thread-local storage has too many pointers to itself");
		tls.moved[tls.moves++] = (uint32_t)(at - tls.low);
	}
}

/* The initial values of each variable, but for the C library's own. */
static void make_fresh(void)
{
	for (uint32_t i = 0; i < hosted_modules; i++) {
		const struct hosted_module *m = &hosted_module[i];
		char *to;

		if (!m->tls || m->libc || m->ours)
			continue;
		to = tls.fresh + ((uintptr_t)m->tls - tls.low);
		memcpy(to, m->tls_image, m->tls_image_size);
		memset(to + m->tls_image_size, 0, m->tls_size - m->tls_image_size);
	}
}

void hosted_tls_init(void)
{
	const uint32_t *rseq = dlsym(RTLD_DEFAULT, "__rseq_offset");
	const struct dtv *dtv;
	size_t size, dtv_size;

	find_bounds();
	size = tls.high - tls.low;
	tls.by_instruction = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT;
	dtv = ((const struct dtv *const *)tls.host)[DTV_WORD];
	tls.dtv_count = dtv[-1].at;
	dtv_size = (tls.dtv_count + 2) * sizeof *dtv;
	tls.dtv = hosted_map(dtv_size);
	memcpy(tls.dtv, dtv - 1, dtv_size);
	tls.main = hosted_map(size);
	tls.fresh = hosted_map(size);
	memcpy(tls.main, (const void *)tls.low, size);
	if (rseq) /* sched_getcpu() then says 0 */
		memset(tls.main + (tls.host - tls.low) + (ptrdiff_t)(int32_t)*rseq, 0, 8);
	memcpy(tls.fresh, tls.main, size);
	make_fresh();
	/* Blocks lie like main's, relative to a page, so that all alignments hold. */
	tls.stride = (tls.low % PAGE + size + dtv_size + PAGE - 1) / PAGE * PAGE + PAGE;
	tls.blocks = (char *)hosted_raw(SYS_mmap, (long)BLOCKS_BASE,
					(long)(HOSTED_TASKS_MAX * tls.stride),
					PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if ((uintptr_t)tls.blocks > -(uintptr_t)PAGE)
		hosted_give_up("no memory for thread-local storage");
	tls.blocks += tls.low % PAGE;
}

/* ---- blocks ---------------------------------------------------------------------- */

static void move(char *word, intptr_t by)
{
	uintptr_t value;

	memcpy(&value, word, sizeof value);
	if (value - tls.low >= tls.high - tls.low)
		return;
	value += (uintptr_t)by;
	memcpy(word, &value, sizeof value);
}

void hosted_tls_begin(uint32_t task)
{
	size_t size = tls.high - tls.low;
	char *block = tls.blocks + task * tls.stride;
	const char *from = task ? tls.fresh : tls.main;
	intptr_t by = (intptr_t)((uintptr_t)block - tls.low);
	struct dtv *dtv = (struct dtv *)(void *)(block + ((size + 15) & ~(size_t)15));

	memcpy(block, from, size);
	if (!tls.moves)
		find_moves(tls.main);
	for (uint32_t i = 0; i < tls.moves; i++)
		move(block + tls.moved[i], by);
	memcpy(dtv, tls.dtv, (tls.dtv_count + 2) * sizeof *dtv);
	for (size_t i = 0; i < tls.dtv_count + 2; i++)
		move((char *)&dtv[i].at, by);
	((struct dtv **)hosted_tls_pointer(task))[DTV_WORD] = dtv + 1;
}

/*
 * std::shared_ptr counts without atomics, and so unseen, as long as this variable of the C
 * library says that there is one thread. reset.c puts it back.
 */
void hosted_libc_has_threads(void)
{
	static char *single;

	if (!single)
		single = dlsym(RTLD_DEFAULT, "__libc_single_threaded");
	if (single)
		*single = 0;
}
