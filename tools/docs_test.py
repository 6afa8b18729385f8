#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests that everything exists that the READMEs and CONTRIBUTING.md name: files, Bazel's targets,
commands with their options, seeded bugs. The test looks at the checkout that this file is in."""

import glob
import os
import re
import shlex
import unittest

from kthrashlib import common
from kthrashlib.build import drivers
from kthrashlib.measure import programs, suite
from kthrashlib.front import commands

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)

TOP = ("core", "corpus", "fuzz", "platform", "stress", "tools")
# These names stand for any file.
ANY = re.compile(r"NEW|NAME|OUT|FINDING|<|\{|\.\.\.|…")


def all_files():
    """Returns all files, without those that builds and runs leave."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [f for f in folders if not re.match(r"bazel-|\.git$|\.kthrash$|__pycache", f)]
        found += [os.path.relpath(os.path.join(folder, f), ROOT) for f in files]
    return found


def pages():
    return [f for f in all_files() if f.endswith(".md")]


def read(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as f:
        return f.read()


def code(text):
    """Yields (line number, words) for each line of a block of code and for the words in
    backquotes."""
    block = False
    for n, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            block = not block
        elif block or line.startswith("    "):
            yield n, line
        else:
            for quoted in re.findall(r"`([^`]+)`", line):
                yield n, quoted


def exists(page, path):
    """Returns True if there is such a path from the top or from the folder of the page."""
    return any(glob.glob(os.path.join(ROOT, folder, path))
               for folder in ("", os.path.dirname(page)))


def wrong_links(page, text):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target) and not os.path.exists(
                os.path.join(ROOT, os.path.dirname(page), target)):
            yield "link to %s" % target


def wrong_files(page, text):
    """Yields the words that look like a path in the tree and name no file."""
    for n, words in code(text):
        for path in re.findall(r"(?<![\w./@:<-])((?:%s)/[\w./*-]*[\w*/])" % "|".join(TOP), words):
            if not ANY.search(words) and not exists(page, path):
                yield "%d: %s" % (n, path)


def wrong_names(text, known):
    """Yields the names of files, without a folder and alone in backquotes, that no file has."""
    for n, words in code(text):
        if re.match(r"[\w-]+\.(c|h|py|bzl|md|patch|cppmap)$", words) and \
                not ANY.search(words) and words not in known:
            yield "%d: %s" % (n, words)


def wrong_targets(text):
    for n, words in code(text):
        for package, name in re.findall(r"//([\w/]*)(?::([\w@+.-]+))?", words):
            package = package.rstrip("/")
            build = os.path.join(ROOT, package, "BUILD")
            if not os.path.isdir(os.path.join(ROOT, package)):
                yield "%d: //%s" % (n, package)
            elif name and name != "all" and not is_target(build, name):
                yield "%d: //%s:%s" % (n, package, name)


def is_target(build, name):
    """Returns True if the BUILD file names the target in some way. A nightly target has the name of
    its test and a suffix."""
    name = name.partition("@")[0].replace("_nightly", "")
    with open(build, encoding="utf-8") as f:
        text = f.read()
    folder = os.path.dirname(build)
    return bool(re.search(r"\b%s\b" % re.escape(name), text)) or os.path.exists(
        os.path.join(folder, name + ".patch")) or os.path.exists(os.path.join(folder, name))


def wrong_commands(text):
    for n, words in code(text):
        for line in re.findall(r"(?:^|[ (\"])tools/kthrash ([^#\"|()]*)", words):
            if ANY.search(line):
                continue
            args = shlex.split(line)
            try:
                if args and args[0] in commands.names() and "--help" not in args:
                    check(args)
                elif args and not args[0].startswith("-") and args[0] not in (
                        *commands.names(), "COMMAND"):
                    yield "%d: no command %s" % (n, args[0])
            except common.Failure as f:
                yield "%d: tools/kthrash %s: %s" % (n, line, f.message)


def check(args):
    """Checks a command line. A command without arguments is only a name."""
    command = commands.find(args[0])
    if len(args) == 1:
        return
    placeholder = ["x.plan"] if command.arguments in ("PLAN", "PLAN...") else []
    call = commands.parse(args[0], args[1:] + (
        [] if any(not a.startswith("-") for a in args[1:]) else placeholder))
    named = call.words if args[0] == "bugs" else []
    if "--drivers" in call.options:
        suite.chosen(named, load=programs.load_drivers)
        named = []
    elif "--programs" in call.options:
        suite.chosen(named)
        named = []
    for bug in [call.options.get("--bug"), *named]:
        if bug:
            drivers.check_bug(bug)


class Docs(unittest.TestCase):
    def each(self, complaints):
        wrong = ["%s: %s" % (page, what) for page in pages() for what in complaints(page)]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_links(self):
        self.each(lambda page: wrong_links(page, read(page)))

    def test_files(self):
        self.each(lambda page: wrong_files(page, read(page)))

    def test_names_of_files(self):
        known = {os.path.basename(f) for f in all_files()}
        self.each(lambda page: wrong_names(read(page), known))

    def test_targets(self):
        self.each(lambda page: wrong_targets(read(page)))

    def test_commands(self):
        self.each(lambda page: wrong_commands(read(page)))

    def test_all_pages_are_read(self):
        self.assertLessEqual({"README.md", "CONTRIBUTING.md", "tools/README.md"}, set(pages()))

    def test_what_is_wrong_is_seen(self):
        self.assertEqual(list(wrong_links("README.md", "[x](core/none.md)")),
                         ["link to core/none.md"])
        self.assertEqual(list(wrong_files("README.md", "see `core/none.c`")), ["1: core/none.c"])
        self.assertEqual(list(wrong_names("see `none.c`, `here.c`", {"here.c"})), ["1: none.c"])
        self.assertEqual(list(wrong_targets("`bazel test //core:none_test`")),
                         ["1: //core:none_test"])
        for line, what in (("frob x", "no command frob"), ("bugs NOPE", "no seeded bug"),
                           ("bugs --programs NOPE", "no program"),
                           ("stress --frob", "unexpected '--frob'"),
                           ("replay --bug=NOPE", "no seeded bug")):
            self.assertIn(what, "".join(wrong_commands("`tools/kthrash %s`" % line)))


if __name__ == "__main__":
    unittest.main()
