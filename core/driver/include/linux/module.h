/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program without a main() loads its modules, in the order in which they are linked, calls
 * kthrash_test() (kthrash/driver.h) if there is one, and unloads them.
 */
#ifndef KTHRASH_LINUX_MODULE_H
#define KTHRASH_LINUX_MODULE_H

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/sched.h>

struct module;

#define module_init(fn)                                                        \
	__attribute__((constructor)) static void kd_module_init(void)          \
	{                                                                      \
		kd_module((fn), NULL);                                         \
	}
#define module_exit(fn)                                                        \
	static void kd_module_leave(void)                                      \
	{                                                                      \
		(fn)();                                                        \
	}                                                                      \
	__attribute__((constructor)) static void kd_module_exit(void)          \
	{                                                                      \
		kd_module(NULL, kd_module_leave);                              \
	}
#define late_initcall(fn)       module_init(fn)
#define device_initcall(fn)     module_init(fn)

#define MODULE_LICENSE(x)       struct kd_unused
#define MODULE_AUTHOR(x)        struct kd_unused
#define MODULE_DESCRIPTION(x)   struct kd_unused
#define MODULE_VERSION(x)       struct kd_unused
#define MODULE_ALIAS(x)         struct kd_unused
#define MODULE_SOFTDEP(x)       struct kd_unused
#define MODULE_INFO(x, y)       struct kd_unused
#define MODULE_DEVICE_TABLE(x, y) struct kd_unused
#define MODULE_PARM_DESC(x, y)  struct kd_unused
#define module_param(name, type, perm)              struct kd_unused
#define module_param_named(name, var, type, perm)   struct kd_unused
#define EXPORT_SYMBOL(x)        struct kd_unused
#define EXPORT_SYMBOL_GPL(x)    struct kd_unused
#define EXPORT_SYMBOL_NS_GPL(x, ns) struct kd_unused

#define try_module_get(m)       ((void)(m), true)
#define __module_get(m)         ((void)(m))
#define module_put(m)           ((void)(m))

#endif
