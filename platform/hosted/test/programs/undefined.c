/* SPDX-License-Identifier: GPL-2.0-only */
/* Undefined behaviour that -fsanitize=undefined finds: argv[1] says which. */
#include <limits.h>
#include <string.h>

static int table[4];

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";
	volatile int number = INT_MAX, many = 40, index = 4;
	int *volatile null = NULL;

	if (strcmp(way, "add") == 0)
		return number + 1;
	if (strcmp(way, "shift") == 0)
		return 1 << many;
	if (strcmp(way, "index") == 0)
		return table[index];
	if (strcmp(way, "null") == 0)
		return *null;
	if (strcmp(way, "trap") == 0)
		__builtin_trap();
	return 0;
}
