#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests `litmus`: verdicts and states of the tests beside it, what the reduction leaves out, and
what it says of files that are wrong.

usage: litmus_test.py BINARY TEST...
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

BINARY, TESTS = os.path.abspath(sys.argv[1]), sys.argv[2:]
MEMORIES = ("sc", "tso", "pso", "arm")

# Under which memories a test that says Sometimes is shown. A test without a row is always as its
# file says.
SOMETIMES_NEEDS = {
    "plain-barrier": ("tso", "pso", "arm"),
    "trylock": MEMORIES,
    "xchg-relaxed-orders-nothing": ("arm",),
}

HEAD = "C t\n{}\nP0(int *x)\n{\n"
# A file, and what the sentence about it says, with its line and column.
WRONG = [
    ("", "1:1: expected 'C'"),
    ("PPC t\n", "1:1: expected 'C'"),
    ("C t\n(* no end\n", "2:1: the comment does not end"),
    ("C t\n\"no end\n", "the file ends here, expected '{'"),
    ("C t\n{ int x[2]; }\n", "2:8: arrays are not there"),
    ("C t\n{ struct s x; }\n", "2:3: structs are not there"),
    ("C t\n{ x = ; }\n", "2:7: ';', expected a number or a variable"),
    ("C t\n{}\nexists (x=1)\n", "3:1: 'exists', expected P0"),
    ("C t\n{}\nP1(int *x) {}\n", "3:1: 'P1', expected P0"),
    ("C t\n{}\nP0(int x) {}\n", "3:8: 'x' is no pointer"),
    (HEAD + "r0 = 1;\n}\n", "5:1: 'r0' is no register and no parameter of P0"),
    (HEAD + "int r0 = f(x);\n}\n", "'f' is no function of a litmus test"),
    (HEAD + "int i = srcu_read_lock(x);\n}\n", "SRCU is not there"),
    (HEAD + "WRITE_ONCE(x, 1);\n}\n", "is no shared variable, expected *POINTER"),
    (HEAD + "WRITE_ONCE(*x);\n}\n", "5:14: ')', expected ','"),
    (HEAD + "int r0 = READ_ONCE(*x)\n}\n", "6:1: '}', expected ';'"),
    (HEAD + "int r0;\n r0 = smp_mb();\n}\n", "has no value"),
    (HEAD + "if (1) {\n", "expected '}'"),
    (HEAD + "}\nexists (0:r7=1)\n", "6:11: P0 has no register 'r7'"),
    (HEAD + "}\nexists (1:r0=1)\n", "there is no P1"),
    (HEAD + "}\nexists (y=1)\n", "6:9: there is no variable 'y'"),
    (HEAD + "}\nexists (x=1\n", "expected ')'"),
    (HEAD + "}\nexists (x=1) x\n", "6:14: 'x', expected the end of the file"),
    (HEAD + "}\nsome (x=1)\n", "6:1: 'some', expected 'exists'"),
    (HEAD + "int r0 = 08x;\n}\n", "5:10: this is no number"),
    # These are found when the test runs.
    ("C t\n{ int *p; }\nP0(int **p)\n{\nint *r0 = READ_ONCE(*p);\nint r1 = READ_ONCE(*r0);\n}\n"
     "exists (p=0)\n", ":6: the pointer points to no variable"),
    ("C t\n{}\nP0(spinlock_t *s)\n{\nspin_unlock(s);\n}\nexists (true)\n", "released by"),
    ("C t\n{}\nP0(spinlock_t *s)\n{\nint r0 = READ_ONCE(*s);\n}\nexists (true)\n",
     ":5: a spinlock_t, expected a variable"),
]


def run(*words):
    done = subprocess.run([BINARY, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def states(text):
    """Returns the states, without how many executions end in each."""
    return re.findall(r"^\d+ +([*:]>.*)$", text, re.MULTILINE)


class Verdicts(unittest.TestCase):
    def test_each_is_as_its_file_says(self):
        self.assertGreater(len(TESTS), 10)
        for path in TESTS:
            with self.subTest(path):
                status, out, err = run("--memory=arm", path)
                self.assertEqual((status, err), (0, ""), out)
                self.assertIn("Observation %s " % os.path.basename(path)[:-len(".litmus")], out)

    def test_weaker_memories_show_less_and_nothing_forbidden(self):
        for path in TESTS:
            name = os.path.basename(path)[:-len(".litmus")]
            for memory in MEMORIES:
                with self.subTest(name, memory=memory):
                    status, out, _ = run("--memory=" + memory, path)
                    misses = memory not in SOMETIMES_NEEDS.get(name, MEMORIES)
                    self.assertEqual(status, 1 if misses else 0, out)
                    self.assertEqual(run("--memory=" + memory, "--may-miss", path)[0], 0)

    def test_equivalent_executions_show_no_other_state(self):
        compared = 0
        for path in TESTS:
            for memory in MEMORIES:
                few = run("--memory=" + memory, "--may-miss", path)[1]
                every = run("--memory=" + memory, "--may-miss", "--every",
                            "--executions=20000", path)
                if every[0] == 3:       # There are too many.
                    continue
                with self.subTest(path, memory=memory):
                    self.assertEqual(states(few), states(every[1]))
                    self.assertTrue(states(few))
                compared += 1
        self.assertGreater(compared, 24)

    def test_states_and_words_are_herds(self):
        path = next(p for p in TESTS if p.endswith("/plain-barrier.litmus"))
        out = run("--memory=sc", "--may-miss", path)[1]
        self.assertIn("Test plain-barrier Allowed\nStates 3\n", out)
        self.assertRegex(out, r"\n\d+ +:>0:r0=0; 1:r0=1;\n")
        self.assertIn("\nNo\nWitnesses\nPositive: 0 Negative: ", out)
        self.assertIn("\nCondition exists (0:r0=0 /\\ 1:r0=0)\n", out)
        self.assertIn("\nObservation plain-barrier Never 0 ", out)

    def test_an_address_is_shown_as_the_variables_name(self):
        path = next(p for p in TESTS if p.endswith("/pointers.litmus"))
        self.assertIn("1:r2=9; 1:r3=z; 1:r0=z; 1:r1=6; z=7; p=z;\n", run("--memory=arm", path)[1])


class Statuses(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "t.litmus")

    def put(self, text):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(text)

    def test_a_wrong_file_is_2_and_says_where(self):
        for text, said in WRONG:
            with self.subTest(text):
                self.put(text)
                status, out, err = run(self.path)
                self.assertEqual(status, 2, out + err)
                self.assertIn(self.path + (":" if said[0].isdigit() else ""), err)
                self.assertIn(said, err)
                self.assertEqual(out, "")

    def test_another_verdict_than_the_files_is_1(self):
        text = "C t\n(* Result: %s *)\n" + HEAD[4:] + "WRITE_ONCE(*x, 1);\n}\nexists (x=1)\n"
        for result, status in [("Always", 0), ("Never", 1), ("Sometimes", 1), ("", 0)]:
            self.put(text % result)
            self.assertEqual(run(self.path)[0], status, result)

    def test_too_many_executions_are_3(self):
        self.assertEqual(run("--executions=2", TESTS[0])[0], 3)

    def test_a_deadlock_is_no_state(self):
        self.put("C t\n(* Result: DEADLOCK *)\n{}\nP0(spinlock_t *s, spinlock_t *t)\n{\n"
                 "spin_lock(s);\nspin_lock(t);\n}\nP1(spinlock_t *s)\n{\nspin_lock(s);\n}\n"
                 "filter (false)\nexists (true)\n")
        status, out, _ = run(self.path)
        self.assertEqual(status, 0, out)
        self.assertIn("deadlock", out)
        self.assertIn("Never 0 0", out)

    def test_usage(self):
        for words in [[], ["--memory=x86", TESTS[0]], ["--executions=0", TESTS[0]], ["--nothing"],
                      ["/nowhere.litmus"]]:
            self.assertEqual(run(*words)[0], 2, words)

    def test_a_full_disk_is_3(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            self.assertEqual(subprocess.run([BINARY, TESTS[0]], stdout=full,
                                            stderr=subprocess.DEVNULL, check=False).returncode, 3)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
