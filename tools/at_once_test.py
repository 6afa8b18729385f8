#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests two commands at the same time in one checkout or in one folder."""

import os
import subprocess
import sys
import time
import unittest
from unittest import mock

from kthrashlib import common, locks
from odd_fakes import Door


class AtOnce(Door):
    """Tests two commands at the same time."""

    def holder(self, path):
        """Starts a process that holds the lock at `path`."""
        process = subprocess.Popen(
            [sys.executable, "-c", "import signal, sys; from kthrashlib import locks; "
             "locks.take(sys.argv[1]); print(flush=True); signal.pause()", path],
            stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": common.TOOLS})
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        process.stdout.readline()
        return process

    def test_a_folder_in_use(self):
        self.run_door(*self.work("campaign"))
        gate = os.path.join(self.base, "out-gate")
        coverage = os.path.join(self.root, ".kthrash", "coverage")
        for folder in (gate, coverage):
            os.makedirs(folder)
        for name, folder in (("campaign", os.path.join(self.base, "night")), ("gate", gate),
                             ("coverage", coverage)):
            with self.subTest(name):
                holder = self.holder(os.path.join(folder, "lock"))
                status, _, err = self.run_door(*self.work(name))
                self.assertEqual(status, common.USAGE, err)
                self.assertIn(b"another %s runs in" % name.encode(), err)
                self.assertIn(b"(process %d)" % holder.pid, err)
                self.assertEqual(locks.lockers(os.path.join(folder, "lock")), [holder.pid])
                holder.kill()
                holder.wait()
                self.assertEqual(locks.told(os.path.join(folder, "lock")), "process unknown")
        self.assertEqual(self.run_door(*self.work("campaign"))[0], common.CLEAN)

    def test_folders_that_are_named_by_the_time(self):
        with mock.patch.object(time, "strftime", lambda *_: "now"):
            made = {locks.new_folder(self.base) for _ in range(3)}
        self.assertEqual({os.path.basename(path) for path in made}, {"now", "now-2", "now-3"})

    def test_the_same_command_four_times(self):
        self.run_door(*self.work("campaign"))
        for name in ("page", "explain", "bugs", "shrink"):
            with self.subTest(name):
                args = self.work(name)
                started = [self.start(*args) for _ in range(4)]
                ended = [(p.communicate(timeout=50), p.returncode) for p in started]
                self.assertEqual(len({(out, status) for (out, _), status in ended}), 1, ended)
                self.assertNotIn(b"Traceback", ended[0][0][1])
                left = [f for place, _, files in os.walk(self.base) for f in files
                        if f.endswith(".tmp")]
                self.assertEqual(left, [])


if __name__ == "__main__":
    unittest.main()
