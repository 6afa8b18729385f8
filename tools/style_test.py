#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests `fmt`, `lint` and `compdb`: each linter and formatter runs on a small tree with one fault.

usage: style_test.py [--buildifier]   --buildifier: checks Starlark, too, with buildifier from npm
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from kthrashlib import common, env
from kthrashlib.build import compdb, formatting, linting, style
from kthrashlib.front import cli

SPDX = {".c": "/* SPDX-License-Identifier: GPL-2.0-only */\n",
        ".py": "# SPDX-License-Identifier: GPL-2.0-only\n",
        ".sh": "#!/bin/sh\n# SPDX-License-Identifier: GPL-2.0-only\n",
        "": "# SPDX-License-Identifier: GPL-2.0-only\n"}

# For each linter, the row has a file, a right text, a wrong one, and words of the complaint.
FAULTS = {
    "tidy.py": ("a.c", "int zero;\n", "int zero; \n", "blanks at the end"),
    "shellcheck": ("a.sh", 'rm -r "$1"\n', "rm -r $1\n", "SC2086"),
    "flake8": ("a.py", "import os\nprint(os.name)\n", "import os\n", "F401"),
    "pylint": ("a.py", "def f(a):\n    return a\n\n\nf(1)\n",
               "def f(a):\n    return a\n\n\nf()\n", "no-value-for-parameter"),
    "cppcheck": ("a.c", "int f(void)\n{\n\tint a[2] = { 0 };\n\n\treturn a[1];\n}\n",
                 "int f(void)\n{\n\tint a[2] = { 0 };\n\n\treturn a[2];\n}\n", "arrayIndexOutOfB"),
    "clang-tidy": ("a.c", "int f(int a)\n{\n\tif (a)\n\t\treturn 1;\n\treturn 2;\n}\n",
                   "int f(int a)\n{\n\tif (a);\n\t\treturn 1;\n\treturn 2;\n}\n",
                   "bugprone-suspicious-semicolon"),
    "buildifier": ("BUILD", 'load("//a:b.bzl", "x")\n\nx()\n', 'load("//a:b.bzl", "x")\n',
                   "is unused"),
}


class Tree(unittest.TestCase):
    """A git checkout that has our settings."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = temporary.name
        for name in (".clang-format", ".clang-tidy", ".flake8", ".pylintrc", "tools/tidy.py"):
            with open(os.path.join(common.ROOT, name), encoding="utf-8") as f:
                self.put(name, f.read())
        self.git("init", "-q")
        for module in (style, formatting, linting, compdb):
            patch = mock.patch.object(module, "ROOT", self.root)
            patch.start()
            self.addCleanup(patch.stop)
        for patch in (mock.patch.object(env, "ensure"),
                      mock.patch.object(compdb, "write", self.write_database)):
            patch.start()
            self.addCleanup(patch.stop)

    def put(self, name, text):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def get(self, name):
        with open(os.path.join(self.root, name), encoding="utf-8") as f:
            return f.read()

    def git(self, *args):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x", *args], cwd=self.root,
                       check=True, stdout=subprocess.DEVNULL)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")

    def write_database(self):
        self.put("compile_commands.json", json.dumps([
            {"directory": self.root, "file": "a.c", "arguments": ["clang-19", "-c", "a.c"]}]))
        return ["a.c"]

    def run_command(self, *args):
        with contextlib.redirect_stdout(io.StringIO()) as out, \
                contextlib.redirect_stderr(io.StringIO()) as err:
            status = cli.main(list(args))
        return status, out.getvalue() + err.getvalue()


class Lint(Tree):
    LINTERS = [name for name in linting.LINTERS if name != "buildifier"]

    def complaints(self, linter, text):
        name = FAULTS[linter][0]
        self.put(name, SPDX[os.path.splitext(name)[1]] + text)
        out = io.StringIO()
        bad = linting.run_linters([linter], {style.language(name): [name]}, out)
        return bad, out.getvalue()

    def test_each_linter_sees_its_fault_and_nothing_else(self):
        for linter in self.LINTERS:
            _, right, wrong, words = FAULTS[linter]
            with self.subTest(linter):
                self.assertEqual(self.complaints(linter, right), ([], ""))
                bad, said = self.complaints(linter, wrong)
                self.assertEqual(bad, [linter])
                self.assertIn(words, said)
                self.assertNotIn(self.root, said)

    def test_a_source_that_no_target_compiles_is_a_finding(self):
        self.put("b.c", SPDX[".c"] + "int b;\n")
        out = io.StringIO()
        self.assertEqual(linting.run_linters(["clang-tidy"], {"C": ["b.c"]}, out), ["clang-tidy"])
        self.assertIn("b.c: no target", out.getvalue())

    def test_every_linter_has_a_fault(self):
        self.assertEqual(set(FAULTS), set(linting.LINTERS))

    def test_status_and_what_is_said(self):
        self.put("a.sh", SPDX[".sh"] + "echo $1\n")
        self.put("b.sh", SPDX[".sh"] + "echo\n")
        self.git("add", "-A")
        status, said = self.run_command("lint", os.path.join(self.root, "a.sh"))
        self.assertEqual(status, common.FINDINGS)
        self.assertIn("a.sh:3:6: note: Double quote", said)
        self.assertIn("findings by shellcheck", said)
        self.assertEqual(self.run_command("lint", os.path.join(self.root, "b.sh"))[0],
                         common.CLEAN)

    def test_a_file_that_is_not_there(self):
        status, said = self.run_command("lint", "nowhere.c")
        self.assertEqual(status, common.USAGE)
        self.assertIn("nowhere.c: expected a file that git tracks", said)


class Format(Tree):
    UGLY = "int  f( void )\n{\n\treturn  1;\n}\n"
    GOOD = "int f(void)\n{\n\treturn 1;\n}\n"

    def test_only_lines_that_changed(self):
        self.put("a.c", self.UGLY)
        self.commit()
        self.put("a.c", self.UGLY.replace("1;", "2;"))
        status, said = self.run_command("fmt", "--since=HEAD")
        self.assertEqual((status, said), (common.CLEAN, "a.c\n"))
        self.assertEqual(self.get("a.c"), "int  f( void )\n{\n\treturn 2;\n}\n")
        self.assertEqual(self.run_command("fmt", "--since=HEAD"), (common.CLEAN, ""))

    def check_changed(self, name, before, edited, formatted):
        self.put(name, before)
        self.commit()
        self.put(name, edited)
        self.assertEqual(self.run_command("fmt", "--since=HEAD")[0], common.CLEAN)
        self.assertEqual(self.get(name), formatted)

    def test_only_lines_that_changed_in_python(self):
        self.check_changed("a.py", "x=1\ny=2\nz=3\n", "x=1\ny=4\nz=3\n", "x=1\ny = 4\nz=3\n")

    def test_a_block_of_python_is_indented_whole(self):
        self.check_changed("a.py", "if 1:\n   x=1\n   y=1\nz=3\n", "if 1:\n   x=2\n   y=1\nz=3\n",
                           "if 1:\n    x = 2\n    y = 1\nz = 3\n")

    def test_a_changed_line_beside_lines_that_the_formatter_would_change(self):
        self.check_changed("a.c", "int  a;\nint  b;\nint c;\n", "int  a;\nint  b;\nlong  c;\n",
                           "int  a;\nint  b;\nlong c;\n")

    def test_nothing_changed_but_what_was_removed(self):
        self.check_changed("a.c", "int  a;\nint b;\n", "int  a;\n", "int  a;\n")

    def test_lines_that_belong_together_are_taken_whole(self):
        merge = formatting.only_changed
        self.assertEqual(merge("f(a,\nb)\nx=1\n", "f(\n a, b)\nx = 1\n", {2}),
                         "f(\n a, b)\nx=1\n")
        self.assertEqual(merge("a\nb\n", "a\n\nb\n", {2}), "a\n\nb\n")
        self.assertEqual(merge("a\nb\nc\n", "a\n\nb\nc\n", {3}), "a\nb\nc\n")

    def test_a_line_that_moves_is_not_lost(self):
        self.assertEqual(formatting.only_changed("c\na\nb\n", "a\nb\nc\n", {1}), "a\nb\nc\n")

    def test_check_shows_and_changes_nothing(self):
        self.put("a.c", self.GOOD)
        self.commit()
        self.put("a.c", self.UGLY)
        status, said = self.run_command("fmt", "--check", "--since=HEAD")
        self.assertEqual(status, common.FINDINGS)
        self.assertIn("-int  f( void )\n", said)
        self.assertIn("+int f(void)\n", said)
        self.assertEqual(self.get("a.c"), self.UGLY)

    def test_whole(self):
        self.put("a.c", self.UGLY)
        self.commit()
        self.run_command("fmt", "--whole", "--since=HEAD")
        self.assertEqual(self.get("a.c"), self.GOOD)

    def test_columns_of_comments_are_kept(self):
        text = "struct s {\n\tint a;\t\t\t/* one */\n\tint bcd;\t\t/* two,\n" \
               "\t\t\t\t * and more */\n\tint  e;\t\t\t/* three */\n};\n"
        self.put("a.c", text)
        self.commit()
        self.run_command("fmt", "--whole", "--since=HEAD")
        self.assertEqual(self.get("a.c"), text.replace("int  e", "int e"))

    def test_tables_between_marks_are_kept(self):
        text = "/* clang-format off */\nint t[] = { 1,  2,\n\t10,20 };\n/* clang-format on */\n"
        self.put("a.c", text)
        self.commit()
        self.run_command("fmt", "--whole", "--since=HEAD")
        self.assertEqual(self.get("a.c"), text)

    def test_python_and_that_its_mode_is_kept(self):
        self.put("a.py", "x=1\n")
        os.chmod(os.path.join(self.root, "a.py"), 0o755)
        self.commit()
        self.run_command("fmt", "--whole", "--since=HEAD")
        self.assertEqual(self.get("a.py"), "x = 1\n")
        self.assertEqual(os.stat(os.path.join(self.root, "a.py")).st_mode & 0o777, 0o755)

    def test_what_a_formatter_refuses_is_left(self):
        self.put("a.c", self.UGLY)
        self.put(".clang-format", "Frob: true\n")
        self.commit()
        status, said = self.run_command("fmt", "--whole", "--since=HEAD", "a.c")
        self.assertEqual(status, common.USAGE)  # The path is not relative to this folder.
        status, said = self.run_command("fmt", "--whole", "--since=HEAD",
                                        os.path.join(self.root, "a.c"))
        self.assertEqual(status, common.FINDINGS)
        self.assertIn("clang-format-19: ", said)
        self.assertEqual(self.get("a.c"), self.UGLY)

    def test_no_such_commit(self):
        self.commit()
        status, said = self.run_command("fmt", "--since=nowhere")
        self.assertEqual((status, said),
                         (common.USAGE, "kthrash: --since=nowhere: expected a commit\n"))


class Database(unittest.TestCase):
    def test_of_many_builds_the_usual_one_without_what_bazel_makes(self):
        def action(configuration, *words):
            return {"configurationId": configuration, "arguments": [*words, "-c", "a.c"]}
        graph = {
            "configuration": [{"id": 1, "mnemonic": "k8-fastbuild-ST-1"},
                              {"id": 2, "mnemonic": "k8-fastbuild"}],
            "actions": [
                action(1, "/usr/bin/clang-19"),
                action(2, "/usr/bin/clang-19", "-Dx", "-MD", "-MF", "x.d", "-frandom-seed=x",
                       "-Xclang", "-fmodule-map-file-home-is-cwd", "-fmodule-map-file=x"),
                action(1, "/usr/bin/gcc"),
            ],
        }
        self.assertEqual(compdb.entries(graph, "/r"), [
            {"directory": "/r", "file": "a.c",
             "arguments": ["/usr/bin/clang-19", "-Dx", "-c", "a.c"]}])

    def test_without_the_usual_one_no_sanitizer_and_no_other_compiler(self):
        graph = {
            "configuration": [{"id": 1, "mnemonic": "a-ST-1"}],
            "actions": [{"configurationId": 1, "arguments": [*words, "-c", "a.c"]} for words in (
                ["/usr/bin/gcc"], ["/usr/bin/clang-19", "-fsanitize=thread"],
                ["/usr/bin/clang-19", "-Dx"])],
        }
        self.assertEqual(compdb.entries(graph, "/r")[0]["arguments"],
                         ["/usr/bin/clang-19", "-Dx", "-c", "a.c"])


class Buildifier(Lint):
    LINTERS = ["buildifier"]

    def test_format(self):
        self.put("BUILD", "x( a=1 )\n")
        self.commit()
        self.run_command("fmt", "--whole", "--since=HEAD")
        self.assertEqual(self.get("BUILD"), "x(a = 1)\n")

    def test_a_file_that_is_left_alone(self):
        self.put("BUILD", "# fmt: off\nx( a=1 )\n")
        self.commit()
        self.run_command("fmt", "--whole", "--since=HEAD")
        self.assertEqual(self.get("BUILD"), "# fmt: off\nx( a=1 )\n")


if __name__ == "__main__":
    with_buildifier = "--buildifier" in sys.argv
    if with_buildifier:
        sys.argv.remove("--buildifier")
        style.buildifier()
    else:
        del Buildifier
    unittest.main()
