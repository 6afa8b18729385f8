#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The corpus's plans end as they expect, and executions are deterministic: a plan has the same
verdict and trace each time, and a hunt has the same traces. This holds across compilers and
sanitizers, with and without optimization. Each plan is replayed twice.

usage: determinism_test.py BINARY... -- PLAN...
"""

import json
import os
import subprocess
import sys
import tempfile

GENERATED = 60
STRATEGIES = ("block", "random seed N", "pos seed N", "surw seed N", "pct 3 seed N",
              "delay 2 seed N")
MEMORIES = ("sc", "tso", "pso")
HUNTED = 4000       # with the portfolio and faults


# The search for leaks at the end of a process takes most of ASan's time, and no trace
# contains it.
os.environ["ASAN_OPTIONS"] = "detect_leaks=0"


def replay(binary, plans):
    """The records of each plan, run twice."""
    done = subprocess.run([binary, "replay", "--json", "--times=2"] + plans,
                          stdout=subprocess.PIPE, text=True, check=False)
    return list(map(json.loads, done.stdout.splitlines()))


def traces(binary, plans):
    """(verdict, hash, steps) of each plan, run twice."""
    return [(r["kind"], r["hash"], r["steps"]) for r in replay(binary, plans)]


def digest(binary, folder):
    """The digest of all traces of a hunt, and its counts."""
    done = subprocess.run([binary, "stress", "--json", "--executions=%d" % HUNTED,
                           "--findings=" + folder], stdout=subprocess.PIPE, text=True, check=True)
    summary = json.loads(done.stdout.splitlines()[-1])
    return {k: summary[k] for k in ("executions", "points", "schedules", "digest")}


def generate(binary, folder):
    """Plans under each strategy and memory."""
    plans = []
    for seed in range(GENERATED):
        text = subprocess.run([binary, "generate", "--seed=%d" % seed], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        first, rest = text.split("\n", 1)
        plans.append("%s/%d.plan" % (folder, seed))
        with open(plans[-1], "w", encoding="ascii") as f:
            strategy = STRATEGIES[seed % len(STRATEGIES)].replace("N", "%d" % seed)
            f.write("%s\nmemory %s\nstrategy %s\n%s" % (
                first, MEMORIES[seed // len(STRATEGIES) % len(MEMORIES)], strategy, rest))
    return plans


def main():
    at = sys.argv.index("--")
    binaries, plans = sys.argv[1:at], sys.argv[at + 1:]
    for r in replay(binaries[0], plans):
        assert r["ok"], "not as expected: %s" % r
    with tempfile.TemporaryDirectory() as folder:
        plans += generate(binaries[0], folder)
        first = traces(binaries[0], plans)
        assert len(first) == 2 * len(plans), (len(first), len(plans))
        assert len(set(first)) > GENERATED // 2, "only %d different traces" % len(set(first))
        assert first[0::2] == first[1::2], "the second run differs"
        first_digest = digest(binaries[0], folder)
        assert first_digest["schedules"] > HUNTED // 2, first_digest
        for binary in binaries[1:]:
            got = traces(binary, plans)
            for i, (a, b) in enumerate(zip(first, got)):
                assert a == b, "%s: %s in %s, %s in %s" % (plans[i // 2], a, binaries[0], b, binary)
            assert len(got) == len(first)
            got = digest(binary, folder)
            assert got == first_digest, "%s in %s, %s in %s" % (
                first_digest, binaries[0], got, binary)
            print("%s: %d plans and a hunt agree" % (binary, len(plans)))


main()
