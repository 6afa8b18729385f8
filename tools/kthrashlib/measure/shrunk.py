# SPDX-License-Identifier: GPL-2.0-only
"""Implements `bugs --shrunk`, which measures the shrinker on the seeded bugs.

Each bug is hunted with several seeds, and each finding is shrunk. The shrunk finding must be
minimal, and must not fail without the bug. stress/bugs/shrunk_test.py does this for one driver.
"""

import json
import os
import statistics

from kthrashlib import children, env, terminal
from kthrashlib.build import about, bazel, drivers, seeded
from kthrashlib.common import CLEAN, FINDINGS, ROOT, environment
from kthrashlib.terminal import LEFT, RIGHT

SCRIPT = os.path.join(ROOT, "stress", "bugs", "shrunk_test.py")
COLUMNS = [("bug", LEFT), ("found", RIGHT), ("fail without it", RIGHT), ("not minimal", RIGHT),
           ("tasks", RIGHT), ("operations", RIGHT), ("directives", RIGHT), ("seconds", RIGHT)]
SIZES = ("tasks", "operations", "directives", "seconds")


def unpatched(names):
    """Builds the driver without a bug, for each combination of back ends that these bugs are built
    for; returns the files by combination."""
    return {platform: bazel.build([drivers.ANY["none"]], [about.PLATFORM + platform])[0]
            for platform in sorted({seeded.platform(n) for n in names})}


def examine(name, binary, clean, seeds):
    """Returns a row of the script for each seed."""
    done = children.run([SCRIPT, clean, str(seeds), binary, "--",
                         *seeded.header(name).get("Hunt", "").split()],
                        stdout=children.PIPE, stderr=children.PIPE, text=True)
    rows = [json.loads(x) for x in done.stdout.splitlines() if x.startswith("{")]
    if len(rows) != seeds:
        raise environment("%s: %d of %d hunts; the script said: %s" % (
            name, len(rows), seeds, done.stderr[-400:].strip()))
    return [{**row, "bug": name} for row in rows]


def median(rows, key):
    value = statistics.median(r[key] for r in rows) if rows else ""
    return "%.2f" % value if key == "seconds" and rows else value and "%g" % value


def line(name, rows):
    """Returns the rows of a bug as a row of the table."""
    found = [r for r in rows if r["found"]]
    return (name, "%d/%d" % (len(found), len(rows)), sum(bool(r["without_bug"]) for r in found),
            sum(not r["minimal"] for r in found), *(median(found, k) for k in SIZES))


def main(call):
    call.only("--shrunk", "--seeds", "--json")
    names, seeds = list(dict.fromkeys(call.words)), call.options.get("--seeds", 5)
    for name in names:
        drivers.check_bug_for_plans(name)
    names = names or [n for n in drivers.bug_names() if "Test" not in seeded.header(n)]
    env.ensure(env.BUILD)
    clean = unpatched(names)
    binaries = bazel.build([seeded.PACKAGE + n for n in names])
    board = {name: examine(name, binary, clean[seeded.platform(name)], seeds)
             for name, binary in terminal.each(list(zip(names, binaries)), "shrinking findings")}
    rows = [r for of_bug in board.values() for r in of_bug]
    if "--json" in call.options:
        print(json.dumps({"seeds": seeds, "board": board}))
    else:
        terminal.table(COLUMNS, [line(n, board[n]) for n in names] + [line("all", rows)])
    bad = [r for r in rows if r["found"] and (r["without_bug"] or not r["minimal"])]
    return FINDINGS if bad else CLEAN
