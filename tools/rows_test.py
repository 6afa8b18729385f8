#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The reader of X-macro rows, and what the front door makes of the driver's options."""

import os
import tempfile
import unittest
from unittest import mock

from kthrashlib import common, rows
from kthrashlib.build import driver_options
from kthrashlib.front import commands, options
from kthrashlib.measure import scoreboard


class Rows(unittest.TestCase):
    def read(self, text, macro="ROW", columns=None):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.def")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            try:
                return rows.read(path, macro, columns)
            except common.Failure as e:
                self.assertEqual(e.status, common.ENVIRONMENT)
                return e.message.replace(folder + "/", "")

    def test_rows_of_one_macro(self):
        self.assertEqual(self.read('ROW(a, "b")\nOTHER(c, "d")\nROW(e, "f")\n'),
                         [("a", "b"), ("e", "f")])

    def test_a_string_in_pieces_and_over_lines(self):
        self.assertEqual(self.read('ROW("one, "\n\t"two (three) "  /* here */\n "four", x)'),
                         [("one, two (three) four", "x")])

    def test_escapes(self):
        self.assertEqual(self.read(r'ROW("a \"b\" \\ c\n")'), [('a "b" \\ c\n',)])

    def test_comments_and_the_preprocessor_are_skipped(self):
        text = '/* ROW(not) */\n// ROW(nor)\n#define ROW(a) \\\n\tROW(nor)\nROW(x)\n#undef ROW\n'
        self.assertEqual(self.read(text), [("x",)])

    def test_a_comment_s_sign_in_a_string_is_text(self):
        self.assertEqual(self.read('ROW("a // b /* c")'), [("a // b /* c",)])

    def test_an_argument_that_is_no_string(self):
        self.assertEqual(self.read("ROW(STRESS | VERIFY, f(a, b), -1, 'x')"),
                         [("STRESS | VERIFY", "f ( a , b )", "- 1", "' x '")])

    def test_what_is_wrong_is_said_with_its_line(self):
        for text, message in [
                ("\n\nROW(a", "x.def:3: the row does not end"),
                ("ROW a", "x.def:1: expected ( after the macro's name"),
                ("\nROW(a, , b)", "x.def:2: an argument is empty"),
                ("\nROW()", "x.def:2: an argument is empty"),
                ('ROW(a,\n"b" c)', 'x.def:2: expected string literals only, or none: "b" c'),
                ('ROW("b)', 'x.def:1: expected string literals only, or none: " b'),
                ("OTHER(a)", "x.def:1: no row of ROW")]:
            with self.subTest(text):
                self.assertEqual(self.read(text), message)
        self.assertEqual(self.read("ROW(a)\nROW(a, b)\n", columns=1),
                         "x.def:2: ROW has 2 arguments, expected 1")


class Driver(unittest.TestCase):
    def test_each_of_its_options_is_an_option_of_the_command(self):
        for name in ("stress", "verify", "replay", "shrink"):
            for row in driver_options.of(name):
                form = options.row_option(*row).form
                self.assertIn(form, [o.form for o in commands.find(name).options])

    def test_a_row_for_several_commands(self):
        rows_ = [("STRESS | VERIFY", "seed", "N", "text", "1"),
                 ("stress", "progress", "", "the front door gives it", ""),
                 ("shrink", "o", "FILE", "text", "")]
        with mock.patch.object(driver_options, "ROWS", rows_):
            self.assertEqual([[options.row_option(*row).form for row in driver_options.of(c)]
                              for c in ("stress", "verify", "shrink")],
                             [["--seed=N"], ["--seed=N"], ["-o FILE"]])

    def test_the_scoreboard_has_every_strategy_or_says_why_not(self):
        measured = {s.partition(":")[0] for s in scoreboard.STRATEGIES}
        known = {w.partition(":")[0] for w in driver_options.words("stress", "strategy")}
        self.assertEqual(measured | set(scoreboard.NOT_MEASURED), known)
        self.assertFalse(measured & set(scoreboard.NOT_MEASURED))
        rows_ = [("stress", "strategy", "block|new|pct:D", "", "")]
        with mock.patch.object(driver_options, "ROWS", rows_):
            self.assertEqual(scoreboard.strategies(), ["new", "pct:2", "pct:3"])


if __name__ == "__main__":
    unittest.main()
