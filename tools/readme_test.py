#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests that README's examples are what the commands print: what a hunt in its program finds, how
its plan fails, and how explain shows it.

usage: readme_test.py [--write] README BINARY PLAN LIBKTHRASH.SO
       BINARY is the driver with seeded bug P1, PLAN is the plan for it.
       --write: write into README what the commands print.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def blocks(text):
    """Returns the blocks between fences, as pairs (language, text)."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)


def block(found, language, begins):
    return next(text for of, text in found if of == language and text.startswith(begins))


def explained():
    """Returns what explain prints of the plan, without the line that names the build."""
    done = subprocess.run([BINARY, "explain", PLAN], stdout=subprocess.PIPE, text=True,
                          check=True)
    return done.stdout.partition("\n")[2]


def hunted(program):
    """Returns what a hunt in the program prints of its first finding, without the lines that depend
    on how fast it was found and on where the program is."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "tickets.c"), "w", encoding="utf-8") as f:
            f.write(program)
        env = {**os.environ, "KTHRASH_LIB": os.path.dirname(LIBRARY), "PYTHONPATH": HERE}
        for words in ([os.path.join(HERE, "kthrash-cc"), "-O1", "tickets.c", "-o", "tickets"],
                      ["/usr/bin/python3", "-B", os.path.join(HERE, "kthrash_main.py"), "run",
                       "./tickets"]):
            done = subprocess.run(words, cwd=folder, env=env, stdout=subprocess.PIPE,
                                  text=True, check=False)
    printed = done.stdout[done.stdout.index("FAIL"):]
    return "".join(line + "\n" for line in printed.split("\n")
                   if line and not line.startswith(("trace", "replay", "done")))


def examples(found):
    """Returns the blocks that are printed by commands: pairs (text in README, text printed)."""
    ours = [text for of, text in found if not of and text.startswith("FAIL")]
    return list(zip(ours, [hunted(block(found, "c", "#include")), explained()]))


class Readme(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        with open(README, encoding="utf-8") as f:
            self.found = blocks(f.read())
        self.plan = block(self.found, "", "kthrash-plan")

    def test_examples(self):
        for shown, printed in examples(self.found):
            self.assertEqual(shown, printed)

    def test_plan(self):
        with open(PLAN, encoding="utf-8") as f:
            self.assertEqual(self.plan.split("\n"),
                             [line for line in f.read().split("\n") if line[:1] != "#"])


def write():
    with open(README, encoding="utf-8") as f:
        text = f.read()
    for shown, printed in examples(blocks(text)):
        text = text.replace(shown, printed, 1)
    with open(README, "w", encoding="utf-8") as f:
        f.write(text)


if __name__ == "__main__":
    WRITE = "--write" in sys.argv
    README, BINARY, PLAN, LIBRARY = map(os.path.abspath,
                                        [w for w in sys.argv[1:] if w != "--write"])
    if WRITE:
        write()
    else:
        unittest.main(argv=sys.argv[:1])
