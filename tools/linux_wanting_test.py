#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the sentence about a kernel tree whose files want what core/linux/ does not have, and how a
command chooses the core."""

import os
import subprocess
import tempfile
import unittest
from unittest import mock

from kthrashlib import common
from kthrashlib.build import about, cores, drivers
from kthrashlib.linux import edits, fetch, wanting

# The compiler itself says what a source lacks, so a new version of it is tested, too.
PROGRAM = "struct task { int a; };\nvoid f(struct task *t)\n{\n\t%s\n}\n"


def compiled(text):
    """Returns what clang says of a text that stands in the kernel's kthread.c."""
    with tempfile.TemporaryDirectory() as folder:
        at = os.path.join(folder, "external", "linux", "kernel")
        os.makedirs(at)
        with open(os.path.join(at, "kthread.c"), "w", encoding="utf-8") as f:
            f.write(text)
        return subprocess.run(["clang-19", "-fsyntax-only", "external/linux/kernel/kthread.c"],
                              cwd=folder, capture_output=True, text=True, check=False).stderr


class Wanting(unittest.TestCase):
    def said(self, text, origin=""):
        return wanting.complaint(compiled(text), "7.1.0", origin)

    def test_what_is_wanted(self):
        for text, thing in [
                ("#include <linux/frob.h>\n", "the header linux/frob.h (kernel/kthread.c:1)"),
                (PROGRAM % "frob(t);", "the function frob() (kernel/kthread.c:4)"),
                (PROGRAM % "t->a = FROB;", "the name FROB (kernel/kthread.c:4)"),
                (PROGRAM % "t->frob = 1;", "the field frob of struct task (kernel/kthread.c:4)"),
                (PROGRAM % "static frob_t x;", "the type frob_t (kernel/kthread.c:4)"),
                (PROGRAM % "struct frob x; (void)t;", "the type struct frob (kernel/kthread.c:4)"),
                (PROGRAM % "frob(t); t->a = FROB;\n\tfrob(t);",
                 "the function frob() (kernel/kthread.c:4), the name FROB (kernel/kthread.c:4)")]:
            with self.subTest(text):
                self.assertEqual(self.said(text), "Linux 7.1.0 wants what core/linux/ does not "
                                 "have: %s; core/linux/README.md says how to add it" % thing)

    def test_a_symbol_that_the_linker_misses(self):
        log = ("ld.lld: error: undefined symbol: frob\n"
               ">>> referenced by kthread.c:17 (external/linux/kernel/kthread.c:17)\n")
        self.assertIn("the name frob (kthread.c:17);", wanting.complaint(log, "7.1.0"))

    def test_the_header_that_declares_it(self):
        with tempfile.TemporaryDirectory() as origin:
            os.makedirs(os.path.join(origin, "include", "linux"))
            with open(os.path.join(origin, "include", "linux", "frob.h"), "w",
                      encoding="utf-8") as f:
                f.write("/* frob() is said here only */\nint other(int frob_t);\n"
                        "extern int frob(struct task *t);\n#define FROB 1\n")
            self.assertIn("(kernel/kthread.c:4, declared in include/linux/frob.h), the name FROB "
                          "(kernel/kthread.c:4, declared in include/linux/frob.h);",
                          self.said(PROGRAM % "frob(t); t->a = FROB;", origin))

    def test_another_error_is_said_as_it_is(self):
        self.assertEqual(self.said(PROGRAM % "t->a = 1"), "Linux 7.1.0: its files do not compile "
                         "with core/linux/: kernel/kthread.c:4: expected ';' after expression")

    def test_an_error_elsewhere_is_not_the_tree_s(self):
        self.assertEqual(wanting.complaint("core/task.c:3:1: error: expected ';'\n", "7.1.0"), "")


def plan(folder, name, build):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as f:
        f.write("kthrash-plan 1\nfound by \"pos\" seed 1 execution 2 on \"%s\"\ntask C1:\n" % build)
    return path


class Cores(unittest.TestCase):
    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.folder = top.name
        self.ours = plan(self.folder, "a.plan", "sim, clang 19")
        self.linux = plan(self.folder, "b.plan", "sim, clang 19, core linux 6.12.9 (0123abcd)")
        self.other = plan(self.folder, "c.plan", "sim, core linux 6.1.2 (77), bug H1")
        patch = mock.patch.multiple(
            fetch, get=lambda said: fetch.Linux("6.12.9", "0123abcd", "/got-" + said),
            find=lambda version, tree: version == "6.12.9" and fetch.Linux(
                version, tree, "/found") or None)
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_plan_names_its_core(self):
        self.assertIsNone(cores.of_plan(self.ours))
        self.assertEqual(cores.of_plan(self.linux), ("6.12.9", "0123abcd"))
        self.assertEqual(cores.of_plan(self.other), ("6.1.2", "77"))

    def test_the_core_that_runs(self):
        for found, plan_, folder in [
                ({}, None, None), ({}, self.ours, None), ({}, self.linux, "/found"),
                ({"--core": "linux"}, None, "/got-6.12"),
                ({"--core": "linux"}, self.ours, "/got-6.12"),
                ({"--core": "linux"}, self.linux, "/found"),
                ({"--linux": "6.1"}, self.linux, "/got-6.1"),
                ({"--core": "kthrash"}, self.linux, None)]:
            with self.subTest(found, plan=plan_):
                linux = cores.get(found, plan_)
                self.assertEqual(linux and linux.folder, folder)

    def test_plans_of_several_cores_run_apart(self):
        plans = [self.ours, self.linux, self.other, self.ours]
        self.assertEqual(cores.groups({}, plans),
                         [[self.ours, self.ours], [self.linux], [self.other]])
        self.assertEqual(cores.groups({"--core": "kthrash"}, plans), [plans])
        self.assertEqual(cores.groups({"--linux": "6.1"}, plans), [plans])

    def test_what_is_refused(self):
        for function, args, sentence in [
                (cores.get, [{}, self.other], "c.plan: was found on Linux 6.1.2 (77), whose files "
                 "are not here any more: expected --linux=DIR"),
                (cores.get, [{"--core": "kthrash", "--linux": "6.1"}],
                 "--core=kthrash --linux=6.1: only --core=linux has a kernel tree"),
                (drivers.chosen, [{"--core": "linux", "--bug": "S8"}],
                 "no seeded bug 'S8' of the kernel's files, expected one of H1, "),
                (cores.planted, [fetch.Linux("6.1.2", "77", "/x"), "H26N"],
                 "--bug=H26N: Linux 6.1.2 does not have the code that the bug is in, expected 6.4 "
                 "or newer")]:
            with self.subTest(sentence), self.assertRaises(common.Failure) as caught:
                function(*args)
            self.assertEqual(caught.exception.status, common.USAGE)
            self.assertIn(sentence, caught.exception.message)

    def test_the_driver_on_a_tree_and_what_it_must_say(self):
        facts = {"version": "6.12.9", "tree": "0123abcd", "bug": "H1"}
        with open(os.path.join(self.folder, fetch.FACTS), "w", encoding="ascii") as f:
            f.write(str(facts).replace("'", '"'))
        linux = fetch.Linux(folder=self.folder, **facts)
        for found in ({}, {"--sanitizer": "asan"}, {"--os": "posix"}):
            target, options = drivers.chosen(found, linux)
            self.assertTrue(target.startswith("//stress:kthrash_linux_"), target)
            wanted = about.expected(target, options)
            self.assertEqual({k: wanted[k] for k in ("core", "tree", "bug")},
                             {"core": "linux 6.12.9", "tree": "0123abcd", "bug": "H1"})

    def test_each_bug_names_a_version_that_has_it(self):
        for bug in edits.load().values():
            self.assertTrue(any(bug.is_in(v) for v in fetch.PACKAGES), bug.name)


if __name__ == "__main__":
    unittest.main()
