/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Error pointers: on an error, a function that returns a pointer returns -errno in the
 * pointer, not NULL. No object is at one of the last 4095 addresses.
 */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#define MAX_ERRNO 4095

static inline void *ERR_PTR(long error)
{
	return (void *)(intptr_t)error;
}

static inline long PTR_ERR(const void *ptr)
{
	return (long)(intptr_t)ptr;
}

static inline bool IS_ERR(const void *ptr)
{
	return (uintptr_t)ptr >= (uintptr_t)-MAX_ERRNO;
}

#endif
