#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the reader of X-macro rows, and what the front door makes of the driver's options."""

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
        self.assertEqual(self.read("ROW(STRESS | VERIFY, f(), -1, 'x', A(0) B(1))"),
                         [("STRESS | VERIFY", "f ( )", "- 1", "' x '", "A ( 0 ) B ( 1 )")])

    def test_a_call(self):
        self.assertEqual(self.read('ROW(SETS("a" "b"), f(g(x, "y"), -1))'),
                         [(("SETS", "ab"), ("f", ("g", "x", "y"), "- 1"))])

    def test_the_macro_s_name_in_another_row(self):
        self.assertEqual(self.read('OTHER(ROW, f(ROW), "x")\nROW(y)\n'), [("y",)])

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


OPTIONS = """
#ifdef COMMAND
COMMAND("stress", "", "hunts")
#endif
#ifdef OPTION
OPTION("stress", "strategy", "portfolio|STRATEGY", "who decides which task "
       "runs next", "portfolio", CALL(set_strategy), SETS)
OPTION("stress verify", "memory", "MEMORY", "the model", "the plan's", CALL(set_memory), MEANS)
OPTION("stress", "exhaustive", "EXHAUSTIVE", "a fault", "", CALL(set_exhaustive), MEANS)
OPTION("shrink", "o", "FILE", "where it goes", "", TEXT(output), MEANS)
OPTION("verify", "progress", "", "how far it is", "", FLAG(progress), MEANS)
#endif
#ifdef EXHAUSTIVE
EXHAUSTIVE(FAIL, "fail", "each allocation fails")
EXHAUSTIVE(KILL, "kill", "each task is killed")
#endif
"""
STRATEGIES = """
STRATEGY(BLOCK, "block", 0, sim_strategy_block(), NULL,
\t KT_NEVER, "", "runs a task until it blocks")
STRATEGY(PCT, "pct", KT_DEPTH_MAX, sim_strategy_pct(depth), NULL,
\t AT(2, PCT, 2) AT(6, PCT, 3), "pct:2 pct:3", "draws priorities")
"""
WORDS = """
LINE(MEMORY, "memory", "MODEL", "the memory model")
MEMORY(SC, "sc", "at once")
MEMORY(TSO, "tso", "late")
"""


class Driver(unittest.TestCase):
    def test_the_tables_of_the_driver(self):
        with tempfile.TemporaryDirectory() as root:
            for name, text in (("stress/hunt/options.def", OPTIONS),
                               ("platform/words.def", STRATEGIES),
                               ("stress/plan/words.def", WORDS)):
                path = os.path.join(root, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as f:
                    f.write(text)
            self.assertEqual(driver_options.read(root), [
                ("stress", "strategy", "portfolio|block|pct:D",
                 "who decides which task runs next", "portfolio"),
                ("stress verify", "memory", "sc|tso", "the model", "the plan's"),
                ("stress", "exhaustive", "fail|kill", "a fault", ""),
                ("shrink", "o", "FILE", "where it goes", ""),
                ("verify", "progress", "", "how far it is", "")])
            self.assertEqual(driver_options.read_measured(root), ["pct:2", "pct:3", "portfolio"])
            with mock.patch.object(driver_options, "ROWS", driver_options.read(root)):
                self.assertEqual(driver_options.of("verify"),
                                 [("memory", "sc|tso", "the model", "the plan's")])
                self.assertEqual(options.row_option(*driver_options.of("shrink")[0]).form,
                                 "-o FILE")
                self.assertEqual(driver_options.words("stress", "strategy"),
                                 ["portfolio", "block", "pct:D"])

    def test_each_of_its_options_is_an_option_of_the_command(self):
        for name in ("stress", "verify", "replay", "shrink"):
            forms = [o.form for o in commands.find(name).options]
            for row in driver_options.of(name):
                self.assertIn(options.row_option(*row).form, forms)

    def test_the_driver_knows_what_the_scoreboard_measures(self):
        known = {w.partition(":")[0] for w in driver_options.words("stress", "strategy")}
        self.assertLessEqual({s.partition(":")[0] for s in scoreboard.STRATEGIES}, known)


if __name__ == "__main__":
    unittest.main()
