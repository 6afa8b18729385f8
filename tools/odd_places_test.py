#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the front door in odd places: a checkout in which Bazel can't build, names with any bytes,
and a foreign locale."""

import json
import os
import shlex
import subprocess
import unittest

import odd_fakes
from kthrashlib import common
from kthrashlib.front import commands
from odd_fakes import FOREIGN, NO_BUILD, WORK, Door, write

BYTES = os.fsdecode(b" \xff\xc3\xa9 'a\"\n")      # This is a part of the names of files.
STATUSES = {common.CLEAN, common.FINDINGS, common.USAGE, common.ENVIRONMENT}


class Table(unittest.TestCase):
    def test_every_command_is_tried(self):
        self.assertEqual(list(WORK), commands.names())


class Place(Door):
    """Tests that each command that builds says at once that Bazel can't build here. The others do
    their work."""

    def test_each_command(self):
        for folder, why in ((" blank", b"has a blank"), ("caf\u00e9", b"beyond ASCII"),
                            (os.fsdecode(b"\xff"), b"beyond ASCII")):
            root = os.path.join(self.base, folder, "checkout")
            os.makedirs(os.path.dirname(root))
            os.rename(self.root, root)
            self.root = root
            for name in WORK if folder == " blank" else ("stress", "page"):
                if WORK[name] is None:
                    continue
                with self.subTest(name, folder=ascii(folder)):
                    status, _, err = self.run_door(*self.work(name))
                    if name in NO_BUILD:
                        self.assertNotIn(b"Bazel", err)
                        self.assertIn(status, STATUSES)
                        continue
                    self.assertEqual(status, common.ENVIRONMENT, err)
                    self.assertIn(common.printable(root).encode(), err)
                    self.assertIn(why, err)
                    self.assertEqual(err.count(b"\n"), 1, err)

    def test_a_link_does_not_help_and_a_name_in_ascii_does(self):
        real = os.path.join(self.base, "a b")
        os.rename(self.root, real)
        os.symlink(real, self.root)
        self.assertEqual(self.run_door("stress", "--executions=5")[0], common.ENVIRONMENT)
        self.root = os.path.join(self.base, "q'\"\\$%\t\nx")
        os.rename(real, self.root)
        status, _, err = self.run_door("stress", "--executions=5")
        self.assertEqual(status, common.CLEAN, err)


class Names(Door):
    """Tests names with blanks, quotes, a new line and bytes that are not UTF-8."""

    def test_each_command_in_a_foreign_locale(self):
        for name, args in WORK.items():
            if args is None:
                continue
            with self.subTest(name):
                status, out, err = self.run_door(*self.work(name, BYTES), **FOREIGN)
                self.assertIn(status, STATUSES)
                self.assertNotIn(b"Unicode", out + err)
                self.assertNotIn(b"codec", out + err)
        status, out, err = self.run_door(*self.work("campaign", BYTES), **FOREIGN)
        self.assertEqual(status, common.CLEAN, err)
        night = os.path.join(self.base, "night" + BYTES)
        with open(os.path.join(night, "nights", "0002", "page.html"), encoding="utf-8") as f:
            text = f.read()
        self.assertIn(r"\xff", text)
        for name in ("nights/0001/night.json", "canary/deadlock-0c0c0c0c/finding.json"):
            with open(os.path.join(night, name), encoding="ascii") as f:
                found = json.load(f)
        words = subprocess.run(["bash", "-c", "printf '%s\\0' " + found["replay"]], check=True,
                               cwd=self.root, stdout=subprocess.PIPE).stdout.split(b"\0")
        self.assertTrue(os.path.samefile(
            os.path.join(os.fsencode(self.root), words[-2]),
            os.path.join(night, "canary", "deadlock-0c0c0c0c", "plan")))
        status, out, err = self.run_door(*self.work("page", BYTES), **FOREIGN)
        self.assertEqual((status, out[:-1]), (common.CLEAN, os.fsencode(
            os.path.join(night, "nights", "0002", "page.html"))), err)

    def test_a_name_that_begins_with_a_dash(self):
        write(os.path.join(self.base, "-x.plan"), odd_fakes.PLAN)
        status, out, err = self.run_door("explain", "--", "-x.plan")
        self.assertEqual((status, out), (common.CLEAN, b"the interleaving at core/kthread.c:12\n"),
                         err)
        status, out, err = self.run_door("shrink", "-o", "-y.plan", "--", "-x.plan")
        self.assertEqual(status, common.CLEAN, err)
        self.assertTrue(os.path.exists(os.path.join(self.base, "-y.plan")))

    def test_words_for_a_shell(self):
        for word in ("a", "a b", "'", "a\nb", BYTES, "\u00e9", "\t\\", "$x`y`", "", "\u00a0"):
            done = subprocess.run(["bash", "-c", "printf %s " + common.quoted(word)], check=True,
                                  stdout=subprocess.PIPE)
            self.assertEqual(done.stdout, os.fsencode(word))
            self.assertTrue(common.quoted(word).isprintable())
        self.assertEqual(shlex.split(common.typed("-x y")), ["./-x y"])

    def test_paths_as_the_driver_says_them(self):
        for path in (b"/a", b"/\xff", "/\u00e9 \u20ac".encode()):
            said = json.loads('"%s"' % "".join("\\u%04x" % byte for byte in path))
            self.assertEqual(os.fsencode(common.path_said(said)), path)


if __name__ == "__main__":
    unittest.main()
