/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which kernel a driver runs on. The driver is linked with one that has our own core.
 * `tools/kthrash run --core=linux` names a shared library with another one. Then the functions of
 * that one stand in the table by which the driver calls the kernel. This happens before all other
 * constructors, because module_init() is one.
 *
 * The library is in LD_PRELOAD, too, because a library that is loaded later has its thread-local
 * variables where platform/hosted/tls.c does not look for them.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/driver/include/kthrash/kd.h"

/* build.py makes the table of each kernel. It ends with a NULL. */
struct entry {
	const char *name;
	void (*function)(void);
};

extern struct entry kthrash_kernel_functions[];

int __real_main(int argc, char **argv, char **envp);
int __wrap_main(int argc, char **argv, char **envp);

/* The functions of the two tables are the same, unless they are of different versions. */
static void take(const struct entry *other)
{
	struct entry *own = kthrash_kernel_functions;

	for (; own->name; own++) {
		const struct entry *o = other;

		while (o->name && strcmp(o->name, own->name) != 0)
			o++;
		if (!o->name) {
			fprintf(stderr,
				"kthrash: the driver was linked with an older kthrash: link it "
				"again (the kernel has no %s)\n",
				own->name);
			exit(3);
		}
		own->function = o->function;
	}
}

/* The program sees the same environment on each kernel, and so do the processes that it starts. */
static void clean_environment(const char *path)
{
	const char *preload = secure_getenv("LD_PRELOAD");
	size_t len = strlen(path);

	if (preload && strncmp(preload, path, len) == 0 && preload[len] == ':')
		setenv("LD_PRELOAD", preload + len + 1, 1);
	else
		unsetenv("LD_PRELOAD");
	unsetenv("KTHRASH_KERNEL");
}

__attribute__((constructor(101))) static void choose(void)
{
	const char *path = secure_getenv("KTHRASH_KERNEL");
	void *library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
	const struct entry *other = library ? dlsym(library, "kthrash_kernel_functions") : NULL;

	if (path && !other) {
		fprintf(stderr, "kthrash: KTHRASH_KERNEL=%s: %s\n", path, dlerror());
		exit(3);
	}
	if (other) {
		take(other);
		clean_environment(path);
	}
	kd_begin();
}

int __wrap_main(int argc, char **argv, char **envp)
{
	return kd_main(__real_main, argc, argv, envp);
}
