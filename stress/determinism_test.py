#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The corpus does what it expects; and the same plan has the same verdict and trace
hash: in each compiler and sanitizer, optimized and not, twice.

usage: determinism_test.py BINARY... -- PLAN...
"""

import json
import subprocess
import sys
import tempfile

GENERATED = 40


def replay(binary, plans):
    """The records of each plan, run twice."""
    done = subprocess.run([binary, "replay", "--json", "--times=2"] + plans,
                          stdout=subprocess.PIPE, text=True, check=False)
    return list(map(json.loads, done.stdout.splitlines()))


def hashes(binary, plans):
    """(verdict, hash) of each plan, run twice."""
    return [(r["kind"], r["hash"]) for r in replay(binary, plans)]


def main():
    at = sys.argv.index("--")
    binaries, plans = sys.argv[1:at], sys.argv[at + 1:]
    for r in replay(binaries[0], plans):
        assert r["ok"], "not as expected: %s" % r
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(GENERATED):
            text = subprocess.run([binaries[0], "generate", "--seed=%d" % seed], check=True,
                                  stdout=subprocess.PIPE, text=True).stdout
            first, rest = text.split("\n", 1)
            plans.append("%s/%d.plan" % (folder, seed))
            with open(plans[-1], "w", encoding="ascii") as f:
                f.write("%s\nstrategy %s seed %d\n%s" % (
                    first, "random" if seed % 2 else "pct 3", seed, rest))
        due = hashes(binaries[0], plans)
        assert len(due) == 2 * len(plans), (len(due), len(plans))
        assert len(set(due)) > GENERATED // 2, "plans hardly differ"
        assert due[0::2] == due[1::2], "the second run differs"
        for binary in binaries[1:]:
            got = hashes(binary, plans)
            for i, (a, b) in enumerate(zip(due, got)):
                assert a == b, "%s: %s there, %s here" % (plans[i // 2], a, b)
            assert len(got) == len(due)
            print("%s: %d plans agree" % (binary, len(plans)))


main()
