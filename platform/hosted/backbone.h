/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the backbone need of each other: start, run, reset, tls, heap, site,
 * filter. The models of pthreads include internal.h only.
 */
#ifndef PLATFORM_HOSTED_BACKBONE_H
#define PLATFORM_HOSTED_BACKBONE_H

#include "platform/hosted/internal.h"

#define likely(x)   __builtin_expect(!!(x), true)
#define unlikely(x) __builtin_expect(!!(x), false)

/* ---- the kernel -------------------------------------------------------------- */

/* A system call that changes no errno and calls no libc. The result is -errno if it fails. */
static inline long hosted_raw(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#define HOSTED_RAW_1(n, a)          hosted_raw((n), (long)(a), 0, 0, 0, 0, 0)
#define HOSTED_RAW_2(n, a, b)       hosted_raw((n), (long)(a), (long)(b), 0, 0, 0, 0)
#define HOSTED_RAW_3(n, a, b, c)    hosted_raw((n), (long)(a), (long)(b), (long)(c), 0, 0, 0)

/* Say one line on the standard error and end the process: the environment is not good enough. */
void hosted_give_up(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* ---- start.c ---------------------------------------------------------------- */

/* On task 0: the program's main(), with its arguments. */
void hosted_call_main(void);
/* The value of KTHRASH_SYMBOLIZER, or NULL. */
const char *hosted_symbolizer(void);
/* The variable of the environment with which main() began, or NULL. */
const char *hosted_variable(const char *name);
/* The process was not started for the driver, and main() runs: do what comes before a driver. */
void hosted_start_undriven(void);

/* ---- run.c ------------------------------------------------------------------- */

/* What a process has done once. A child process finds all of it false. */
extern struct hosted_process {
	bool files, watchdog, symbolizer;
} *hosted_process;

extern struct sim_record *hosted_record;
extern uint32_t hosted_memory;		/* enum sim_model of the execution */
/* How many executions there have been, in this process and in others that share the sites. */
uint32_t hosted_epochs(void);
/* Called by the process that the driver's main() runs in, before it begins. */
void hosted_init(void);
/* The same without a snapshot: the program has begun, and its memory is not put back. */
void hosted_init_undriven(void);
/* As hosted_run(), with test() on task 0 in the place of main(). */
struct sim_options;
struct hosted_options;
const struct sim_record *hosted_run_test(const struct sim_options *o,
					 const struct hosted_options *h, void (*test)(void));

/* ---- modules.c --------------------------------------------------------------- */

struct hosted_module {
	const char *path;
	uintptr_t base;			/* what is added to the file's addresses */
	uintptr_t low, high;		/* all segments */
	uintptr_t text_low, text_high;
	uintptr_t plt_low, plt_high;	/* words that the loader fills at the first call */
	const char *tls_image;
	size_t tls_image_size, tls_size;
	char *tls;			/* the block in main's storage; NULL: none */
	bool program;			/* compiled by kthrash-cc */
	bool ours;			/* this library, the loader, the kernel's page */
	bool libc;
	bool cxx;			/* the C++ library: it allocates on behalf of the program */
	bool unwinder;			/* libgcc: what it does once is not the program's affair */
};

#define HOSTED_MODULES_MAX 128

extern struct hosted_module hosted_module[HOSTED_MODULES_MAX];
extern uint32_t hosted_modules;

void hosted_modules_find(void);
const struct hosted_module *hosted_module_of(uintptr_t addr);

/* ---- reset.c ----------------------------------------------------------------- */

void hosted_snapshot(void);
/* Restore what the snapshot has. */
void hosted_restore(void);
/* argv, the environment, and their strings: the program may change them. */
void hosted_arguments_keep(char **argv, char **envp);
/* Memory that the snapshot must have; called before hosted_snapshot(). */
void hosted_keep(void *addr, size_t size);

/* ---- files.c -------------------------------------------------------------------- */

/* The program does what a reset can't undo. Nothing outside an execution. */
void hosted_cannot_reset(const char *what);
/*
 * Called before an execution in a process of its own, and after it. Such a process shares with
 * its parent only the offset of the standard input.
 */
void hosted_files_look(void);
void hosted_input_back(void);

/* ---- cxx.c --------------------------------------------------------------------- */

/* pc, or where the function that is noted as the library's caller called the library. */
uintptr_t hosted_library_caller(uintptr_t pc);

/* ---- tls.c -------------------------------------------------------------------- */

/* The C library and libstdc++ learn that there is more than one thread. */
void hosted_libc_has_threads(void);
void hosted_tls_init(void);		/* main's storage is as main() finds it */
void hosted_tls_begin(uint32_t task);	/* the task gets fresh storage */
void hosted_tls_host(void);		/* the host runs: give it its storage */

/* ---- heap.c ------------------------------------------------------------------- */

/* What the program has allocated before main() belongs to the snapshot. */
void hosted_heap_started(void);
void hosted_heap_restore(void);
void *hosted_heap_alloc(size_t size, size_t align, uintptr_t pc, bool zeroed);
void hosted_heap_free(void *p, uintptr_t pc);
size_t hosted_heap_size(const void *p, uintptr_t pc);
/* Has hosted_heap_started() been called? */
bool hosted_heap_has_started(void);
/* 0 if p is no live block. */
size_t hosted_heap_size_if_live(const void *p);
/*
 * How many blocks are live that the program itself asked for in the execution that has just
 * ended. *first: one of them, or NULL.
 */
uint32_t hosted_heap_live(const void **first);
/* Describe the block at or before addr. False if addr is no heap memory. */
bool hosted_heap_describe(const void *addr, char *buf, size_t size);

/* ---- site.c ------------------------------------------------------------------- */

void hosted_sites_init(void);

/* ---- access.c ----------------------------------------------------------------- */

/* The program is about to free a block: it writes all of it. */
void hosted_free_point(uintptr_t pc, const void *p, size_t size);

/* Visits that may be points since the task that runs was switched in. */
extern uint32_t hosted_since_switch;
enum { HOSTED_SPIN_ACCESSES = 1000 };
void hosted_spin(uintptr_t pc);

/* A task that does more of them without a switch spins. */
static inline void hosted_count_access(uintptr_t pc)
{
	if (unlikely(++hosted_since_switch >= HOSTED_SPIN_ACCESSES))
		hosted_spin(pc);
}

/* ---- watchdog.c --------------------------------------------------------------- */

/* An execution begins: hosted_options.silence_s. */
void watchdog_begin(uint32_t silence_s);

/* ---- filter.c ----------------------------------------------------------------- */

void hosted_filter_init(void);
void hosted_filter_end(void);

#endif
