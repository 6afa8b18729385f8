# SPDX-License-Identifier: GPL-2.0-only
"""Chooses the kernel that a driver runs on: with --core=linux, or for a plan that was found so, a
library that has the kernel's own files. A driver is linked with our own core, and takes the library
that the environment names (core/driver/choose.c)."""

import os

from kthrashlib import env
from kthrashlib.build import bazel, cores
from kthrashlib.common import usage
from kthrashlib.where import IS_INSTALLED

VARIABLE = "KTHRASH_KERNEL"
TARGET = "//core/driver:libkthrash-kthread-linux.so"
MARK = b"KTHRASH_KERNEL"        # It stands in each program that can choose.


def can_choose(path):
    """Was the program linked with `cc --kthread`?"""
    with open(path, "rb") as f:
        return MARK in f.read()


def build(found, plan=None):
    """Builds the library for the kernel that the options in `found`, or `plan`, ask for; returns
    its path."""
    if IS_INSTALLED:
        raise usage("--core=linux: needs a checkout of kthrash, which builds the kernel's files")
    env.ensure(env.BUILD)
    return bazel.build([TARGET], cores.get(found, plan).options())[0]


def get(program, found, plan=None):
    """Returns the library for a program with the options in `found`, which may run `plan`, or None:
    the program runs on what it was linked with."""
    if not (cores.is_linux(found) or plan and cores.named_by(plan, found)):
        return None
    if not can_choose(program):
        raise usage("%s: --core=linux is for kernel drivers, which are linked by "
                    "kthrash-cc --kthread" % program)
    return build(found, plan)


def variables(library):
    """Returns what the environment of a program has for the library. Without one, the library is
    what the front door's own environment says."""
    library, given = library or os.environ.get(VARIABLE), os.environ.get("LD_PRELOAD")
    return {VARIABLE: library, "LD_PRELOAD": ":".join(filter(None, [library, given]))} \
        if library else {}
