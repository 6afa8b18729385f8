/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_ERR_H
#define KTHRASH_LINUX_ERR_H

#include <linux/errno.h>
#include <linux/types.h>

#define MAX_ERRNO       4095
#define IS_ERR_VALUE(x) unlikely((unsigned long)(void *)(x) >= (unsigned long)-MAX_ERRNO)

KD_INLINE void *ERR_PTR(long error)
{
	return (void *)error;
}

KD_INLINE long PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

KD_INLINE bool IS_ERR(const void *ptr)
{
	return IS_ERR_VALUE((unsigned long)ptr);
}

KD_INLINE bool IS_ERR_OR_NULL(const void *ptr)
{
	return !ptr || IS_ERR(ptr);
}

KD_INLINE int PTR_ERR_OR_ZERO(const void *ptr)
{
	return IS_ERR(ptr) ? (int)PTR_ERR(ptr) : 0;
}

KD_INLINE void *ERR_CAST(const void *ptr)
{
	return (void *)(uintptr_t)ptr;
}

#endif
