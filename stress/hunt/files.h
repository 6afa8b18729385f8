/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that are written whole or not at all, and plans as files. */
#ifndef STRESS_HUNT_FILES_H
#define STRESS_HUNT_FILES_H

#include <stddef.h>

#include "stress/plan/plan.h"

/* `text` to `path` by a temporary file and rename. 0 or -errno. */
int file_write(const char *path, const char *text, size_t size);

/* Print p to path. 0 or -errno. */
int plan_write(const char *path, const struct plan *p);

/*
 * Read and parse. 0; -EINVAL with a complaint "file:line:column: ..." on
 * stderr; or -errno with one that says why the file can't be read.
 */
int plan_read(const char *path, struct plan *p);

/* The same of a plan that the subject is to run. -EINVAL, too, if it does not run such plans. */
int case_read(const char *path, struct plan *p);

/*
 * Until folder_unlock() no other process that does the same reads or writes files of the
 * folder. -1 and errno: it can't be locked. folder_unlock(-1) does nothing.
 */
int folder_lock(const char *path);
void folder_unlock(int fd);

#endif
