#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests tables and progress, piped and on a terminal."""

import io
import os
import pty
import unittest
from unittest import mock

from kthrashlib import env, terminal

COLUMNS = [("bug", terminal.LEFT), ("executions", terminal.RIGHT), ("replay", terminal.LEFT)]
ROWS = [("P1", 5, "tools/kthrash replay [x]"), ("LTICKET1", 12345, "")]


class Piped(unittest.TestCase):
    def test_columns_line_up(self):
        out = io.StringIO()
        terminal.table(COLUMNS, ROWS, out)
        self.assertEqual(out.getvalue(),
                         "bug       executions  replay\n"
                         "P1                 5  tools/kthrash replay [x]\n"
                         "LTICKET1       12345\n")

    def test_no_progress(self):
        out = io.StringIO()
        self.assertEqual(list(terminal.each("ab", "hunting", out)), ["a", "b"])
        self.assertEqual(out.getvalue(), "")


def all_of(ours):
    """Returns what was written to the other end of a terminal. That end is closed, so a read fails
    when all is read."""
    said = b""
    while True:
        try:
            said += os.read(ours, 100_000)
        except OSError:
            return said.decode()


class Terminal(unittest.TestCase):
    def said(self, function, *args):
        """Returns what `function` prints to a terminal that is its last argument."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        with open(theirs, "w", encoding="utf-8") as out, mock.patch.object(env, "ensure"), \
                mock.patch.dict(os.environ, {"TERM": "xterm", "COLUMNS": "60"}):
            result = function(*args, out)
        return result, all_of(ours)

    def test_a_table_has_all_cells_as_they_are(self):
        _, said = self.said(terminal.table, COLUMNS, ROWS)
        for word in ("bug", "executions", "P1", "12345", "tools/kthrash replay [x]"):
            self.assertIn(word, said)

    def test_a_cell_is_never_broken(self):
        command = "tools/kthrash replay " + "x" * 100
        _, said = self.said(terminal.table, COLUMNS, [("P1", 1, command)])
        self.assertIn(command, said)

    def test_progress(self):
        items, said = self.said(lambda out: list(terminal.each("ab", "hunting", out)))
        self.assertEqual(items, ["a", "b"])
        self.assertIn("hunting", said)
        self.assertIn("100%", said)


if __name__ == "__main__":
    unittest.main()
