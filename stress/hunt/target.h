/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a text goes that is written to a path. tools/kthrashlib/files.py has the same rule.
 *
 * A regular file, or a path where nothing is yet: the text goes to a temporary file beside it,
 * which is then renamed. A symbolic link is followed first, so it stays, and its target is
 * written or made. A device, a FIFO and an open descriptor such as /dev/stdout are written
 * directly, because rename() would replace them.
 */
#ifndef STRESS_HUNT_TARGET_H
#define STRESS_HUNT_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum { TARGET_PATH_MAX = 4096 };

struct target {
	char path[TARGET_PATH_MAX];	/* without symbolic links */
	bool direct;		/* to be opened and written, without a temporary file */
	int fd;			/* the descriptor of this process that the path names, or -1 */
	bool exists;
	struct stat before;	/* of the regular file that is there, if `exists` */
};

/* Find out where `path` leads. Returns 0 or -errno. */
int target_find(const char *path, struct target *t);

/*
 * Can a text be written to `path`? Returns NULL, or a clause that says why not. Nothing is
 * written. A command calls it before its work begins.
 */
const char *target_refusal(const char *path);

#endif
