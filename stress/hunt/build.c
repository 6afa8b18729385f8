/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only file of this folder that looks at the back ends, the compiler and the sanitizer
 * of its binary; it is built again for each combination.
 */
#include "stress/hunt/build.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "platform/completion.h"
#include "platform/os.h"
#include "platform/sanitizer.h"

#if KT_WITH_ASAN
#define SANITIZER_NAME "asan"
#elif KT_WITH_TSAN
#define SANITIZER_NAME "tsan"
#else
#define SANITIZER_NAME "none"
#endif
#if defined(__clang__)
#define COMPILER_NAME "clang"
#define COMPILER_MAJOR __clang_major__
#else
#define COMPILER_NAME "gcc"
#define COMPILER_MAJOR __GNUC__
#endif
#if defined(__OPTIMIZE__)
#define OPTIMIZED "optimized"
#else
#define OPTIMIZED "-O0"
#endif

static const char platform_name[] = KT_OS_NAME "+" KT_LOCK_NAME "+" KT_COMPLETION_NAME "+"
				    KT_QUEUE_NAME "+" KT_RCU_NAME;

/*
 * For each operating system: the platform that tools/kthrash builds with `option` alone.
 */
static const struct {
	const char *platform, *option;
	const char *sanitizer;		/* what it builds without --sanitizer. NULL: the line
					 * that replays always has --sanitizer */
} usual[] = {
	{ "sim+modelled+modelled+list+modelled", "", "none" },
	{ "posix+mutex+park+list+memb", " --os=posix", NULL },
};

const char *build_name(void)
{
	static char name[400], core[150];
	const char *bug = bug_name(), *tree = linux_tree();

	if (plain_core())
		snprintf(core, sizeof core, ", core plain");
	if (linux_version())
		snprintf(core, sizeof core, ", core linux %s%s%s%s", linux_version(),
			 tree[0] ? " (" : "", tree, tree[0] ? ")" : "");
	snprintf(name, sizeof name,
		 "%s, " COMPILER_NAME " %d %s, sanitizer " SANITIZER_NAME "%s%s%s", platform_name,
		 COMPILER_MAJOR, OPTIMIZED, core, bug ? ", bug " : "", bug ? bug : "");
	return name;
}

struct build_facts build_facts(void)
{
	static char compiler[32], core[100] = "kthrash";
	const char *bug = bug_name();

	if (plain_core())
		snprintf(core, sizeof core, "plain");
	if (linux_version())
		snprintf(core, sizeof core, "linux %s", linux_version());
	snprintf(compiler, sizeof compiler, COMPILER_NAME " %d", COMPILER_MAJOR);
	return (struct build_facts){
		.platform = platform_name,
		.compiler = compiler,
		.sanitizer = SANITIZER_NAME,
		.core = core,
		.tree = linux_tree(),
		.bug = bug ? bug : "",
		.optimized = strcmp(OPTIMIZED, "optimized") == 0,
	};
}

__attribute__((weak)) const char *bug_name(void)
{
	return NULL;
}

__attribute__((weak)) const char *linux_version(void)
{
	return NULL;
}

__attribute__((weak)) bool plain_core(void)
{
	return false;
}

__attribute__((weak)) const char *linux_tree(void)
{
	return "";
}

static bool is_usual_os(size_t row)
{
	size_t len = strcspn(platform_name, "+");

	return strncmp(usual[row].platform, platform_name, len + 1) == 0;
}

/*
 * A binary without a sanitizer finds deadlocks, leaks, and atomics and locks that use a dead
 * object. Only a sanitizer sees plain accesses.
 */
const char *build_blind_to(void)
{
	if (strcmp(SANITIZER_NAME, "asan") == 0)
		return "data races (--sanitizer=tsan)";
	if (strcmp(SANITIZER_NAME, "tsan") == 0)
		return "memory errors of plain accesses and undefined behaviour "
		       "(--sanitizer=asan)";
	return "data races (--sanitizer=tsan), memory errors of plain accesses and undefined "
	       "behaviour (--sanitizer=asan)";
}

void replay_options(char *buf, size_t size)
{
	const char *sanitizer = NULL, *option = NULL;
	size_t used;

	if (bug_name() && !linux_version()) {
		snprintf(buf, size, " --bug=%s", bug_name());
		return;
	}
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
		if (strcmp(platform_name, usual[i].platform) == 0)
			option = usual[i].option;
		if (is_usual_os(i))
			sanitizer = usual[i].sanitizer;
	}
	/* A plan names the tree that it was found on, so that its replay needs no more. */
	used = (size_t)snprintf(buf, size, "%s%s%s%s%s", linux_version() ? " --core=linux" :
				plain_core() ? " --core=plain" : "",
				bug_name() ? " --bug=" : "", bug_name() ? bug_name() : "",
				option ? option : " --platform=", option ? "" : platform_name);
	if (!sanitizer || strcmp(sanitizer, SANITIZER_NAME) != 0)
		snprintf(buf + used, size - used, " --sanitizer=" SANITIZER_NAME);
}

/* A shell takes a word of such characters as it is. */
static bool is_plain(const char *word)
{
	return word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789%+,-./:=@_")] == '\0';
}

/* Write the path as one word of a shell. A byte that is no printable ASCII stands as \xNN. */
static void quote(char *buf, size_t size, const char *path)
{
	size_t used = (size_t)snprintf(buf, size, "$'");

	for (; *path && used + sizeof "\\xff'" <= size; path++) {
		unsigned char c = (unsigned char)*path;

		if (c < ' ' || c > '~')
			used += (size_t)snprintf(buf + used, size - used, "\\x%02x", c);
		else
			used += (size_t)snprintf(buf + used, size - used, "%s%c",
						 c == '\'' || c == '\\' ? "\\" : "", c);
	}
	snprintf(buf + used, size - used, "'");
}

static const char *door = "tools/kthrash";

void replay_through(const char *name)
{
	door = name;
}

void replay_command(char *buf, size_t size, const char *path)
{
	char options[256];
	size_t used;

	replay_options(options, sizeof options);
	/* The dot keeps a name that begins with a dash from being taken for an option. */
	used = (size_t)snprintf(buf, size, "%s replay%s %s", door, options,
				path[0] == '-' ? "./" : "");
	if (used >= size)
		return;
	if (is_plain(path))
		snprintf(buf + used, size - used, "%s", path);
	else
		quote(buf + used, size - used, path);
}
