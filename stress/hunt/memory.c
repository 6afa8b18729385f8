/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/memory.h"

#include <stdio.h>
#include <sys/mman.h>

void *memory_map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		return p;
	perror("kthrash: no shared memory");
	return NULL;
}
