#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A hunt finds a seeded bug and shrinks it; the shrunk plan fails the same way each time.

A bug that is hunted with --memory=arm is not found with less: the same executions under sc, tso and
pso show nothing.

usage: bug_test.py BINARY PATCH
"""

import json
import os
import subprocess
import sys
import tempfile

EXECUTIONS = 400000


def run(*args):
    done = subprocess.run(args, stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, [json.loads(x) for x in done.stdout.splitlines() if x.startswith("{")]


def hunt_options(patch):
    with open(patch, encoding="utf-8") as f:
        lines = [x.split()[1:] for x in f if x.startswith("Hunt: ")]
    return lines[0] if lines else []


def reads_old_memory(binary, plan):
    """Does the finding end in another place when its plan runs in a fresh process?

    It does if the bug uses what earlier executions left on a stack, as S13 does.
    """
    _, (line,) = run(binary, "replay", plan, "--json")
    return not line["same_signature"]


def needs_arm(binary, executions, options):
    """Checks that no weaker memory shows the bug in so many executions."""
    if "--memory=arm" not in options:
        return
    with tempfile.TemporaryDirectory() as folder:
        for memory in ("sc", "tso", "pso"):
            status, lines = run(binary, "stress", "--json", "--executions=%d" % executions,
                                "--findings=" + folder, "--memory=" + memory)
            assert status == 0, (memory, lines)


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        status, lines = run(binary, "stress", "--json", "--executions=%d" % EXECUTIONS,
                            "--findings=" + folder, *hunt_options(sys.argv[2]))
        found = [x for x in lines if x["type"] == "finding"]
        assert status == 1 and found, "not found in %d executions" % EXECUTIONS
        needs_arm(binary, found[0]["executions"] + 1000, hunt_options(sys.argv[2]))
        plan = os.path.join(folder, "shrunk.plan")
        status, lines = run(binary, "shrink", found[0]["file"], "-o", plan, "--json",
                            "--seconds=10")
        assert status == 0, "does not shrink"
        status, runs = run(binary, "replay", plan, "--json", "--times=10")
        assert status == 0 and len(runs) == 10, runs
        assert all(r["hash"] == lines[0]["hash"] and r["kind"] == found[0]["kind"] for r in runs)
        assert all(r["id"] == lines[0]["id"] and r["same_signature"] for r in runs), runs
        # Tasks that only happened to wait in a deadlock may be gone, with their places.
        if found[0]["kind"] != "deadlock" and not (
                found[0]["kind"] == "memory" and reads_old_memory(binary, found[0]["file"])):
            assert lines[0]["id"] == found[0]["id"], (lines, found)
        with open(plan, encoding="ascii") as f, open(found[0]["file"], encoding="ascii") as g:
            shrunk, saved = f.read(), g.read()
        kept = [x for x in saved.splitlines() if x.startswith('found by "')]
        assert len(kept) == 1 and kept[0] in shrunk.splitlines(), (saved, shrunk)
    print("%s after %d executions, %d operations and %d directives" % (
        found[0]["kind"], found[0]["executions"], lines[0]["operations"],
        lines[0]["directives"]))


main()
