/* SPDX-License-Identifier: GPL-2.0-only */
/* A warning is a finding and ends the execution: a driver that warns has met what must not be. */
#ifndef KTHRASH_LINUX_BUG_H
#define KTHRASH_LINUX_BUG_H

#include <linux/compiler.h>

#define BUG()       kd_bug(__FILE__, __LINE__, "BUG()")
#define BUG_ON(x)                                                              \
	do {                                                                   \
		if (unlikely(x))                                               \
			kd_bug(__FILE__, __LINE__, "BUG_ON(" #x ")");          \
	} while (0)
#define KD_WARN(x, what, ...)                                                  \
	(__extension__({                                                       \
		int kd_warns = !!(x);                                          \
		if (unlikely(kd_warns))                                        \
			kd_warn(__FILE__, __LINE__, what, __VA_ARGS__);        \
		unlikely(kd_warns);                                            \
	}))
#define WARN_ON(x)           KD_WARN(x, "WARN_ON(" #x ")", "%s", "")
#define WARN_ON_ONCE(x)      KD_WARN(x, "WARN_ON_ONCE(" #x ")", "%s", "")
#define WARN(x, ...)         KD_WARN(x, "WARN(" #x ")", __VA_ARGS__)
#define WARN_ONCE(x, ...)    KD_WARN(x, "WARN_ONCE(" #x ")", __VA_ARGS__)
#define BUILD_BUG_ON(x)      _Static_assert(!(x), #x)
#define BUILD_BUG_ON_MSG(x, msg) _Static_assert(!(x), msg)
#ifndef static_assert
#define static_assert _Static_assert
#endif

#endif
