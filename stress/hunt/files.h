/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that are written whole or not at all, and plans as files. */
#ifndef STRESS_HUNT_FILES_H
#define STRESS_HUNT_FILES_H

#include <stddef.h>

#include "stress/plan/plan.h"

/*
 * Write `text` to `path` in the way that target.h describes. If that fails, a regular file that
 * was there is as before, and no temporary file is left. Returns 0 or -errno.
 */
int file_write(const char *path, const char *text, size_t size);

/* Print *p to the file `path`. Returns 0 or -errno. */
int plan_write(const char *path, const struct plan *p);

/*
 * Read and parse a plan. Returns 0; -EINVAL after "file:line:column: ..." on stderr if it is
 * no plan; or -errno after the reason on stderr if the file can't be read.
 */
int plan_read(const char *path, struct plan *p);

/*
 * Like plan_read(), but for a plan that the subject will run. It also returns -EINVAL if the
 * subject does not run such plans.
 */
int case_read(const char *path, struct plan *p);

/*
 * Wait until no other process holds the folder's lock, and hold it until folder_unlock(). All
 * processes that read or write files of the folder take this lock. Returns what
 * folder_unlock() needs, or -1 and errno if the folder can't be locked. folder_unlock(-1) does
 * nothing.
 */
int folder_lock(const char *path);
void folder_unlock(int fd);

#endif
