# SPDX-License-Identifier: GPL-2.0-only
"""Kills what a front door leaves behind. children.py starts this file as a program:

    guard.py MARK    its standard input is a pipe to which the front door never writes

The front door may be killed by SIGKILL, and then it can't end its children itself. But then the
kernel closes its end of the pipe, and the guard reads the end of the file. The guard kills each
process whose environment has the mark. A process gives its environment to its children, so the
guard finds them even if their parent has died, or if they have made a session of their own.

While execve() makes a process into another program, that process has no environment for a moment.
So the guard looks again while there is a process without one that may be such a child.
"""

import os
import signal
import sys
import time

ROUNDS = 500            # A process may have no environment for as long as it lives.
PAUSE_S = 0.01          # A process that was killed takes some time to end.
VARIABLE = "KTHRASH_MARKS"


def began(pid):
    """Returns when a process began, in clock ticks after the boot, or None if the process has no
    memory of its own: it has ended, or it is a thread of the kernel."""
    try:
        with open("/proc/%s/stat" % pid, encoding="ascii", errors="replace") as f:
            fields = f.read().rpartition(") ")[2].split()
    except OSError:
        return None
    return int(fields[19]) if int(fields[20]) else None


def marked(mark):
    """Returns (the processes that have the mark, whether another process may get it). The mark is
    the front door's process and when that began. VARIABLE has the marks of several front doors if
    one of them started another."""
    found, unsure = [], False
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as f:
                words = f.read()
        except OSError:
            continue    # The process has ended, or belongs to another user.
        if not words:
            since = began(pid)
            unsure = unsure or since is not None and since >= int(mark.partition(".")[2])
        for word in words.split(b"\0"):
            name, _, marks = word.partition(b"=")
            if name == VARIABLE.encode() and mark.encode() in marks.split(b":"):
                found.append(int(pid))
    return found, unsure


def kill_marked(mark):
    for _ in range(ROUNDS):
        pids, unsure = marked(mark)
        if not pids and not unsure:
            return
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass    # The process has ended, or belongs to another user.
        time.sleep(PAUSE_S)


def main(mark):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 1):
        pass
    kill_marked(mark)


if __name__ == "__main__":
    main(sys.argv[1])
