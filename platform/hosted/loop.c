/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a task runs on and on without a hook: the watchdog lets the processor stop after each of the
 * next instructions, and this file looks at them.
 *
 * kthrash-cc has put a hook before each access to memory that another thread could know. So a
 * loop without hooks can't wait for another thread, and is endless by itself. There are two
 * exceptions: inline assembly, and code that kthrash-cc has not compiled. Then the loop may end as
 * soon as another thread runs, and kthrash can't tell. Such a loop reads memory that it does not
 * write, or has an atomic instruction, or is elsewhere.
 */
#include "platform/hosted/loop.h"

#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "platform/hosted/backbone.h"
#include "platform/hosted/instruction.h"

enum { STEPS = 20000, WORDS = 256, GET_FS = 0x1003, GRANULE = 8 };

struct words {
	uint32_t count;
	bool is_full;
	uintptr_t word[WORDS];
};

static struct {
	uint32_t steps;
	bool is_foreign, is_atomic;
	uintptr_t lowest;        /* instruction of the program */
	struct instruction last; /* its address may count from the next one */
	struct words read, written;
} loop;

static bool has(const struct words *w, uintptr_t word)
{
	for (uint32_t i = 0; i < w->count; i++)
		if (w->word[i] == word)
			return true;
	return w->is_full;
}

static void add(struct words *w, uintptr_t addr)
{
	uintptr_t word = addr / GRANULE;

	if (has(w, word))
		return;
	if (w->count == WORDS)
		w->is_full = true;
	else
		w->word[w->count++] = word;
}

static void finish_last(uintptr_t next)
{
	uintptr_t addr = loop.last.addr, fs = 0;

	if (loop.last.from_next)
		addr += next;
	if (loop.last.of_thread && HOSTED_RAW_2(SYS_arch_prctl, GET_FS, &fs) == 0)
		addr += fs;
	if (loop.last.reads)
		add(&loop.read, addr);
	if (loop.last.writes)
		add(&loop.written, addr);
	loop.is_atomic |= loop.last.is_atomic && (loop.last.reads || loop.last.writes);
}

void loop_begin(void)
{
	memset(&loop, 0, sizeof loop);
}

bool loop_step(const ucontext_t *u)
{
	static const uint8_t order[INSTRUCTION_REGISTERS] = {
		REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
		REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
	};
	uint64_t registers[INSTRUCTION_REGISTERS];
	uintptr_t pc = (uintptr_t)u->uc_mcontext.gregs[REG_RIP];

	finish_last(pc);
	loop.last = (struct instruction){ 0 };
	if (hosted_is_own(pc))
		return ++loop.steps >= STEPS;
	if (!hosted_is_program(pc)) {
		loop.is_foreign = true;
		return ++loop.steps >= STEPS;
	}
	if (!loop.lowest || pc < loop.lowest)
		loop.lowest = pc;
	for (unsigned i = 0; i < INSTRUCTION_REGISTERS; i++)
		registers[i] = (uint64_t)u->uc_mcontext.gregs[order[i]];
	loop.last = instruction_decode((const uint8_t *)pc, registers);
	return ++loop.steps >= STEPS;
}

/* Can anybody write there? The byte is replaced by itself; if the kernel does not say: yes. */
static bool is_writable(uintptr_t addr)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)addr, 1 };
	long pid = hosted_raw(SYS_getpid, 0, 0, 0, 0, 0, 0);

	enum { EFAULT_ = 14 };

	if (hosted_raw(SYS_process_vm_readv, pid, (long)&here, 1, (long)&there, 1, 0) != 1)
		return true;
	return hosted_raw(SYS_process_vm_writev, pid, (long)&here, 1, (long)&there, 1, 0) !=
	       -EFAULT_;
}

static bool waits_for_memory(void)
{
	if (loop.read.is_full)
		return true;
	for (uint32_t i = 0; i < loop.read.count; i++)
		if (!has(&loop.written, loop.read.word[i]) &&
		    is_writable(loop.read.word[i] * GRANULE))
			return true;
	return false;
}

enum loop_kind loop_kind(void)
{
	if (!loop.steps)
		return LOOP_BLOCKED;
	/* Nobody else is there, so nothing that the loop reads will change. */
	if (sim_unfinished() < 2)
		return LOOP_ENDLESS;
	if (loop.is_foreign)
		return LOOP_FOREIGN;
	return loop.is_atomic || waits_for_memory() ? LOOP_UNSEEN : LOOP_ENDLESS;
}

uintptr_t loop_place(void)
{
	return loop.lowest;
}
