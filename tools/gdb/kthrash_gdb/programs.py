# SPDX-License-Identifier: GPL-2.0-only
"""Knows programs that run on the simulator in libkthrash.so: their locks, their own frames, and
which of the driver's executions is the one that counts."""

import gdb  # pylint: disable=import-error; only gdb has this module

from .tables import name_of, place, task_count, task_name
from .values import say, word

LIBRARY = "libkthrash.so"
KINDS = {"HOSTED_MUTEX": "mutex", "HOSTED_ROBUST": "robust mutex", "HOSTED_READ": "read lock",
         "HOSTED_WRITE": "write lock", "HOSTED_SPIN_LOCK": "spin lock"}


def is_loaded():
    """Returns True if libkthrash.so is in the process, so that it runs a program."""
    return any(LIBRARY in o.filename for o in gdb.objfiles() if o.filename)


def variable(file, name):
    return gdb.parse_and_eval("'platform/hosted/%s'::%s" % (file, name))


# ---- locks -------------------------------------------------------------------------


def name_of_object(address):
    """Returns the name of a variable and what is added to it, or the address."""
    said = gdb.execute("info symbol %d" % address, to_string=True)
    if said.startswith("No symbol"):
        return "0x%x" % address
    return said.partition(" in section")[0].replace(" ", "")


def line_of(pc):
    found = gdb.find_pc_line(pc - 1)
    return " at %s:%d" % (found.symtab.filename, found.line) if found.symtab else ""


def held(record):
    """Returns the locks that threads hold: pairs (task, lock) by the lock's address."""
    threads, found = variable("thread.c", "hosted_thread"), {}
    for i in range(task_count(record)):
        for n in range(int(threads[i]["held_count"])):
            lock = threads[i]["held"][n]
            found.setdefault(int(lock["lock"]), []).append((i, lock))
    return found


def wanted(record):
    """Returns what tasks sleep on: the tasks by the object's address."""
    sleepers, epoch, found = variable("point.c", "sleeper"), int(gdb.parse_and_eval(
        "hosted_epoch")), {}
    for i in range(task_count(record)):
        if int(sleepers[i]["object"]) and int(sleepers[i]["epoch"]) == epoch:
            found.setdefault(int(sleepers[i]["object"]), []).append(i)
    return found


def show_locks(record):
    """Prints the locks that threads hold, and the objects that threads wait for."""
    holders, waiters = held(record), wanted(record)
    # A thread that joins another waits for a variable of the runtime. `kthrash tasks` shows that.
    shown = [a for a in sorted({*holders, *waiters}) if LIBRARY not in (gdb.solib_name(a) or "")]
    for address in shown:
        words = []
        for i, lock in holders.get(address, []):
            words.append("%s, held by %s%s" % (
                KINDS.get(str(lock["kind"]), word(lock["kind"])), task_name(record, i),
                line_of(int(lock["pc"]))))
        if address in waiters:
            words.append("wanted by " + ", ".join(
                "%s at %s [%s]" % (task_name(record, i), name_of(record["task"][i]["why"]),
                                   place(record["task"][i]["why"]))
                for i in waiters[address]))
        say("%-24s %s" % (name_of_object(address), "; ".join(words)))
    say("%d objects, %d held as locks" % (len(shown), len(holders)))


# ---- frames ------------------------------------------------------------------------


def select_own_frame():
    """Selects the newest frame of the program's own code, if the failure is in its thread."""
    frame = gdb.newest_frame()
    while frame is not None:
        library = gdb.solib_name(frame.pc())
        if frame.find_sal().symtab and (library is None or not library.startswith(("/lib", "/usr"))
                                        and LIBRARY not in library):
            frame.select()
            gdb.execute("frame")
            return
        frame = frame.older()
