# SPDX-License-Identifier: GPL-2.0-only
"""Finds libkthrash.so, the runtime that is linked into programs.

kthrash-cc imports this module for each file that it compiles, so the module imports little.
"""

import os

from kthrashlib.where import IS_INSTALLED, KERNEL, LIBRARY, ROOT

VARIABLE = "KTHRASH_LIB"    # names the folder of another library


def folder():
    """Returns the folder of the library that programs are linked with. In a checkout,
    tools/kthrash builds the library and copies it there."""
    return os.environ.get(VARIABLE) or (
        ROOT if IS_INSTALLED else os.path.join(ROOT, ".kthrash", "lib"))


def path():
    return os.path.join(os.path.abspath(folder()), LIBRARY)


def kernel():
    """Returns the path of the kernel for drivers, which lies beside the library."""
    return os.path.join(os.path.abspath(folder()), KERNEL)


def is_built_here():
    """Is the library built from this checkout, and not given by the user or installed?"""
    return not IS_INSTALLED and not os.environ.get(VARIABLE)
