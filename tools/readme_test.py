#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests that README's example is what the commands print: how the plan fails, and how explain shows
it.

usage: readme_test.py README BINARY PLAN    the driver with seeded bug P1, and the plan

README leaves out the column of init, which only waits, and breaks the last lines anew.
"""

import re
import subprocess
import sys
import unittest

WIDTH = 34      # A task's column has this width. The columns follow the step's number.


def blocks(text):
    return re.findall(r"^```\n(.*?)^```$", text, re.M | re.S)


def without_init(printed):
    """Returns the rows of the other tasks, and what follows the rows, as words."""
    head, _, tail = printed.partition("\n\n")
    rows = [line for line in head.split("\n") if not line[6:6 + WIDTH].strip()
            or line.startswith(" step")]
    return [row[:6] + row[6 + WIDTH:] for row in rows], tail.split()


class Readme(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        with open(README, encoding="utf-8") as f:
            self.plan, self.shown = blocks(f.read())[:2]

    def test_interleaving(self):
        done = subprocess.run([BINARY, "explain", PLAN], stdout=subprocess.PIPE, text=True,
                              check=True)
        rows, words = without_init(done.stdout)
        shown, _, tail = self.shown.partition("\n\n")
        self.assertEqual([row.split() for row in shown.split("\n")], [r.split() for r in rows])
        self.assertEqual(tail.split(), words)

    def test_plan(self):
        with open(PLAN, encoding="utf-8") as f:
            self.assertEqual(self.plan.split("\n"),
                             [line for line in f.read().split("\n") if line[:1] != "#"])


if __name__ == "__main__":
    README, BINARY, PLAN = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1])
