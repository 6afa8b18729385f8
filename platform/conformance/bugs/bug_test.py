#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The conformance test, built with a seeded bug, fails or hangs.

usage: bug_test.py RUNS BINARY

On real threads a bug may not show in a run: it has RUNS.
"""

import os
import subprocess
import sys

HANGS_AFTER_S = 30


def outcome(binary):
    try:
        done = subprocess.run([binary], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, timeout=HANGS_AFTER_S)
    except subprocess.TimeoutExpired as e:
        return "hangs after:\n" + (e.stdout or b"").decode()
    return done.stdout if done.returncode else None


def main():
    runs, binary = int(sys.argv[1]), os.path.abspath(sys.argv[2])
    for n in range(runs):
        found = outcome(binary)
        if found is not None:
            print("found in run %d: %s" % (n + 1, found.strip().split("\n")[-1]))
            return 0
    print("not found in %d runs" % runs)
    return 1


sys.exit(main())
