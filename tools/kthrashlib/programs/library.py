# SPDX-License-Identifier: GPL-2.0-only
"""Finds libkthrash.so, the runtime that is linked into programs.

kthrash-cc imports this module for each file that it compiles, so the module imports little.
"""

import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
NAME = "libkthrash.so"


def is_installed():
    """Is this copy of kthrash installed, and not a checkout? Only there the library is at the
    top."""
    return os.path.exists(os.path.join(ROOT, NAME))


def path():
    """Returns the path that programs are linked with. In a checkout, tools/kthrash builds the
    library and copies it there."""
    folder = os.environ.get("KTHRASH_LIB")
    if not folder:
        folder = ROOT if is_installed() else os.path.join(ROOT, ".kthrash", "lib")
    return os.path.join(folder, NAME)
