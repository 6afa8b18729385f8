#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""ThreadSanitizer reports each planted race in code that uses RCU, and nothing else.

usage: rcu_race_test.py RUNS BINARY

On real threads a race may not happen in a run, or its trace be lost: each has
RUNS tries. The code without a race has as many and must be quiet in all.
"""

import os
import subprocess
import sys

RACES = ("no-grace-period", "changed-in-place", "no-read-lock", "written-late")
TSAN_FOUND = 66


def run(binary, name):
    done = subprocess.run([binary, name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode, done.stdout


def is_reported(status, text):
    return (status == TSAN_FOUND and "SUMMARY: ThreadSanitizer:" in text
            and ("data race" in text or "heap-use-after-free" in text)
            and ("read_all" in text or "write_item" in text))


def main():
    runs, binary = int(sys.argv[1]), os.path.abspath(sys.argv[2])
    for n in range(runs):
        status, text = run(binary, "none")
        assert status == 0, "run %d: reported without a race:\n%s" % (n, text)
    for race in RACES:
        found = 0
        for n in range(runs):
            status, text = run(binary, race)
            found = n + 1 if is_reported(status, text) else 0
            if found:
                break
            # In the simulator it may end as what the race leads to.
            assert status == 0, "run %d of %s ends with %d:\n%s" % (n, race, status, text)
        assert found, "%s: not reported in %d runs" % (race, runs)
        print("%s: reported in run %d" % (race, found))


main()
