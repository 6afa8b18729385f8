#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""ThreadSanitizer reports each planted race in code that uses a back end wrongly, and
nothing else.

usage: race_test.py RUNS BINARY RACE...

Output counts as a report if it names a function of the binary's source: "read_all" or
"write_item" for RCU's races, "pop_all" or "push_all" for the queue's. On real threads a race
may not happen in a run, or TSan may lose its trace. So the script runs each race up to RUNS
times, until a run reports it. It runs the code without a race RUNS times, and no run may
report anything.
"""

import os
import subprocess
import sys

PLACES = ("read_all", "write_item", "pop_all", "push_all")
TSAN_FOUND = 66


def run(binary, name):
    done = subprocess.run([binary, name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode, done.stdout


def is_reported(status, text):
    return (status == TSAN_FOUND and "SUMMARY: ThreadSanitizer:" in text
            and ("data race" in text or "heap-use-after-free" in text)
            and any(place in text for place in PLACES))


def main():
    runs, binary, races = int(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3:]
    for n in range(runs):
        status, text = run(binary, "none")
        assert status == 0, "run %d: reported without a race:\n%s" % (n, text)
    for race in races:
        found = 0
        for n in range(runs):
            status, text = run(binary, race)
            found = n + 1 if is_reported(status, text) else 0
            if found:
                break
            # In the simulator the run may end with a consequence of the race instead.
            assert status == 0, "run %d of %s ends with %d:\n%s" % (n, race, status, text)
        assert found, "%s: not reported in %d runs" % (race, runs)
        print("%s: reported in run %d" % (race, found))


main()
