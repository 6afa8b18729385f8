#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each function of the C library that makes, blocks or names a thread, or tells the time, has a
model in the runtime, is refused there, or is listed here with the reason why it needs neither.

usage: exports_test.py LIBRARY
"""

import re
import subprocess
import sys

FAMILIES = re.compile(
    r"^(pthread_|sem_|thrd_|mtx_|cnd_|tss_|call_once|sched_|clock|time|nanosleep|sleep|usleep|"
    r"wait|fork|vfork|exec|posix_spawn|system$|popen$|mq_open|aio_|lio_|exit|_exit|quick_exit|"
    r"abort|poll|ppoll|select|pselect|epoll_|eventfd|signalfd|timerfd_create|inotify_init|pipe|"
    r"socket|accept|connect|recv|send|signal$|sigaction|sigwait|sigsuspend|pause$|alarm|"
    r"setitimer|getrandom|getentropy|arc4random|flock|lockf|__cxa_atexit|__cxa_thread_atexit|"
    r"kill|raise|tgkill)")

# It only reads or fills what it is given, or changes state that is put back.
PURE = re.compile(
    r"^(pthread_(attr|mutexattr|condattr|rwlockattr|barrierattr)_|pthread_equal$|thrd_equal$|"
    r"pthread_(get|set)concurrency$|pthread_(get|set)attr_default_np$|"
    r"pthread_mutex_[gs]etprioceiling$|sched_get_priority_|posix_spawn(attr|_file_actions)_|"
    r"clock_getres$|timespec_getres$|timegm$|timelocal$|"
    r"clock_getcpuclockid$|sched_rr_get_interval$)")

# It needs something whose creation is refused.
NOT_REACHED = re.compile(
    r"^(sem_(close|unlink)|aio_(cancel|error|return|suspend|init)(64)?|epoll_(ctl|pwait2)|"
    r"eventfd_(read|write)|timer_|timerfd_[gs]ettime|sendfile(64)?|clock_adjtime)")


def functions(path):
    out = subprocess.run(["readelf", "--dyn-syms", "-W", path], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    for line in out.splitlines():
        field = line.split()
        if len(field) < 8 or field[3] not in ("FUNC", "IFUNC") or field[6] == "UND":
            continue
        name, _, version = field[7].partition("@")
        if not version or (version.startswith("@") and "PRIVATE" not in version):
            yield name


def library_of(path, name):
    out = subprocess.run(["ldd", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.search(r"\S*/%s\S*" % re.escape(name), out).group(0)


def main():
    ours = set(functions(sys.argv[1]))
    libc = functions(library_of(sys.argv[1], "libc.so"))
    missing = sorted(f for f in libc if FAMILIES.match(f) and f not in ours and
                     not PURE.match(f) and not NOT_REACHED.match(f))
    assert not missing, "no model, and not refused: " + " ".join(missing)


if __name__ == "__main__":
    main()
