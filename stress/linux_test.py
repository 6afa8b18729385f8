#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests a driver that has the kernel's own files as its core.

usage: linux_test.py KTHRASH PLAN...

The plans are those of corpus/seed and corpus/linux.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

CLEAN, FINDINGS, USAGE = 0, 1, 2

# How a plan of corpus/seed ends on the kernel's files, if not as on core/: why is in
# corpus/linux/README.md.
OTHERWISE = {
    "fail-each-role.plan": "expect",        # fork's -EAGAIN
    "freeze-early-park.plan": "deadlock",   # a frozen thread does not see a stop
    "freeze-worker-delay.plan": "deadlock",  # a flush waits for a timer
    "stop-again.plan": "deadlock",          # a second stop
    "worker-delay.plan": "deadlock",        # a flush waits for a timer
}
wrong = []


def check(what, good, more=""):
    """Notes that `what` is wrong, unless it is good."""
    if not good:
        wrong.append(what)
        print("%s\n%s" % (what, more[-2000:]))


def run(*args):
    """Runs the driver. Returns (its exit status, all that it printed)."""
    r = subprocess.run([DRIVER, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       check=False, timeout=300, text=True)
    return r.returncode, r.stdout


def about():
    """Returns the version of the kernel."""
    status, out = run("about")
    core = json.loads(out)["core"] if status == CLEAN else ""
    m = re.match(r"linux (\d+\.\d+)", core)
    check("about names a kernel", m, out)
    return m[1] if m else ""


def uses_registry(path):
    with open(path, encoding="ascii") as f:
        return re.search(r"^(task|on) .*(: |; )(find|walk)\b", f.read(), re.MULTILINE)


def replay(path, version):
    """Checks that a plan ends as it should."""
    name = os.path.basename(path)
    of = re.search(r"-(\d+\.\d+)\.plan$", name)
    if of and of[1] != version:
        return
    status, out = run("replay", path)
    if "/seed/" in path and uses_registry(path):
        check("%s is refused with the reason" % name,
              status == USAGE and "its lists of tasks are kernel/fork.c's" in out, out)
    elif "/seed/" in path and name in OTHERWISE:
        check("%s ends by %s" % (name, OTHERWISE[name]),
              status == FINDINGS and "%s: %s," % (path, OTHERWISE[name]) in out, out)
    else:
        check("%s ends as expected" % name, status == CLEAN, out)


def hunt(what, *args):
    """Checks that a hunt of generated plans is clean."""
    with tempfile.TemporaryDirectory() as folder:
        status, out = run("stress", "--findings=" + folder, "--seed=11", *args)
        check(what, status == CLEAN, out)


def main():
    version = about()
    for path in sys.argv[2:]:
        replay(path, version)
    hunt("generated plans are clean", "--executions=20000")
    hunt("an execution can be repeated", "--executions=1500", "--twice")
    hunt("weak memory is clean", "--executions=1500", "--memory=tso")
    hunt("plans that break rules end as they say", "--executions=1500", "--illegal")
    print("%d wrong" % len(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    DRIVER = os.path.abspath(sys.argv[1])
    sys.exit(main())
