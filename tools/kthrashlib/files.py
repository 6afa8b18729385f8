# SPDX-License-Identifier: GPL-2.0-only
"""Decides where a text goes that is written to a path, and writes it. stress/hunt/target.h has the
same rule for the C driver.

A regular file, or a path where nothing is yet: the text goes to a temporary file beside it, which
is then renamed. A symbolic link is followed first, so it stays, and its target is written or made.
A device, a FIFO and an open descriptor such as /dev/stdout are written directly, because a rename
would replace them.
"""

import dataclasses
import errno
import os
import re
import stat
import sys

LINKS_MAX = 40      # as in Linux
NAME_MAX = 255
SUFFIX_MAX = 32     # This is room for ".PROCESS.tmp".
DESCRIPTOR = re.compile(r"/proc/(\d+)/(?:task/\d+/)?fd/(\d+)")


@dataclasses.dataclass(frozen=True)
class Target:
    """A path without symbolic links. `before` is the status of the file that is there, or None.
    `fd` is the descriptor of this process that the path names, or None. The text goes `direct`ly
    to anything but a regular file."""
    path: str
    before: object = None
    fd: object = None
    direct: bool = False


def error(number, path):
    return OSError(number, os.strerror(number), path)


def find(path):
    """Returns the Target of a path. Raises OSError, which names `path`, if it leads nowhere."""
    try:
        return follow(path)
    except OSError as e:
        raise error(e.errno, path) from e


def follow(path):
    for _ in range(LINKS_MAX):
        folder, name = os.path.split(path)
        if not name or name in (".", ".."):
            raise error(errno.EISDIR, path)
        path = os.path.join(os.path.realpath(folder or ".", strict=True), name)
        of_process = DESCRIPTOR.fullmatch(path)
        if of_process:
            own = int(of_process.group(1)) == os.getpid()
            return Target(path, fd=int(of_process.group(2)) if own else None, direct=True)
        try:
            there = os.lstat(path)
        except FileNotFoundError:
            return Target(path)
        if not stat.S_ISLNK(there.st_mode):
            if stat.S_ISDIR(there.st_mode):
                raise error(errno.EISDIR, path)
            return Target(path, there, direct=not stat.S_ISREG(there.st_mode))
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    raise error(errno.ELOOP, path)


def refusal(path):
    """Can a text be written to `path`? Returns "", or a clause that says why not. Nothing is
    written. A command asks before its work begins."""
    try:
        target = find(path)
    except OSError as e:
        return {errno.EISDIR: "is a folder, expected a file",
                errno.ENOENT: "its folder is not there",
                errno.ENOTDIR: "a part of the path is no folder"}.get(e.errno, e.strerror)
    if target.fd is not None:
        return "" if is_open(target.fd) else "is not open for writing"
    if target.before and stat.S_ISSOCK(target.before.st_mode):
        return "is a socket, expected a file"
    if target.before and not os.access(target.path, os.W_OK):
        return os.strerror(errno.EACCES)
    if not target.direct and not os.access(os.path.dirname(target.path), os.W_OK | os.X_OK):
        return "its folder can't be written"
    return ""


def is_open(fd):
    """Returns True if the descriptor is open for writing, and is no folder."""
    import fcntl

    try:
        return fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    except OSError:
        return False


def write(path, data):
    """Writes a file at once. A reader sees all of `data`, or the file as it was before. Raises
    OSError, which names `path`, if that failed. Then no temporary file is left."""
    target = find(path)
    try:
        if target.direct:
            write_directly(target, data)
        else:
            write_beside(target, data)
    except OSError as e:
        raise error(e.errno or errno.EIO, path) from e


def write_all(fd, data):
    while data:
        data = data[os.write(fd, data):]


def write_directly(target, data):
    if target.fd == 1 and sys.stdout:
        sys.stdout.flush()      # What was printed before comes first.
    fd = os.open(target.path, os.O_WRONLY | os.O_NOCTTY) if target.fd is None else \
        os.dup(target.fd)
    try:
        write_all(fd, data)
    finally:
        os.close(fd)


def keep_owner_and_mode(fd, before):
    """Gives the new file the owner and the permissions of the old one, as far as this user may."""
    now = os.fstat(fd)
    try:
        if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
            os.fchown(fd, before.st_uid, before.st_gid)
    except OSError:
        pass
    try:
        os.fchmod(fd, stat.S_IMODE(before.st_mode) & 0o777)
    except OSError:
        pass        # Some file systems know no modes.


def sync(fd):
    try:
        os.fsync(fd)
    except OSError as e:
        if e.errno != errno.EINVAL:     # Some file systems have nothing to synchronize.
            raise


def write_beside(target, data):
    if target.before and not os.access(target.path, os.W_OK):
        raise error(errno.EACCES, target.path)
    folder, name = os.path.split(target.path)
    # The name may be as long as a name can be, so the temporary file's has less of it.
    name = os.fsdecode(os.fsencode(name)[:NAME_MAX - SUFFIX_MAX])
    temporary = os.path.join(folder, "%s.%d.tmp" % (name, os.getpid()))
    try:
        os.unlink(temporary)    # A killed process with the same number may have left it.
    except FileNotFoundError:
        pass
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            if target.before:
                keep_owner_and_mode(fd, target.before)
            write_all(fd, data)
            sync(fd)
        finally:
            os.close(fd)
        os.replace(temporary, target.path)
    except OSError:
        if os.path.lexists(temporary):
            os.unlink(temporary)
        raise
