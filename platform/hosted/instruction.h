/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a machine instruction (x86-64) does to memory, apart from the calls, jumps, pushes and
 * pops that use the stack. Only what the watchdog must know is decoded: neither the length of an
 * instruction nor how many bytes it accesses.
 */
#ifndef PLATFORM_HOSTED_INSTRUCTION_H
#define PLATFORM_HOSTED_INSTRUCTION_H

#include <stdbool.h>
#include <stdint.h>

enum { INSTRUCTION_REGISTERS = 16 }; /* rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, ... */

struct instruction {
	bool reads, writes; /* memory at addr */
	bool is_atomic;     /* of memory: with a lock prefix, or an exchange */
	bool from_next;     /* addr counts from the address of the next instruction */
	bool of_thread;     /* addr counts from the thread's storage */
	uintptr_t addr;
};

/* Decode the instruction at `code`, which is about to run with these registers. */
struct instruction instruction_decode(const uint8_t *code,
				      const uint64_t registers[INSTRUCTION_REGISTERS]);

#endif
