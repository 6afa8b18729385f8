/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An instruction is: prefixes, an opcode, and mostly a byte "modrm" with the operand in memory.
 * Opcodes are in maps: those of one byte, those behind 0f, 0f 38 and 0f 3a. The prefixes VEX and
 * EVEX of vector instructions name the map.
 */
#include "platform/hosted/instruction.h"

#include <string.h>

enum { MAP_ONE, MAP_0F, MAP_0F38, MAP_0F3A };
enum { RSP = 4, RBP = 5, RSI = 6, RDI = 7 };

struct parts {
	const uint8_t *at;             /* behind what was read */
	bool lock, of_thread, repeats; /* repeats: the prefix f3 */
	uint8_t index_high, base_high; /* 8: the register is one of r8 to r15 */
	uint8_t map, opcode;
};

static bool is_legacy_prefix(struct parts *p, uint8_t byte)
{
	switch (byte) {
	case 0xf0: p->lock = true; return true;
	case 0xf3: p->repeats = true; return true;
	case 0x64:
	case 0x65: p->of_thread = true; return true;
	case 0x66:
	case 0x67:
	case 0xf2:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x26: return true;
	default: return false;
	}
}

/* VEX and EVEX have the bits of the registers inverted. */
static void take_vex(struct parts *p, uint8_t first)
{
	uint8_t bits = p->at[0];

	p->map = MAP_0F;
	if (first != 0xc5) {
		p->index_high = bits & 0x40 ? 0 : 8;
		p->base_high = bits & 0x20 ? 0 : 8;
		p->map = bits & 3;
	}
	p->repeats = (p->at[first == 0xc5 ? 0 : 1] & 3) == 2;
	p->at += first == 0xc5 ? 1 : first == 0xc4 ? 2 : 3;
	p->opcode = *p->at++;
}

static struct parts parts_of(const uint8_t *code)
{
	struct parts p = { .at = code };
	uint8_t byte = *p.at++;

	while (is_legacy_prefix(&p, byte))
		byte = *p.at++;
	if ((byte & 0xf0) == 0x40) {
		p.index_high = byte & 2 ? 8 : 0;
		p.base_high = byte & 1 ? 8 : 0;
		byte = *p.at++;
	}
	if (byte == 0xc4 || byte == 0xc5 || byte == 0x62) {
		take_vex(&p, byte);
		return p;
	}
	if (byte == 0x0f) {
		p.map = MAP_0F;
		byte = *p.at++;
		if (byte == 0x38 || byte == 0x3a) {
			p.map = byte == 0x38 ? MAP_0F38 : MAP_0F3A;
			byte = *p.at++;
		}
	}
	p.opcode = byte;
	return p;
}

static bool is_in(uint8_t op, const char *list)
{
	return op && strchr(list, op);
}

static bool has_operand(const struct parts *p)
{
	uint8_t op = p->opcode;

	if (p->map == MAP_ONE)
		return op < 0x40    ? (op & 7) < 4
		       : op >= 0x80 ? op <= 0x8f || (op >= 0xd0 && op <= 0xd3) ||
					      (op >= 0xd8 && op <= 0xdf) ||
					      is_in(op, "\xc0\xc1\xc6\xc7\xf6\xf7\xfe\xff")
				    : is_in(op, "\x63\x69\x6b");
	if (p->map == MAP_0F)
		return !((op >= 0x05 && op <= 0x0b) || (op >= 0x30 && op <= 0x37) || op == 0x77 ||
			 (op >= 0x80 && op <= 0x8f) || (op >= 0xa0 && op <= 0xa2) ||
			 (op >= 0xa8 && op <= 0xaa) || (op >= 0xc8 && op <= 0xcf));
	return true;
}

/* Does the instruction only name an address, or ask for it to be fetched early? */
static bool is_no_access(const struct parts *p, unsigned reg)
{
	if (p->map == MAP_ONE)
		return p->opcode == 0x8d || (p->opcode == 0xff && reg >= 2);
	return p->map == MAP_0F && (p->opcode == 0x0d || (p->opcode >= 0x18 && p->opcode <= 0x1f));
}

static bool only_writes(const struct parts *p)
{
	uint8_t op = p->opcode;

	if (p->map == MAP_ONE)
		return is_in(op, "\x88\x89\x8c\x8f\xc6\xc7");
	if (p->map != MAP_0F)
		return false;
	return (op >= 0x90 && op <= 0x9f) || (op == 0x7e && !p->repeats) ||
	       is_in(op, "\x11\x13\x17\x29\x2b\x7f\xc3\xd6\xe7");
}

static bool updates(const struct parts *p, unsigned reg)
{
	uint8_t op = p->opcode;

	if (p->map == MAP_ONE)
		return (op < 0x38 && (op & 7) < 2) || op == 0x86 || op == 0x87 ||
		       (op >= 0x80 && op <= 0x83 && reg != 7) ||
		       is_in(op, "\xc0\xc1\xd0\xd1\xd2\xd3") ||
		       (is_in(op, "\xf6\xf7") && (reg == 2 || reg == 3)) ||
		       (is_in(op, "\xfe\xff") && reg < 2);
	return p->map == MAP_0F && (is_in(op, "\xab\xb3\xbb\xb0\xb1\xc0\xc1\xa4\xa5\xac\xad\xc7") ||
				    (op == 0xba && reg >= 5));
}

static int64_t displacement(const uint8_t *at, unsigned size)
{
	int8_t byte;
	int32_t word;

	if (size == 0)
		return 0;
	memcpy(&byte, at, sizeof byte);
	if (size == 1)
		return byte;
	memcpy(&word, at, sizeof word);
	return word;
}

/* Read the operand behind the byte modrm, which is no register. */
static void take_address(struct instruction *out, struct parts *p, uint8_t modrm,
			 const uint64_t *registers)
{
	unsigned mod = modrm >> 6, base = modrm & 7, size = mod == 2 ? 4 : mod;
	uint64_t addr = 0;

	if (base == RSP) {
		uint8_t sib = *p->at++;
		unsigned index = (sib >> 3 & 7) | p->index_high;

		base = sib & 7;
		if (index != RSP)
			addr += registers[index] << (sib >> 6);
		if (base == RBP && mod == 0)
			size = 4;
		else
			addr += registers[base | p->base_high];
	} else if (base == RBP && mod == 0) {
		out->from_next = true;
		size = 4;
	} else {
		addr += registers[base | p->base_high];
	}
	out->addr = (uintptr_t)(addr + (uint64_t)displacement(p->at, size));
}

/* movs, cmps, stos, lods, scas: their operands are where rsi and rdi point to. */
static bool is_string(struct instruction *out, const struct parts *p, const uint64_t *registers)
{
	if (p->map != MAP_ONE || p->opcode < 0xa4 || p->opcode > 0xaf || p->opcode == 0xa8 ||
	    p->opcode == 0xa9)
		return false;
	out->writes = p->opcode == 0xaa || p->opcode == 0xab;
	out->reads = !out->writes;
	out->addr = (uintptr_t)
		registers[p->opcode >= 0xaa && p->opcode != 0xac && p->opcode != 0xad ? RDI : RSI];
	return true;
}

struct instruction instruction_decode(const uint8_t *code,
				      const uint64_t registers[INSTRUCTION_REGISTERS])
{
	struct instruction out = { 0 };
	struct parts p = parts_of(code);
	uint8_t modrm;
	unsigned reg;

	if (is_string(&out, &p, registers) || !has_operand(&p))
		return out;
	modrm = *p.at++;
	reg = modrm >> 3 & 7;
	if (modrm >> 6 == 3 || is_no_access(&p, reg))
		return out;
	out.of_thread = p.of_thread;
	take_address(&out, &p, modrm, registers);
	out.writes = only_writes(&p) || updates(&p, reg);
	out.reads = !only_writes(&p);
	out.is_atomic = p.lock || (p.map == MAP_ONE && (p.opcode == 0x86 || p.opcode == 0x87));
	return out;
}
