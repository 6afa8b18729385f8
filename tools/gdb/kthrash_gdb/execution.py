# SPDX-License-Identifier: GPL-2.0-only
"""Runs the driver until its execution fails, and says how it ended."""

import os
import subprocess

import gdb  # pylint: disable=import-error; only gdb has this module

from . import programs
from .values import say

# A task reaches each step in one of these functions. They are in platform/sim/hooks.h and
# internal.h.
REACHES = ("sim_point", "sim_mark", "sim_block", "sim_reach")
COUNTED_MAX = 1 << 30   # more executions than there are
# A sanitizer that has found something calls one of these functions, in the task that made the
# error.
REPORTS = ("__tsan_on_report", "__asan_on_error", "__ubsan_on_report")


def has_symbol(name):
    try:
        gdb.parse_and_eval("(void *)&" + name)
    except gdb.error:
        return False
    return True


class Exits:
    """A context in which gdb records how processes end: a dict from the number of an inferior to
    its exit status, or to None if a signal ended the process."""

    def __init__(self):
        self.status = {}

    def __enter__(self):
        gdb.events.exited.connect(self.note)
        return self

    def __exit__(self, *_):
        gdb.events.exited.disconnect(self.note)

    def note(self, event):
        self.status[event.inferior.num] = getattr(event, "exit_code", None)


def is_stopped():
    return gdb.selected_inferior().pid != 0


def enter_child():
    """Runs the driver until the execution begins, in a child process of the driver.

    gdb stays with that child. The child's own children run free, because a sanitizer starts a
    symbolizer and waits for it before it reports.
    """
    for setting in ("pagination off", "confirm off", "breakpoint pending on"):
        gdb.execute("set " + setting)
    # LeakSanitizer does not work under a debugger: it would fail at the driver's end.
    gdb.execute("set environment ASAN_OPTIONS " + ":".join(
        filter(None, (os.environ.get("ASAN_OPTIONS"), "detect_leaks=0"))))
    begin = breakpoint_at("sim_run")
    run_to_child()
    if is_stopped() and programs.is_loaded():
        go_to_last_execution(begin)
    begin.delete()


def run_to_child():
    """Runs the driver until a breakpoint, and goes with its child."""
    gdb.execute("set follow-fork-mode child")
    gdb.execute("set detach-on-fork off")
    gdb.execute("run", to_string=True)
    gdb.execute("set follow-fork-mode parent")
    gdb.execute("set detach-on-fork on")


def breakpoint_at(function):
    """Returns a new breakpoint. gdb does not complain if the function's library is not loaded."""
    gdb.execute("break " + function, to_string=True)
    return gdb.breakpoints()[-1]


def go_to_last_execution(begin):
    """Runs the driver again up to the beginning of its last execution.

    The driver repeats a program's execution until it has learned nothing new about shared memory.
    Only the last one has the steps that a replay reports. A first run counts the executions.
    """
    begin.ignore_count = COUNTED_MAX
    gdb.execute("continue", to_string=True)
    count = begin.hit_count
    let_driver_end()
    for inferior in gdb.inferiors():
        if inferior.num != 1:
            gdb.execute("inferior 1", to_string=True)
            gdb.execute("remove-inferiors %d" % inferior.num, to_string=True)
    begin.ignore_count = 0
    run_to_child()
    if count > 1:
        begin.ignore_count = count - 2
        gdb.execute("continue", to_string=True)


def go_on(step):
    """Continues until the execution fails, the next step has the number `step`, or the child ends.
    If `step` is None, gdb stops at no step."""
    breakpoint_at("sim_leave")      # Each failure calls this function.
    for function in REPORTS:
        if has_symbol(function):
            gdb.Breakpoint(function)
    stops = []
    if step is not None:
        for function in REACHES:
            stops.append(gdb.Breakpoint(function))
            stops[-1].condition = "sim.record->steps >= %d" % step
    gdb.execute("continue")
    for stop in stops:
        stop.delete()


def let_driver_end():
    """Lets the driver report the end of the child, and then lets the driver end. The child must
    have ended before. Returns the number of the driver's inferior."""
    for inferior in gdb.inferiors():
        if inferior.pid:
            gdb.execute("inferior %d" % inferior.num, to_string=True)
            gdb.execute("continue")
            return inferior.num
    return gdb.selected_inferior().num


def ending(status, step):
    """Returns (message, gdb's exit status) for a driver that ended before gdb could stop where it
    should. `status` is the driver's exit status."""
    if status == 0 and step is None:
        return "the plan passes: its execution does not fail, so there is nothing to stop at", 0
    if status == 0:
        return "the plan passes, and its execution ends before step %d" % step, 2
    if status == 1:
        return "no task failed inside the execution: see the driver's last lines", 1
    if status == 2:
        return "the driver did not run the plan: see its message", 2
    return "the driver itself failed: see its message", 3


def run(step):
    """Runs the driver. Returns None if gdb stopped in the execution, else (message, gdb's exit
    status)."""
    with Exits() as exits:
        enter_child()
        if is_stopped():
            go_on(step)
        if is_stopped():
            return None
        return ending(exits.status.get(let_driver_end()), step)


def show_report():
    """Prints a sanitizer's report. The child's standard error, which has it, is a file that the
    driver made."""
    if gdb.newest_frame().name() not in REPORTS:
        return
    try:
        with open("/proc/%d/fd/2" % gdb.selected_inferior().pid, encoding="utf-8",
                  errors="replace") as f:
            say(f.read().strip("=\n"))
    except OSError as error:
        say("the sanitizer's report cannot be read: %s" % error.strerror)


def show(step):
    """Runs the driver, then prints the report, tasks, locks and the last steps. Returns gdb's exit
    status."""
    ended = run(step)
    if ended:
        say(ended[0])
        return ended[1]
    show_report()
    for command in ("tasks", "locks", "trace"):
        gdb.execute("kthrash " + command)
    if programs.is_loaded():
        programs.select_own_frame()
    return 0


# ---- why -----------------------------------------------------------------------------

SEPARATOR = "\x1f"     # between the words of KTHRASH_DRIVER, as in kthrashlib/programs/run.py


def texts_of(pid, what):
    with open("/proc/%d/%s" % (pid, what), encoding="utf-8", errors="surrogateescape") as f:
        return f.read().split("\0")[:-1]


def explained():
    """Returns what the driver's explain prints of the plan that gdb replays."""
    pid = gdb.selected_inferior().pid
    if not pid:
        raise gdb.GdbError("kthrash why: the driver does not run; see kthrash run")
    program, *words = texts_of(pid, "cmdline")
    variables = dict(v.split("=", 1) for v in texts_of(pid, "environ") if "=" in v)
    driver = variables.get("KTHRASH_DRIVER")    # in a program, which has words of its own
    called = driver.split(SEPARATOR) if driver else words
    if called[:1] != ["replay"]:
        raise gdb.GdbError("kthrash why: gdb replays no plan, it runs: %s" % " ".join(called))
    called = ["explain", *called[1:2]]
    if driver:
        variables["KTHRASH_DRIVER"] = SEPARATOR.join(called)
    else:
        words = called
    done = subprocess.run([program, *words], env=variables, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise gdb.GdbError("kthrash why: explain ended with status %d: %s" % (
            done.returncode, done.stdout))
    return done.stdout
