/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * std::thread::join() and its like call pthreads from inside libstdc++. The place of such an
 * operation is where the program calls libstdc++. So these functions note their caller, and
 * call the library's own.
 *
 * The names are mangled, because this is C. Exceptions pass through these functions.
 */
#include "platform/hosted/backbone.h"
#include "platform/hosted/call.h"

static struct {
	uintptr_t pc; /* 0: none */
	uint32_t task;
} outer;

/* An exception may have left it. */
static void forget(void)
{
	outer.pc = 0;
}
HOSTED_AT_BEGIN(forget);

uintptr_t hosted_library_caller(uintptr_t pc)
{
	uintptr_t call = hosted_call_pc();

	if (unlikely(call))
		return call;
	if (likely(!outer.pc) || outer.task != hosted_me() || hosted_is_program(pc))
		return pc;
	return outer.pc;
}

/*
 * A program in C that loads a library in C++ meets the functions here before those of the C++
 * library, which dlsym() does not find behind them.
 */
void *hosted_real(const char *name)
{
	static const char *const cxx[] = { "libstdc++.so.6", "libc++abi.so.1" };
	void *found = dlsym(RTLD_NEXT, name);

	for (size_t i = 0; !found && i < sizeof cxx / sizeof cxx[0]; i++) {
		void *library = dlopen(cxx[i], RTLD_LAZY | RTLD_NOLOAD);

		if (library)
			found = dlsym(library, name);
	}
	return found;
}

typedef void function(void *a, void *b, void *c);

static void call(function *real, void *a, void *b, void *c, uintptr_t pc)
{
	uintptr_t before = outer.pc;

	outer.pc = hosted_on() ? pc : 0;
	outer.task = hosted_on() ? hosted_me() : 0;
	real(a, b, c);
	outer.pc = before;
}

/* Up to three arguments, all in registers. */
#define PASSED_ON(name)                                                        \
	HOSTED_EXPORT void name(void *a, void *b, void *c);                    \
	HOSTED_EXPORT void name(void *a, void *b, void *c)                     \
	{                                                                      \
		call(HOSTED_REAL(name), a, b, c, HOSTED_CALLER);               \
	}

/* std::thread: _M_start_thread() (of two versions of the library), join(), detach() */
PASSED_ON(_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE)
PASSED_ON(_ZNSt6thread15_M_start_threadESt10shared_ptrINS_10_Impl_baseEEPFvvE)
PASSED_ON(_ZNSt6thread15_M_start_threadESt10shared_ptrINS_10_Impl_baseEE)
PASSED_ON(_ZNSt6thread4joinEv)
PASSED_ON(_ZNSt6thread6detachEv)
/* std::condition_variable: wait(), notify_one(), notify_all() */
PASSED_ON(_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE)
PASSED_ON(_ZNSt18condition_variable10notify_oneEv)
PASSED_ON(_ZNSt18condition_variable10notify_allEv)
