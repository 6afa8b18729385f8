# SPDX-License-Identifier: GPL-2.0-only
"""Keeps each binary that was built in a place of its own, which its content names.

Bazel gives a target one place. If the target is built again with other options, such as another
--platform=, the new binary replaces the old one there, while a command may be about to start it.
So a command never starts a binary in Bazel's folders, but a copy in .kthrash/drivers.

A process that uses a copy holds a shared lock on it as long as it lives. Copies that were not used
lately are deleted, and never one that is locked. All of this happens while the caller holds
the lock of the builds, building().
"""

import contextlib
import fcntl
import hashlib
import os

from kthrashlib.common import STATE, say

FOLDER = os.path.join(STATE, "drivers")
KEPT = 64               # At least so many copies stay, those that were used last.
IN_USE = {}             # This dict has an open descriptor for each copy that this process uses.


@contextlib.contextmanager
def building():
    """Lets one process of this checkout build and copy at a time."""
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, "lock"), "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("kthrash: waiting for another build in this checkout")
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:     # This file system has no locks. The driver is still asked what it is.
            pass
        yield


def keep(path):
    """Returns the path of a copy of the file. This process uses the copy until it ends."""
    with open(path, "rb") as f:
        content = f.read()
        mode = os.fstat(f.fileno()).st_mode & 0o777
    copy = os.path.join(FOLDER, hashlib.sha256(content).hexdigest()[:16], os.path.basename(path))
    if not is_whole(copy, content):
        write(copy, content, mode)
    os.utime(copy)
    if copy not in IN_USE:
        # The file stays open, because the lock ends when it is closed.
        IN_USE[copy] = os.open(copy, os.O_RDONLY | os.O_CLOEXEC)
        with contextlib.suppress(OSError):      # Some file systems have no locks.
            fcntl.flock(IN_USE[copy], fcntl.LOCK_SH)
    return copy


def is_whole(copy, content):
    try:
        with open(copy, "rb") as f:
            return f.read() == content
    except OSError:
        return False


def write(copy, content, mode):
    os.makedirs(os.path.dirname(copy), exist_ok=True)
    temporary = "%s.%d.tmp" % (copy, os.getpid())
    try:
        with open(temporary, "wb") as f:
            f.write(content)
        os.chmod(temporary, mode | 0o200)
        os.replace(temporary, copy)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if copy in IN_USE:          # Its lock is on the file that was there.
        os.close(IN_USE.pop(copy))


def copies():
    """Returns the copies, those that were used last at the end."""
    found = []
    for folder in os.scandir(FOLDER):
        if folder.is_dir():
            found += [e for e in os.scandir(folder.path) if e.is_file()]
    return [e.path for e in sorted(found, key=lambda e: e.stat().st_mtime)]


def drop_old():
    """Deletes the copies that no process uses, except the KEPT ones that were used last."""
    for path in copies()[:-KEPT]:
        with open(path, "rb") as f:
            try:
                fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:     # It is in use, or the file system has no locks.
                continue
            os.unlink(path)
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(path))
