# SPDX-License-Identifier: GPL-2.0-only
"""Reads the simulator's tables of sites, tasks and the last steps."""

import re

import gdb  # pylint: disable=import-error; only gdb has this module

from .values import enum, say, text, word

SLEEPING, FINISHED = "SLEEPING", "FINISHED"
STATES = [(0x1, "INTERRUPTIBLE"), (0x2, "UNINTERRUPTIBLE"), (0x40, "PARKED"), (0x80, "DEAD"),
          (0x100, "WAKEKILL"), (0x8000, "FROZEN")]
EVENTS = {"SIM_EVENT_KILL": "killed", "SIM_EVENT_SPURIOUS": "woken for no reason",
          "SIM_EVENT_ALLOC_FAIL": "an allocation fails",
          "SIM_EVENT_VISIBLE": "a store becomes visible"}


def simulation():
    """Returns (sim, *sim.record). Raises an error if there is no simulation."""
    try:
        sim = gdb.parse_and_eval("'platform/sim/loop.c'::sim")
    except gdb.error:
        try:
            sim = gdb.parse_and_eval("sim")
        except gdb.error:
            raise gdb.GdbError("no simulation: this program does not contain the simulator"
                               ) from None
    if int(sim["record"]) == 0 or int(sim["record"]["tasks"]) == 0:
        raise gdb.GdbError("no execution yet: stop in one first, for example at a breakpoint on "
                           "sim_leave")
    return sim, sim["record"].dereference()


# ---- sites -------------------------------------------------------------------------


def place(site):
    """Returns file:line, without the folders that a build system puts before the file. Returns "-"
    for a place that is in no file."""
    path = text(site["file"])
    if not path:
        return "-"
    found = re.match(r".*(?:^|/)((?:core|platform|stress|fuzz)/.*)", "/" + path)
    return "%s:%d" % (found.group(1) if found else path, int(site["line"]))


def name_of(site):
    """Returns the name of a site as plans write it: "create.appended" or "func:op(what)"."""
    what = text(site["what"])
    if int(site["func"]) == 0:
        return what
    return "%s:%s(%s)" % (text(site["func"]), text(site["op"]),
                          what.replace(" ", "").lstrip("&"))


# ---- tasks -------------------------------------------------------------------------


def task_count(record):
    return int(record["tasks"])


def task_name(record, i):
    return text(record["task"][i]["name"])


def task_state(record, i):
    """Returns the state that the simulator has for the task, such as SLEEPING."""
    return word(enum("sim_state", record["task"][i]["state"]))


def find_task(record, which):
    """Returns the task that is found by its name or number."""
    for i in range(task_count(record)):
        if which in (task_name(record, i), str(i)):
            return i
    raise gdb.GdbError("no task '%s', expected one of %s" % (
        which, ", ".join(task_name(record, i) for i in range(task_count(record)))))


def core_task(sim, record, i):
    """Returns the task's task_struct. Returns None if the task has finished, or if the core does
    not know the task yet."""
    thread = sim["task"][i]["handle"]["thread"]
    if int(thread) == 0 or task_state(record, i) == FINISHED:
        return None
    try:
        return thread.cast(gdb.lookup_type("struct task_struct").pointer()).dereference()
    except gdb.error:
        return None     # The driver was built without core/.


def core_state(task):
    """Returns the names of the bits in the task_struct's state."""
    bits = int(task["state"])
    names = [name for bit, name in STATES if bits & bit]
    if "WAKEKILL" in names and "UNINTERRUPTIBLE" in names:
        names = ["KILLABLE"] + [n for n in names if n not in ("WAKEKILL", "UNINTERRUPTIBLE")]
    return "|".join(names) or "RUNNING"


def describe(sim, record, i):
    """Returns a description in words of what the task does."""
    r = record["task"][i]
    state = task_state(record, i)
    if state == SLEEPING:
        words = "sleeps at %s [%s]" % (name_of(r["why"]), place(r["why"]))
        waits_for = int(r["waits_for"])
        if waits_for >= 0:
            words += " for " + task_name(record, waits_for)
        if int(sim["task"][i]["timed"]):
            words += ", until %d ns at most" % int(sim["task"][i]["deadline"])
        return words
    if state == FINISHED:
        return "has finished"
    if is_current(sim, i):
        return "runs"
    last = last_step(record, i)
    if last is None:
        return "has not run yet"
    return "can run, from %s [%s]" % (name_of(last), place(last)) + (
        ", spins" if int(sim["yielded"]) >> i & 1 else "")


def is_current(sim, i):
    return int(sim["current"]) == i


def has_begun(sim, record, i):
    return is_current(sim, i) or last_step(record, i) is not None


def show_tasks():
    sim, record = simulation()
    say("%2s %-12s %-9s %-15s %s" % ("#", "task", "", "core state", ""))
    for i in range(task_count(record)):
        core = core_task(sim, record, i)
        killed = ", a kill is pending" if int(record["task"][i]["killed"]) else ""
        say("%s%d %-12s %-9s %-15s %s%s" % (
            "*" if is_current(sim, i) else " ", i, task_name(record, i),
            task_state(record, i).lower(),
            core_state(core) if core is not None else "-", describe(sim, record, i), killed))


# ---- steps -------------------------------------------------------------------------


def last_step(record, i):
    """Returns the site that the task reached last, or None."""
    for n in range(int(record["steps"]) - 1, -1, -1):
        step = record["trace"][n]
        if int(step["task"]) == i and int(step["site"]) != 0:
            return step["site"]
    return None


def show_trace(count):
    """Prints the last `count` steps, each with the events before the next step."""
    _, record = simulation()
    steps = int(record["steps"])
    if int(record["failure"]):
        say("%s: %s" % (word(enum("kt_failure", record["failure"])).lower(),
                        text(record["message"])))
    events = {}
    for n in range(int(record["events"])):
        e = record["event"][n]
        events.setdefault(int(e["step"]), []).append(
            "%s: %s" % (task_name(record, int(e["task"])),
                        EVENTS[enum("sim_event_kind", e["kind"])]))
    for n in range(max(0, steps - count), steps):
        step = record["trace"][n]
        task, then = int(step["task"]), int(step["next"])
        why = word(enum("sim_why", step["why"])).lower()
        say("%5d %-12s %-48s %s%s%s" % (
            n, task_name(record, task), name_of(step["site"]), place(step["site"]),
            "" if why in ("mark", "point") else "  " + why,
            "" if then == task else " -> " + task_name(record, then)))
        for event in events.get(n, []):
            say("      ! " + event)
