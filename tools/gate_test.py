#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The gate's plan, its time and its verdict, against a runner that only says it ran; what Bazel
and the driver say, against lines as they write them."""

import contextlib
import io
import json
import os
import signal
import tempfile
import time
import unittest
import xml.etree.ElementTree as ElementTree
from unittest import mock

from kthrashlib import common
from kthrashlib.front import cli
from kthrashlib.gate import gate, results, runner
from kthrashlib.gate.junit import ERROR, FAILED, PASSED, Case

UNIT = ["//core:a_test@sim+ticket+park+list+epoch", "//tools:b_test"]
COMBOS = gate.DEFAULTS + ["sim+lock%d+park+list+epoch" % n for n in range(8)]
UNITS = {s: UNIT for s in gate.SANITIZERS}


class Fake:
    """Runs nothing; each item takes `cost` seconds of its clock. `bad`: items that fail."""

    def __init__(self, cost=0.0, bad=(), broken=()):
        self.now, self.cost, self.bad, self.broken = 0.0, cost, bad, list(broken)
        self.steps = []

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
        for bug in {b for bugs in gate.SMOKE.values() for b in bugs}:
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

    def test_each_cell_has_its_due_when_time_is_short(self):
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
        self.assertEqual(ran(Fake(), 100).verdict(False), (common.CLEAN, "clean"))

    def test_a_failed_test(self):
        g = ran(Fake(bad=["//tools:b_test"]), 100)
        self.assertEqual(g.verdict(True)[0], common.FINDINGS)
        self.assertEqual(g.cell("tsan", "unit"), (1, 1, 0))

    def test_what_must_run_and_did_not(self):
        g = ran(Fake(cost=10), 100)
        self.assertEqual(g.verdict(False)[0], common.FINDINGS)
        self.assertEqual(g.verdict(True)[0], common.CLEAN)

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
        self.assertEqual(g.verdict(True)[0], common.ENVIRONMENT)

    def test_nothing_at_all_is_never_clean(self):
        self.assertEqual(ran(Fake(cost=10), 5).verdict(True)[0], common.FINDINGS)


class Suites(unittest.TestCase):
    def test_one_per_sanitizer_and_back_ends_with_all_that_was_due(self):
        suites = ran(Fake(cost=10), 100).suites()
        for sanitizer in gate.SANITIZERS:
            for combo in COMBOS + ["any"]:
                self.assertIn("%s %s" % (sanitizer, combo), suites)
        cases = [c for cases in suites.values() for c in cases]
        plan = gate.Plan(UNITS, COMBOS, 0)
        self.assertEqual(len(cases), sum(len(s.items) for s in plan.must + plan.rest))
        self.assertTrue({c.message for c in cases if c.status == "skipped"} == {gate.NO_TIME})


# ---- what Bazel says -----------------------------------------------------------------

def completed(label, **more):
    return {"id": {"targetCompleted": {"label": label}}, **more}


def tested(label, status, files=(), start=0, took=1500):
    return {"id": {"testResult": {"label": label}}, "testResult": {
        "status": status, "testAttemptStartMillisEpoch": str(start),
        "testAttemptDurationMillis": str(took),
        "testActionOutput": [{"name": n, "uri": "file://" + p} for n, p in files]}}


class Bazel(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def of(self, *events, log="", ended=None):
        text = "".join(json.dumps(e) + "\n" for e in events) + '{"id":{"progr'   # torn
        return results.of_bazel(text, "unit", log, ["--config=tsan"], ended)

    def test_passed(self):
        got = self.of(tested("//a:b", "PASSED"))
        self.assertEqual([(c.status, c.seconds) for c in got.cases["//a:b"]], [(PASSED, 1.5)])
        self.assertEqual(got.findings, [])

    def test_its_own_cases(self):
        xml = self.file("test.xml", '<testsuite><testcase name="x"/><testcase name="y">'
                                    '<failure message="m"/></testcase></testsuite>')
        got = self.of(tested("//a:b", "FAILED", [("test.xml", xml)]))
        self.assertEqual([(c.name, c.status) for c in got.cases["//a:b"]],
                         [("//a:b x", PASSED), ("//a:b y", FAILED)])
        self.assertIn("replay: bazel test --config=tsan //a:b", got.cases["//a:b"][1].text)

    def test_failed_with_a_report_is_what_the_report_says(self):
        log = self.file("test.log", "WARNING: ThreadSanitizer: data race (pid=1)\n"
                        "  Write of size 8 at 0x1 by thread T1:\n    #0 f core/mm.c:5:1\n\n"
                        "  Previous read of size 8 at 0x1 by main thread:\n"
                        "    #0 g core/mm.c:9:1\n\nSUMMARY: ThreadSanitizer: data race x in f\n")
        got = self.of(tested("//core:mm_test@sim+a", "FAILED", [("test.log", log)]))
        self.assertEqual(got.cases["//core:mm_test@sim+a"][0].message,
                         "SUMMARY: ThreadSanitizer: data race x in f")
        self.assertEqual((got.findings[0]["kind"], got.findings[0]["signature"]),
                         ("race", "race: g | f"))

    def test_failed_without_one_has_a_place(self):
        log = self.file("test.log", "core/mm_test.c:12: CHECK(a == b)\n")
        (finding,) = self.of(tested("//core:mm_test", "FAILED", [("test.log", log)])).findings
        self.assertEqual((finding["kind"], finding["places"]),
                         ("test", [{"file": "core/mm_test.c", "line": 12}]))
        (finding,) = self.of(tested("//core:mm_test", "TIMEOUT")).findings
        self.assertEqual(finding["places"], [{"file": "core/BUILD", "line": 1}])

    def test_failed_with_the_driver_s_word(self):
        for before in ("FAIL ", "FAIL writers memory sc strategy pct: expected pass, got "):
            log = self.file("test.log", before + "hang: no progress: C1 waits [core/mm.c:9]\n")
            (finding,) = self.of(tested("//stress:x", "FAILED", [("test.log", log)])).findings
            self.assertEqual((finding["kind"], finding["places"]),
                             ("hang", [{"file": "core/mm.c", "line": 9}]))

    def test_does_not_build(self):
        got = self.of(completed("//core:mm_test", completed={}),
                      log="core/mm.c:7:3: error: expected ';' after expression\n")
        (case,) = got.cases["//core:mm_test"]
        self.assertEqual((case.status, case.message),
                         (ERROR, "does not build: expected ';' after expression"))
        self.assertEqual(got.findings[0]["places"], [{"file": "core/mm.c", "line": 7}])

    def test_cut_off_is_not_run(self):
        got = self.of(completed("//a:b", aborted={"reason": "USER_INTERRUPTED"}),
                      completed("//a:c", completed={}),
                      tested("//a:d", "FAILED", start=100_000, took=1000),
                      tested("//a:e", "NO_STATUS"), ended=100.5)
        self.assertEqual((got.cases, got.findings), ({}, []))

    def test_failed_before_the_cut_counts(self):
        log = ("ERROR: /x/BUILD:1:1: Compiling core/mm.c failed: (Exit 1): clang failed\n"
               "core/mm.c:7:3: error: no\n\nBazel caught interrupt signal; shutting down.\n")
        got = self.of(completed("//a:c", completed={}), log=log, ended=100.5)
        self.assertEqual(got.cases["//a:c"][0].message, "does not build: no")
        got = self.of(tested("//a:d", "FAILED", start=90_000, took=1000), ended=100.5)
        self.assertEqual(got.cases["//a:d"][0].status, FAILED)

    def test_binaries(self):
        label = "//stress:corpus_replay_test@sim+a"
        got = self.of(completed(label, completed={"success": True, "importantOutput": [
            {"name": "x", "uri": "file:///out/corpus_replay_test%40sim+a"}]}))
        self.assertEqual(got.binaries, {label: "/out/corpus_replay_test@sim+a"})


class Driver(unittest.TestCase):
    def test_each_file_once_with_how_often(self):
        line = {"type": "finding", "file": common.ROOT + "/x/race-1.plan", "kind": "race",
                "signature": "race: a | b", "message": "m", "options": " --sanitizer=tsan"}
        said = "kthrash: text\n" + 2 * (json.dumps(line) + "\n") + '{"type":"fin'
        found = results.of_driver(said, "tsan sim")
        self.assertEqual(len(found), 1)
        found = found[0]
        self.assertEqual((found["count"], found["replay"]),
                         (2, "tools/kthrash replay --sanitizer=tsan x/race-1.plan"))

    def test_plans_that_did_not_end_as_they_should(self):
        self.assertEqual(results.unexpected_plans(
            "as expected a.plan: pass\nNOT AS EXPECTED corpus/seed/b.plan: deadlock, trace 1\n"),
            ["corpus/seed/b.plan"])


DRIVER = """#!/bin/sh
case "$1" in stress) %s;; esac
"""


class Hunts(unittest.TestCase):
    """Runner with a driver that is a script."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def stress(self, script, end=60.0):
        path = os.path.join(self.folder, "driver")
        with open(path, "w", encoding="utf-8") as f:
            f.write(DRIVER % script)
        os.chmod(path, 0o755)
        r = runner.Runner(os.path.join(self.folder, "out"), gate.SANITIZERS,
                          time.monotonic() + end)
        r.binaries["plain", "sim+a"] = path
        with mock.patch.object(runner, "STRESS_S", 2):
            return r.stress("plain", "stress", ["sim+a", "sim+not+built"], r.end)

    def test_clean(self):
        (case,) = self.stress("exit 0").cases["sim+a"]
        self.assertEqual((case.status, case.name), (PASSED, "plain sim+a"))

    def test_findings(self):
        got = self.stress("echo '{\"type\":\"finding\",\"file\":\"f.plan\",\"kind\":\"leak\","
                          "\"signature\":\"leak: x\",\"message\":\"one block\","
                          "\"options\":\"\"}'; exit 1")
        (case,) = got.cases["sim+a"]
        self.assertEqual(case.status, FAILED)
        self.assertIn("one block", case.message)
        self.assertIn("replay: tools/kthrash replay f.plan", case.text)
        self.assertEqual(len(got.findings), 1)

    def test_the_environment(self):
        got = self.stress("echo no memory >&2; exit 3")
        self.assertEqual(got.cases["sim+a"][0].status, ERROR)
        self.assertIn("ended with status 3", got.broken[0])

    def test_one_that_hangs_is_killed(self):
        with mock.patch.object(runner, "SILENCE_S", -1.5):
            got = self.stress("while :; do :; done")
        self.assertIn("hung", got.cases["sim+a"][0].message)

    def test_no_time_left_is_not_run(self):
        self.assertEqual(self.stress("exit 0", end=1).cases, {})

    def test_a_signal_ends_what_runs(self):
        r = runner.Runner(os.path.join(self.folder, "out"), gate.SANITIZERS, 0)
        p = r.start(["sh", "-c", "while :; do :; done"], os.path.join(self.folder, "log"))
        r.stop()
        self.assertEqual(p.wait(), -signal.SIGINT)
        self.assertEqual(r.stress("plain", "stress", ["sim+a"], time.monotonic() + 60).cases, {})


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
            self.assertEqual(len(set(seen)), 1)     # what is still due is there from the start


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
        self.assertEqual(gate.output({"--junit": "/x/new/j.xml"}, "--junit", "/x/new", "j"),
                         "/x/new/j.xml")

    def test_unknown_words(self):
        self.refused("--frob")
        self.refused("word")


unittest.main()
