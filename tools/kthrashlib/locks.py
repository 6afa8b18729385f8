# SPDX-License-Identifier: GPL-2.0-only
"""Makes folders that one process has for itself, and locks files.

A lock is the kernel's own. It ends with its holder, even if the holder is killed, so no lock is
ever left behind, and no number of a process is kept that another process may get later.
"""

import contextlib
import fcntl
import os
import time

from kthrashlib.common import usage


def entries_of(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []       # The process has ended, or belongs to another user.


def opened_by(pid, wanted):
    """Returns True if the process has the file with the stat `wanted` open."""
    for fd in entries_of("/proc/%d/fd" % pid):
        try:
            there = os.stat("/proc/%d/fd/%s" % (pid, fd))
        except OSError:
            continue
        if (there.st_dev, there.st_ino) == (wanted.st_dev, wanted.st_ino):
            return True
    return False


def holders(path):
    """Returns the numbers of the other processes that have the file at `path` open."""
    try:
        wanted = os.stat(path)
    except FileNotFoundError:
        return []
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
            if pid != os.getpid() and opened_by(pid, wanted)]


def lockers(path):
    """Returns the numbers of the processes that have locked the file, also those of other users,
    whose open files can't be seen."""
    wanted = os.stat(path)
    place = "%02x:%02x:%d" % (os.major(wanted.st_dev), os.minor(wanted.st_dev), wanted.st_ino)
    try:
        with open("/proc/locks", encoding="ascii", errors="replace") as f:
            fields = [line.split() for line in f]
    except OSError:
        return []
    return [int(words[4]) for words in fields
            if len(words) > 5 and words[1] == "FLOCK" and words[5] == place and int(words[4]) > 0]


def told(path):
    """Returns the words that name the process which holds the lock."""
    found = holders(path) or lockers(path)
    return "process %s" % ", ".join(map(str, found)) if found else "process unknown"


def take(path):
    """Locks the file. Returns its descriptor, or None if another process holds the lock."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except OSError:
        os.close(fd)
        raise
    return fd


@contextlib.contextmanager
def alone(folder, command):
    """Holds the lock of a folder in which only one `command` at a time can work."""
    path = os.path.join(folder, "lock")
    fd = take(path)
    if fd is None:
        raise usage("another %s runs in %s (%s): expected its end first" % (
            command, folder, told(path)))
    try:
        yield
    finally:
        os.close(fd)


def new_folder(parent):
    """Makes a folder in `parent` that is named by the time. Two calls never return the same
    folder."""
    os.makedirs(parent, exist_ok=True)
    name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    for n in range(1, 1000):
        path = os.path.join(parent, name + ("-%d" % n if n > 1 else ""))
        try:
            os.mkdir(path)
            return path
        except FileExistsError:
            continue
    raise FileExistsError("%s: a thousand folders of one second" % parent)
