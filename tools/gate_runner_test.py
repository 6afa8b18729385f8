#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests how the gate reads Bazel's events and a driver's lines, and how it runs a driver. The
driver is a script that prints what a real driver would print."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
from unittest import mock

from kthrashlib import common
from kthrashlib.gate import gate, results, runner
from kthrashlib.gate.junit import ERROR, FAILED, PASSED


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
        # The last line is torn.
        text = "".join(json.dumps(e) + "\n" for e in events) + '{"id":{"progr'
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
    """Tests the Runner with a driver that is a script."""

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

    def test_a_hunt_that_a_signal_cut_off_is_not_run(self):
        """Tests that neither the drivers nor Bazel count as broken, whatever status they end
        with."""
        for status in (0, 1, 2, 3, 8):
            with mock.patch.object(runner.Runner, "hunt", self.cut_off(status)):
                got = self.stress("exit 0")
            self.assertEqual((got.cases, got.broken), ({}, []), status)

    def cut_off(self, status):
        def hunt(r, _sanitizer, combo, _seconds):
            log = os.path.join(self.folder, "log")
            p = r.start(["sh", "-c", "exit %d" % status], log)
            p.wait()
            r.stop()
            return combo, p, log, time.monotonic()
        return hunt

    def test_bazel_that_a_signal_ended_before_it_was_asked(self):
        r = runner.Runner(os.path.join(self.folder, "out"), gate.SANITIZERS,
                          time.monotonic() + 60)

        def start(words, log):
            p = subprocess.Popen(["sh", "-c", "exit 8"])
            p.wait()
            r.running.append(p)
            r.stop()
            return p
        with mock.patch.object(r, "start", start):
            got = r.test("plain", "unit", ["//a:b"], r.end)
        self.assertEqual((got.cases, got.broken), ({}, []))


unittest.main()
