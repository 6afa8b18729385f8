/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_KERNEL_H
#define KTHRASH_LINUX_KERNEL_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bug.h>
#include <linux/err.h>
#include <linux/printk.h>
#include <linux/types.h>

#define container_of(ptr, type, member)                                        \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))
#define container_of_const(ptr, type, member) container_of(ptr, type, member)
#define ARRAY_SIZE(a)        (sizeof(a) / sizeof((a)[0]))
#define sizeof_field(type, member) sizeof(((type *)0)->member)
#define DIV_ROUND_UP(n, d)   (((n) + (d) - 1) / (d))
#define round_up(x, y)       ((((x) - 1) | ((__typeof__(x))((y) - 1))) + 1)
#define round_down(x, y)     ((x) & ~((__typeof__(x))((y) - 1)))
#define ALIGN(x, a)          round_up(x, a)
#define IS_ALIGNED(x, a)     (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define upper_32_bits(n)     ((u32)(((u64)(n)) >> 32))
#define lower_32_bits(n)     ((u32)(n))

#define KD_PICK(type, a, b, op)                                                \
	(__extension__({                                                       \
		type kd_a = (a);                                               \
		type kd_b = (b);                                               \
		kd_a op kd_b ? kd_a : kd_b;                                    \
	}))
#define min(a, b)            KD_PICK(__typeof__(a), a, b, <)
#define max(a, b)            KD_PICK(__typeof__(a), a, b, >)
#define min_t(type, a, b)    KD_PICK(type, a, b, <)
#define max_t(type, a, b)    KD_PICK(type, a, b, >)
#define min3(a, b, c)        min(min(a, b), c)
#define max3(a, b, c)        max(max(a, b), c)
#define clamp(v, lo, hi)     min((__typeof__(v))max(v, lo), hi)
#define clamp_t(type, v, lo, hi) min_t(type, max_t(type, v, lo), hi)
#define clamp_val(v, lo, hi) clamp_t(__typeof__(v), v, lo, hi)
#define swap(a, b)                                                             \
	do {                                                                   \
		__typeof__(a) kd_tmp = (a);                                    \
		(a) = (b);                                                     \
		(b) = kd_tmp;                                                  \
	} while (0)

#define IS_ENABLED(option)   0
#define scnprintf(buf, size, ...)                                              \
	(__extension__({                                                       \
		int kd_size = (int)(size), kd_n = snprintf((buf), (size_t)kd_size, __VA_ARGS__); \
		kd_n < kd_size ? kd_n : kd_size ? kd_size - 1 : 0;             \
	}))

#define might_sleep()        kd_might_sleep("might_sleep()")
#define might_sleep_if(x)                                                      \
	do {                                                                   \
		if (x)                                                         \
			might_sleep();                                         \
	} while (0)
#define cant_sleep()         ((void)0)

#ifndef KBUILD_MODNAME
#define KBUILD_MODNAME "driver"
#endif
#define THIS_MODULE ((struct module *)0)
#define _RET_IP_    ((unsigned long)__builtin_return_address(0))
#define U8_MAX  ((u8)~0U)
#define U16_MAX ((u16)~0U)
#define U32_MAX ((u32)~0U)
#define S32_MAX ((s32)(U32_MAX >> 1))
#define U64_MAX ((u64)~0ULL)
#define USHRT_MAX_ U16_MAX

#endif
