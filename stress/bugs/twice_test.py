#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""--twice finds nothing in the corpus on the unpatched core. It finds and saves an execution
that depends on an address, on an earlier execution or on the process. It names the step where
the two runs differ. The saved plan replays.

usage: twice_test.py CLEAN BUG... -- PLAN...
"""

import json
import os
import subprocess
import sys
import tempfile


def run(*args):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    return done.returncode, [json.loads(x) for x in done.stdout.splitlines()], done.stderr


def check_found(binary, folder):
    hunt = [binary, "stress", "--json", "--executions=20000"]
    status, _, _ = run(*hunt, "--findings=" + folder)
    assert status == 0, "%s: found without --twice" % binary
    status, lines, said = run(*hunt, "--twice", "--findings=" + folder)
    found = [x for x in lines if x["type"] == "finding"]
    assert (status, len(found), said) == (1, 1, ""), (binary, status, lines, said)
    assert found[0]["kind"] == "nondeterminism", found
    assert "differs from step" in found[0]["message"], found
    with open(found[0]["file"], encoding="ascii") as f:
        assert "\nexpect nondeterminism\n" in f.read()
    status, lines, _ = run(binary, "replay", "--json", "--times=5", found[0]["file"])
    assert status == 0 and len(lines) == 5, lines
    assert {x["signature"] for x in lines} == {found[0]["signature"]}, lines
    print("%s: %s" % (os.path.basename(binary), found[0]["message"]))


def check_replay(binary, folder):
    """A plan with `expect pass` passes, and with --twice it fails as nondeterminism."""
    path = os.path.join(folder, "it.plan")
    with open(path, "w", encoding="ascii") as f:
        f.write("kthrash-plan 1\ntask C1: a = create \"a\" return 0\nexpect pass\n")
    assert run(binary, "replay", "--json", path)[0] == 0
    status, lines, _ = run(binary, "replay", "--json", "--twice", path)
    assert (status, lines[0]["kind"]) == (1, "nondeterminism"), lines


def main():
    at = sys.argv.index("--")
    clean, bugs, plans = os.path.abspath(sys.argv[1]), sys.argv[2:at], sys.argv[at + 1:]
    status, lines, said = run(clean, "replay", "--json", "--twice", *plans)
    assert status == 0 and len(lines) == len(plans), (said, [x for x in lines if not x["ok"]])
    with tempfile.TemporaryDirectory() as folder:
        for bug in bugs:
            check_found(os.path.abspath(bug), os.path.join(folder, os.path.basename(bug)))
        check_replay(os.path.abspath(bugs[-1]), folder)


main()
