# SPDX-License-Identifier: GPL-2.0-only
"""Holds what ../kthrash.py adds to gdb. Importing the package registers the commands.

values.py      gdb's values as Python's, and gdb's output
tables.py      the simulator's tables: sites, tasks, the last steps
frames.py      registers and frames of any task
locks.py       the locks: which task holds one, which tasks want it
programs.py    what differs in programs that libkthrash.so runs
execution.py   runs the driver until its execution fails, and says how it ended
commands.py    the commands
"""

from . import commands

commands.register()
