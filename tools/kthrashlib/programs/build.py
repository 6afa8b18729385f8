# SPDX-License-Identifier: GPL-2.0-only
"""Builds libkthrash.so in a checkout, and copies it to where programs find it."""

import filecmp
import os
import shutil

from kthrashlib import env
from kthrashlib.build import bazel
from kthrashlib.common import usage
from kthrashlib.programs import library

TARGET = "//stress:libkthrash.so"
KERNEL = "//core/driver:libkthrash-kthread.a"


def library_file():
    """Builds the library; returns the file that Bazel made."""
    env.ensure(env.BUILD)
    return bazel.build([TARGET])[0]


def kernel_file():
    """Builds the kernel for drivers; returns the file that Bazel made."""
    env.ensure(env.BUILD)
    return bazel.build([KERNEL])[0]


def ensure():
    """Makes sure that there is a library that programs run with: in a checkout, one that is built
    from its sources."""
    ensure_file(library.path(), library_file)


def ensure_kernel():
    """The same for the kernel for drivers."""
    ensure_file(library.kernel(), kernel_file)


def ensure_file(target, make):
    """A program that runs has the old file open, so the new file takes the name by a rename."""
    if not library.is_built_here():
        if not os.path.exists(target):
            raise usage("%s=%s: no %s in this folder" % (
                library.VARIABLE, library.folder(), os.path.basename(target)))
        return
    built = make()
    if os.path.exists(target) and filecmp.cmp(built, target, shallow=False):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    temporary = "%s.%d.tmp" % (target, os.getpid())
    shutil.copyfile(built, temporary)
    os.replace(temporary, target)
