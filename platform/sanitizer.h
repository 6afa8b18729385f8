/* SPDX-License-Identifier: GPL-2.0-only */
/* Which sanitizers this is compiled with: 0 or 1 each. */
#ifndef PLATFORM_SANITIZER_H
#define PLATFORM_SANITIZER_H

/* clang tells by __has_feature, gcc by macros of its own. */
#if defined(__has_feature)
#define KT_HAS_FEATURE(x) __has_feature(x)
#else
#define KT_HAS_FEATURE(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || KT_HAS_FEATURE(address_sanitizer)
#define KT_WITH_ASAN 1
#else
#define KT_WITH_ASAN 0
#endif

/* With KT_PLAIN_POINTS the compiler calls hooks of platform/plain/, and no sanitizer. */
#if defined(KT_PLAIN_POINTS)
#define KT_WITH_TSAN 0
#elif defined(__SANITIZE_THREAD__) || KT_HAS_FEATURE(thread_sanitizer)
#define KT_WITH_TSAN 1
#else
#define KT_WITH_TSAN 0
#endif

#endif
