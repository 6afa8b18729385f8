#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A hunt says how it ended and how much of what was asked it ran. It says "clean" only of
executions that ran and ended by themselves, and it says first which binary it is.

usage: ending_test.py CLEAN BUG CORPUS_PLAN...

CLEAN and BUG are drivers. BUG has the seeded bug P1.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

# The options of a hunt of CLEAN, and what its summary says. "..." stands for any number above 0.
ENDINGS = [
    (["--executions=40"], 0,
     {"verdict": "clean", "complete": True, "executions": 40, "executions_asked": 40, "plans": 3},
     r"clean: 40 of 40 executions of 3 plans in \S+ s, "),
    (["--executions=40", "--first=9223372036854775807"], 0,
     {"verdict": "clean", "complete": True, "executions": 40, "executions_asked": 40},
     r"clean: 40 of 40 executions of \d plans in "),
    (["--executions=40", "--jobs=3"], 0,
     {"verdict": "clean", "complete": True, "executions": 40, "plans": 3},
     r"clean: 40 of 40 executions of 3 plans in "),
    (["--seconds=0.3"], 0,
     {"verdict": "clean", "complete": True, "executions": "...", "executions_asked": 0},
     r"clean: \d+ executions of \d+ plans in \S+ of 0.3 s, "),
    (["--seconds=0.3", "--executions=1000000000"], 0,
     {"verdict": "clean", "complete": False, "executions": "...", "executions_asked": 1000000000},
     r"clean: \d+ of 1000000000 executions of \d+ plans in \S+ of 0.3 s, "),
    (["--plan=FOLDER", "--executions=32"], 0,
     {"verdict": "clean", "complete": True, "plans": 2, "plans_given": 3},
     r"clean: 32 of 32 executions of 2 of 3 plans in "),
    (["--plan=FOLDER", "--executions=100"], 0,
     {"verdict": "clean", "complete": True, "plans": 3, "plans_given": 3},
     r"clean: 100 of 100 executions of 3 of 3 plans in "),
    (["--plan=FOLDER", "--exhaustive=fail"], 0,
     {"verdict": "clean", "complete": True, "executions": "...", "plans": 3, "plans_given": 3},
     r"clean: \d+ executions of 3 of 3 plans in "),
    (["--plan=FOLDER", "--exhaustive=fail", "--executions=2"], 0,
     {"verdict": "clean", "complete": True, "executions": 2, "plans": 1, "plans_given": 3},
     r"clean: 2 of 2 executions of 1 of 3 plans in "),
]
REFUSED = [
    ["--executions=0"], ["--seconds=0"], ["--first=18446744073709551615", "--executions=2000"],
    ["--first=9223372036854775807", "--executions=18446744073709551615"],
    ["--findings=/dev/null"], ["--findings=/dev/null/folder"], ["--findings=/proc/self/findings"],
    ["--kept=/nonexistent"], ["--coverage-every=3"], ["--exhaustive=fail", "--mutate"],
    ["--exhaustive=fail", "--strategy=adaptive"],
    ["--exhaustive=fail", "--plan=FOLDER", "--faults=off"], ["--exhaustive=fail", "--jobs=2"],
    ["a.plan"], ["--kills=1"], ["--times=2"], ["--seed=1", "--seed=2"],
]


class Ending(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        os.mkdir(self.at("plans"))
        for number, path in enumerate(PLANS[:3]):
            os.symlink(path, self.at("plans", "%d.plan" % number))

    def at(self, *names):
        return os.path.join(self.folder, *names)

    def words(self, binary, command, options):
        findings = ["--findings=" + self.at("findings")] * (
            command in ("stress", "verify") and "--findings" not in str(options))
        return [binary, command, *findings,
                *(o.replace("FOLDER", self.at("plans")) for o in options)]

    def run_it(self, binary, command, *options):
        done = subprocess.run(self.words(binary, command, options), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def agree(self, expected, summary):
        for key, value in expected.items():
            if value == "...":
                self.assertGreater(summary[key], 0, summary)
            else:
                self.assertEqual(summary[key], value, (key, summary))

    def test_each_way_to_end_has_its_extent(self):
        for options, status, expected, words in ENDINGS:
            with self.subTest(options=options):
                ended, out, said = self.run_it(CLEAN, "stress", "--json", *options)
                self.assertEqual((ended, said), (status, ""))
                self.agree(expected, json.loads(out.splitlines()[-1]))
                ended, out, said = self.run_it(CLEAN, "stress", *options)
                self.assertEqual((ended, said), (status, ""))
                self.assertRegex(out.splitlines()[-2], "^" + words)

    def test_a_finding(self):
        for more in ([], ["--keep-going"]):
            ended, out, _ = self.run_it(BUG, "stress", "--json", "--executions=2000", *more)
            self.assertEqual(ended, 1)
            self.agree({"verdict": "findings", "complete": bool(more), "findings": "..."},
                       json.loads(out.splitlines()[-1]))
        ended, out, _ = self.run_it(BUG, "stress", "--executions=2000")
        self.assertEqual(ended, 1)
        self.assertRegex(out.splitlines()[-1],
                         r"^done: \d+ of 2000 executions of \d+ plans in .*, 1 finding$")

    def interrupted(self, what, binary, command, *options):
        """Sends the signal when the command has said how far it is. Returns its exit status, its
        standard output and its standard error."""
        p = subprocess.Popen(self.words(binary, command, options), stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
        stream = p.stdout if "--json" in options and command == "stress" else p.stderr
        before = ""
        while "progress" not in before and " executions " not in before:
            line = stream.readline()
            self.assertTrue(line, before)
            before += line
        p.send_signal(what)
        out, said = p.communicate(timeout=60)
        return p.returncode, out, said

    def test_an_interrupted_hunt_is_not_clean(self):
        for what, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            for more in ([], ["--jobs=2"], ["--executions=1000000000"]):
                with self.subTest(what=what, more=more):
                    ended, out, _ = self.interrupted(what, CLEAN, "stress", "--json", "--progress",
                                                     "--seconds=600", *more)
                    self.assertEqual(ended, status)
                    self.agree({"verdict": "interrupted", "complete": False,
                                "executions": "..."}, json.loads(out.splitlines()[-1]))

    def test_an_interrupted_hunt_in_words(self):
        # The driver says every 10 seconds on a log how far it is; as JSON, every second.
        p = subprocess.Popen(self.words(CLEAN, "stress", ["--executions=1000000000"]),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not self.children(p.pid):
            self.assertIsNone(p.poll())
        p.send_signal(signal.SIGINT)
        out, _ = p.communicate(timeout=60)
        self.assertEqual(p.returncode, 130)
        self.assertRegex(out.splitlines()[-1],
                         r"^(interrupted after \d+|nothing run: 0) of 1000000000 executions of ")
        self.assertNotIn("clean", out)

    def children(self, pid):
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as f:
            return f.read().split()

    def test_an_interrupted_verify_is_not_verified(self):
        plan = self.at("large.plan")
        with open(plan, "w", encoding="ascii") as f:
            f.write('kthrash-plan 1\n')
            f.writelines('task C%d: a%d = create "a%d" until-stop %d; stop a%d\n' % (
                i, i, i, i, i) for i in range(1, 5))
        p = subprocess.Popen(self.words(CLEAN, "verify", [plan, "--json"]),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not self.children(p.pid):
            self.assertIsNone(p.poll())
        p.send_signal(signal.SIGINT)
        out, _ = p.communicate(timeout=60)
        self.assertEqual(p.returncode, 130)
        self.assertEqual(json.loads(out.splitlines()[-1])["verdict"], "not finished")

    def test_what_is_refused_leaves_no_trace(self):
        for options in REFUSED:
            with self.subTest(options=options):
                ended, out, said = self.run_it(CLEAN, "stress", *options)
                self.assertEqual((ended, out), (2, ""))
                self.assertRegex(said, r"^kthrash: [^\n]+\n$")

    def test_each_command_says_first_which_binary_it_is(self):
        about = json.loads(self.run_it(BUG, "about")[1])
        self.assertEqual((about["bug"], about["sanitizer"], about["optimized"]),
                         ("P1", "none", True))
        self.assertTrue(about["build"].startswith(about["platform"] + ", " + about["compiler"]))
        self.assertTrue(about["build"].endswith(", bug P1"))
        plan = PLANS[0]
        self.run_it(BUG, "stress", "--executions=2000", "--json")
        failing = next(os.path.join(self.at("findings"), n) for n in os.listdir(
            self.at("findings")) if n.endswith(".plan"))
        for command, options in [
                ("stress", ["--executions=20"]), ("verify", [plan, "--executions=5"]),
                ("replay", [plan]), ("shrink", [failing, "-o", self.at("x"), "--seconds=1"]),
                ("explain", [plan])]:
            self.check_first_line(BUG, command, options)
        self.check_first_line(CLEAN, "bench", ["--seconds=0.1"])    # P1 would end it.

    def check_first_line(self, binary, command, options):
        about = json.loads(self.run_it(binary, "about")[1])
        with self.subTest(command=command):
            _, out, said = self.run_it(binary, command, *options)
            self.assertEqual(out.partition("\n")[0],
                             "kthrash %s: %s" % (command, about["build"]), said)
            as_json = "--format=json" if command == "explain" else "--json"
            first, _ = json.JSONDecoder().raw_decode(
                self.run_it(binary, command, *options, as_json)[1])
            for key in ("build", "platform", "compiler", "optimized", "sanitizer", "bug"):
                self.assertEqual(first[key], about[key])


if __name__ == "__main__":
    CLEAN, BUG, *PLANS = map(os.path.abspath, sys.argv[1:])
    unittest.main(argv=sys.argv[:1])
