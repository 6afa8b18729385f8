#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests that README's examples are what the commands print: what a hunt in its program finds, how
its plan fails, and how explain shows it.

usage: readme_test.py README BINARY PLAN LIBKTHRASH.SO
       BINARY is the driver with seeded bug P1, PLAN is the plan for it.

README leaves out the column of init, which only waits, and breaks the last lines anew.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

WIDTH = 34      # A task's column has this width. The columns follow the step's number.


HERE = os.path.dirname(os.path.abspath(__file__))


def blocks(text):
    """Returns the blocks between fences, as pairs (language, text)."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)


def block(found, language, begins):
    return next(text for of, text in found if of == language and text.startswith(begins))


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
            found = blocks(f.read())
        self.plan = block(found, "", "kthrash-plan")
        self.shown = block(found, "", " step kthreadd")
        self.program, self.hunt = block(found, "c", "#include"), block(found, "", "FAIL")

    def test_interleaving(self):
        done = subprocess.run([BINARY, "explain", PLAN], stdout=subprocess.PIPE, text=True,
                              check=True)
        rows, words = without_init(done.stdout)
        shown, _, tail = self.shown.partition("\n\n")
        self.assertEqual([row.split() for row in shown.split("\n")], [r.split() for r in rows])
        self.assertEqual(tail.split(), words)

    def test_program(self):
        """Compares what a hunt prints from its first finding on, without the lines that depend on
        how fast it was found and on where the program is."""
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "tickets.c"), "w", encoding="utf-8") as f:
                f.write(self.program)
            env = {**os.environ, "KTHRASH_LIB": os.path.dirname(LIBRARY), "PYTHONPATH": HERE}
            for words in ([os.path.join(HERE, "kthrash-cc"), "-O1", "tickets.c", "-o", "tickets"],
                          ["/usr/bin/python3", "-B", os.path.join(HERE, "kthrash_main.py"), "run",
                           "./tickets"]):
                done = subprocess.run(words, cwd=folder, env=env, stdout=subprocess.PIPE,
                                      text=True, check=False)
        printed = done.stdout[done.stdout.index("FAIL"):]
        kept = [line.split() for line in printed.split("\n")
                if not line.startswith(("after", "shrunk", "trace", "replay", "done"))]
        self.assertEqual([line.split() for line in self.hunt.split("\n") if line],
                         [words for words in kept if words])

    def test_plan(self):
        with open(PLAN, encoding="utf-8") as f:
            self.assertEqual(self.plan.split("\n"),
                             [line for line in f.read().split("\n") if line[:1] != "#"])


if __name__ == "__main__":
    README, BINARY, PLAN, LIBRARY = map(os.path.abspath, sys.argv[1:5])
    unittest.main(argv=sys.argv[:1])
