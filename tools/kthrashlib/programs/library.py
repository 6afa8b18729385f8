# SPDX-License-Identifier: GPL-2.0-only
"""Finds libkthrash.so, the runtime that is linked into programs."""

import os

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ABOVE = os.path.dirname(PACKAGE)
NAME = "libkthrash.so"


def is_installed():
    """Is this copy of kthrash installed, and not a checkout?"""
    return os.path.basename(ABOVE) == "kthrash" and os.path.exists(os.path.join(ABOVE, NAME))


def path():
    """Returns the path that programs are linked with. In a checkout, tools/kthrash builds the
    library, and copies it there."""
    folder = os.environ.get("KTHRASH_LIB")
    if folder:
        return os.path.join(folder, NAME)
    if is_installed():
        return os.path.join(ABOVE, NAME)
    return os.path.join(os.path.dirname(ABOVE), ".kthrash", "lib", NAME)
