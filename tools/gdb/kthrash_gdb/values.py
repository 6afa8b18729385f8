# SPDX-License-Identifier: GPL-2.0-only
"""gdb's values as Python's, and gdb's output."""

import gdb  # pylint: disable=import-error; only gdb has this module


def say(line=""):
    gdb.write(line + "\n")


def word(value):
    """An enumeration's value without its prefix: SIM_SLEEPING is SLEEPING."""
    return str(value).partition("_")[2] or str(value)


def enum(name, number):
    return str(gdb.Value(int(number)).cast(gdb.lookup_type("enum " + name)))


def text(value):
    """A char array or pointer, up to its zero."""
    return value.string(errors="replace")


def fields(value):
    """The names of a struct's fields."""
    return {f.name for f in value.type.strip_typedefs().fields()}
