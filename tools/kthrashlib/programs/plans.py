# SPDX-License-Identifier: GPL-2.0-only
"""Reads from a plan which program it is for, and finds that program."""

import os
import re

from kthrashlib.common import usage

PROGRAM = re.compile(r'^\s*program((?:\s+"[^"]*")+)\s*(?:#.*)?$')
SIZE_MAX = 524288    # as in stress/plan/plan.h


def program_of(path):
    """Returns the words of the plan's program line, or None: the file has no such line, or is no
    plan that can be read. The driver then says what is wrong with it."""
    try:
        with open(path, encoding="ascii", errors="replace") as f:
            text = f.read(SIZE_MAX)
    except (OSError, ValueError):
        return None
    if not text.startswith("kthrash-plan"):
        return None
    for line in text.splitlines():
        found = PROGRAM.match(line)
        if found:
            return re.findall(r'"([^"]*)"', found.group(1))
    return None


def complaint(path):
    """Returns why the file is no plan of a program."""
    try:
        with open(path, encoding="ascii", errors="replace") as f:
            if f.read(12) == "kthrash-plan":
                return "is no plan of a program; other plans need a checkout of kthrash"
    except (OSError, ValueError) as e:
        return "%s, expected a plan" % (getattr(e, "strerror", None) or "is no name of a file")
    return "is no plan; the first line of a plan is kthrash-plan and a number"


def folders(plan):
    """Yields the folders in which a plan's program is looked for: this one, the plan's, and the one
    in whose .kthrash the plan is."""
    yield ""
    at = os.path.dirname(os.path.abspath(plan))
    yield at
    while os.path.dirname(at) != at:
        above, name = os.path.split(at)
        if name == ".kthrash":
            yield above
            return
        at = above


def command_of(plan):
    """Returns the command line of the program that the plan is for, or None: the plan is for
    another subject."""
    words = program_of(plan)
    if not words:
        return None
    for folder in folders(plan):
        path = os.path.join(folder, words[0] if "/" in words[0] else "./" + words[0])
        if os.path.exists(path):
            return [path, *words[1:]]
    raise usage("%s: its program, %s, is neither in this folder nor in the plan's" % (
        plan, words[0]))
