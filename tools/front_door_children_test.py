#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests that every child ends when the front door ends, however that ends. It goes through all
commands, with fakes for the programs that they start.

usage: front_door_children_test.py DRIVER PLAN      the simulator's driver, and a plan for it
"""

import concurrent.futures
import os
import select
import signal
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import front_door_fakes
from kthrashlib import children, common, guard
from kthrashlib.front import commands

DRIVER, PLAN = map(os.path.abspath, sys.argv[1:3])
PLANS = ["corpus/seed/one.plan"]
NEW = ["--dir=@new"]
FIRST = (signal.SIGINT, signal.SIGKILL)
SECOND = (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)

# For each command, these are the programs that it starts, each with the words of a command line
# with which it does. A command without a row starts no program.
STARTS = {
    "campaign": [("dpkg-query", NEW), ("bazel", NEW), ("driver", NEW)],
    "merge": [("dpkg-query", ["dir"])],
    "test": [("dpkg-query", []), ("bazel", [])],
    "stress": [("bazel", []), ("driver", [])],
    "cc": [("bazel", ["true"])],
    "install": [("bazel", ["prefix"])],
    "verify": [("dpkg-query", PLANS), ("driver", PLANS)],
    "fuzz": [("bazel", []), ("driver", []), ("afl-fuzz", ["--engine=afl"])],
    "replay": [("dpkg-query", PLANS), ("driver", PLANS)],
    "shrink": [("bazel", PLANS), ("driver", PLANS)],
    "explain": [("dpkg-query", PLANS), ("driver", PLANS)],
    "page": [("dpkg-query", ["dir"])],
    "gdb": [("driver", PLANS), ("gdb", PLANS), ("gdb", ["--batch", *PLANS])],
    "bugs": [("bazel", ["P1"]), ("driver", ["P1"]), ("driver", ["--scoreboard", "P1"])],
    "litmus": [("bazel", PLANS), ("driver", PLANS)],
    "mutate": [("dpkg-query", [])],
    "gate": [("dpkg-query", NEW), ("bazel", NEW)],
    "coverage": [("bazel", []), ("driver", [])],
    "bench": [("bazel", []), ("driver", []), ("driver", ["--backends"])],
    "man": [("dpkg-query", []), ("man", [])],
    "compdb": [("dpkg-query", []), ("bazel", [])],
    "fmt": [("git", []), ("clang-format-19", ["--whole"])],
    "lint": [("git", []), ("cppcheck", [])],
}
START_NONE = {"completion": ["bash"]}
# `run` needs a program that kthrash-cc has built. drivers.drive() starts it, as it starts the
# driver of `stress`.
AS_STRESS = ["run"]


class Kills(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.checkout = front_door_fakes.Checkout(temporary.name)

    def complaint(self, case):
        """Returns what is wrong with a front door that a signal ends, or None."""
        command, program, words, number = case
        held = self.checkout.hold([command, *words], program)
        if not held.runs:
            return "%s: did not start %s: %s" % (case, program, held.kill(number))
        status, said = held.kill(number)
        left = held.left()
        if left:
            return "%s: left %s" % (case, left)
        if status != -number:
            return "%s: ended with status %d: %s" % (case, status, said)
        if "Traceback" in said:
            return "%s: said %s" % (case, said)
        return None

    def test_every_command_ends_what_it_has_started(self):
        def complaints(command):
            # Some commands refuse to run twice at the same time.
            return [self.complaint((command, program, words, number))
                    for nth, (program, words) in enumerate(STARTS[command])
                    for number in (SECOND if nth else FIRST)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            wrong = list(filter(None, sum(pool.map(complaints, STARTS), [])))
        self.assertEqual("\n".join(wrong), "")

    def test_every_command_is_tried(self):
        self.assertEqual(sorted([*STARTS, *START_NONE, *AS_STRESS]), sorted(commands.names()))
        for name, words in START_NONE.items():
            status, _, said = self.checkout.run([name, *words], PATH="/usr/bin:/bin")
            self.assertEqual((status, said), (0, ""))

    def test_apt_ends_too(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            held = self.checkout.hold(["replay", *PLANS], "apt-get", MISSING="patch")
            self.assertTrue(held.runs)
            self.assertEqual(held.kill(number)[0], -number)
            self.assertEqual(held.left(), [])

    def test_sigquit(self):
        held = self.checkout.hold(["stress"], "driver")
        self.assertEqual(held.kill(signal.SIGQUIT)[0], -signal.SIGQUIT)
        self.assertEqual(held.left(), [])

    def test_without_the_guard_the_kernel_ends_a_child(self):
        held = self.checkout.hold(["stress"], "bazel")
        guards = [pid for pid in front_door_fakes.marked(held.mark)
                  if "guard.py" in front_door_fakes.words_of(pid)]
        self.assertEqual(len(guards), 1)
        os.kill(guards[0], signal.SIGKILL)
        self.assertEqual(held.kill(signal.SIGKILL)[0], -signal.SIGKILL)
        self.assertEqual(held.left(), [])

    def test_nohup_is_respected(self):
        held = self.checkout.hold(["stress"], "driver", before=lambda: signal.signal(
            signal.SIGHUP, signal.SIG_IGN))
        held.process.send_signal(signal.SIGHUP)
        self.assertEqual(held.kill(signal.SIGTERM)[0], -signal.SIGTERM)
        self.assertEqual(held.left(), [])

    def test_a_signal_while_python_starts(self):
        def pending():
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            os.kill(os.getpid(), signal.SIGINT)
        for args in (["stress"], ["--help"], []):
            self.assertEqual(self.checkout.run(args, before=pending), (-signal.SIGINT, "", ""))


class Real(unittest.TestCase):
    """Tests the front door with the simulator's driver."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.checkout = front_door_fakes.Checkout(temporary.name, DRIVER)

    def hunting(self, jobs):
        """Starts a hunt. Returns (the front door, its mark) when each job has a child that runs
        executions."""
        mark = self.checkout.at("mark")
        p = self.checkout.start(["stress", "--seconds=600", "--jobs=%d" % jobs, "--json"],
                                **{front_door_fakes.MARK: mark})
        self.addCleanup(p.communicate)
        self.addCleanup(p.kill)
        # The front door, its guard, the driver, the jobs and their children.
        while len(front_door_fakes.marked(mark)) < 3 + 2 * jobs:
            self.assertIsNone(p.poll(), "the hunt has ended")
        return p, mark

    def test_a_hunt_and_its_jobs(self):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            p, mark = self.hunting(3)
            fds = [os.pidfd_open(pid) for pid in front_door_fakes.marked(mark)]
            p.send_signal(number)
            out, err = p.communicate(timeout=front_door_fakes.LIMIT_S)
            self.assertEqual(p.returncode, -number, err)
            if number in (signal.SIGINT, signal.SIGTERM):
                self.assertIn('"type":"summary"', out.splitlines()[-1].replace(" ", ""))
            for fd in fds:
                self.assertTrue(select.select([fd], [], [], front_door_fakes.LIMIT_S)[0])
                os.close(fd)
            self.assertEqual(front_door_fakes.marked(mark), [])

    def test_nobody_reads_a_replay(self):
        reader, writer = os.pipe()
        os.close(reader)
        for command in ("replay", "explain"):
            status, _, said = self.checkout.run([command, PLAN], stdout=writer)
            self.assertEqual(status, -signal.SIGPIPE, said)
        os.close(writer)


class Ends(unittest.TestCase):
    """Tests children.py alone."""

    STUBBORN = ["sh", "-c", "trap '' INT TERM HUP; echo; tail -f /dev/null"]

    def test_a_child_that_ignores_signals_is_killed(self):
        for terminal in (False, True):
            p = children.start(self.STUBBORN, terminal=terminal, stdout=children.PIPE,
                               stdin=children.DEVNULL)
            p.stdout.readline()
            with mock.patch.object(children, "GRACE_S", 0):
                self.assertEqual(children.stop(p), -signal.SIGKILL)
            p.stdout.close()

    def test_a_child_that_a_signal_kills_is_no_result(self):
        with self.assertRaises(common.Failure) as f:
            children.run(["sh", "-c", "kill -9 $$"])
        self.assertEqual((f.exception.status, f.exception.message),
                         (common.ENVIRONMENT, "sh was killed by signal 9 (SIGKILL)"))
        self.assertEqual(children.run(["sh", "-c", "kill -9 $$"], may_be_killed=True).returncode,
                         -9)

    def test_a_program_that_is_not_there(self):
        with self.assertRaises(common.Failure) as f:
            children.run(["no-such-program"])
        self.assertEqual(f.exception.status, common.ENVIRONMENT)
        self.assertIn("can't run no-such-program", f.exception.message)

    def test_a_run_that_takes_too_long(self):
        with self.assertRaises(subprocess.TimeoutExpired):
            children.run(["tail", "-f", "/dev/null"], timeout=0)


class Guards(unittest.TestCase):
    """Tests guard.py alone."""

    def start(self):
        # pylint: disable-next=consider-using-with
        p = subprocess.Popen(["tail", "-f", "/dev/null"], env={})
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def test_the_guard_looks_again_while_it_is_unsure(self):
        p = self.start()
        with mock.patch.object(guard, "marked", side_effect=[
                ([], True), ([p.pid], False), ([], False)]):
            guard.kill_marked("1.1")
        self.assertEqual(p.wait(), -signal.SIGKILL)

    def test_a_process_without_an_environment_may_be_a_child_if_it_is_younger(self):
        since = guard.began(self.start().pid)
        self.assertEqual(guard.marked("1.%s" % since), ([], True))
        self.assertEqual(guard.marked("1.%d" % (since + 10 ** 9)), ([], False))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
