/* SPDX-License-Identifier: GPL-2.0-only */
/* The classes of executions that were seen, as hashes, in a table with open addressing. */
#include <stdlib.h>
#include <string.h>

#include "platform/sim/dpor.h"

static struct {
	uint64_t *seen;		/* 0: empty */
	uint64_t size, count;
} classes;

void dpor_classes_forget(void)
{
	classes.count = 0;
	if (classes.seen)
		memset(classes.seen, 0, classes.size * sizeof *classes.seen);
}

static bool seen_grow(void)
{
	uint64_t size = classes.size ? classes.size * 2 : 4096;
	uint64_t *seen = calloc(size, sizeof *seen);

	if (!seen) {
		dpor.no_memory = true;
		return false;
	}
	for (uint64_t i = 0; i < classes.size; i++) {
		uint64_t at = classes.seen[i] % size;

		if (!classes.seen[i])
			continue;
		while (seen[at])
			at = (at + 1) % size;
		seen[at] = classes.seen[i];
	}
	free(classes.seen);
	classes.seen = seen;
	classes.size = size;
	return true;
}

bool dpor_class_add(uint64_t hash)
{
	uint64_t at;

	if (classes.count * 2 >= classes.size && !seen_grow())
		return true;
	hash |= !hash;
	for (at = hash % classes.size; classes.seen[at]; at = (at + 1) % classes.size)
		if (classes.seen[at] == hash)
			return false;
	classes.seen[at] = hash;
	classes.count++;
	return true;
}
