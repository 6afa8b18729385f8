#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests that kthrash finds the bug of each program in corpus/programs/, shrinks it and replays it,
and finds nothing in the program's twin.

usage: suite_test.py LIBKTHRASH.SO
"""

import os
import sys
import tempfile
import unittest

from kthrashlib.measure import suite
from kthrashlib.programs import library

# `bugs --programs` runs more. No median of corpus/programs/README.md is above 10,000.
EXECUTIONS, OF_TWIN = 20000, 4000


class Suite(unittest.TestCase):
    maxDiff = None

    def test_each_bug_is_found_and_each_twin_is_clean(self):
        suite.prepare()
        with tempfile.TemporaryDirectory() as folder:
            for rows in suite.examine_all(suite.chosen([]), EXECUTIONS, 1, folder,
                                          OF_TWIN):
                for row in rows:
                    print(*suite.line(row), flush=True)
                    with self.subTest(row["program"]):
                        self.assertTrue(suite.ok(row), row)


if __name__ == "__main__":
    os.environ[library.VARIABLE] = os.path.dirname(os.path.abspath(sys.argv.pop(1)))
    unittest.main()
