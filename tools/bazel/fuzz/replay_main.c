/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main() of a fuzz target that is a test: each file named on the command line
 * is one input. A target that objects aborts; the last name printed is it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0;

	if (!f) {
		perror(path);
		return 1;
	}
	for (;;) {
		size_t n;

		data = realloc(data, size + 65536);
		if (!data) {
			perror(path);
			exit(3);
		}
		n = fread(data + size, 1, 65536, f);
		if (n == 0)
			break;
		size += n;
	}
	fclose(f);
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed += run_file(argv[i]);
	printf("%d inputs\n", argc - 1);
	return failed || argc == 1;
}
