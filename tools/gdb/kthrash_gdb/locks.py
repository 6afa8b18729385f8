# SPDX-License-Identifier: GPL-2.0-only
"""Finds the locks, the task that holds each lock, and the tasks that want it."""

import re

import gdb  # pylint: disable=import-error; only gdb has this module

from .frames import Registers, frames, is_core_file
from .tables import (FINISHED, core_task, has_begun, is_current, task_count, task_name,
                     task_state)
from .values import fields, say, text


class Locks:
    """A collection of the locks of an execution. Fields and pointers lead to locks from the tasks
    and from the plan's `exec`. Other locks are found in the frames of tasks that acquire them."""

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
            pass        # If there is no `exec`, this program runs no plan.
        for i in range(task_count(record)):
            self.look_in_frames(i)

    def walk(self, value, path, depth):
        """Looks for locks in the value. `path` is its name, `depth` counts the pointers on the way
        to it."""
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
        """Visits each struct once, and skips each field that cannot be read."""
        kind = value.type.strip_typedefs()
        key = (int(value.address), kind.tag or str(kind))
        if key in self.seen:
            return
        self.seen.add(key)
        if re.match(r"kt_lock_\w+$", kind.tag or ""):
            if int(self.inner(value)["name"]):      # A lock without a name was never initialized.
                self.found.setdefault(int(value.address), (path, value))
            return
        for field in kind.fields():
            if field.name and field.name not in self.NOT_FOLLOWED:
                try:
                    self.walk(value[field], "%s.%s" % (path, field.name), depth)
                except gdb.MemoryError:
                    pass

    def look_in_frames(self, i):
        """Adds the locks that tasks want: a task that is inside an acquire wants that lock."""
        if task_state(self.record, i) == FINISHED or \
                not has_begun(self.sim, self.record, i):
            return
        if is_core_file() and not is_current(self.sim, i):
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
        """Returns the lock inside a `checked` lock; returns any other lock itself."""
        return lock["lock"] if "lock" in fields(lock) else lock

    def owner(self, lock):
        """Returns the number of the task that holds the lock, or None if the lock is free."""
        lock = self.inner(lock)
        holder = lock["holder"]
        if holder.type.strip_typedefs().code != gdb.TYPE_CODE_PTR:
            return int(holder) - 1 if int(holder) else None
        if int(holder) == 0:
            return None
        target = holder.dereference()
        return int(target["thread"]["id"] if "thread" in fields(target) else target["id"])

    def waiting(self, address, lock):
        """Returns the numbers of the tasks that want the lock."""
        lock = self.inner(lock)
        tasks = set(self.waiters.get(address, ()))
        if "waiters" in fields(lock) and \
                lock["waiters"].type.strip_typedefs().code == gdb.TYPE_CODE_INT:
            tasks |= {i for i in range(task_count(self.record)) if int(lock["waiters"]) >> i & 1}
        return sorted(tasks - {self.owner(lock)})

    def show(self, everything):
        """Prints all locks, or only those that are held or wanted."""
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
        if is_core_file():
            say("a core file: the frames of tasks that do not run were not searched for locks")
