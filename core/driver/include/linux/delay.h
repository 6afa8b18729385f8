/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_DELAY_H
#define KTHRASH_LINUX_DELAY_H

#include <linux/jiffies.h>
#include <linux/kernel.h>

#define msleep(ms)               kd_sleep_ns((u64)(ms) * 1000000)
#define ssleep(s)                kd_sleep_ns((u64)(s) * 1000000000)
#define fsleep(us)               kd_sleep_ns((u64)(us) * 1000)
#define usleep_range(low, high)  ((void)(high), kd_sleep_ns((u64)(low) * 1000))
#define usleep_range_state(low, high, state) usleep_range(low, high)
#define msleep_interruptible(ms) ((unsigned long)kd_sleep_interruptible(ms))
#define ndelay(ns)               kd_delay_ns(ns)
#define udelay(us)               kd_delay_ns((u64)(us) * 1000)
#define mdelay(ms)               kd_delay_ns((u64)(ms) * 1000000)

#endif
