# SPDX-License-Identifier: GPL-2.0-only
"""Starts a program under kthrash: a hunt in it, or a plan of it.

The program holds the driver in libkthrash.so. KTHRASH_DRIVER tells the library which of the
driver's commands to run in place of the program's main().
"""

import os
import shutil

from kthrashlib import env
from kthrashlib.common import usage
from kthrashlib.programs import elf, library, plans

SEPARATOR = "\x1f"
SYMBOLS = {"llvm-19": "names of places, from debug information"}
SYMBOLIZER = "/usr/lib/llvm-19/bin/llvm-symbolizer"


def resolved(name):
    """Returns the path of a program as a shell finds it. A name without a slash is looked for in
    this folder, too."""
    if "/" in name:
        return name
    if os.path.exists(name):
        return os.path.join(".", name)
    found = shutil.which(name)
    if not found:
        raise usage("%s: no such program" % name)
    return found


def environment(command, line):
    """Returns the environment in which the program runs the driver's command."""
    found = dict(os.environ)
    found["KTHRASH_DRIVER"] = SEPARATOR.join([command, *line])
    found["KTHRASH_SYMBOLIZER"] = SYMBOLIZER
    # With a library that was built anew, an old program runs on the new one.
    folder = os.path.dirname(library.path())
    if os.path.isdir(folder):
        found["LD_LIBRARY_PATH"] = ":".join(filter(None, [
            folder, os.environ.get("LD_LIBRARY_PATH")]))
    return found


def start(command, line, words, warn):
    """Returns the words and the environment with which the program `words` runs the command."""
    warning = elf.check(words[0])
    if warning:
        warn(warning)
    env.ensure(SYMBOLS)
    return list(words), environment(command, line)


def of_plan(command, call):
    """Returns what start() needs for a call whose plan is a program's, or None."""
    if not call.words:
        return None
    words = plans.program_of(call.words[0])
    if not words:
        return None
    return [plans.find(words, call.words[0]), *words[1:]]
