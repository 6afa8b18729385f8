#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The explanations of the findings are those in snapshots/, but for the numbers of source lines.

usage: snapshot_test.py [--write] BINARY...
       BINARY is a driver with a seeded bug. snapshots/ has the plan and the text by its name.
       --write: write the texts anew, for example
       stress/explain/snapshot_test.py --write bazel-bin/stress/bugs/{P1,S3}
"""

import os
import re
import subprocess
import sys
import unittest

SNAPSHOTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "snapshots")
COLUMNS, ROWS_MAX = 100, 12


def explained(binary):
    """Returns what explain prints, without the line that names the build."""
    done = subprocess.run([binary, "explain", path_of(binary, "plan")], stdout=subprocess.PIPE,
                          text=True, check=True)
    return done.stdout.partition("\n")[2]


def without_lines(text):
    """Returns the text without the numbers of source lines, which move with any edit above them."""
    return re.sub(r"(\.[ch]:)(\d+)", lambda m: m.group(1) + "#" * len(m.group(2)), text)


def path_of(binary, ending):
    return os.path.join(SNAPSHOTS, "%s.%s" % (os.path.basename(binary), ending))


class Snapshots(unittest.TestCase):
    maxDiff = None

    def test_explanations(self):
        for binary in BINARIES:
            with self.subTest(os.path.basename(binary)):
                with open(path_of(binary, "txt"), encoding="utf-8") as f:
                    self.assertEqual(without_lines(explained(binary)), without_lines(f.read()))

    def test_they_fit_a_terminal_and_have_few_rows(self):
        for binary in BINARIES:
            with self.subTest(os.path.basename(binary)):
                with open(path_of(binary, "txt"), encoding="utf-8") as f:
                    lines = f.read().split("\n")
                self.assertLess(max(map(len, lines)), COLUMNS)
                rows = [x for x in lines if x[:5].strip().isdigit() or x.startswith("   ..")]
                self.assertLessEqual(len(rows), ROWS_MAX)


if __name__ == "__main__":
    BINARIES = [os.path.abspath(w) for w in sys.argv[1:] if w != "--write"]
    if "--write" in sys.argv:
        for one in BINARIES:
            with open(path_of(one, "txt"), "w", encoding="utf-8") as out:
                out.write(explained(one))
    else:
        unittest.main(argv=sys.argv[:1])
