/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_KTIME_H
#define KTHRASH_LINUX_KTIME_H

#include <linux/jiffies.h>
#include <linux/kernel.h>

#define NSEC_PER_SEC  1000000000L
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_USEC 1000L
#define USEC_PER_SEC  1000000L
#define USEC_PER_MSEC 1000L
#define MSEC_PER_SEC  1000L
#define KTIME_MAX     INT64_MAX

#define ktime_get()            ((ktime_t)kd_now_ns())
#define ktime_get_raw()        ktime_get()
#define ktime_get_boottime()   ktime_get()
#define ktime_get_real()       ktime_get()
#define ktime_get_ns()         ((u64)kd_now_ns())
#define ktime_get_boottime_ns() ktime_get_ns()
#define ktime_set(s, ns)       ((ktime_t)(s) * NSEC_PER_SEC + (ktime_t)(ns))
#define ktime_add(a, b)        ((a) + (b))
#define ktime_sub(a, b)        ((a) - (b))
#define ktime_add_ns(a, n)     ((a) + (ktime_t)(n))
#define ktime_add_us(a, n)     ((a) + (ktime_t)(n) * NSEC_PER_USEC)
#define ktime_add_ms(a, n)     ((a) + (ktime_t)(n) * NSEC_PER_MSEC)
#define ktime_after(a, b)      ((a) > (b))
#define ktime_before(a, b)     ((a) < (b))
#define ktime_compare(a, b)    ((a) < (b) ? -1 : (a) > (b))
#define ktime_to_ns(a)         ((s64)(a))
#define ktime_to_us(a)         ((s64)(a) / NSEC_PER_USEC)
#define ktime_to_ms(a)         ((s64)(a) / NSEC_PER_MSEC)
#define ktime_us_delta(a, b)   ktime_to_us((a) - (b))
#define ktime_ms_delta(a, b)   ktime_to_ms((a) - (b))
#define ns_to_ktime(n)         ((ktime_t)(n))
#define us_to_ktime(n)         ((ktime_t)(n) * NSEC_PER_USEC)
#define ms_to_ktime(n)         ((ktime_t)(n) * NSEC_PER_MSEC)
#define local_clock()          ktime_get_ns()
#define sched_clock()          ktime_get_ns()

#endif
