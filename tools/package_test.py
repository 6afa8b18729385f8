#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests that the imports between the modules and the rooms of kthrashlib form no circle, and that
no room uses front."""

import ast
import glob
import os
import re
import unittest

from kthrashlib import common

PACKAGE = os.path.join(common.TOOLS, "kthrashlib")


def name_of(path):
    return os.path.relpath(path, common.TOOLS)[:-len(".py")].replace("/", ".")


def modules():
    return {name_of(path): path for path in
            glob.glob(os.path.join(PACKAGE, "**", "*.py"), recursive=True)
            if os.path.basename(path) != "__init__.py"}


def uses(text, known):
    """Returns the modules among `known` that the source `text` imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            found |= {node.module, *("%s.%s" % (node.module, a.name) for a in node.names)}
        elif isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
    return found & set(known)


def circle(arrows):
    """Returns the names that form a circle, or None."""
    done = set()

    def visit(name, path):
        if name in path:
            return path[path.index(name):] + [name]
        if name in done:
            return None
        done.add(name)
        return next(filter(None, (visit(n, path + [name]) for n in sorted(arrows[name]))), None)
    return next(filter(None, (visit(name, []) for name in sorted(arrows))), None)


def room(name):
    return name.rpartition(".")[0]


STARTERS = ("subprocess", "pty", "multiprocessing")
CALLS = re.compile(r"system|popen|fork|forkpty|exec\w+|spawn\w+|posix_spawn\w*")


def starts_processes(text):
    """Returns what the source `text` uses to start a process by itself."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""] + ["os." + a.name for a in node.names
                                           if node.module == "os"]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = ["%s.%s" % (node.value.id, node.attr)]
        found |= {n for n in names if n.partition(".")[0] in STARTERS or
                  n.startswith("os.") and CALLS.fullmatch(n[len("os."):])}
    return found


class Children(unittest.TestCase):
    """Tests that only children.py starts processes of the front door, because it ends them, too."""

    def test_no_other_module_starts_a_process(self):
        for name, path in modules().items():
            # kthrash-cc is a program of its own, which becomes the compiler.
            if name not in ("kthrashlib.children", "kthrashlib.programs.wrapper"):
                with open(path, encoding="utf-8") as f:
                    self.assertEqual(starts_processes(f.read()), set(), name)

    def test_a_start_is_seen(self):
        for text in ("import subprocess", "from subprocess import run", "os.system('x')",
                     "def f():\n    import multiprocessing.pool", "os.execvp('x', ['x'])",
                     "from os import fork"):
            self.assertTrue(starts_processes(text), text)


class Arrows(unittest.TestCase):
    def setUp(self):
        known = modules()
        self.arrows = {}
        for name, path in known.items():
            with open(path, encoding="utf-8") as f:
                self.arrows[name] = uses(f.read(), known)

    def test_no_circle_of_modules(self):
        self.assertGreater(len(self.arrows), 30)
        self.assertIsNone(circle(self.arrows))

    def test_no_circle_of_rooms(self):
        rooms = {room(name): set() for name in self.arrows}
        for name, used in self.arrows.items():
            rooms[room(name)] |= {room(u) for u in used} - {room(name)}
        self.assertIsNone(circle(rooms))

    def test_nothing_uses_front(self):
        for name, used in self.arrows.items():
            if room(name) != "kthrashlib.front":
                self.assertFalse([u for u in used if room(u) == "kthrashlib.front"], name)

    def test_a_circle_is_seen(self):
        self.assertEqual(circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}), ["b", "c", "b"])
        self.assertEqual(uses("def f():\n    from a import b\nimport c.d", ["a.b", "c.d", "e"]),
                         {"a.b", "c.d"})


if __name__ == "__main__":
    unittest.main()
