#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Hunts each seeded bug, shrinks and explains the finding, and prints how many rows the explanation
has, as a table for README.md.

usage: rows_table.py FOLDER [--keep=DIR] [BUG...]
       FOLDER has the drivers with the bugs: bazel-bin/stress/bugs, after
       `bazel build //stress/bugs:all_bugs`
       --keep: keep the shrunk plans there, and take those that are there already
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

EXECUTIONS, ROWS_MAX, SHRINK_S = 400000, 12, 10
PATCHES = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "bugs")


def run(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          errors="replace", check=False).stdout


def hunt_options(bug):
    """Returns the options of the patch's Hunt line; None if a test finds the bug, and no hunt."""
    with open(os.path.join(PATCHES, bug + ".patch"), encoding="utf-8") as f:
        lines = f.read().split("\n")
    if any(line.startswith("Test: ") for line in lines):
        return None
    hunts = [line.split()[1:] for line in lines if line.startswith("Hunt: ")]
    return hunts[0] if hunts else []


def find(binary, bug, plan):
    """Writes a shrunk plan that shows the bug. Returns False if the hunt finds nothing."""
    with tempfile.TemporaryDirectory() as folder:
        said = run(binary, "stress", "--json", "--executions=%d" % EXECUTIONS,
                   "--findings=" + folder, *hunt_options(bug))
        found = [json.loads(line) for line in said.split("\n") if '"type":"finding"' in line]
        if found:
            run(binary, "shrink", found[0]["file"], "-o", plan, "--seconds=%d" % SHRINK_S)
    return os.path.exists(plan)


def cause_ms(binary, plan):
    """Returns the time of the processor that the search for the cause takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(binary, "cause", plan)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def row_of(binary, bug, folder):
    plan = os.path.join(folder, bug + ".plan")
    if not os.path.exists(plan) and not find(binary, bug, plan):
        return None
    said = json.loads(run(binary, "explain", plan, "--format=json"))
    story, cause = said["story"], said.get("cause") or {}
    return {"bug": bug, "kind": said["failure"], "steps": len(said["steps"]),
            "rows": len(story["rows"]) + (story["folded"] > 0), "cause": cause.get("kind", "-"),
            "orders": len(cause.get("orders", ())) or "",
            "executions": cause.get("executions", 0), "ms": cause_ms(binary, plan)}


def main(words):
    keep = [w[len("--keep="):] for w in words if w.startswith("--keep=")]
    folder, *bugs = [w for w in words if not w.startswith("--")]
    bugs = bugs or sorted(f[:-len(".patch")] for f in os.listdir(PATCHES) if f.endswith(".patch"))
    bugs = [b for b in bugs if hunt_options(b) is not None and
            os.access(os.path.join(folder, b), os.X_OK)]
    rows = []
    print("| bug | failure | steps | rows | cause | orders | executions | ms |\n"
          "|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        for bug in bugs:
            row = row_of(os.path.join(folder, bug), bug, keep[0] if keep else made)
            if not row:
                print("| %s | not found | | | | | | |" % bug, flush=True)
                continue
            rows.append(row)
            print("| %(bug)s | %(kind)s | %(steps)d | %(rows)d | %(cause)s | %(orders)s | "
                  "%(executions)d | %(ms).0f |" % row, flush=True)
    counts = [r["rows"] for r in rows]
    print("\n%d bugs: median %g rows, at most %d; %d have more than %d" % (
        len(rows), statistics.median(counts), max(counts), sum(c > ROWS_MAX for c in counts),
        ROWS_MAX))


if __name__ == "__main__":
    main(sys.argv[1:])
