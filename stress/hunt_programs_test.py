#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests what a hunt in a program does with its findings.

usage: hunt_programs_test.py LIBRARY
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

LIBRARY = os.path.abspath(sys.argv.pop(1))
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs", "hunted.c")
FOLDER = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
PROGRAM = os.path.join(FOLDER, "hunted")


def setUpModule():
    subprocess.run(["clang-19", "-fsanitize=thread", "-g", "-O1", "-w", "-c", SOURCE,
                    "-o", PROGRAM + ".o"], check=True)
    subprocess.run(["clang-19", PROGRAM + ".o", "-o", PROGRAM, LIBRARY,
                    "-Wl,-rpath," + os.path.dirname(LIBRARY)], check=True)
    link = os.path.join(FOLDER, "libkthrash.so")
    if not os.path.exists(link):
        os.symlink(LIBRARY, link)


def driven(way, *words):
    env = dict(os.environ, KTHRASH_DRIVER="\x1f".join(words), LD_LIBRARY_PATH=FOLDER,
               KTHRASH_SYMBOLIZER=shutil.which("llvm-symbolizer-19") or "")
    return subprocess.run([PROGRAM, way], env=env, text=True, capture_output=True, check=False,
                          cwd=FOLDER)


class Findings(unittest.TestCase):
    def hunt(self, way, *words, status=1):
        """Hunts with a folder of its own for findings. Returns the process and the folder."""
        folder = tempfile.mkdtemp(dir=FOLDER)
        done = driven(way, "run", "--findings=" + folder, *words)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done, folder

    def plans(self, folder):
        return sorted(os.path.basename(p) for p in glob.glob(folder + "/*.plan"))

    def test_a_schedule_that_is_too_long_for_directives_replays(self):
        done, folder = self.hunt("often", "--executions=20", "--strategy=random", "--no-shrink",
                                 "--json")
        self.assertNotIn("does not replay", done.stderr)
        plan, = glob.glob(folder + "/*.plan")
        with open(plan, encoding="utf-8") as f:
            self.assertIn("\nstrategy random seed ", f.read())
        again = driven("often", "replay", "--times=3", plan)
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)

    def test_a_schedule_with_many_directives_replays(self):
        _, folder = self.hunt("less", "--executions=20", "--strategy=random", "--no-shrink",
                              "--json")
        plan, = glob.glob(folder + "/*.plan")
        with open(plan, encoding="utf-8") as f:
            self.assertGreater(f.read().count("\nswitch "), 1024)
        again = driven("less", "replay", "--times=3", plan)
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)

    def test_no_shrink_leaves_the_finding_as_it_was_found(self):
        _, folder = self.hunt("always", "--executions=5", "--no-shrink")
        self.assertEqual(len(self.plans(folder)), 1)
        _, folder = self.hunt("always", "--executions=5", "--no-shrink", "--json")
        self.assertEqual(len(self.plans(folder)), 1)

    def test_a_finding_that_comes_again_is_shrunk_once(self):
        done, folder = self.hunt("always", "--executions=5", "--keep-going")
        self.assertEqual(done.stdout.count("shrunk in "), 1, done.stdout)
        self.assertEqual(done.stdout.count("FAIL again after "), 4, done.stdout)
        self.assertEqual(len(self.plans(folder)), 2)

    def explained(self, way):
        """Hunts, and returns what explain prints of the shrunk finding."""
        _, folder = self.hunt(way, "--executions=200")
        plan, = glob.glob(folder + "/*.min.plan")
        done = driven(way, "explain", plan)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_livelock_has_a_cause_and_the_rows_of_its_round(self):
        said = self.explained("spins")
        self.assertIn("FAIL livelock: ", said)
        self.assertRegex(said, r"cause  fails only because main's `spin:lock\(lock\)` \("
                               r"hunted\.c:\d+\) comes before T1's\s+`post:lock\(lock\)`")
        self.assertRegex(said, r"\n +\d+  main spin: (load|reads) may_go")
        self.assertLess(said.count("spin: "), 12)

    def test_a_thread_that_waits_for_itself_is_named(self):
        said = self.explained("self")
        self.assertIn("FAIL deadlock: main locks mutex lock, which it already holds", said)
        self.assertNotIn("chain", said)

    def test_a_refusal_is_one_sentence(self):
        done, _ = self.hunt("alone", "--executions=5", status=2)
        self.assertIn("nothing to hunt", done.stderr)
        self.assertNotIn("nothing run", done.stdout)
        done, _ = self.hunt("alone", "--executions=5", "--json", status=2)
        self.assertEqual(json.loads(done.stdout.splitlines()[-1])["executions"], 0)

    def test_a_long_execution_is_no_livelock(self):
        done, folder = self.hunt("long", "--executions=5", status=2)
        self.assertIn("an execution of the program takes more than 1048576 steps", done.stderr)
        self.assertEqual(self.plans(folder), [])

    def test_an_endless_execution_is_a_livelock(self):
        done, _ = self.hunt("endless", "--executions=5", "--no-shrink", "--json")
        self.assertEqual(json.loads(done.stdout.splitlines()[-1])["kind"], "livelock")

    def test_a_signal_may_wake_the_waiter_that_came_last(self):
        with open(SOURCE, encoding="utf-8") as f:
            wake = f.read().partition("static void wake(")
        line = (wake[0] + wake[2].partition("pthread_cond_signal")[0]).count("\n") + 1
        for directive, status in (("spurious main at hunted.c:%d wake:signal(woken) #1" % line, 0),
                                  ("", 1)):
            plan = os.path.join(FOLDER, "signal.plan")
            with open(plan, "w", encoding="utf-8") as f:
                f.write('kthrash-plan 1\nprogram "%s" "signal"\n%s\nexpect deadlock\n' % (
                    PROGRAM, directive))
            done = driven("signal", "replay", plan)
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        done, _ = self.hunt("signal", "--executions=3000", "--json")
        self.assertEqual(json.loads(done.stdout.splitlines()[-1])["kind"], "deadlock")
        self.hunt("signal", "--executions=1000", "--faults=none", status=0)


if __name__ == "__main__":
    unittest.main()
