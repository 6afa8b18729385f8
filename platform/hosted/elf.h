/* SPDX-License-Identifier: GPL-2.0-only */
/* Symbols of the process's files, for what debug information does not say. */
#ifndef PLATFORM_HOSTED_ELF_H
#define PLATFORM_HOSTED_ELF_H

#include "platform/hosted/backbone.h"

struct elf_symbol {
	const char *name; /* as the linker has it; in the mapped file */
	uint64_t offset, size;
};

/* The function or the object in module m that addr is in. False if the file does not say. */
bool elf_find(const struct hosted_module *m, uintptr_t addr, bool is_function,
	      struct elf_symbol *out);

#endif
