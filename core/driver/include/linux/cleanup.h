/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks and memory that are released at the end of a block. */
#ifndef KTHRASH_LINUX_CLEANUP_H
#define KTHRASH_LINUX_CLEANUP_H

#include <linux/compiler.h>

#ifndef __cleanup
#define __cleanup(fn) __attribute__((cleanup(fn)))
#endif
#define __free(name) __cleanup(__free_##name)
#define no_free_ptr(p)                                                         \
	(__extension__({                                                       \
		__typeof__(p) kd_taken = (p);                                  \
		(p) = NULL;                                                    \
		kd_taken;                                                      \
	}))
#define return_ptr(p) return no_free_ptr(p)
#define DEFINE_FREE(name, type, free_)                                         \
	KD_INLINE void __free_##name(void *p)                                  \
	{                                                                      \
		type _T = *(type *)p;                                          \
		free_;                                                         \
	}

#define DEFINE_GUARD(name, type, lock_, unlock_)                               \
	typedef type class_##name##_t;                                         \
	KD_INLINE class_##name##_t class_##name##_constructor(type _T)         \
	{                                                                      \
		lock_;                                                         \
		return _T;                                                     \
	}                                                                      \
	KD_INLINE void class_##name##_destructor(class_##name##_t *p)          \
	{                                                                      \
		type _T = *p;                                                  \
		if (_T) {                                                      \
			unlock_;                                               \
		}                                                              \
	}

#define KD_CONCAT_(a, b) a##b
#define KD_CONCAT(a, b)  KD_CONCAT_(a, b)
#define CLASS(name, var) \
	class_##name##_t var __cleanup(class_##name##_destructor) = class_##name##_constructor
#define guard(name) \
	__attribute__((unused)) CLASS(name, KD_CONCAT(kd_guard, __COUNTER__))
#define scoped_guard(name, ...)                                                \
	for (__attribute__((unused)) CLASS(name, kd_scope)(__VA_ARGS__), *kd_done = NULL; \
	     !kd_done; kd_done = (void *)1)

#endif
