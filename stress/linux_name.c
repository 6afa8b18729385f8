/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which kernel's files are the core, and the seeded bug in them. Only drivers that have the
 * kernel's files link this file. tools/bazel/linux.bzl makes version.h.
 */
#include <stddef.h>
#include <linux/version.h>

#include "stress/hunt/build.h"

const char *linux_version(void)
{
	return KT_LINUX_VERSION;
}

const char *linux_tree(void)
{
	return KT_LINUX_TREE;
}

const char *bug_name(void)
{
	return KT_LINUX_BUG[0] ? KT_LINUX_BUG : NULL;
}
