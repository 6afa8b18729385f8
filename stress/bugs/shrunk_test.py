#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A shrunk finding of a seeded bug is minimal, and does not fail without the bug.

usage: shrunk_test.py UNPATCHED SEEDS BINARY... [-- OPTION...]

Each BINARY, a driver with a bug, hunts once with each seed from 1 to SEEDS, with the OPTIONs, and
shrinks what it finds. UNPATCHED, the driver without the bug and with the same back ends, runs the
shrunk plan as written, and its program under many other schedules and faults. All of them must
pass. Prints a JSON object for each hunt. The exit status is 1 if a plan failed or is not minimal.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

EXECUTIONS = 400000     # of a hunt
SCHEDULES = 300         # of a shrunk plan on the unpatched core
SECONDS = 60            # for shrinking one finding
# The first words of lines that say how one execution went.
OF_ONE_SCHEDULE = ("switch", "spurious", "visible", "stale", "strategy", "expect")


def run(*args):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, errors="replace")
    return done.returncode, [json.loads(x) for x in done.stdout.splitlines() if x.startswith("{")]


def without_schedule(plan):
    """Writes the plan's program and faults beside the plan. A plan with switches has one schedule.
    Returns the path."""
    path = plan[:-len(".plan")] + ".program.plan"
    with open(plan, encoding="utf-8") as f, open(path, "w", encoding="utf-8") as out:
        out.writelines(x for x in f if x.partition(" ")[0] not in OF_ONE_SCHEDULE)
    return path


def fails_without_bug(unpatched, folder, plan):
    """Returns how the plan, or its program under other schedules, fails without the bug, or ""."""
    _, (replayed,) = run(unpatched, "replay", plan, "--json")
    if replayed["kind"] != "pass":
        return replayed["signature"]
    _, lines = run(unpatched, "stress", "--json", "--plan=" + without_schedule(plan),
                   "--findings=" + folder, "--executions=%d" % SCHEDULES)
    ran = next(x for x in lines if x["type"] == "summary")
    assert ran["findings"] or ran["executions"] == SCHEDULES, ran
    return next((x["signature"] for x in lines if x["type"] == "finding"), "")


def examine(folder, unpatched, binary, seed, options):
    row = {"bug": os.path.basename(binary), "seed": seed, "found": False}
    _, lines = run(binary, "stress", "--json", "--executions=%d" % EXECUTIONS, "--seed=%d" % seed,
                   "--findings=" + os.path.join(folder, "found"), *options)
    found = next((x for x in lines if x["type"] == "finding"), None)
    if not found:
        return row
    plan = os.path.join(folder, "shrunk.plan")
    began = time.monotonic()
    status, lines = run(binary, "shrink", found["file"], "-o", plan, "--json",
                        "--seconds=%d" % SECONDS)
    seconds = time.monotonic() - began
    assert status == 0, "%s does not shrink" % found["file"]
    _, (again,) = run(binary, "replay", plan, "--json")
    return {**row, "found": True, "kind": found["kind"], "seconds": round(seconds, 3),
            "executions": lines[0]["executions"], "minimal": lines[0]["minimal"],
            "tasks": lines[0]["tasks"], "operations": lines[0]["operations"],
            "directives": lines[0]["directives"],
            "replays": again["ok"] and again["hash"] == lines[0]["hash"],
            "without_bug": fails_without_bug(unpatched, os.path.join(folder, "found"), plan)}


def is_good(row):
    return row["found"] and row["replays"] and row["minimal"] and not row["without_bug"]


def main():
    words, options = sys.argv[1:], []
    if "--" in words:
        words, options = words[:words.index("--")], words[words.index("--") + 1:]
    unpatched, seeds, *binaries = words
    bad = 0
    for binary in map(os.path.abspath, binaries):
        for seed in range(1, int(seeds) + 1):
            with tempfile.TemporaryDirectory() as folder:
                row = examine(folder, os.path.abspath(unpatched), binary, seed, options)
            print(json.dumps(row), flush=True)
            bad += not is_good(row)
    return min(bad, 1)


sys.exit(main())
