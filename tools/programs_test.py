#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests corpus/programs/: its table, its README, the comments at the top of the programs, and that
each twin compiles and ends well on real threads."""

import concurrent.futures
import glob
import os
import re
import tempfile
import unittest

from kthrashlib import common, rows
from kthrashlib.measure import programs, programs_native

RUNS = 3
PARTS = ["Stands for", "Bug", "Repair"]


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


class Table(unittest.TestCase):
    def wrong(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.toml")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            with self.assertRaises(common.Failure) as raised:
                programs.load(path)
        self.assertEqual(raised.exception.status, common.ENVIRONMENT)
        return raised.exception.message

    def test_mistakes_are_named(self):
        row = '[a]\nsource = "a.c"\nabout = "x"\nverify = true\n'
        for text, message in (
                ("a = 1\n", "[a]: not a table"),
                (row, "no 'expect'"),
                (row + 'expect = "race"\n', "'expect' is a str, expected a list"),
                (row + 'expect = []\n', "'expect' is empty"),
                (row + 'expect = ["bad"]\n', "unexpected 'bad' in 'expect'"),
                (row + 'expect = ["race"]\nfaults = ["kill"]\n', "unexpected 'kill' in 'faults'"),
                (row + 'expect = ["race"]\nmemory = "arm"\n', "unexpected memory 'arm'"),
                (row + 'expect = ["race"]\narguments = ["3"]\n', "'arguments' is not a list"),
                (row + 'expect = ["race"]\narguments = []\n', "'arguments' is empty"),
                (row + 'expect = ["race"]\nspeed = 1\n', "unexpected 'speed'"),
                (row + 'expect = ["race"]\ncompiler = "icc"\n', "unexpected compiler 'icc'"),
                (row + 'expect = ["race"]\nslow = [["9"]]\n', "'slow' has ['9']"),
                ("[a\n", "x.toml: ")):
            with self.subTest(message):
                self.assertIn(message, self.wrong(text))

    def test_the_kinds_are_those_of_findings(self):
        words = rows.read(os.path.join(common.ROOT, "platform", "words.def"), "FAILURE")
        self.assertLessEqual({*programs.KINDS}, {name for _, name, _ in words})

    def test_each_program_is_in_the_table_once(self):
        files = [os.path.basename(f) for f in glob.glob(os.path.join(programs.FOLDER, "*.c*"))]
        self.assertEqual(sorted(files), sorted(p.source for p in programs.load()))

    def test_the_readme_has_the_table(self):
        readme = read(os.path.join(programs.FOLDER, "README.md")).split("\n")
        self.assertEqual([line for line in readme if line.startswith("| [")],
                         programs.rows(programs.load()))

    def test_the_readme_explains_each_kind(self):
        readme = read(os.path.join(programs.FOLDER, "README.md"))
        for kind in programs.KINDS:
            self.assertIn("\n| %s | " % kind, readme)


class Sources(unittest.TestCase):
    def test_the_first_comment_has_its_parts(self):
        for program in programs.load():
            with self.subTest(program.name):
                text = read(program.path)
                comment = text[:text.index("#")]
                self.assertEqual(re.findall(r"^ \* (Stands for|Bug|Repair): \S", comment,
                                            re.MULTILINE), PARTS)
                self.assertIn("REPAIRED", text)

    def of_each(self, check):
        """Calls check(program, folder) for each program; expects that it yields no complaint."""
        def checked(program):
            with tempfile.TemporaryDirectory() as folder:
                return [*check(program, folder)]
        chosen = programs.load()
        with concurrent.futures.ThreadPoolExecutor(programs_native.JOBS) as pool:
            for program, wrong in zip(chosen, pool.map(checked, chosen)):
                self.assertEqual(wrong, [], program.name)

    def test_bug_and_twin_compile_without_warnings(self):
        self.of_each(lambda program, folder: programs_native.check_builds(
            program, folder, levels=["-fsyntax-only"]))

    def test_each_twin_ends_well(self):
        self.of_each(lambda program, folder: programs_native.check_twin(program, folder, RUNS))


if __name__ == "__main__":
    unittest.main()
