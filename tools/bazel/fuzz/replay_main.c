/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main() of a fuzz target that is a test. Each file on the command line is one
 * input, and so is each file below a directory there. It prints a file's name
 * before it runs it. If an input fails, the target aborts, so the last name
 * printed is that of the input.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHUNK = 65536 };

static int inputs;

static int failed(const char *path)
{
	perror(path);
	return 1;
}

/*
 * The whole file in a block of exactly its size. One byte more would hide a read
 * past the end from ASan. NULL on failure.
 */
static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL, *exact;
	size_t n;

	*size = 0;
	if (!f)
		return NULL;
	do {
		exact = realloc(data, *size + CHUNK);
		if (!exact)
			goto out;
		data = exact;
		n = fread(data + *size, 1, CHUNK, f);
		*size += n;
	} while (n == CHUNK);
	exact = ferror(f) ? NULL : malloc(*size ? *size : 1);
	if (exact)
		memcpy(exact, data, *size);
out:
	free(data);
	fclose(f);
	return exact;
}

static int run_file(const char *path)
{
	size_t size;
	uint8_t *data = read_file(path, &size);

	if (!data)
		return failed(path);
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	inputs++;
	return 0;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Returns the number of paths that could not be read. */
static int run(const char *path)
{
	struct dirent **entries;
	struct stat st;
	int n, bad = 0;

	if (stat(path, &st))
		return failed(path);
	if (!S_ISDIR(st.st_mode))
		return run_file(path);
	n = scandir(path, &entries, not_hidden, alphasort);
	if (n < 0)
		return failed(path);
	for (int i = 0; i < n; i++) {
		char *below;

		if (asprintf(&below, "%s/%s", path, entries[i]->d_name) < 0)
			abort();
		bad += run(below);
		free(below);
		free(entries[i]);
	}
	free(entries);
	return bad;
}

int main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++)
		bad += run(argv[i]);
	printf("%d inputs\n", inputs);
	return bad || inputs == 0;
}
