# SPDX-License-Identifier: GPL-2.0-only
"""gdb in a stopped simulation: tasks, locks, the last steps, any task's frames.

In gdb: `source tools/gdb/kthrash.py`, then `help kthrash`; or from the start
`tools/kthrash gdb PLAN`. Reads the simulator's own tables (platform/sim/internal.h) by
their debugging information, so it works on optimized builds. All but `kthrash bt` works on core
files, too.
"""

import os
import re

import gdb  # pylint: disable=import-error; it is there in gdb only

SLEEPING, FINISHED = "SLEEPING", "FINISHED"
# The functions by which a task reaches a step: platform/sim/hooks.h, internal.h.
REACHES = ("sim_point", "sim_mark", "sim_block", "sim_reach")
STATES = [(0x1, "INTERRUPTIBLE"), (0x2, "UNINTERRUPTIBLE"), (0x40, "PARKED"), (0x80, "DEAD"),
          (0x100, "WAKEKILL"), (0x8000, "FROZEN")]
EVENTS = {"SIM_EVENT_KILL": "killed", "SIM_EVENT_SPURIOUS": "woken for no reason",
          "SIM_EVENT_ALLOC_FAIL": "an allocation fails", "SIM_EVENT_VISIBLE": "a store is visible"}


def say(line=""):
    gdb.write(line + "\n")


def word(value):
    """What follows the prefix of an enumeration's value: SIM_SLEEPING is SLEEPING."""
    return str(value).partition("_")[2] or str(value)


def enum(name, number):
    return str(gdb.Value(int(number)).cast(gdb.lookup_type("enum " + name)))


def text(value):
    """A char array or pointer, up to its zero."""
    return value.string(errors="replace")


def simulation():
    """(sim, *sim.record), or an error if there is none."""
    try:
        sim = gdb.parse_and_eval("'platform/sim/loop.c'::sim")
    except gdb.error:
        try:
            sim = gdb.parse_and_eval("sim")
        except gdb.error:
            raise gdb.GdbError("no simulation: this is no driver of the simulator") from None
    if int(sim["record"]) == 0 or int(sim["record"]["tasks"]) == 0:
        raise gdb.GdbError("no execution yet: stop in one first, as by `break sim_leave`")
    return sim, sim["record"].dereference()


# ---- sites -------------------------------------------------------------------------


def place(site):
    """file:line, without what a build system puts before it."""
    path = text(site["file"])
    found = re.match(r".*(?:^|/)((?:core|platform|stress|fuzz)/.*)", "/" + path)
    return "%s:%d" % (found.group(1) if found else path, int(site["line"]))


def name_of(site):
    """As in plans: "create.appended", "func:op(what)"."""
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


def find_task(record, which):
    """By name or number."""
    for i in range(task_count(record)):
        if which in (task_name(record, i), str(i)):
            return i
    raise gdb.GdbError("no task '%s', expected one of %s" % (
        which, ", ".join(task_name(record, i) for i in range(task_count(record)))))


def core_task(sim, record, i):
    """Its task_struct, or None: it has finished, or is not known to the core yet."""
    thread = sim["task"][i]["handle"]["thread"]
    if int(thread) == 0 or word(enum("sim_state", record["task"][i]["state"])) == FINISHED:
        return None
    try:
        return thread.cast(gdb.lookup_type("struct task_struct").pointer()).dereference()
    except gdb.error:
        return None     # a driver without core/


def core_state(task):
    bits = int(task["state"])
    names = [name for bit, name in STATES if bits & bit]
    if "WAKEKILL" in names and "UNINTERRUPTIBLE" in names:
        names = ["KILLABLE"] + [n for n in names if n not in ("WAKEKILL", "UNINTERRUPTIBLE")]
    return "|".join(names) or "RUNNING"


def describe(sim, record, i):
    """What it does, in words."""
    r = record["task"][i]
    state = word(enum("sim_state", r["state"]))
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
    if i == int(sim["current"]):
        return "runs"
    last = last_step(record, i)
    if last is None:
        return "has not run yet"
    return "can run, from %s [%s]" % (name_of(last), place(last)) + (
        ", spins" if int(sim["yielded"]) >> i & 1 else "")


def last_step(record, i):
    """The site that the task reached last, or None."""
    for n in range(int(record["steps"]) - 1, -1, -1):
        step = record["trace"][n]
        if int(step["task"]) == i and int(step["site"]) != 0:
            return step["site"]
    return None


def show_tasks():
    sim, record = simulation()
    say("%2s %-12s %-9s %-15s %s" % ("#", "task", "", "core state", ""))
    for i in range(task_count(record)):
        core = core_task(sim, record, i)
        killed = ", a kill is pending" if int(record["task"][i]["killed"]) else ""
        say("%s%d %-12s %-9s %-15s %s%s" % (
            "*" if i == int(sim["current"]) else " ", i, task_name(record, i),
            word(enum("sim_state", record["task"][i]["state"])).lower(),
            core_state(core) if core is not None else "-", describe(sim, record, i), killed))


# ---- the last steps ----------------------------------------------------------------


def show_trace(count):
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


# ---- frames ------------------------------------------------------------------------


class Registers:
    """While it lasts gdb looks at a task that does not run, from where it was switched away."""

    NAMES = ("rip", "rsp", "rbp")

    def __init__(self, sim, i):
        self.fiber, self.current = sim["task"][i]["fiber"], int(sim["current"]) == i
        self.saved, self.frame = {}, None

    def __enter__(self):
        self.frame = gdb.selected_frame()
        if self.current:
            gdb.newest_frame().select()
            return self
        if gdb.selected_frame().architecture().name() != "i386:x86-64":
            raise gdb.GdbError("frames of a task that does not run: on x86-64 only")
        # The layout is in platform/sim/fiber.c, at fiber_swap().
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


def is_begun(sim, record, i):
    return int(sim["current"]) == i or last_step(record, i) is not None


def frames():
    """From the newest on."""
    frame = gdb.newest_frame()
    while frame is not None and frame.name():
        yield frame
        frame = frame.older()


def show_frames(which):
    sim, record = simulation()
    i = find_task(record, which)
    say("%s: %s" % (task_name(record, i), describe(sim, record, i)))
    if not is_begun(sim, record, i) or \
            word(enum("sim_state", record["task"][i]["state"])) == FINISHED:
        return
    with Registers(sim, i):
        gdb.execute("backtrace")


# ---- locks -------------------------------------------------------------------------


class Locks:
    """The locks that can be reached from the tasks and from what runs the plan, and those
    that a task waits for, found in its frames."""

    FOLLOWED = re.compile(r"^(task_struct|kthreadd|kthread|kthread_\w+|timer_base|freezer|cpus|"
                          r"smpboot\w*|registry|rw_semaphore|mm_struct|exec\w*)$")
    NOT_FOLLOWED = ("parent", "prev", "next")

    def __init__(self, sim, record):
        self.sim, self.record = sim, record
        self.seen, self.found, self.waiters = set(), {}, {}
        for i in range(task_count(record)):
            task = core_task(sim, record, i)
            if task is not None:
                self.walk(task, task_name(record, i), 0)
        try:
            self.walk(gdb.parse_and_eval("exec"), "exec", 0)
        except gdb.error:
            pass        # no plan here
        for i in range(task_count(record)):
            self.look_in_frames(i)

    def walk(self, value, path, depth):
        kind = value.type.strip_typedefs()
        if kind.code == gdb.TYPE_CODE_ARRAY:
            low, high = kind.range()
            if kind.target().strip_typedefs().code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_PTR):
                for n in range(low, min(high, low + 63) + 1):
                    self.walk(value[n], "%s[%d]" % (path, n), depth)
        elif kind.code == gdb.TYPE_CODE_PTR:
            target = kind.target().strip_typedefs()
            if depth < 6 and int(value) and target.code == gdb.TYPE_CODE_STRUCT and \
                    self.FOLLOWED.match(target.tag or ""):
                self.visit(value.dereference(), path, depth + 1)
        elif kind.code == gdb.TYPE_CODE_STRUCT:
            self.visit(value, path, depth)

    def visit(self, value, path, depth):
        """Visit each struct once, and pass over what can't be read."""
        kind = value.type.strip_typedefs()
        key = (int(value.address), kind.tag or str(kind))
        if key in self.seen:
            return
        self.seen.add(key)
        if re.match(r"kt_lock_\w+$", kind.tag or ""):
            if int(self.inner(value)["name"]):      # else it was never initialized
                self.found.setdefault(int(value.address), (path, value))
            return
        for field in kind.fields():
            if field.name and field.name not in self.NOT_FOLLOWED:
                try:
                    self.walk(value[field], "%s.%s" % (path, field.name), depth)
                except gdb.MemoryError:
                    pass

    def look_in_frames(self, i):
        """A task inside an acquire waits for that lock."""
        if word(enum("sim_state", self.record["task"][i]["state"])) == FINISHED or \
                not is_begun(self.sim, self.record, i):
            return
        with Registers(self.sim, i):
            for frame in frames():
                if not re.match(r"kt_lock_\w+_acquire(_any|_slow|_nested)?$", frame.name()):
                    continue
                try:
                    lock = frame.read_var("l")
                    if not lock.is_optimized_out:
                        lock = lock.dereference()
                        self.found.setdefault(int(lock.address), ("?", lock))
                        self.waiters.setdefault(int(lock.address), set()).add(i)
                except (gdb.error, ValueError):
                    pass

    def inner(self, lock):
        """The lock inside a `checked` lock; any other lock is its own."""
        return lock["lock"] if "lock" in fields(lock) else lock

    def owner(self, lock):
        """Task number, or None if it is free."""
        lock = self.inner(lock)
        holder = lock["holder"]
        if holder.type.strip_typedefs().code != gdb.TYPE_CODE_PTR:
            return int(holder) - 1 if int(holder) else None
        if int(holder) == 0:
            return None
        target = holder.dereference()
        return int(target["thread"]["id"] if "thread" in fields(target) else target["id"])

    def waiting(self, address, lock):
        lock = self.inner(lock)
        tasks = set(self.waiters.get(address, ()))
        if "waiters" in fields(lock) and \
                lock["waiters"].type.strip_typedefs().code == gdb.TYPE_CODE_INT:
            tasks |= {i for i in range(task_count(self.record)) if int(lock["waiters"]) >> i & 1}
        return sorted(tasks - {self.owner(lock)})

    def show(self, everything):
        busy = 0
        for address, (path, lock) in sorted(self.found.items(), key=lambda item: item[1][0]):
            owner, waiting = self.owner(lock), self.waiting(address, lock)
            busy += owner is not None or bool(waiting)
            if owner is None and not waiting and not everything:
                continue
            words = ["free" if owner is None else "held by " + task_name(self.record, owner)]
            if waiting:
                words.append("wanted by " +
                             ", ".join(task_name(self.record, i) for i in waiting))
            say("%-16s %-32s %s" % (text(self.inner(lock)["name"]), path, "; ".join(words)))
        say("%d locks, %d held or wanted" % (len(self.found), busy))


def fields(value):
    return {f.name for f in value.type.strip_typedefs().fields()}


# ---- the commands ------------------------------------------------------------------


class Prefix(gdb.Command):
    """A stopped simulation: `kthrash tasks`, `locks`, `trace`, `bt`.
From the start: `run`, `show`."""

    def __init__(self):
        super().__init__("kthrash", gdb.COMMAND_STATUS, gdb.COMPLETE_NONE, True)


class Tasks(gdb.Command):
    """Each task: what it does, where it sleeps, for which task, and whether a kill is pending."""

    def __init__(self):
        super().__init__("kthrash tasks", gdb.COMMAND_STATUS)

    def invoke(self, _argument, _from_tty):
        show_tasks()


class LocksCommand(gdb.Command):
    """Locks that are held, or that a task wants: kthrash locks [all]

Found from the tasks, from what runs the plan, and in the frames of tasks that are inside an
acquire. Such a task waits, or has only begun."""

    def __init__(self):
        super().__init__("kthrash locks", gdb.COMMAND_STATUS)

    def invoke(self, argument, _):
        if argument not in ("", "all"):
            raise gdb.GdbError("kthrash locks '%s': expected all, or nothing" % argument)
        Locks(*simulation()).show(bool(argument))


class Trace(gdb.Command):
    """The last steps: kthrash trace [COUNT]; 20 of them."""

    def __init__(self):
        super().__init__("kthrash trace", gdb.COMMAND_STATUS)

    def invoke(self, argument, _):
        if not re.match(r"\d*$", argument):
            raise gdb.GdbError("kthrash trace '%s': expected a number of steps" % argument)
        show_trace(int(argument or 20))


class Backtrace(gdb.Command):
    """The frames of a task, also of one that does not run: kthrash bt TASK

TASK is a name or a number; without it, the frames of each task."""

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


# Where a sanitizer that has found something calls: in the task that did it.
REPORTS = ("__tsan_on_report", "__asan_on_error", "__ubsan_on_report")


def has_symbol(name):
    try:
        gdb.parse_and_eval("(void *)&" + name)
    except gdb.error:
        return False
    return True


class Exits:
    """While it lasts it collects how processes end: inferior number -> exit status, or None
    for the one that a signal ended."""

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
    """Run the driver until the execution begins, in a child process of it.

    From there on gdb stays with that child. What the child forks runs free: a sanitizer's
    report comes from a symbolizer that it starts and waits for.
    """
    for setting in ("pagination off", "confirm off", "breakpoint pending on",
                    "follow-fork-mode child", "detach-on-fork off"):
        gdb.execute("set " + setting)
    # LeakSanitizer does not work under a debugger, and says so by a failure at the end.
    gdb.execute("set environment ASAN_OPTIONS " + ":".join(
        filter(None, (os.environ.get("ASAN_OPTIONS"), "detect_leaks=0"))))
    begin = gdb.Breakpoint("sim_run", internal=True)
    gdb.execute("run", to_string=True)
    begin.delete()
    gdb.execute("set follow-fork-mode parent")
    gdb.execute("set detach-on-fork on")


def go_on(step):
    """Until the execution fails, or before `step` (None: none), or until the child ends."""
    gdb.Breakpoint("sim_leave")     # where each failure ends
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
    """The driver waits for the child, which has ended: let it say how, and end, too."""
    for inferior in gdb.inferiors():
        if inferior.pid:
            gdb.execute("inferior %d" % inferior.num, to_string=True)
            gdb.execute("continue")
            return inferior.num
    return gdb.selected_inferior().num


def ending(status, step):
    """Of a driver that ended without such a stop: what to say, and gdb's exit status."""
    if status == 0 and step is None:
        return "the plan passes: its execution does not fail, so there is nothing to stop at", 0
    if status == 0:
        return "the plan passes, and its execution ends before step %d" % step, 2
    if status == 1:
        return "no task failed inside the execution: see what the driver said at its end", 1
    if status == 2:
        return "the driver did not run the plan: see what it said", 2
    return "the driver itself failed: see what it said", 3


def run(step):
    """None if it stopped in the execution, else what to say and gdb's exit status."""
    with Exits() as exits:
        enter_child()
        if is_stopped():
            go_on(step)
        if is_stopped():
            return None
        return ending(exits.status.get(let_driver_end()), step)


def step_of(command, argument):
    if not re.match(r"\d*$", argument):
        raise gdb.GdbError("kthrash %s '%s': expected the number of a step" % (command, argument))
    return int(argument) if argument else None


class Run(gdb.Command):
    """Run the driver until its execution fails: kthrash run [STEP]; or before that step.

The driver runs each execution in a child: gdb follows it, and holds the parent. A sanitizer's
report is a failure, too."""

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
    """As `kthrash show`, then each task's frames, then end gdb: kthrash batch [STEP]

gdb's exit status: 0 if it stopped in the execution, or if the plan passes; 1 if the execution
ends otherwise than the plan expects, with no failure inside; 2 if the plan is refused or ends
before the step; 3 if the driver failed."""

    def __init__(self):
        super().__init__("kthrash batch", gdb.COMMAND_RUNNING)

    def invoke(self, argument, _):
        status = 3      # of gdb, if it can't do what is asked
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


def show_report():
    """What a sanitizer has said: the child's standard error is a file of the driver's."""
    if gdb.newest_frame().name() not in REPORTS:
        return
    try:
        with open("/proc/%d/fd/2" % gdb.selected_inferior().pid, encoding="utf-8",
                  errors="replace") as f:
            say(f.read().strip("=\n"))
    except OSError as error:
        say("the sanitizer's report can't be read: %s" % error.strerror)


def show(step):
    """gdb's exit status."""
    ended = run(step)
    if ended:
        say(ended[0])
        return ended[1]
    show_report()
    for command_ in ("tasks", "locks", "trace"):
        gdb.execute("kthrash " + command_)
    return 0


Prefix()
for command in (Tasks, LocksCommand, Trace, Backtrace, Run, Show, Batch):
    command()
gdb.execute("alias -a kt = kthrash")
