/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINKS_MAX = 40 };	/* as in Linux */

_Static_assert(TARGET_PATH_MAX >= PATH_MAX, "realpath() needs the room");

/* Replace the folder in t->path by its path without symbolic links. *name: what follows it. */
static int resolve_folder(struct target *t, const char **name)
{
	char folder[sizeof t->path], base[NAME_MAX + 1];
	const char *slash = strrchr(t->path, '/');
	size_t length = slash ? (size_t)(slash - t->path) + 1 : 0;
	int used;

	if (strlen(t->path + length) > NAME_MAX)
		return -ENAMETOOLONG;
	snprintf(base, sizeof base, "%s", t->path + length);
	t->path[length] = '\0';
	if (!realpath(slash ? t->path : ".", folder))
		return -errno;
	used = snprintf(t->path, sizeof t->path, "%s/%s", folder[1] ? folder : "", base);
	if (used < 0 || (size_t)used >= sizeof t->path)
		return -ENAMETOOLONG;
	*name = t->path + (size_t)used - strlen(base);
	return 0;
}

/* Does `path` begin with the folder of a process's descriptors, /proc/1/fd/? */
static bool is_descriptor(const char *path, const char *name)
{
	return strncmp(path, "/proc/", 6) == 0 && name - path >= 4 &&
	       strncmp(name - 4, "/fd/", 4) == 0;
}

/* The number of this process's descriptor, or -1 for another process's. */
static int own_descriptor(const char *path, const char *name)
{
	char own[64];

	snprintf(own, sizeof own, "/proc/%ld/", (long)getpid());
	return strncmp(path, own, strlen(own)) == 0 ? atoi(name) : -1;
}

/* If t->path is a symbolic link, put what it holds there. Returns 1; 0: it is none; -errno. */
static int follow(struct target *t, const char *name)
{
	char held[sizeof t->path], next[2 * sizeof t->path];
	ssize_t n = readlink(t->path, held, sizeof held - 1);

	if (n < 0)
		return errno == EINVAL || errno == ENOENT ? 0 : -errno;
	held[n] = '\0';
	snprintf(next, sizeof next, "%.*s%s", held[0] == '/' ? 0 : (int)(name - t->path), t->path,
		 held);
	if (strlen(next) >= sizeof t->path)
		return -ENAMETOOLONG;
	memcpy(t->path, next, strlen(next) + 1);
	return 1;
}

/* t->path has no symbolic links. Look what is there. */
static int look(struct target *t)
{
	struct stat *s = &t->before;

	if (stat(t->path, s) != 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(s->st_mode))
		return -EISDIR;
	t->exists = S_ISREG(s->st_mode);
	t->direct = !t->exists;
	return 0;
}

int target_find(const char *path, struct target *t)
{
	const char *name = NULL;

	*t = (struct target){ .fd = -1 };
	if (strlen(path) >= sizeof t->path)
		return -ENAMETOOLONG;
	memcpy(t->path, path, strlen(path) + 1);
	for (unsigned links = 0; links < LINKS_MAX; links++) {
		int err = resolve_folder(t, &name);

		if (err)
			return err;
		if (*name == '\0')
			return -EISDIR;		/* the path ends with a slash */
		if (is_descriptor(t->path, name)) {
			t->fd = own_descriptor(t->path, name);
			t->direct = true;
			return 0;
		}
		err = follow(t, name);
		if (err <= 0)
			return err ? err : look(t);
	}
	return -ELOOP;
}

static const char *refusal(const struct target *t)
{
	char folder[sizeof t->path];
	int flags = t->fd >= 0 ? fcntl(t->fd, F_GETFL) : 0;

	if (t->fd >= 0 && (flags < 0 || (flags & O_ACCMODE) == O_RDONLY))
		return "is not open for writing";
	if (t->fd >= 0)
		return NULL;
	if (t->direct && S_ISSOCK(t->before.st_mode))
		return "is a socket, expected a file";
	if ((t->direct || t->exists) && access(t->path, W_OK) != 0)
		return strerror(errno);
	if (t->direct)
		return NULL;
	snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(t->path, '/') - t->path) + 1,
		 t->path);
	return access(folder, W_OK | X_OK) == 0 ? NULL : "its folder can't be written";
}

const char *target_refusal(const char *path)
{
	struct target t;
	int err = target_find(path, &t);

	switch (-err) {
	case 0: return refusal(&t);
	case EISDIR: return "is a folder, expected a file";
	case ENOENT: return "its folder is not there";
	case ENOTDIR: return "a part of the path is no folder";
	default: return strerror(-err);
	}
}
