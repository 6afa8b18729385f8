/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sanitizers' options, compiled in, because a file or an environment
 * variable would be missing somewhere. The runtime calls these functions before
 * it is ready, so this library is never instrumented.
 */
#include <signal.h>

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__tsan_default_options(void);

/* Defined only in a binary with TSan. (Others define some of its hooks: platform/plain.h.) */
extern void __tsan_acquire(void *addr) __attribute__((weak));

const char *__asan_default_options(void)
{
	/*
	 * An execution frees less than a megabyte. A quarantine larger than 16 megabytes
	 * costs cache misses and page faults for memory that libFuzzer has freed.
	 */
	return "detect_stack_use_after_return=1:exitcode=77:detect_leaks=1:"
	       "allocator_may_return_null=1:quarantine_size_mb=16";
}

/*
 * TSan's runtime contains UBSan's, and reads these options after its own. An exit
 * code here would replace TSan's.
 */
const char *__ubsan_default_options(void)
{
	if (__tsan_acquire)
		return "print_stacktrace=1:halt_on_error=1";
	return "exitcode=77:print_stacktrace=1:halt_on_error=1:silence_unsigned_overflow=1";
}

const char *__tsan_default_options(void)
{
	return "halt_on_error=1:second_deadlock_stack=1:history_size=7:"
	       "atexit_sleep_ms=0:exitcode=66:"
	       "report_signal_unsafe=0:detect_deadlocks=0";
}

/* ---- coverage ------------------------------------------------------------- */

/* Defined only in a binary for coverage. */
extern int __llvm_profile_write_file(void) __attribute__((weak));

static void write_profile(int sig)
{
	/* NOLINTNEXTLINE(bugprone-signal-handler): after abort() there is no other chance */
	__llvm_profile_write_file();
	signal(sig, SIG_DFL);
	raise(sig);
}

/*
 * Writes the profile when a signal ends the process. A finding on real threads calls
 * abort(), which runs no exit handler.
 */
__attribute__((constructor)) static void write_profile_of_the_dying(void)
{
	if (__llvm_profile_write_file) {
		signal(SIGABRT, write_profile);
		signal(SIGSEGV, write_profile);
	}
}
