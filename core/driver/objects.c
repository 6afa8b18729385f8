/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects that may not be freed: those in use, such as a timer that is pending. The list is only
 * kept under `tools/kthrash run`, where one call follows the other on one thread of the system. So
 * it needs no lock, which would order the threads of the driver. This file is compiled without
 * hooks, so that its accesses are not taken for the driver's.
 */
#include <malloc.h>

#include "core/driver/driver.h"

enum { OBJECTS_MAX = 256 };

static struct {
	const void *object;
	const char *what;
} object[OBJECTS_MAX];
static int objects;

static bool is_driven(void)
{
	return kthrash_call_on && kthrash_call_on();
}

void kd_object_add(const void *o, const char *what)
{
	if (!is_driven())
		return;
	for (int i = 0; i < objects; i++)
		if (object[i].object == o)
			return;
	if (objects == OBJECTS_MAX)
		return; /* then one that is freed is not noticed here */
	object[objects].object = o;
	object[objects++].what = what;
}

void kd_object_gone(const void *o)
{
	for (int i = 0; i < objects; i++)
		if (object[i].object == o) {
			object[i] = object[--objects];
			return;
		}
}

void kd_free_check(const void *p)
{
	const char *begin = p, *end;

	if (!p || !objects)
		return;
	KD_CALL(QUIET, NULL);
	end = begin + malloc_usable_size((void *)(uintptr_t)p);
	for (int i = 0; i < objects; i++)
		if ((const char *)object[i].object >= begin && (const char *)object[i].object < end)
			kd_fail(KT_MEMORY, NULL, "memory is freed that contains %s",
				object[i].what);
}
