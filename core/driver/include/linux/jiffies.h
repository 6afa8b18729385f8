/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_JIFFIES_H
#define KTHRASH_LINUX_JIFFIES_H

#include <linux/kernel.h>

#define HZ      KD_HZ
#define jiffies kd_jiffies()
#define get_jiffies_64() ((u64)kd_jiffies())

#define MAX_JIFFY_OFFSET ((LONG_MAX >> 1) - 1)

#define time_after(a, b)        ((long)((b) - (a)) < 0)
#define time_before(a, b)       time_after(b, a)
#define time_after_eq(a, b)     ((long)((a) - (b)) >= 0)
#define time_before_eq(a, b)    time_after_eq(b, a)
#define time_in_range(a, b, c)  (time_after_eq(a, b) && time_before_eq(a, c))
#define time_is_before_jiffies(a) time_after(jiffies, a)
#define time_is_after_jiffies(a)  time_before(jiffies, a)

#define msecs_to_jiffies(ms)    ((unsigned long)(ms) * HZ / 1000)
#define usecs_to_jiffies(us)    (((unsigned long)(us) * HZ + 999999) / 1000000)
#define nsecs_to_jiffies(ns)    ((unsigned long)(ns) / (1000000000 / HZ))
#define secs_to_jiffies(s)      ((unsigned long)(s) * HZ)
#define jiffies_to_msecs(j)     ((unsigned)((j) * (1000 / HZ)))
#define jiffies_to_usecs(j)     ((unsigned)((j) * (1000000 / HZ)))
#define jiffies_to_nsecs(j)     ((u64)(j) * (1000000000 / HZ))
#define round_jiffies(j)          (j)
#define round_jiffies_relative(j) (j)

#endif
