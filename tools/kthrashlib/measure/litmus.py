# SPDX-License-Identifier: GPL-2.0-only
"""Implements `litmus`, which runs litmus tests from their files on the simulator's memory."""

import os

from kthrashlib import env
from kthrashlib.build import bazel, drivers
from kthrashlib.common import printable, usage
from kthrashlib.linux import fetch, tree

TARGET = "//stress/litmus:litmus_sim"
SUFFIX = ".litmus"


def tests_in(folder, below=("",)):
    """Returns the tests in these folders of the folder and in their folders, sorted by their
    paths."""
    found = [os.path.join(at, name) for start in below
             for at, _, names in os.walk(os.path.join(folder, start))
             for name in names if name.endswith(SUFFIX)]
    if not found:
        raise usage("%s: no file in it ends with %s" % (printable(folder), SUFFIX))
    return sorted(found)


def files(words):
    """Returns the tests that the words name: files, and all tests of folders."""
    found = []
    for word in words:
        if not os.path.exists(word):
            raise usage("%s: no such file, expected a litmus test or a folder" % printable(word))
        found += tests_in(word) if os.path.isdir(word) else [word]
    return found


def main(call):
    if call.words and "--linux" in call.options:
        raise usage("--linux=%s: its own tests run if no FILE is named" % call.options["--linux"])
    if "--table" in call.options and ("--memory" in call.options or "--states" in call.options):
        raise usage("--table: it has all memories, and no states")
    env.ensure(env.BUILD)
    tests = files(call.words) if call.words else \
        tests_in(fetch.litmus(call.options.get("--linux", fetch.DEFAULT)), tree.LITMUS)
    given = [word for word in call.line[:len(call.line) - len(call.words)]
             if word != "--" and not word.startswith("--linux")]
    binary = bazel.build([TARGET])[0]
    return drivers.drive([binary, *given, "--", *tests])
