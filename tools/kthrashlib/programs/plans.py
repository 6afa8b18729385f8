# SPDX-License-Identifier: GPL-2.0-only
"""Reads from a plan which program it is for."""

import os
import re

PROGRAM = re.compile(r'^\s*program((?:\s+"[^"]*")+)\s*(?:#.*)?$')
SIZE_MAX = 65536    # as in stress/plan/plan.h


def program_of(path):
    """Returns the words of the plan's program line, or None: the file has no such line, or is no
    plan that can be read. The driver then says what is wrong with it."""
    try:
        with open(path, encoding="ascii", errors="replace") as f:
            text = f.read(SIZE_MAX)
    except OSError:
        return None
    if not text.startswith("kthrash-plan"):
        return None
    for line in text.splitlines():
        found = PROGRAM.match(line)
        if found:
            return re.findall(r'"([^"]*)"', found.group(1))
    return None


def find(words, plan):
    """Returns the path of the program that a plan names: from here, or from the plan's folder."""
    name = words[0]
    beside = os.path.join(os.path.dirname(os.path.abspath(plan)), name)
    return beside if not os.path.exists(name) and os.path.exists(beside) else name
