#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the gate's plan, its time, its verdict and its reports, with a runner that runs nothing and
reports results."""

import contextlib
import io
import json
import os
import signal
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from kthrashlib import common
from kthrashlib.front import cli
from kthrashlib.gate import gate, results
from kthrashlib.gate.junit import FAILED, PASSED, Case

UNIT = ["//core:a_test@sim+ticket+park+list+epoch", "//tools:b_test"]
COMBOS = gate.DEFAULTS + ["sim+lock%d+park+list+epoch" % n for n in range(8)]
UNITS = {s: UNIT for s in gate.SANITIZERS}


class Fake:
    """A runner that runs nothing. Each item takes `cost` seconds of its own clock, and the items in
    `bad` fail."""

    def __init__(self, cost=0.0, bad=(), broken=()):
        self.now, self.cost, self.bad, self.broken = 0.0, cost, bad, list(broken)
        self.steps, self.stopped = [], False

    def clock(self):
        return self.now

    def run(self, kind, sanitizer, items, deadline):
        ran = results.Ran()
        self.steps.append((sanitizer, kind, self.now, deadline, list(items)))
        for item in items:
            if self.now + self.cost > deadline:
                self.now = deadline
                break
            self.now += self.cost
            status = FAILED if item in self.bad else PASSED
            ran.cases[item] = [Case(kind, item, status, self.cost, "it broke")]
        ran.broken, self.broken = self.broken, []
        return ran

    def test(self, sanitizer, kind, items, deadline):
        return self.run(kind, sanitizer, items, deadline)

    def stress(self, sanitizer, kind, items, deadline):
        return self.run(kind, sanitizer, items, deadline)


def ran(fake, end, turn=0):
    plan = gate.Plan(UNITS, COMBOS, turn)
    g = gate.Gate(plan, fake, end, clock=fake.clock)
    with contextlib.redirect_stdout(io.StringIO()):
        g.run()
    return g


class Planning(unittest.TestCase):
    def test_every_sanitizer_kind_and_pair_of_back_ends_is_in_it(self):
        plan = gate.Plan(UNITS, COMBOS, 0)
        steps = plan.must + plan.rest
        self.assertEqual({(s.sanitizer, s.kind) for s in plan.must},
                         {(s, k) for s in gate.SANITIZERS for k in gate.KINDS})
        for sanitizer in gate.SANITIZERS:
            for kind in ("corpus", "stress"):
                items = [i for s in steps if (s.sanitizer, s.kind) == (sanitizer, kind)
                         for i in s.items]
                wanted = COMBOS if kind == "stress" else map(gate.corpus_label, COMBOS)
                self.assertEqual(sorted(items), sorted(wanted))

    def test_another_commit_starts_at_other_back_ends(self):
        first = [gate.Plan(UNITS, COMBOS, turn).rest[0].items[0] for turn in range(8)]
        self.assertEqual(len(set(first)), 8)

    def test_no_other_back_ends(self):
        self.assertEqual(gate.Plan(UNITS, gate.DEFAULTS, 7).rest, [])

    def test_the_seeded_bugs_are_there(self):
        folder = os.path.join(common.ROOT, "stress", "bugs")
        for bug in {b for bugs in gate.SEEDED_BUGS.values() for b in bugs}:
            self.assertTrue(os.path.exists(os.path.join(folder, bug + ".patch")), bug)


class Time(unittest.TestCase):
    def test_shares_add_up_to_all_of_it(self):
        left = list(gate.Plan(UNITS, COMBOS, 0).must)
        now = 100.0
        while left:
            step = left.pop(0)
            now = gate.share(now, 700.0, step, left)
            self.assertLessEqual(now, 700.0)
        self.assertAlmostEqual(now, 700.0)

    def test_a_share_is_by_weight(self):
        a, b = gate.Step("plain", "unit", [], True), gate.Step("plain", "corpus", [], True)
        self.assertAlmostEqual(gate.share(0, 130, a, [b]),
                               130 * a.weight() / (a.weight() + b.weight()))
        self.assertEqual(gate.share(200, 130, a, [b]), 200)

    def test_enough_time_runs_everything_once(self):
        fake = Fake(cost=1)
        g = ran(fake, 10_000)
        self.assertEqual(g.missing(True) + g.missing(False), [])
        items = [(s, k, i) for s, k, _, _, items in fake.steps for i in items]
        self.assertEqual(len(items), len(set(items)))

    def test_each_cell_has_its_share_when_time_is_short(self):
        fake = Fake(cost=8)
        g = ran(fake, 400)
        self.assertLessEqual(fake.now, 400)
        for sanitizer in gate.SANITIZERS:
            for kind in gate.KINDS:
                self.assertGreater(g.cell(sanitizer, kind)[0], 0, (sanitizer, kind))

    def test_what_one_step_did_not_end_is_tried_before_the_other_back_ends(self):
        fake = Fake(cost=8)
        ran(fake, 460)
        order = [(s, k) for s, k, _, _, _ in fake.steps]
        again = [n for n, key in enumerate(order) if key in order[:n]]
        self.assertTrue(again)
        rest = [n for n, step in enumerate(fake.steps) if "lock" in step[4][0]
                and step[1] == "corpus" and "@sim+lock" in step[4][0]]
        self.assertTrue(not rest or min(again) < min(rest))

    def test_no_step_starts_behind_the_end(self):
        fake = Fake(cost=3)
        ran(fake, 100)
        self.assertTrue(all(start < 100 and deadline <= 100
                            for _, _, start, deadline, _ in fake.steps))

    def test_stress_waits_for_the_corpus_test_that_builds_its_driver(self):
        g = ran(Fake(cost=8), 250)
        for (sanitizer, kind, item) in g.cases:
            if kind == "stress":
                self.assertIn((sanitizer, "corpus", gate.corpus_label(item)), g.cases)


class Verdict(unittest.TestCase):
    def test_clean(self):
        self.assertEqual(ran(Fake(), 100).verdict(False), (common.CLEAN, "clean, 78 of 78 ran"))

    def test_a_failed_test(self):
        g = ran(Fake(bad=["//tools:b_test"]), 100)
        self.assertEqual(g.verdict(True)[0], common.FINDINGS)
        self.assertEqual(g.cell("tsan", "unit"), (1, 1, 0))

    def test_what_must_run_and_did_not(self):
        g = ran(Fake(cost=10), 100)
        self.assertEqual(g.verdict(False)[0], common.FINDINGS)
        status, word = g.verdict(True)
        self.assertEqual(status, common.CLEAN)
        self.assertEqual(word, "clean, %d of %d ran" % g.extent())
        self.assertEqual(g.extent()[0], len(g.cases))
        self.assertLess(g.extent()[0], g.extent()[1])

    def test_other_back_ends_may_wait(self):
        g = ran(Fake(cost=1), 60)
        self.assertEqual(g.missing(True), [])
        self.assertTrue(g.missing(False))
        self.assertEqual(g.verdict(False)[0], common.CLEAN)

    def test_the_environment(self):
        fake = Fake(broken=["no bazel"])
        g = ran(fake, 100)
        self.assertEqual(g.verdict(False)[0], common.ENVIRONMENT)
        self.assertEqual(len(fake.steps), 1)
        g = ran(Fake(broken=["no bazel"], bad=["//stress/bugs:P1_test"]), 100)
        self.assertEqual(g.verdict(False)[0], common.FINDINGS)

    def test_a_signal_is_never_clean(self):
        g = ran(Fake(), 100)
        g.interrupted = True
        g.broken = ["bazel test ended with status 8"]
        self.assertEqual(g.verdict(True),
                         (common.INTERRUPTED, "interrupted: not finished, 78 of 78 ran"))
        g.signal = signal.SIGTERM
        self.assertEqual(g.verdict(True)[0], 143)
        g = ran(Fake(bad=["//tools:b_test"]), 100)
        g.interrupted = True
        self.assertEqual(g.verdict(True),
                         (common.FINDINGS, "FAILED, interrupted: not finished, 78 of 78 ran"))
        g = ran(Fake(cost=10), 100)
        g.interrupted = True
        skipped = {c.message for cases in g.suites().values() for c in cases
                   if c.status == "skipped"}
        self.assertEqual(skipped, {gate.CUT_OFF})

    def test_nothing_at_all_is_never_clean(self):
        self.assertEqual(ran(Fake(cost=10), 5).verdict(True)[0], common.FINDINGS)


class Suites(unittest.TestCase):
    def test_one_per_sanitizer_and_back_ends_with_all_that_is_planned(self):
        suites = ran(Fake(cost=10), 100).suites()
        for sanitizer in gate.SANITIZERS:
            for combo in COMBOS + ["any"]:
                self.assertIn("%s %s" % (sanitizer, combo), suites)
        cases = [c for cases in suites.values() for c in cases]
        plan = gate.Plan(UNITS, COMBOS, 0)
        self.assertEqual(len(cases), sum(len(s.items) for s in plan.must + plan.rest))
        self.assertTrue({c.message for c in cases if c.status == "skipped"} == {gate.NO_TIME})


class Reports(unittest.TestCase):
    def test_are_whole_after_each_step(self):
        with tempfile.TemporaryDirectory() as folder:
            junit_file, sarif_file = (os.path.join(folder, n) for n in ("j.xml", "s.sarif"))
            seen = []

            def after(g):
                gate.write_reports(g, junit_file, sarif_file, "abc", False)
                with open(sarif_file, encoding="utf-8") as f:
                    json.load(f)
                seen.append(len(ElementTree.parse(junit_file).findall(".//testcase")))
            fake = Fake()
            g = gate.Gate(gate.Plan(UNITS, COMBOS, 0), fake, 100, fake.clock, after)
            with contextlib.redirect_stdout(io.StringIO()):
                g.run()
            self.assertEqual(len(seen), len(fake.steps))
            # The first report already has the tests that have not run yet.
            self.assertEqual(len(set(seen)), 1)


class BadInput(unittest.TestCase):
    def refused(self, *args):
        with contextlib.redirect_stderr(io.StringIO()) as err:
            self.assertEqual(cli.main(["gate", *args]), common.USAGE, args)
        self.assertEqual(len(err.getvalue().splitlines()), 1)
        return err.getvalue()

    def test_budgets_that_cannot_be_kept(self):
        for minutes in ("0", "-5", "soon", "nan", "inf", "1e9", ""):
            self.assertIn("--minutes", self.refused("--minutes=" + minutes))

    def test_places_that_cannot_be(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "x"), "w", encoding="utf-8") as f:
                f.write("mine")
            self.assertIn("empty", self.refused("--dir=" + folder))
            self.assertIn("empty", self.refused("--dir=" + f.name))
            self.assertIn("--junit", self.refused("--junit=" + folder))
            self.assertIn("--sarif", self.refused("--sarif=%s/no/x" % folder))
            self.assertEqual(os.listdir(folder), ["x"])

    def test_reports_may_go_to_the_folder_that_is_made(self):
        self.assertEqual(gate.report_file({"--junit": "/x/new/j.xml"}, "--junit", "/x/new", "j"),
                         "/x/new/j.xml")

    def test_unknown_words(self):
        self.refused("--frob")
        self.refused("word")


unittest.main()
