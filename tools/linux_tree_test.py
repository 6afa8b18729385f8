#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests which folders are taken for kernel trees, how their files come to the build, and how a
seeded bug is planted in them. The trees here are of a few words; linux_text_test.py has real ones.
"""

import io
import os
import shutil
import tarfile
import tempfile
import unittest
from unittest import mock

from kthrashlib import common
from kthrashlib.linux import edits, fetch, tree

MAKEFILE = "# SPDX\nVERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = %s\nEXTRAVERSION =%s\nNAME = Baby\n"


def write(folder, files):
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content)


def small_tree(version=("6", "12", "7", "")):
    return {**{name: "/* %s */\n" % name for name in tree.FILES}, "Makefile": MAKEFILE % version}


class Folder(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.TemporaryDirectory()
        self.addCleanup(self.top.cleanup)
        self.tree = os.path.join(self.top.name, "src")
        self.state = os.path.join(self.top.name, "state")
        self.replace(fetch, "FOLDER", self.state)
        self.said = []
        self.replace(fetch, "say", self.said.append)

    def replace(self, where, name, value):
        patch = mock.patch.object(where, name, value)
        patch.start()
        self.addCleanup(patch.stop)

    def refused(self, function, *args):
        with self.assertRaises(common.Failure) as caught:
            function(*args)
        return caught.exception.status, caught.exception.message.replace(self.top.name, "TOP")


class Trees(Folder):
    def test_the_version_is_the_makefile_s(self):
        for version, expected in [(("6", "12", "95", ""), "6.12.95"),
                                  (("7", "0", "0", " -rc3"), "7.0.0-rc3")]:
            write(self.tree, small_tree(version))
            self.assertEqual(str(tree.load(self.tree, "here")[0]), expected)

    def test_what_is_no_kernel_tree(self):
        whole, old = small_tree(), small_tree(("5", "15", "3", ""))
        no_c = {n: t for n, t in whole.items() if n != "kernel/smpboot.c"}
        for files, sentence in [
                (None, "TOP/src: no such folder, expected a folder with a kernel tree"),
                ({"README": "x"}, "TOP/src: no kernel tree: expected a Makefile with VERSION, "
                                  "PATCHLEVEL and SUBLEVEL in it"),
                ({"Makefile": "all:\n"}, "TOP/src: no kernel tree: expected a Makefile with "
                                         "VERSION, PATCHLEVEL and SUBLEVEL in it"),
                ({"Makefile": MAKEFILE % ("6", "12", "x/y", "")},
                 "TOP/src: no kernel tree: expected a Makefile with VERSION, PATCHLEVEL and "
                 "SUBLEVEL in it"),
                (old, "TOP/src: Linux 5.15.3 is too old, expected 6.1 or newer"),
                (no_c, "TOP/src: no whole kernel tree: Linux 6.12.7 without kernel/smpboot.c")]:
            with self.subTest(sentence):
                shutil.rmtree(self.tree, ignore_errors=True)
                write(self.tree, files or {})
                self.assertEqual(self.refused(fetch.get, self.tree), (common.USAGE, sentence))

    def test_a_word_that_is_neither_version_nor_folder(self):
        self.assertEqual(self.refused(fetch.get, "6.6"), (
            common.USAGE, "--linux=6.6: expected 6.12, 6.1, or a folder with a kernel tree"))

    def test_a_file_is_no_tree(self):
        write(self.top.name, {"file": "x"})
        self.assertEqual(self.refused(fetch.get, os.path.join(self.top.name, "file")), (
            common.USAGE, "TOP/file: is no folder, expected a folder with a kernel tree"))


class Copies(Folder):
    def test_only_the_needed_files_are_copied(self):
        write(self.tree, {**small_tree(), "kernel/fork.c": "", "include/linux/mm.h": ""})
        found = fetch.get(self.tree)
        there = sorted(os.path.relpath(os.path.join(at, f), found.folder)
                       for at, _, files in os.walk(found.folder) for f in files)
        self.assertEqual(there, sorted([*tree.FILES, fetch.FACTS]))
        self.assertEqual(found.version, "6.12.7")

    def test_the_folder_is_named_by_the_content(self):
        write(self.tree, small_tree())
        first = fetch.get(self.tree).folder
        self.assertEqual(fetch.get(self.tree).folder, first)
        write(self.tree, {"kernel/kthread.c": "changed\n"})
        self.assertNotEqual(fetch.get(self.tree).folder, first)
        self.assertTrue(os.path.isdir(first))

    def test_what_a_killed_process_left_is_deleted(self):
        write(self.tree, small_tree())
        left = os.path.join(self.state, "linux-6.12.7-0123456789abcdef.99999.tmp")
        os.makedirs(left)
        fetch.get(self.tree)
        self.assertFalse(os.path.exists(left))

    def test_old_folders_are_deleted_but_not_those_that_were_used_lately(self):
        self.replace(fetch, "KEPT", 4)
        folders = []
        for n in range(7):
            write(self.tree, {**small_tree(), "kernel/kthread.c": "%d\n" % n})
            folders.append(fetch.get(self.tree).folder)
            os.utime(folders[-1], (n, n))
        there = [os.path.isdir(f) for f in folders]
        self.assertEqual(there, [False] * 3 + [True] * 4)


class Archives(Folder):
    def setUp(self):
        super().setUp()
        self.archive = os.path.join(self.top.name, "linux-source-%s.tar.xz")
        self.replace(fetch, "ARCHIVE", self.archive)
        self.replace(fetch.env, "ensure", lambda packages: None)

    def pack(self, files):
        with tarfile.open(self.archive % "6.12", "w:xz") as f:
            for name, content in files.items():
                info = tarfile.TarInfo("linux-source-6.12/" + name)
                info.size = len(content)
                f.addfile(info, io.BytesIO(content.encode()))

    def test_the_files_are_taken_out_once(self):
        self.pack({**small_tree(), "kernel/fork.c": "x"})
        found = fetch.get()
        self.assertEqual(fetch.get("6.12"), found)
        self.assertEqual((found.version, len(self.said)), ("6.12.7", 1))
        self.assertFalse(os.path.exists(os.path.join(found.folder, "kernel", "fork.c")))

    def test_a_new_package_is_taken_anew(self):
        self.pack(small_tree())
        fetch.get()
        self.pack(small_tree(("6", "12", "8", "")))
        os.utime(self.archive % "6.12", (5, 5))
        self.assertEqual(fetch.get().version, "6.12.8")

    def test_a_broken_archive_leaves_nothing(self):
        self.pack({n: t for n, t in small_tree().items() if n != "kernel/kthread.c"})
        status, sentence = self.refused(fetch.get)
        self.assertEqual(status, common.ENVIRONMENT)
        self.assertIn("tar failed", sentence)
        self.assertEqual(os.listdir(self.state), ["lock"])

    def test_no_archive(self):
        self.assertEqual(self.refused(fetch.get), (
            common.ENVIRONMENT,
            "TOP/linux-source-6.12.tar.xz: No such file or directory; as root, run: apt-get "
            "install --reinstall linux-source-6.12"))


SOURCE = """\
int first(int a);

static int
first(int a)
{
\tgo(a);	/* go(b); } */
\tif (a)
\t\t/* a remark */
\t\tstop(a);
\treturn "go(a);" != 0;
}

int second(int (*first)(int), int b)
{
\tgo(b);
}
"""


class Edits(unittest.TestCase):
    def edited(self, *words):
        return edits.edit(SOURCE, *words)

    def test_only_the_function_is_edited(self):
        self.assertEqual(self.edited("second", r"go\(b", "went(b"),
                         SOURCE.replace("{\n\tgo(b)", "{\n\twent(b)"))

    def test_a_blank_is_any_white_space_and_comments_are_not_seen(self):
        text = self.edited("first", r"if \( a \) stop...;", "run();")
        self.assertIn("\trun();\n\n\n\treturn", text)

    def test_lines_below_keep_their_numbers(self):
        text = self.edited("first", r"(go...;) if (.*?;)", r"\1 \2")
        self.assertEqual(text.count("\n"), SOURCE.count("\n"))
        self.assertIn("/* a remark */", text)

    def test_groups_have_the_comments_that_were_in_them(self):
        self.assertIn("\t{ go(a);	/* go(b); } */\n\tif }",
                      self.edited("first", r"go...;\s*if", r"{ \0 }"))

    def test_what_does_not_fit_is_said(self):
        for function, pattern, clause in [
                ("third", "x", "has no function third()"),
                ("first", "nowhere", "first() has 0 places for the pattern 'nowhere', expected 1"),
                ("first", "go", "first() has 2 places for the pattern 'go', expected 1")]:
            with self.subTest(clause), self.assertRaises(ValueError) as caught:
                self.edited(function, pattern, "")
            self.assertEqual(str(caught.exception), clause)

    def test_versions(self):
        bug = edits.Bug("X", "f", "g", [], "", "", "", since="6.4", before="6.14")
        self.assertEqual([bug.is_in(v) for v in ("6.1.192", "6.4.0", "6.12.9-rc1", "6.14.0",
                                                 "7.0.0")], [False, True, True, False, False])


class Table(unittest.TestCase):
    def loaded(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.toml")
            write(folder, {"t.toml": text})
            try:
                return edits.load(path)
            except common.Failure as e:
                return e.message.replace(folder + "/", "")

    def test_the_real_table(self):
        table = edits.load()
        self.assertGreaterEqual(len(table), 40)
        self.assertLessEqual({b.file for b in table.values()}, set(tree.SOURCES))

    def test_what_is_wrong_is_said(self):
        row = '[A]\nfile = "f"\nfunction = "g"\nwhat = "w"\norigin = "o"\noracle = "r"\n'
        for text, sentence in [
                ("[A]\nfile = 1\n", "t.toml: [A]: file: expected a text between quotes"),
                ("[A]\nfiles = 1\n", "t.toml: [A]: unexpected 'files', expected file, function, "
                 "edits, what, origin, oracle, since, before, hunt"),
                (row, "t.toml: [A]: no 'edits'"),
                (row + "edits = []\n", "t.toml: [A]: edits: expected pairs, each a pattern and "
                 "its replacement"),
                (row + 'edits = [["(", ""]]\n', "t.toml: [A]: edits: the pattern '(' is no "
                 "regular expression: missing ), unterminated subpattern at position 0"),
                (row + 'edits = [["a", ""]]\nsince = "6"\n',
                 "t.toml: [A]: since: expected a version as in 6.12"),
                ("A = 1\n", "t.toml: [A]: expected a table")]:
            with self.subTest(sentence):
                self.assertEqual(self.loaded(text), sentence)


if __name__ == "__main__":
    unittest.main()
