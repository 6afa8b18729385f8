/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included before each file of liburcu: its atomics and barriers are the compiler's builtins, as
 * on a machine that has no header of its own, and not inline assembly, which kthrash can't see.
 * The guards keep out the headers of x86.
 */
#define _URCU_ARCH_UATOMIC_X86_H
#define _URCU_ARCH_X86_H
#define CAA_CACHE_LINE_SIZE 128
#define UATOMIC_HAS_ATOMIC_BYTE
#define UATOMIC_HAS_ATOMIC_SHORT
#include <stdlib.h>
#include <sys/time.h>
#include <urcu/arch.h>
#include <urcu/compiler.h>
#include <urcu/config.h>
#include <urcu/syscall-compat.h>
#include <urcu/arch/generic.h>
#include <urcu/system.h>
#include <urcu/uatomic/generic.h>
