#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A conformance test with a bug planted under it fails, and as the patch says.

usage: conformance_bug_test.py BINARY PATCH

The patch's Oracle line names, before the parenthesis, how it may fail: a kind of
failure, a sanitizer, `pass` if what is to be reported is not, or `hang`: on real
threads nobody sees that everybody sleeps, so that is when the test neither said
anything nor used a processor for SILENCE_S. There a bug need not show in each run: it
has RUNS.
"""

import os
import re
import selectors
import subprocess
import sys

SILENCE_S = 4
RUNS = 10


def due(patch):
    with open(patch, encoding="utf-8") as f:
        line = [x for x in f if x.startswith("Oracle: ")][0]
    return line[len("Oracle: "):].split("(")[0].strip().split(" or ")


def cpu_ticks(pid):
    with open("/proc/%d/stat" % pid, encoding="utf-8") as f:
        return sum(map(int, f.read().rpartition(")")[2].split()[11:13]))


def run(binary):
    """Exit status, None for a hang, and what was printed."""
    text = b""
    ticks = -1
    with subprocess.Popen([binary], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as p:
        with selectors.DefaultSelector() as s:
            s.register(p.stdout, selectors.EVENT_READ)
            while True:
                if not s.select(SILENCE_S):
                    ticks_before, ticks = ticks, cpu_ticks(p.pid)
                    if ticks != ticks_before:
                        continue
                    p.kill()
                    return None, text.decode(errors="replace")
                more = os.read(p.stdout.fileno(), 65536)
                if not more:
                    break
                text += more
        return p.wait(), text.decode(errors="replace")


def kind_of(status, text):
    if status is None:
        return "hang"
    if status == 0:
        return "nothing"
    for pattern in (r"^FAIL .*?, got (\w+)", r"^FAIL \S+ memory \w+ execution \d+: (\w+):",
                    r"^kthrash: (\w+):", r"ERROR: (AddressSanitizer)",
                    r"WARNING: (ThreadSanitizer)"):
        found = re.search(pattern, text, re.MULTILINE)
        if found:
            return found.group(1)
    return "status %d" % status


def main():
    for _ in range(RUNS):
        status, text = run(os.path.abspath(sys.argv[1]))
        kind = kind_of(status, text)
        if kind != "nothing":
            break
    if kind not in due(sys.argv[2]):
        print(text)
        sys.exit("found as %s, due is %s" % (kind, " or ".join(due(sys.argv[2]))))
    lines = text.splitlines()
    print("%s after %d parts" % (kind, sum(x.startswith("ok ") for x in lines)))


if __name__ == "__main__":
    main()
