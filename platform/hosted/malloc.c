/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * malloc() and its family. There are four kinds of caller:
 *
 *	no driver, and no execution	the C library's own malloc()
 *	in an execution			the task's range (heap.c)
 *	before the snapshot		the range of the start, which the snapshot has
 *	the driver			an allocator that is never put back (heap_host.c)
 *
 * In an execution a call by the program's own code may fail: a plan says "fail malloc #5",
 * and a hunt draws it. A call by a library on behalf of the program, for instance by
 * fopen(), does not fail. operator new counts as the program's own.
 *
 * A fuzz target's executions have no driver. What a library allocates there, for instance the
 * buffer of stdout, may be used by the next execution. So it is the C library's own memory, too.
 *
 * Each call by the program is a visit of its place. free() is a choice point if another
 * task has touched the block.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platform/hosted/call.h"
#include "platform/hosted/heap.h"
#include "platform/role.h"

enum { PAGE = 4096 };

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t align, size_t size);
extern void __libc_free(void *p);

/* Does a fault make this call by the program fail? */
static bool is_refused(uintptr_t pc)
{
	struct kt_site *site;

	pc = hosted_program_pc(pc);
	if (!hosted_is_program(pc) || hosted_call_must_succeed())
		return false;
	site = hosted_site(pc, HOSTED_MALLOC);
	hosted_visit(site);
	return sim_alloc_fails(KT_ROLE_MALLOC, site);
}

/*
 * A library that keeps memory for itself. Not the C++ library, whose memory is the program's, and
 * not this one.
 */
static bool is_library(uintptr_t pc)
{
	const struct hosted_module *m = hosted_module_of(pc);

	return m && !m->program && !m->cxx && m->text_low != hosted_own_low;
}

/* Is the memory that the caller at pc gets the C library's own? */
static inline bool is_native(uintptr_t pc)
{
	return !hosted_is_driven() && (!hosted_on() || is_library(pc));
}

/* Is this memory the C library's own? */
static inline bool is_native_block(const void *p)
{
	return !hosted_is_driven() && !heap_has((uintptr_t)p) && !heap_host_has(p);
}

static void *allocate(size_t size, size_t align, uintptr_t pc, bool zeroed)
{
	void *p;

	if (hosted_is_own(pc) || (!hosted_on() && hosted_heap_has_started())) {
		p = heap_host_alloc(size, align);
		if (p && zeroed)
			memset(p, 0, size);
	} else {
		p = hosted_on() && is_refused(pc) ? NULL
						  : hosted_heap_alloc(size, align, pc, zeroed);
	}
	if (!p)
		errno = ENOMEM;
	return p;
}

static void release(void *p, uintptr_t pc)
{
	if (!p)
		return;
	if (heap_host_has(p)) {
		/* What the driver left to the program is not the program's to free. */
		if (!hosted_on() || hosted_is_own(pc))
			heap_host_free(p);
		return;
	}
	if (hosted_on() && hosted_is_program(pc))
		hosted_free_point(pc, p, hosted_heap_size_if_live(p));
	hosted_heap_free(p, pc);
}

static size_t size_of(const void *p, uintptr_t pc)
{
	return heap_host_has(p) ? heap_host_size(p) : hosted_heap_size(p, pc);
}

static void *reallocate(void *p, size_t size, uintptr_t pc)
{
	size_t old;
	void *q;

	if (!p)
		return allocate(size, HEAP_GRANULE, pc, false);
	old = size_of(p, pc);
	if (!size) {
		release(p, pc);
		return NULL;
	}
	q = allocate(size, HEAP_GRANULE, pc, false);
	if (!q)
		return NULL;
	memcpy(q, p, old < size ? old : size);
	release(p, pc);
	return q;
}

static bool is_alignment(size_t align)
{
	return align && !(align & (align - 1));
}

/* ---- C ------------------------------------------------------------------------ */

HOSTED_EXPORT void *malloc(size_t size)
{
	if (is_native(HOSTED_CALLER))
		return __libc_malloc(size);
	return allocate(size, HEAP_GRANULE, HOSTED_CALLER, false);
}

HOSTED_EXPORT void free(void *p)
{
	if (is_native_block(p))
		__libc_free(p);
	else
		release(p, HOSTED_CALLER);
}

HOSTED_EXPORT void *calloc(size_t n, size_t size)
{
	size_t bytes;

	if (is_native(HOSTED_CALLER))
		return __libc_calloc(n, size);
	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return allocate(bytes, HEAP_GRANULE, HOSTED_CALLER, true);
}

HOSTED_EXPORT void *realloc(void *p, size_t size)
{
	if (p ? is_native_block(p) : is_native(HOSTED_CALLER))
		return __libc_realloc(p, size);
	return reallocate(p, size, HOSTED_CALLER);
}

HOSTED_EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	if (p ? is_native_block(p) : is_native(HOSTED_CALLER))
		return __libc_realloc(p, bytes);
	return reallocate(p, bytes, HOSTED_CALLER);
}

static void *aligned(size_t align, size_t size, uintptr_t pc)
{
	if (is_native(pc))
		return __libc_memalign(align, size);
	if (!is_alignment(align)) {
		errno = EINVAL;
		return NULL;
	}
	return allocate(size, align, pc, false);
}

HOSTED_EXPORT void *memalign(size_t align, size_t size)
{
	return aligned(align, size, HOSTED_CALLER);
}

HOSTED_EXPORT void *aligned_alloc(size_t align, size_t size)
{
	return aligned(align, size, HOSTED_CALLER);
}

HOSTED_EXPORT void *valloc(size_t size)
{
	return aligned(PAGE, size, HOSTED_CALLER);
}

HOSTED_EXPORT void *pvalloc(size_t size)
{
	return aligned(PAGE, (size + PAGE - 1) & ~(size_t)(PAGE - 1), HOSTED_CALLER);
}

HOSTED_EXPORT int posix_memalign(void **out, size_t align, size_t size)
{
	void *p;
	int saved = errno;

	if (!is_alignment(align) || align % sizeof(void *))
		return EINVAL;
	p = aligned(align, size, HOSTED_CALLER);
	errno = saved;
	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

HOSTED_EXPORT size_t malloc_usable_size(void *p)
{
	if (is_native_block(p))
		return HOSTED_REAL(malloc_usable_size)(p);
	return p ? size_of(p, HOSTED_CALLER) : 0;
}

/* ---- C++ ------------------------------------------------------------------------ */

/*
 * operator new, by its mangled names, because this is C. The library would call malloc()
 * itself, but then the caller would be the library and not the program.
 */
static void *new_or_throw(size_t size, size_t align, uintptr_t pc)
{
	void (*(*get_handler)(void))(void);
	void (*bad_alloc)(void);
	void *p;

	if (!size)
		size = 1;
	for (;;) {
		void (*handler)(void);

		if (is_native(pc))
			p = align > HEAP_GRANULE ? __libc_memalign(align, size)
						 : __libc_malloc(size);
		else
			p = allocate(size, align, pc, false);
		if (p)
			return p;
		get_handler = (void (*(*)(void))(void))dlsym(RTLD_DEFAULT,
							     "_ZSt15get_new_handlerv");
		handler = get_handler ? get_handler() : NULL;
		if (!handler)
			break;
		handler();
	}
	bad_alloc = (void (*)(void))dlsym(RTLD_DEFAULT, "_ZSt17__throw_bad_allocv");
	if (bad_alloc)
		bad_alloc();
	abort();
}

static void *new_or_null(size_t size, size_t align, uintptr_t pc)
{
	if (!size)
		size = 1;
	if (is_native(pc))
		return align > HEAP_GRANULE ? __libc_memalign(align, size) : __libc_malloc(size);
	return allocate(size, align, pc, false);
}

static void delete(void *p, uintptr_t pc)
{
	if (is_native_block(p))
		__libc_free(p);
	else
		release(p, pc);
}

#define NEW(name)                                                              \
	HOSTED_EXPORT void *name(size_t size);                                 \
	HOSTED_EXPORT void *name(size_t size)                                  \
	{                                                                      \
		return new_or_throw(size, HEAP_GRANULE, HOSTED_CALLER);        \
	}                                                                      \
	HOSTED_EXPORT void *name##RKSt9nothrow_t(size_t size, const void *tag); \
	HOSTED_EXPORT void *name##RKSt9nothrow_t(size_t size, const void *tag) \
	{                                                                      \
		(void)tag;                                                     \
		return new_or_null(size, HEAP_GRANULE, HOSTED_CALLER);         \
	}                                                                      \
	HOSTED_EXPORT void *name##St11align_val_t(size_t size, size_t align);  \
	HOSTED_EXPORT void *name##St11align_val_t(size_t size, size_t align)   \
	{                                                                      \
		return new_or_throw(size, align, HOSTED_CALLER);               \
	}                                                                      \
	HOSTED_EXPORT void *name##St11align_val_tRKSt9nothrow_t(size_t size, size_t align, \
								const void *tag); \
	HOSTED_EXPORT void *name##St11align_val_tRKSt9nothrow_t(size_t size, size_t align, \
								const void *tag) \
	{                                                                      \
		(void)tag;                                                     \
		return new_or_null(size, align, HOSTED_CALLER);                \
	}

NEW(_Znwm)
NEW(_Znam)

#define DELETE(name)                                                           \
	HOSTED_EXPORT void name(void *p);                                      \
	HOSTED_EXPORT void name(void *p)                                       \
	{                                                                      \
		delete(p, HOSTED_CALLER);                                      \
	}                                                                      \
	HOSTED_EXPORT void name##m(void *p, size_t size);                      \
	HOSTED_EXPORT void name##m(void *p, size_t size)                       \
	{                                                                      \
		(void)size;                                                    \
		delete(p, HOSTED_CALLER);                                      \
	}                                                                      \
	HOSTED_EXPORT void name##RKSt9nothrow_t(void *p, const void *tag);     \
	HOSTED_EXPORT void name##RKSt9nothrow_t(void *p, const void *tag)      \
	{                                                                      \
		(void)tag;                                                     \
		delete(p, HOSTED_CALLER);                                      \
	}                                                                      \
	HOSTED_EXPORT void name##St11align_val_t(void *p, size_t align);       \
	HOSTED_EXPORT void name##St11align_val_t(void *p, size_t align)        \
	{                                                                      \
		(void)align;                                                   \
		delete(p, HOSTED_CALLER);                                      \
	}                                                                      \
	HOSTED_EXPORT void name##mSt11align_val_t(void *p, size_t size, size_t align); \
	HOSTED_EXPORT void name##mSt11align_val_t(void *p, size_t size, size_t align) \
	{                                                                      \
		(void)size, (void)align;                                       \
		delete(p, HOSTED_CALLER);                                      \
	}                                                                      \
	HOSTED_EXPORT void name##St11align_val_tRKSt9nothrow_t(void *p, size_t align, \
							       const void *tag); \
	HOSTED_EXPORT void name##St11align_val_tRKSt9nothrow_t(void *p, size_t align, \
							       const void *tag) \
	{                                                                      \
		(void)align, (void)tag;                                        \
		delete(p, HOSTED_CALLER);                                      \
	}

DELETE(_ZdlPv)
DELETE(_ZdaPv)
