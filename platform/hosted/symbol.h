/* SPDX-License-Identifier: GPL-2.0-only */
/* The names of addresses: from debug information, and from the source text. */
#ifndef PLATFORM_HOSTED_SYMBOL_H
#define PLATFORM_HOSTED_SYMBOL_H

#include "platform/hosted/internal.h"

enum { SYMBOL_MAX = 256, SYMBOL_PATH_MAX = 1024 };

struct hosted_symbol {
	char func[SYMBOL_MAX];   /* never empty */
	char object[SYMBOL_MAX]; /* source text of the object; "" if it is not known */
	char file[SYMBOL_MAX];   /* the last part of the path */
	char path[SYMBOL_PATH_MAX];
	uint32_t line, column; /* 0: not known */
	bool is_library;       /* only a system header, or a library, has code there */
};

/*
 * Where the call is that returns to `pc`. `op` is done to the `size` bytes at addr; addr 0: the
 * address is not known. HOSTED_OPS_COUNT: the object is of no interest. May be called in an
 * execution: it uses nothing of the program's.
 */
void hosted_symbol_find(uintptr_t pc, enum hosted_op op, uintptr_t addr, size_t size,
			struct hosted_symbol *out);

/* The global object at addr, "table+16". False if there is none. */
bool hosted_symbol_data(uintptr_t addr, char *buf, size_t size);

/*
 * source.c: the object in the line of a source file: what is stored at the column, is loaded
 * there, or is the argument of the call there. "" if that is not sure. `global` is the name of
 * the global variable that the access is to, or "". It decides what the text alone does not:
 * global_fits says that the access is to all of that variable, as to q in "q[i]".
 */
void hosted_source_object(const char *path, uint32_t line, uint32_t column, enum hosted_op op,
			  const char *global, bool global_fits, char *out, size_t size);

#endif
