#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the kernel's own litmus tests under each memory: what its model forbids is not shown, but
where the contract of the memory says so, and "arm" shows nearly all that it allows.

usage: KTHRASH_LITMUS=TREE linux_litmus_test.py BINARY
"""

import glob
import os
import re
import subprocess
import sys
import unittest

BINARY = os.path.abspath(sys.argv[1])
TREE = os.environ.get("KTHRASH_LITMUS", "")

# What a memory shows although the kernel's model forbids it, and why. platform/README.md says it.
EXCEPTIONS = {
    ("MP+unlocklockonceonce+fencermbonceonce", "pso"):
        "an unlock and a lock order no stores for a third thread: neither is a barrier",
}
# What "arm" does not show although the kernel's model allows it.
MISSED = {"LB+poonceonces": "a store never comes before an earlier load"}
# How many of the tests that say Sometimes are shown, at least.
SHOWN = {"sc": 0, "tso": 3, "pso": 8, "arm": 14}


class Kernel(unittest.TestCase):
    def test_verdicts(self):
        tests = sorted(glob.glob(os.path.join(TREE, "**", "*.litmus"), recursive=True))
        self.assertTrue(TREE and tests, "KTHRASH_LITMUS=%s has no litmus test" % TREE)
        done = subprocess.run([BINARY, "--table", *tests], stdout=subprocess.PIPE, text=True,
                              check=False)
        print(done.stdout)
        rows = re.findall(r"^\| (\S+) \| (\w+) \| (.*) \|$", done.stdout, re.MULTILINE)
        self.assertEqual(len(rows), len(tests))
        shown, said = dict.fromkeys(SHOWN, 0), 0
        for name, result, cells in rows:
            said += result == "Sometimes"
            for memory, cell in zip(SHOWN, cells.split(" | ")):
                with self.subTest(name, memory=memory):
                    self.assertNotEqual(cell, "?")
                    self.assertEqual(cell.startswith("**"), (name, memory) in EXCEPTIONS)
                shown[memory] += result == "Sometimes" and cell == "Sometimes"
        self.assertGreaterEqual(said, 15)
        for memory, least in SHOWN.items():
            self.assertGreaterEqual(shown[memory], least, memory)
        misses = {name for name, result, cells in rows
                  if result == "Sometimes" and not cells.endswith("Sometimes")}
        self.assertEqual(misses, set(MISSED))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
