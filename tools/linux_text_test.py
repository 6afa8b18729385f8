#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the seeded bugs of the kernel's files on Debian's kernels: each fits each version that it
names, in one place, and the text still compiles.

Needs the packages that tools/kthrash bugs --core=linux installs.
"""

import concurrent.futures
import os
import re
import subprocess
import tempfile
import unittest

from kthrashlib import common
from kthrashlib.linux import edits, fetch, tree

UNITS = {"kernel/kthread.c": "kthread", "kernel/smpboot.c": "smpboot",
         "kernel/freezer.c": "freezer", "kernel/sched/completion.c": "completion",
         "kernel/sched/swait.c": "completion"}
ROLES = {"os": "sim", "lock": "modelled", "completion": "modelled", "queue": "list",
         "rcu": "modelled"}
OF_LIBC = ("asm/errno.h",)      # The C library's own does.


def defines():
    """Returns the options that choose the back ends (tools/bazel/choice.bzl)."""
    return [word for role, name in ROLES.items() for word in (
        "-DKT_%s_%s" % (role.upper(), name.upper()), "-DKT_%s=%s" % (role.upper(), name),
        '-DKT_%s_NAME="%s"' % (role.upper(), name))]


def write(folder, name, content):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content)


def shim(folder, files, version):
    """Makes the headers that core/linux/shim.bzl makes: those that the tree's files name, and that
    do not come from it."""
    names = {name.decode() for text in files.values()
             for name in re.findall(rb"^#\s*include <([^>]+)>", text, re.MULTILINE)}
    for name in names - {f.removeprefix("include/") for f in files} - {*OF_LIBC}:
        write(folder, name, b'#include "core/linux/shim.h"\n')
    write(folder, "linux/version.h", (
        "#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))\n"
        "#define LINUX_VERSION_CODE KERNEL_VERSION(%d, %d, 0)\n" % edits.numbers(version)).encode())


def compiled(files, name, version):
    """Returns what clang says of one of the files, or "" if it compiles."""
    with tempfile.TemporaryDirectory() as folder:
        for path, content in files.items():
            write(folder, path, content)
        shim(os.path.join(folder, "shim"), files, version)
        return subprocess.run(
            ["clang-19", "-std=gnu11", "-w", "-fsyntax-only", "-I.", "-I" + folder, "-isystem",
             os.path.join(folder, "shim"), "-isystem", os.path.join(folder, "include"),
             "-DKT_CORE_LINUX", *defines(), "core/linux/unit_%s.c" % UNITS[name]],
            cwd=common.ROOT, capture_output=True, text=True, check=False).stderr


class Texts(unittest.TestCase):
    def test_each_bug_fits_and_compiles(self):
        with tempfile.TemporaryDirectory() as state:
            fetch.FOLDER = state
            for package in fetch.PACKAGES:
                linux = fetch.get(package)
                version, files = tree.load(linux.folder, package)
                self.check(files, str(version))

    def check(self, files, version):
        planted, wrong = [], []
        for bug in edits.load().values():
            if bug.is_in(version):
                try:
                    planted.append((bug, edits.plant(bug, files)))
                except ValueError as e:
                    wrong.append(str(e))
        self.assertEqual((version, wrong), (version, []))
        self.assertGreaterEqual(len(planted), 40)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            said = pool.map(lambda p: compiled(p[1], p[0].file, version), planted)
        wrong = ["%s: %s" % (bug.name, text) for (bug, _), text in zip(planted, said) if text]
        self.assertEqual((version, wrong), (version, []))

    def test_a_bug_that_does_not_compile_is_seen(self):
        with tempfile.TemporaryDirectory() as state:
            fetch.FOLDER = state
            linux = fetch.get()
            files = tree.load(linux.folder, "here")[1]
        bug = edits.Bug("X", "kernel/kthread.c", "kthread_stop", [["set_bit", "set_bits"]], "", "",
                        "")
        self.assertIn("set_bits", compiled(edits.plant(bug, files), bug.file, linux.version))
        self.assertEqual(compiled(files, bug.file, linux.version), "")


if __name__ == "__main__":
    unittest.main()
