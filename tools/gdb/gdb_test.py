#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""kthrash.py in a real gdb, on a seeded bug and in the middle of an execution.

usage: gdb_test.py KTHRASH.PY P1-DRIVER P1-PLAN MODELLED-DRIVER TICKET-DRIVER
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

HELPER, BUG, BUG_PLAN, MODELLED, TICKET = map(os.path.abspath, sys.argv[1:6])
CONTENDED = """kthrash-plan 1
task C1: a = create "a" return 0
task C2: b = create "b" return 0
switch C1 at kt_queue_list_push:store(prev->next) #1 to C2
kill C2 at C2 create.allocated #1
"""


def gdb(driver, plan, *commands):
    """What a batch of commands prints."""
    words = [w for command in commands for w in ("-ex", command)]
    done = subprocess.run(["gdb", "-q", "-nx", "-batch", "-x", HELPER, *words,
                           "--args", driver, "replay", plan], check=False, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.stdout


class Bug(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.said = gdb(BUG, BUG_PLAN, "kthrash run", "kthrash tasks", "kthrash locks",
                       "kthrash trace 3", "kthrash bt C1", "kthrash bt kthreadd", "bt 1")

    def test_tasks_and_where_they_sleep(self):
        self.assertRegex(self.said, r"\n\*1 kthreadd +sleeping +INTERRUPTIBLE +"
                                    r"sleeps at kthreadd_main:schedule\(\) \[core/kthreadd.c:\d+\]")
        self.assertRegex(self.said, r"\n 2 C1 .* sleeps at wait_for_thread:wait_killable\(done\) "
                                    r"\[core/kthread.c:\d+\] for kthreadd\n")

    def test_no_lock_is_held(self):
        self.assertRegex(self.said, r"\n\d\d locks, 0 held or wanted\n")

    def test_last_steps(self):
        self.assertIn("\ndeadlock: nobody can run: init waits at os.join", self.said)
        self.assertRegex(self.said, r"(?s)\n +26 kthreadd .*\n +27 kthreadd .*"
                                    r"\n +28 kthreadd +kthreadd_main:schedule\(\)")

    def test_frames_of_a_task_that_sleeps(self):
        c1 = self.said[self.said.index("\nC1: sleeps"):self.said.index("\nkthreadd: sleeps")]
        self.assertRegex(c1, r"(?s)\n#\d+ .*wait_for_thread \(.*\n#\d+ .*kthread_create_on_node .*"
                             r"\n#\d+ .*task_main ")

    def test_frames_of_the_task_that_runs_and_that_nothing_has_changed(self):
        runs = self.said[self.said.index("\nkthreadd: sleeps"):]
        self.assertRegex(runs, r"(?s)\n#0 +sim_leave .*\n#\d+ .*kthreadd_main .*\n#0 +sim_leave ")


class Middle(unittest.TestCase):
    """C1 is inside of a push, C2 comes."""

    def setUp(self):
        file = tempfile.NamedTemporaryFile("w", suffix=".plan", encoding="utf-8")
        self.addCleanup(file.close)
        file.write(CONTENDED)
        file.flush()
        self.plan = file.name

    def stop(self, driver):
        """At the step after C2's acquire, which is found by stopping at its first."""
        said = gdb(driver, self.plan, "kthrash run 60", "kthrash trace 60")
        found = re.search(r"\n +(\d+) C2 +create\.allocated", said)
        self.assertTrue(found, said)
        return gdb(driver, self.plan, "kthrash run %d" % (int(found.group(1)) + 2),
                   "kthrash tasks", "kthrash locks", "kthrash trace 4", "kthrash bt C1")

    def check(self, driver):
        said = self.stop(driver)
        self.assertRegex(said, r"\ncreate_list +init\.kthreadd\.create_list\.lock +"
                               r"held by C1; wanted by C2\n", said)
        self.assertRegex(said, r"\n\*3 C2 .*, a kill is pending\n")
        self.assertIn("\n      ! C2: killed\n", said)
        self.assertRegex(said, r"(?s)\nC1: can run.*\n#\d+ .*kt_queue_list_push ")

    def test_a_lock_that_the_simulator_knows(self):
        self.check(MODELLED)

    def test_a_lock_that_it_does_not(self):
        self.check(TICKET)


class Wrong(unittest.TestCase):
    def test_no_execution_yet(self):
        self.assertIn("no execution yet", gdb(BUG, BUG_PLAN, "kthrash tasks"))

    def test_no_such_task(self):
        self.assertIn("no task 'C9', expected one of init, kthreadd, C1",
                      gdb(BUG, BUG_PLAN, "kthrash run", "kthrash bt C9"))

    def test_a_step_that_does_not_come(self):
        self.assertIn("no task 'x'", gdb(BUG, BUG_PLAN, "kthrash run 29", "kthrash bt x"))

    def test_words_that_are_none(self):
        for command, said in (("kthrash run soon", "expected the number of a step"),
                              ("kthrash trace all", "expected a number of steps"),
                              ("kthrash locks x", "expected all, or nothing")):
            self.assertIn(said, gdb(BUG, BUG_PLAN, command))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
