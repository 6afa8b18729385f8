/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_PRINTK_H
#define KTHRASH_LINUX_PRINTK_H

#include <linux/compiler.h>

#define KERN_SOH     "\001"
#define KERN_EMERG   KERN_SOH "0"
#define KERN_ALERT   KERN_SOH "1"
#define KERN_CRIT    KERN_SOH "2"
#define KERN_ERR     KERN_SOH "3"
#define KERN_WARNING KERN_SOH "4"
#define KERN_NOTICE  KERN_SOH "5"
#define KERN_INFO    KERN_SOH "6"
#define KERN_DEBUG   KERN_SOH "7"
#define KERN_CONT    ""

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif

#define printk(...)          kd_printk(__VA_ARGS__)
#define vprintk(fmt, args)   kd_vprintk(fmt, args)
#define pr_emerg(fmt, ...)   kd_printk(KERN_EMERG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_alert(fmt, ...)   kd_printk(KERN_ALERT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_crit(fmt, ...)    kd_printk(KERN_CRIT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...)     kd_printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)    kd_printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice(fmt, ...)  kd_printk(KERN_NOTICE pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)    kd_printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_cont(fmt, ...)    kd_printk(fmt, ##__VA_ARGS__)
/* Without DEBUG, as in the kernel: checked, and not printed. */
#define pr_debug(fmt, ...) \
	do { \
		if (0) \
			kd_printk(pr_fmt(fmt), ##__VA_ARGS__); \
	} while (0)
#define pr_devel(fmt, ...) pr_debug(fmt, ##__VA_ARGS__)
#define pr_err_once(fmt, ...)         pr_err(fmt, ##__VA_ARGS__)
#define pr_warn_once(fmt, ...)        pr_warn(fmt, ##__VA_ARGS__)
#define pr_info_once(fmt, ...)        pr_info(fmt, ##__VA_ARGS__)
#define pr_err_ratelimited(fmt, ...)  pr_err(fmt, ##__VA_ARGS__)
#define pr_warn_ratelimited(fmt, ...) pr_warn(fmt, ##__VA_ARGS__)
#define pr_info_ratelimited(fmt, ...) pr_info(fmt, ##__VA_ARGS__)
#define printk_ratelimit() 1
#define dump_stack()       ((void)0)

#endif
