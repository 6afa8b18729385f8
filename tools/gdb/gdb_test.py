#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests kthrash.py in a real gdb, on a seeded bug and in the middle of an execution.

usage: gdb_test.py KTHRASH.PY P1-DRIVER P1-PLAN MODELLED-DRIVER TICKET-DRIVER RACE-DRIVER
                   ASAN-DRIVER
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

HELPER, BUG, BUG_PLAN, MODELLED, TICKET, RACE, ASAN = map(os.path.abspath, sys.argv[1:8])
CONTENDED = """kthrash-plan 1
task C1: a = create "a" return 0
task C2: b = create "b" return 0
switch C1 at kt_queue_list_push:store(prev->next) #1 to C2
kill C2 at C2 create.allocated #1
"""
# Two tasks create at once. The plan passes, because the code has no bug.
PASSES = """kthrash-plan 1
task C1: a = create "a" return 0
task C2: b = create "b" return 0
"""
HANGS_S = 240   # After this time the test kills gdb and the processes that gdb started.


def run(driver, plan, *commands, env=None):
    """Returns what gdb prints when it executes the commands, and gdb's exit status."""
    return gdb_process(["-x", HELPER, *execute(commands), "--args", driver, "replay", plan],
                       env={**os.environ, **(env or {})})


def execute(commands):
    """Returns the options with which gdb executes the commands."""
    return [w for command in commands for w in ("-ex", command)]


def gdb_process(options, **keys):
    """Runs gdb; returns what it prints, and its exit status."""
    with subprocess.Popen(["gdb", "-q", "-nx", "-batch", *options], text=True,
                          start_new_session=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **keys) as p:
        try:
            said = p.communicate(timeout=HANGS_S)[0]
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            raise AssertionError("gdb hangs; so far:\n" + p.communicate()[0]) from None
    return said, p.returncode


def gdb(driver, plan, *commands):
    return run(driver, plan, *commands)[0]


def plan_file(case, text):
    """Writes a plan with this text and returns its path. The file is removed after the test."""
    file = tempfile.NamedTemporaryFile("w", suffix=".plan", encoding="utf-8")
    case.addCleanup(file.close)
    file.write(text)
    file.flush()
    return file.name


class Bug(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.said = gdb(BUG, BUG_PLAN, "kthrash run", "kthrash tasks", "kthrash locks",
                       "kthrash trace 3", "kthrash bt C1", "kthrash bt kthreadd", "bt 1",
                       "kthrash why")

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

    def test_why(self):
        self.assertRegex(self.said,
                         r"\n +16\*? +C1 +wake_up_state: reads kthreadd\.state = RUNNING, "
                         r"so this wake-up does NOTHING\n")
        self.assertIn("\nchain  init -> C1 (wait_for_thread) -> "
                      "kthreadd (kthreadd_main) -> nobody\n", self.said)

    def test_frames_of_a_task_that_sleeps(self):
        c1 = self.said[self.said.index("\nC1: sleeps"):self.said.index("\nkthreadd: sleeps")]
        self.assertRegex(c1, r"(?s)\n#\d+ .*wait_for_thread \(.*\n#\d+ .*kthread_create_on_node .*"
                             r"\n#\d+ .*task_main ")

    def test_frames_of_the_task_that_runs_and_that_nothing_has_changed(self):
        runs = self.said[self.said.index("\nkthreadd: sleeps"):]
        self.assertRegex(runs, r"(?s)\n#0 +sim_leave .*\n#\d+ .*kthreadd_main .*\n#0 +sim_leave ")


class Middle(unittest.TestCase):
    """Tests gdb at a step where C1 is inside a push and C2 begins its own push."""

    def setUp(self):
        self.plan = plan_file(self, CONTENDED)

    def stop(self, driver):
        """Returns what gdb prints when it has stopped after C2's acquire. A first run finds the
        number of that step."""
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


class Race(unittest.TestCase):
    """Tests a race. ThreadSanitizer starts a symbolizer and waits for it before it reports a
    race."""

    def check(self, env):
        said, status = run(RACE, plan_file(self, PASSES), "kthrash batch", env=env)
        self.assertEqual(status, 0, said)
        self.assertIn("WARNING: ThreadSanitizer: data race", said)
        self.assertRegex(said, r"\n\*1 kthreadd +runnable +RUNNING +runs\n")
        self.assertRegex(said, r"\n +\d+ kthreadd +kt_queue_list_pop:load\(q->head\.next\)")
        self.assertRegex(said, r"(?s)\nkthreadd: runs\n#0 .*__tsan_on_report .*"
                               r"\n#\d+ .*kthreadd_main .*\n\nC1: ")
        self.assertNotIn("no execution yet", said)
        return said

    def test_stops_at_the_race(self):
        said = self.check({})
        self.assertRegex(said, r"(?s)data race.* kt_queue_list_pop .*Previous .*"
                               r" kt_queue_list_push ")

    def test_stops_there_without_a_symbolizer(self):
        self.check({"TSAN_OPTIONS": "symbolize=0"})


class Ending(unittest.TestCase):
    """Tests runs that end without a place where gdb could stop."""

    def test_a_plan_that_passes(self):
        said, status = run(MODELLED, plan_file(self, PASSES), "kthrash batch")
        self.assertIn("\nthe plan passes: its execution does not fail", said)
        self.assertIn("\nas expected ", said)      # The driver prints this.
        self.assertNotIn("no execution yet", said)
        self.assertEqual(status, 0)

    def test_a_plan_that_passes_under_asan(self):
        """Tests that a plan passes, although LeakSanitizer does not work under a debugger."""
        said, status = run(ASAN, plan_file(self, PASSES), "kthrash batch")
        self.assertIn("\nthe plan passes: ", said)
        self.assertEqual(status, 0)

    def test_a_plan_that_passes_before_the_step(self):
        said, status = run(MODELLED, plan_file(self, PASSES), "kthrash batch 100000")
        self.assertIn("\nthe plan passes, and its execution ends before step 100000\n", said)
        self.assertEqual(status, 2)

    def test_a_plan_that_is_none(self):
        said, status = run(MODELLED, plan_file(self, "kthrash-plan 1\nnonsense\n"),
                           "kthrash batch")
        self.assertIn("\nthe driver did not run the plan: see its message\n", said)
        self.assertEqual(status, 2)

    def test_an_execution_that_ends_otherwise_than_expected(self):
        said, status = run(MODELLED, plan_file(self, PASSES + "expect deadlock\n"),
                           "kthrash batch")
        self.assertIn("\nno task failed inside the execution: see the driver's last lines", said)
        self.assertEqual(status, 1)

    def test_gdb_goes_on_after_run(self):
        said = gdb(MODELLED, plan_file(self, PASSES), "kthrash run", "echo still here\\n")
        self.assertIn("the plan passes", said)
        self.assertIn("still here", said)

    def test_a_failure_is_shown_with_status_0(self):
        said, status = run(BUG, BUG_PLAN, "kthrash batch")
        self.assertRegex(said, r"(?s)\ndeadlock: nobody can run.*\nC1: sleeps at .*\n#0 ")
        self.assertEqual(status, 0)


class Source(unittest.TestCase):
    """Tests `source` in a gdb that was started without kthrash.py."""

    def check(self, *commands, cwd=None):
        said, _ = gdb_process(execute([*commands, "kt run", "kt tasks"]) +
                              ["--args", BUG, "replay", BUG_PLAN], cwd=cwd)
        self.assertIn("\n*1 kthreadd ", said)
        self.assertNotIn("Traceback", said)

    def test_by_a_relative_path(self):
        folder, name = os.path.split(HELPER)
        above, inside = os.path.split(folder)
        self.check("source " + name, cwd=folder)
        self.check("source %s/%s" % (inside, name), cwd=above)

    def test_the_folder_changes_before_and_after(self):
        folder, name = os.path.split(HELPER)
        self.check("cd " + folder, "source " + name, "cd /", cwd="/")

    def test_twice(self):
        self.check("source " + HELPER, "source " + HELPER)

    def test_through_a_link(self):
        with tempfile.TemporaryDirectory() as folder:
            link = os.path.join(folder, "kthrash.py")
            os.symlink(HELPER, link)
            self.check("source " + link)


class CoreFile(unittest.TestCase):
    def test_all_but_the_frames_of_tasks_that_do_not_run(self):
        with tempfile.TemporaryDirectory() as folder:
            core = os.path.join(folder, "core")
            gdb(BUG, BUG_PLAN, "kthrash run", "gcore " + core)
            said, _ = gdb_process(["-x", HELPER, *execute(
                ["kthrash tasks", "kthrash locks", "kthrash trace 2", "kthrash bt kthreadd",
                 "kthrash bt C1"]), BUG, core])
        self.assertIn("\n*1 kthreadd ", said)
        self.assertRegex(said, r"\n\d\d locks, 0 held or wanted\na core file: ")
        self.assertIn("\ndeadlock: nobody can run", said)
        self.assertRegex(said, r"(?s)\nkthreadd: sleeps.*\n#\d+ .*kthreadd_main ")
        self.assertRegex(said, r"\nC1: sleeps.*\nthe frames of a task that does not run need a "
                               r"live process")


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
