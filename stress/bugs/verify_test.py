#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""`verify` gives the right verdict and exit status, and a counterexample replays.

usage: verify_test.py CLEAN P1 H1 H2K P13N P2S
"""

import glob
import json
import os
import subprocess
import sys
import tempfile

ONE = "kthrash-plan 1\n# one\ntask C1: a = create \"a\" return 0\n"
TWO = "kthrash-plan 1\n# two\ntask C1: a = create \"a\" return 0\n" \
      "task C2: b = create \"b\" return 0\n"
KILLED = ONE + "kill C1 at kthreadd kthreadd.unlinked #1\n"
OOM = ONE + "oom task #1 kills C1\n"
FAILED = ONE.replace("return 0\n", "return 0 == -ENOMEM\n") + "fail task #1\n"
WRONG = FAILED.replace("-ENOMEM", "ok")
WEAK = ONE + "memory pso\n"
# `verify` ignores the schedule of its plan.
SWITCHED = ONE + "switch kthreadd at kthreadd_main:store(current->state) #1 to C1\n"


class Verifier:
    def __init__(self, folder):
        self.folder = folder

    def run(self, binary, plan, *options):
        """Exit status, the summary (stderr if there is none), and the findings."""
        path = os.path.join(self.folder, "it.plan")
        with open(path, "w", encoding="ascii") as f:
            f.write(plan)
        findings = os.path.join(self.folder, "findings")
        for old in glob.glob(os.path.join(findings, "*")):
            os.unlink(old)
        done = subprocess.run([binary, "verify", path, "--json", "--findings=" + findings,
                               *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
        lines = [json.loads(x) for x in done.stdout.splitlines()]
        summary = [x for x in lines if x["type"] == "summary"]
        found = [x for x in lines if x["type"] == "finding"]
        return done.returncode, summary[0] if summary else done.stderr, found


def check_verified(v, clean):
    for plan, options in [(ONE, ()), (ONE, ("--teardown",)), (TWO, ()), (KILLED, ()), (OOM, ()),
                          (FAILED, ()), (SWITCHED, ()), (ONE, ("--spurious=2",)),
                          (TWO, ("--kills=1", "--fails=1"))]:
        status, s, found = v.run(clean, plan, *options)
        assert (status, s["verdict"], found) == (0, "verified", []), (plan, options, status, s)
        assert s["redundant"] == 0 and s["dropped"] == 0, s
        assert s["blocked"] == 0 or s["kills"] or s["fails"], s
        print("verified: %d executions, %d blocked, %s" % (s["executions"], s["blocked"], options))
    # Faults that are allowed give more executions than a plan without them.
    counts = [v.run(clean, ONE, *o)[1]["executions"]
              for o in ((), ("--fails=1",), ("--kills=1", "--fails=1"))]
    assert counts == sorted(set(counts)), counts
    assert v.run(clean, KILLED)[1]["executions"] > counts[0]
    assert v.run(clean, SWITCHED)[1]["executions"] == counts[0]


def check_states(v, clean):
    for plan, options in [(ONE, ()), (ONE, ("--teardown",)), (KILLED, ()), (OOM, ()), (FAILED, ()),
                          (ONE, ("--spurious=2",)), (ONE, ("--kills=1", "--fails=1"))]:
        status, s, found = v.run(clean, plan, "--strategy=states", *options)
        assert (status, s["verdict"], found) == (0, "verified", []), (plan, options, status, s)
        assert s["states"] > s["executions"] and s["cut"] > 0 and s["memory"] > 0, s
        assert not s["limited"], s
        print("verified by states: %d states, %d cut, %s" % (s["states"], s["cut"], options))
    # At the limit states are explored again, which takes longer and finds the same.
    status, s, _ = v.run(clean, TWO, "--strategy=states", "--memory-limit=1", "--seconds=20")
    assert s["limited"] and s["memory"] <= 1 << 20, s
    assert s["verdict"] in ("verified", "not finished"), s


def check_bounded(v, clean):
    counts = []
    for options in [("--strategy=bound:0",), ("--strategy=bound:0", "--fails=1"),
                    ("--strategy=bound:0", "--fails=1", "--kills=1")]:
        status, s, found = v.run(clean, ONE, *options)
        assert (status, s["verdict"], found) == (0, "verified", []), (options, status, s)
        counts.append(s["executions"])
    assert counts == sorted(set(counts)), counts
    print("bounded: %s executions" % counts)
    weak = []
    for memory in ("sc", "tso"):
        status, s, _ = v.run(clean, ONE, "--strategy=bound:1", "--memory=" + memory)
        assert (status, s["verdict"]) == (0, "verified"), (memory, s)
        weak.append(s["executions"])
    assert weak[0] < weak[1], weak
    print("with sc and tso: %s executions" % weak)


def check_not_finished(v, clean):
    status, s, _ = v.run(clean, TWO, "--executions=100")
    assert (status, s["verdict"], s["executions"]) == (3, "not finished", 100), (status, s)
    status, s, _ = v.run(clean, TWO, "--strategy=dfs", "--executions=2000")
    assert (status, s["verdict"]) == (3, "not finished"), (status, s)
    assert s["redundant"] > 1000, s


def check_bad_input(v, clean):
    for plan, options, words in [("nonsense\n", (), "it.plan:1:1:"),
                                 (ONE, ("--kills=17",), "from 0 to 16"),
                                 (ONE, ("--strategy=pct:3",), "dpor, dfs, or bound:N"),
                                 (ONE, ("--strategy=bound:many",), "N from 0 to 64"),
                                 (ONE, ("another.plan",), "takes one plan"),
                                 (ONE, ("--memory=tso",), "with memory sc only:"),
                                 (WEAK, (), "with memory sc only:"),
                                 (ONE, ("--memory=x",), "expected sc, tso, pso or arm")]:
        status, said, _ = v.run(clean, plan, *options)
        assert status == 2 and words in said, (status, said)


def check_found(v, binary, plan, kind, *options):
    status, s, found = v.run(binary, plan, *options)
    assert (status, s["verdict"]) == (1, "counterexample"), (binary, status, s)
    assert found[0]["kind"] == kind, found
    assert found[0]["id"] == s["id"], (found, s)
    assert os.path.basename(found[0]["file"]) == s["id"] + ".plan", found
    done = subprocess.run([binary, "replay", "--json", found[0]["file"], "--times=10"],
                          check=False, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout
    for run in map(json.loads, done.stdout.splitlines()):
        assert run["id"] == s["id"] and run["same_signature"] is True, run
    print("found after %d executions: %s" % (s["executions"], found[0]["signature"]))


def main():
    clean, p1, h1, h2k, p13n, p2s = map(os.path.abspath, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        v = Verifier(folder)
        check_verified(v, clean)
        check_states(v, clean)
        check_bounded(v, clean)
        check_not_finished(v, clean)
        check_bad_input(v, clean)
        check_found(v, clean, WRONG, "expect")
        check_found(v, p1, ONE, "deadlock")
        check_found(v, p1, ONE, "deadlock", "--strategy=bound:1")
        check_found(v, p1, ONE, "deadlock", "--strategy=states")
        check_found(v, h2k, ONE, "memory", "--strategy=states", "--kills=1")
        check_found(v, p13n, ONE, "model", "--strategy=states", "--fails=1")
        check_found(v, h1, OOM, "deadlock")
        check_found(v, h2k, ONE, "memory", "--kills=1")
        check_found(v, h2k, ONE, "memory", "--strategy=bound:2", "--kills=1")
        check_found(v, p13n, ONE, "model", "--fails=1")
        check_found(v, p2s, ONE, "deadlock", "--strategy=bound:0", "--memory=tso")
        assert v.run(p2s, ONE, "--strategy=bound:1")[1]["verdict"] == "verified"


main()
