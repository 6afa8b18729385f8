# SPDX-License-Identifier: GPL-2.0-only
"""Converts gdb's values to Python's, and prints to gdb."""

import gdb  # pylint: disable=import-error; only gdb has this module


def say(line=""):
    gdb.write(line + "\n")


def word(value):
    """Returns an enumeration's value without its prefix: SLEEPING for SIM_SLEEPING."""
    return str(value).partition("_")[2] or str(value)


def enum(name, number):
    return str(gdb.Value(int(number)).cast(gdb.lookup_type("enum " + name)))


def text(value):
    """Returns the text of a char array or pointer, up to its zero."""
    return value.string(errors="replace")


def fields(value):
    """Returns the names of a struct's fields."""
    return {f.name for f in value.type.strip_typedefs().fields()}
