/* SPDX-License-Identifier: GPL-2.0-only */
/* The traps that compilers put where an execution must not come. */
#ifndef PLATFORM_HOSTED_TRAP_H
#define PLATFORM_HOSTED_TRAP_H

#include <stdint.h>

/*
 * The error for which the compiler has put a trap at pc: "undefined behaviour: an index out of
 * bounds". NULL if there is no trap.
 */
const char *trap_error(uintptr_t pc);

#endif
