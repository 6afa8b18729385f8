# SPDX-License-Identifier: GPL-2.0-only
"""Reads registers and frames of any task, also of a task that does not run."""

import gdb  # pylint: disable=import-error; only gdb has this module

from .tables import (FINISHED, describe, find_task, has_begun, is_current, simulation, task_name,
                     task_state)
from .values import say


class Registers:
    """A context in which gdb's registers are those of the task. If the task does not run,
    fiber_swap() has saved its registers; platform/sim/fiber.c says in which order."""

    NAMES = ("rip", "rsp", "rbp")

    def __init__(self, sim, i):
        self.fiber, self.current = sim["task"][i]["fiber"], is_current(sim, i)
        self.saved, self.frame = {}, None

    def __enter__(self):
        self.frame = gdb.selected_frame()
        if self.current:
            gdb.newest_frame().select()
            return self
        if gdb.selected_frame().architecture().name() != "i386:x86-64":
            raise gdb.GdbError("the frames of a task that does not run can be read on x86-64 only")
        if is_core_file():
            raise gdb.GdbError("the frames of a task that does not run need a live process: gdb "
                               "cannot set the registers of a core file")
        sp = int(self.fiber["sp"])
        words = gdb.Value(sp).cast(gdb.lookup_type("unsigned long").pointer())
        gdb.newest_frame().select()
        self.saved = {r: int(gdb.parse_and_eval("(unsigned long)$" + r)) for r in self.NAMES}
        self.set({"rip": int(words[8]), "rbp": int(words[7]), "rsp": sp + 9 * 8})
        return self

    def __exit__(self, *_):
        if self.saved:
            self.set(self.saved)
        if self.frame and self.frame.is_valid():
            self.frame.select()

    def set(self, values):
        for name, value in values.items():
            gdb.execute("set $%s = %d" % (name, value), to_string=True)


def is_core_file():
    connection = gdb.selected_inferior().connection
    return connection is not None and connection.type == "core"


def frames():
    """Yields the frames of gdb's registers, the newest first."""
    frame = gdb.newest_frame()
    while frame is not None and frame.name():
        yield frame
        frame = frame.older()


def show_frames(which):
    """Prints the frames of the task with this name or number."""
    sim, record = simulation()
    i = find_task(record, which)
    say("%s: %s" % (task_name(record, i), describe(sim, record, i)))
    if not has_begun(sim, record, i) or task_state(record, i) == FINISHED:
        return
    with Registers(sim, i):
        gdb.execute("backtrace")
