#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the coverage of a few plans: the lines that they reach are counted, even for a plan that
fails and for a process that a finding ends.

usage: coverage_test.py SIM POSIX [unittest's words]   drivers built for coverage
"""

import glob
import os
import re
import subprocess
import sys
import tempfile
import unittest

from kthrashlib.measure import coverage

HERE = os.path.dirname(os.path.abspath(__file__))

SIM, POSIX = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
ROOT = os.path.dirname(HERE)

PLAN = """kthrash-plan 1
task C1: a = create "worker" until-stop 7; wake a; stop a == 7
"""
# This plan stops a thread that is gone. A plan in corpus/illegal does so, too.
FAILS = """kthrash-plan 1
strategy pct 3 seed 3
task C1: a = create "a" return 1; wake a; stop a
expect memory
"""


def record(text, name):
    (found,) = re.findall(r"^SF:%s$.*?end_of_record" % re.escape(name), text, re.M | re.S)
    return found


def functions(text):
    """Returns the number of calls of each function, by its name without the file."""
    return {name.rpartition(":")[2]: int(n) for n, name in re.findall(r"^FNDA:(\d+),(.*)$", text,
                                                                      re.M)}


class Coverage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def counted(self, *plans):
        files = []
        for n, text in enumerate(plans):
            files.append(os.path.join(self.folder, "%d.plan" % n))
            with open(files[-1], "w", encoding="utf-8") as f:
                f.write(text)
        binaries = {"sim+x": SIM}
        merged = coverage.count(binaries, files, self.folder)
        return binaries, merged, coverage.lcov(binaries, merged)

    def test_lines_and_branches_of_what_is_under_test(self):
        _, _, text = self.counted(PLAN)
        files = coverage.totals(text)
        self.assertIn("core/kthread.c", files)
        self.assertIn("core/list.h", files)
        self.assertEqual({name.partition("/")[0] for name in files}, {"core", "platform"})
        self.assertNotIn("platform/sim/loop.c", files)
        lines, reached, branches, taken = files["core/kthread.c"]
        self.assertTrue(0 < reached < lines and 0 < taken < branches)

    def test_counts_are_of_what_the_plan_does(self):
        _, _, text = self.counted(PLAN)
        calls = functions(record(text, "core/kthread.c"))
        self.assertEqual(calls["kthread_stop"], 1)
        self.assertEqual(calls["kthread_park"], 0)
        _, _, text = self.counted(PLAN, PLAN, PLAN)
        self.assertEqual(functions(record(text, "core/kthread.c"))["kthread_stop"], 3)

    def test_a_line_reached_and_one_not(self):
        _, _, text = self.counted(PLAN)
        with open(os.path.join(ROOT, "core", "kthread.c"), encoding="utf-8") as f:
            source = f.read().split("\n")
        lines = dict(re.findall(r"^DA:(\d+),(\d+)", record(text, "core/kthread.c"), re.M))

        def first_in(function):
            start = next(n for n, x in enumerate(source, 1) if re.match(r"\S.*\b%s\(" % function, x)
                         and ";" not in x)
            return next(int(lines[str(n)]) for n in range(start + 1, len(source))
                        if str(n) in lines)
        self.assertGreater(first_in("kthread_stop"), 0)
        self.assertEqual(first_in("kthread_park"), 0)

    def test_a_plan_that_fails_counts(self):
        _, _, text = self.counted(FAILS)
        self.assertEqual(functions(record(text, "core/kthread.c"))["kthread_stop"], 1)

    def test_a_process_ended_by_a_finding_counts(self):
        plan = os.path.join(self.folder, "x.plan")
        with open(plan, "w", encoding="utf-8") as f:
            f.write(PLAN.replace("== 7", "== 8"))
        raw = os.path.join(self.folder, "%m.profraw")
        done = subprocess.run([POSIX, "replay", "--json", "--times=1", plan], check=False,
                              stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "LLVM_PROFILE_FILE": raw})
        self.assertIn('"kind":"expect"', done.stdout)
        merged = os.path.join(self.folder, "x.profdata")
        coverage.tool(["llvm-profdata-19", "merge", "-o", merged]
                      + glob.glob(os.path.join(self.folder, "*.profraw")))
        text = coverage.lcov({"posix+x": POSIX}, merged)
        self.assertEqual(functions(record(text, "core/kthread.c"))["kthread_stop"], 1)

    def test_of_a_campaign_s_corpus_what_is_a_plan(self):
        for name, text in (("0a1b", PLAN), ("2c.plan", PLAN), ("empty", ""), ("3d", "\x00\x01")):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        given = coverage.plans_in(self.folder)
        self.assertEqual(len(given), 4)
        copies = coverage.usable(SIM, given, os.path.join(self.folder, "plans"))
        self.assertEqual([os.path.basename(p) for p in copies], ["0a1b.plan", "2c.plan"])

    def test_pages(self):
        binaries, merged, text = self.counted(PLAN)
        folder = os.path.join(self.folder, "html")
        seen = {"order kthread_stop:set_bit(A) kthread_park:set_bit(B)"}
        coverage.write_pages(folder, binaries, merged,
                             coverage.page(coverage.totals(text), seen, "1 pair", 1, 1))
        with open(os.path.join(folder, "index.html"), encoding="utf-8") as f:
            index = f.read()
        for words in ("core/kthread.c", "1 pair", "<td>kthread_park</td><td>1</td>",
                      'href="code/index.html"'):
            self.assertIn(words, index)
        with open(os.path.join(folder, "code", "index.html"), encoding="utf-8") as f:
            self.assertIn("kthread.c", f.read())


unittest.main()
