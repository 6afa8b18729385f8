# SPDX-License-Identifier: GPL-2.0-only
"""Adds commands to gdb that show a stopped simulation: its tasks, locks, last steps and frames.

`source tools/gdb/kthrash.py` in gdb, then `help kthrash`. `tools/kthrash gdb PLAN` starts gdb with
this file. The commands are in the package kthrash_gdb, beside this file. They read the
simulator's own tables (platform/sim/internal.h) by their debugging information, so they work on
optimized builds. The commands tasks, locks and trace, and the frames of the task that runs, also
work on core files.
"""

import importlib.util
import os
import sys

NAME = "kthrash_gdb"


def package_folder():
    """Returns the folder of the package: beside this file, or beside the file to which this one
    links."""
    folders = [os.path.join(os.path.dirname(path), NAME)
               for path in (os.path.abspath(__file__), os.path.realpath(__file__))]
    return folders[0] if os.path.isdir(folders[0]) else folders[1]


def load():
    """Imports the package under its own name. sys.path stays as it is, because all scripts share
    gdb's Python."""
    folder = package_folder()
    spec = importlib.util.spec_from_file_location(
        NAME, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder])
    sys.modules[NAME] = importlib.util.module_from_spec(spec)
    # The folder may belong to root, so Python must not leave compiled files in it.
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(sys.modules[NAME])
    except BaseException:
        # Without the entry, the next `source` imports the package again.
        del sys.modules[NAME]
        raise
    finally:
        sys.dont_write_bytecode = before


# gdb refuses a second alias of one name, so a second `source` changes nothing.
if NAME not in sys.modules:
    load()
