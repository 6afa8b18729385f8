# SPDX-License-Identifier: GPL-2.0-only
"""Builds libkthrash.so in a checkout, and copies it to where programs find it."""

import filecmp
import os
import shutil

from kthrashlib import env
from kthrashlib.build import bazel
from kthrashlib.programs import library

TARGET = "//stress:libkthrash.so"


def library_file():
    """Builds the library; returns the file that Bazel made."""
    env.ensure(env.BUILD)
    return bazel.build([TARGET])[0]


def ensure():
    """Makes sure that programs have a library that is built from this checkout. A program that
    runs has the old file open, so the new one takes its name by a rename."""
    if library.is_installed() or os.environ.get("KTHRASH_LIB"):
        return
    built, target = library_file(), library.path()
    if os.path.exists(target) and filecmp.cmp(built, target, shallow=False):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    temporary = "%s.%d.tmp" % (target, os.getpid())
    shutil.copyfile(built, temporary)
    os.replace(temporary, target)
