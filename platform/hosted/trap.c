/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * With -fsanitize=undefined and traps, clang makes an instruction ud1 whose operand has the number
 * of the check. The numbers are the same in clang 14 and 19. gcc makes ud2 for every check, as
 * both do for __builtin_trap().
 */
#include "platform/hosted/trap.h"

#include <stddef.h>

static const char *const check[] = {
	[0] = "undefined behaviour: an addition overflows",
	[1] = "undefined behaviour: code that can't be reached",
	[3] = "undefined behaviour: a division by zero, or one that overflows",
	[4] = "undefined behaviour: an object of another class",
	[5] = "undefined behaviour: a number too large for the type that it is converted to",
	[6] = "undefined behaviour: a function called by a pointer of another type",
	[7] = "undefined behaviour: a conversion that changes the value",
	[8] = "undefined behaviour: zero given to a builtin function that does not take it",
	[10] = "undefined behaviour: a value that its type does not have",
	[11] = "undefined behaviour: a function ends without its result",
	[12] = "undefined behaviour: a multiplication overflows",
	[13] = "undefined behaviour: a negation overflows",
	[14] = "undefined behaviour: NULL as an argument that must not be NULL",
	[15] = "undefined behaviour: NULL as a result that must not be NULL",
	[16] = "undefined behaviour: NULL as an argument that must not be NULL",
	[17] = "undefined behaviour: NULL as a result that must not be NULL",
	[18] = "undefined behaviour: an index out of bounds",
	[19] = "undefined behaviour: a pointer overflows",
	[20] = "undefined behaviour: a shift by too much, or of a negative number",
	[21] = "undefined behaviour: a subtraction overflows",
	[22] = "undefined behaviour: NULL, an unaligned pointer, or an object that is too small",
	[23] = "undefined behaviour: a pointer that is not aligned as promised",
	[24] = "undefined behaviour: an array whose length is not positive",
};

const char *trap_error(uintptr_t pc)
{
	const uint8_t *code = (const uint8_t *)pc;
	unsigned number;

	if (code[0] == 0x0f && code[1] == 0x0b)
		return "a trap: undefined behaviour that -fsanitize=undefined finds, or "
		       "__builtin_trap()";
	if (code[0] != 0x67 || code[1] != 0x0f || code[2] != 0xb9 ||
	    (code[3] != 0x00 && code[3] != 0x40))
		return NULL;
	number = code[3] ? code[4] : 0;
	if (number >= sizeof check / sizeof check[0] || !check[number])
		return "undefined behaviour that -fsanitize=undefined finds";
	return check[number];
}
