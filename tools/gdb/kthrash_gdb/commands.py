# SPDX-License-Identifier: GPL-2.0-only
"""Defines the commands of gdb: `kthrash`, or `kt` for short."""

import re

import gdb  # pylint: disable=import-error; only gdb has this module

from . import programs
from .execution import explained, is_stopped, run, show
from .frames import show_frames
from .locks import Locks
from .tables import show_tasks, show_trace, simulation, task_count, task_name
from .values import say


class Prefix(gdb.Command):
    """Look at a stopped simulation, or run the driver until its execution fails."""

    def __init__(self):
        super().__init__("kthrash", gdb.COMMAND_STATUS, gdb.COMPLETE_NONE, True)


class Tasks(gdb.Command):
    """Print what each task does, where it sleeps, which task it waits for, and a pending kill."""

    def __init__(self):
        super().__init__("kthrash tasks", gdb.COMMAND_STATUS)

    def invoke(self, _argument, _from_tty):
        show_tasks()


class LocksCommand(gdb.Command):
    """Print the locks that are held, or that a task wants: kthrash locks [all]

The locks are found from the tasks, from the plan's interpreter, and in the frames of tasks that
are inside an acquire. A task inside an acquire waits for the lock, or is about to take it.
In a program, they are the locks that threads hold and all objects that threads wait for."""

    def __init__(self):
        super().__init__("kthrash locks", gdb.COMMAND_STATUS)

    def invoke(self, argument, _):
        if argument not in ("", "all"):
            raise gdb.GdbError("kthrash locks '%s': expected all, or nothing" % argument)
        if programs.is_loaded():
            programs.show_locks(simulation()[1])
        else:
            Locks(*simulation()).show(bool(argument))


class Trace(gdb.Command):
    """Print the last steps: kthrash trace [COUNT]

Without COUNT, the command prints the last 20 steps."""

    def __init__(self):
        super().__init__("kthrash trace", gdb.COMMAND_STATUS)

    def invoke(self, argument, _):
        if not re.match(r"\d*$", argument):
            raise gdb.GdbError("kthrash trace '%s': expected a number of steps" % argument)
        show_trace(int(argument or 20))


class Backtrace(gdb.Command):
    """Print the frames of a task, also of one that does not run: kthrash bt [TASK]

TASK is a name or a number. Without TASK, the command prints the frames of each task."""

    def __init__(self):
        super().__init__("kthrash bt", gdb.COMMAND_STACK)

    def invoke(self, argument, _):
        if argument:
            show_frames(argument)
            return
        _, record = simulation()
        for i in range(task_count(record)):
            show_frames(str(i))
            say()

    def complete(self, text_, word_):
        try:
            _, record = simulation()
        except gdb.GdbError:
            return []
        names = [task_name(record, i) for i in range(task_count(record))]
        return [n for n in names if n.startswith(word_ or text_)]


class Why(gdb.Command):
    """Print why the plan fails: the few steps that decide it, and what each saw and changed.

The driver runs the plan again for this, outside of gdb."""

    def __init__(self):
        super().__init__("kthrash why", gdb.COMMAND_STATUS)

    def invoke(self, _argument, _from_tty):
        say(explained().rstrip())


def step_of(command, argument):
    if not re.match(r"\d*$", argument):
        raise gdb.GdbError("kthrash %s '%s': expected the number of a step" % (command, argument))
    return int(argument) if argument else None


class Run(gdb.Command):
    """Run the driver until its execution fails: kthrash run [STEP]

With STEP, gdb also stops before that step. The driver runs each execution in a child process:
gdb follows the child and holds the parent. A sanitizer's report is a failure, too."""

    def __init__(self):
        super().__init__("kthrash run", gdb.COMMAND_RUNNING)

    def invoke(self, argument, _):
        ended = run(step_of("run", argument))
        if ended:
            raise gdb.GdbError(ended[0])


class Show(gdb.Command):
    """Run as `kthrash run` does, then print tasks, locks and the last steps: kthrash show [STEP]"""

    def __init__(self):
        super().__init__("kthrash show", gdb.COMMAND_RUNNING)

    def invoke(self, argument, _):
        show(step_of("show", argument))


class Batch(gdb.Command):
    """Run as `kthrash show` does, print each task's frames, then end gdb: kthrash batch [STEP]

gdb's exit status is
0 if gdb stopped in the execution, or if the plan passes;
1 if the execution does not end as the plan expects, and no task failed inside it;
2 if the driver refuses the plan, or if the execution ends before STEP;
3 if the driver failed."""

    def __init__(self):
        super().__init__("kthrash batch", gdb.COMMAND_RUNNING)

    def invoke(self, argument, _):
        status = 3      # This is gdb's exit status if an error ends the command.
        try:
            status = show(step_of("batch", argument))
            if is_stopped():
                gdb.execute("kthrash bt")
        except gdb.error as error:
            say(str(error))
            status = 3
        finally:
            gdb.execute("set confirm off")
            gdb.execute("quit %d" % status)


def register():
    """Registers the commands. gdb itself keeps each command under its name."""
    Prefix()
    for command in (Tasks, LocksCommand, Trace, Backtrace, Why, Run, Show, Batch):
        command()
    gdb.execute("alias -a kt = kthrash")
