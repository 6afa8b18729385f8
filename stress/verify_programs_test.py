#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests `verify` of programs: with reduction it finds the outcomes that it finds without, in far
fewer executions, and none of its executions is redundant.

argv[1] is libkthrash.so."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

LIBRARY = os.path.abspath(sys.argv.pop(1))
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs", "outcomes.c")
FOLDER = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
PROGRAM = os.path.join(FOLDER, "outcomes")
# Each case, and whether all its interleavings are few enough to be run one by one.
LARGE = {"add3", "lock3", "try3", "wait3", "sem3", "rw3", "poll", "sem", "barrier", "nested",
         "detach"}
LIMIT = 20000


def setUpModule():
    subprocess.run(["clang-19", "-fsanitize=thread", "-mllvm",
                    "-tsan-instrument-read-before-write=1", "-mllvm",
                    "-capture-tracking-max-uses-to-explore=0", "-g", "-O1", "-w", "-c", SOURCE,
                    "-o", PROGRAM + ".o"], check=True)
    subprocess.run(["clang-19", PROGRAM + ".o", "-o", PROGRAM, LIBRARY,
                    "-Wl,-rpath," + os.path.dirname(LIBRARY)], check=True)
    link = os.path.join(FOLDER, "libkthrash.so")
    if not os.path.exists(link):
        os.symlink(LIBRARY, link)


def driven(arguments, words):
    env = dict(os.environ, KTHRASH_DRIVER="\x1f".join(words), LD_LIBRARY_PATH=FOLDER,
               KTHRASH_SYMBOLIZER=shutil.which("llvm-symbolizer-19") or "")
    return subprocess.run([PROGRAM, *arguments], env=env, text=True, capture_output=True,
                          check=False, cwd=FOLDER)


def explored(case, strategy):
    """Returns the outcomes of the case, and the summary."""
    path = os.path.join(FOLDER, case + "." + strategy)
    done = driven([case, path], ["verify", "--json", "--strategy=" + strategy,
                                 "--executions=%d" % LIMIT, "--findings=" + path + ".findings"])
    lines = [json.loads(x) for x in done.stdout.splitlines() if x.startswith("{")]
    assert lines and lines[-1]["type"] == "summary", done.stdout + done.stderr
    with open(path, encoding="utf-8") as f:
        return set(f.read().splitlines()), lines[-1]


def cases():
    with open(SOURCE, encoding="utf-8") as f:
        return re.findall(r"^\t\{ \"(\w+)\", \{", f.read(), re.MULTILINE)


class Outcomes(unittest.TestCase):
    def test_reduction_loses_no_outcome(self):
        self.assertGreater(len(cases()), 25)
        for case in cases():
            with self.subTest(case):
                outcomes, summary = explored(case, "dpor")
                others, brute = explored(case, "dfs")
                if case != "sem3":  # too large with reduction as well
                    self.assertEqual(summary["verdict"], "verified", summary)
                self.assertEqual(summary["redundant"], 0, summary)
                self.assertLessEqual(others, outcomes)
                if case in LARGE:
                    continue
                self.assertEqual(brute["verdict"], "verified", brute)
                self.assertEqual(others, outcomes)
                self.assertEqual(brute["executions"] - brute["redundant"],
                                 summary["executions"])

    def test_preemptions_lose_no_outcome(self):
        for case in ("plain", "part", "mixed", "add", "after", "cancel", "cas", "heap"):
            with self.subTest(case):
                self.assertEqual(explored(case, "dpor")[0], explored(case, "bound:12")[0])


if __name__ == "__main__":
    unittest.main()
