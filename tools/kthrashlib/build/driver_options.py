# SPDX-License-Identifier: GPL-2.0-only
"""The options that the C driver's own commands take, as rows (commands, name, value, text,
default), and the strategies that the scoreboard measures.

`commands` has blanks between the names. `value` is "" for a flag; the driver checks the values.
front/ makes the help, the manual page and the completion of the rows. read() reads them from the
tables of which the driver itself is made.
"""

import os

from kthrashlib import rows

OPTIONS = ("stress", "hunt", "options.def")
# A word in the value of an option stands for the words of a table: its file, and its columns.
TABLES = {
    "STRATEGY": (("platform", "words.def"), 8),
    "MEMORY": (("stress", "plan", "words.def"), 3),
    "EXHAUSTIVE": (OPTIONS, 3),
}


def read(root):
    """The rows in the sources under `root`. Two more columns are for C only."""
    return [(commands, name, with_words(root, value), text, default)
            for commands, name, value, text, default, _, _ in rows.read(
                os.path.join(root, *OPTIONS), "OPTION", 7)]


def with_words(root, value):
    """The value of an option, with the words of the tables that it names."""
    words = []
    for word in value.split("|"):
        words += table_words(root, word) if word in TABLES else [word]
    return "|".join(words)


def table_words(root, macro):
    path, columns = TABLES[macro]
    found = rows.read(os.path.join(root, *path), macro, columns)
    if macro == "STRATEGY":     # its third column is the largest depth that it takes
        return [row[1] + ("" if row[2] == "0" else ":D") for row in found]
    return [row[1] for row in found]


def read_measured(root):
    """The strategies that the scoreboard measures, from the seventh column of their table."""
    path, columns = TABLES["STRATEGY"]
    return [word for row in rows.read(os.path.join(root, *path), "STRATEGY", columns)
            for word in row[6].split()] + ["portfolio"]


MEMORY = "the memory model; tso and pso let a store become visible late"
TWICE = "run each execution again; another trace is a finding: nondeterminism"
JSON = "JSON, an object a line, instead of text"

# What read() gives, as long as the driver has no such tables.
ROWS = [
    ("stress", "strategy", "portfolio|adaptive|block|random|pos|surw|pct:D|delay:D",
     "which strategy says who runs next; portfolio: several in turn, adaptive: more of those"
     " that lately saw something new",
     "portfolio"),
    ("stress", "plan", "PLANS", "this plan, or those in this folder", "generated plans"),
    ("stress", "executions", "N", "at most so many", "no limit"),
    ("stress", "seconds", "N", "at most so long", "60, with --executions no limit"),
    ("stress", "seed", "N", "where the random numbers of plans and schedules start", "1"),
    ("stress", "first", "N", "number of the first execution", "0"),
    ("stress", "jobs", "N", "processes; each has every N-th plan", "1"),
    ("stress", "findings", "DIR", "the folder for findings", ".kthrash/findings"),
    ("stress", "faults", "on|off", "random kills and failed allocations", "on"),
    ("stress", "exhaustive", "fail|kill|pairs|spurious|timers",
     "at each place in turn instead of at random: an allocation fails, a task is killed, "
     "both, a sleep ends for no reason, time passes",
     ""),
    ("stress", "memory", "sc|tso|pso", MEMORY, "the plan's, else sc"),
    ("stress", "illegal", "", "plans that break a rule for callers", ""),
    ("stress", "keep-going", "", "go on after a finding", ""),
    ("stress", "twice", "", TWICE, ""),
    ("stress", "coverage", "FILE", "read the pairs of accesses seen, and add to them", ""),
    ("stress", "coverage-every", "N", "look at every N-th plan only", "1"),
    ("stress", "mutate", "", "make plans from those that had new pairs", ""),
    ("stress", "kept", "DIR", "with --mutate: copies of those plans go to this folder", ""),
    ("stress", "json", "", JSON, ""),

    ("verify", "kills", "N", "at most so many kills besides the plan's", "0"),
    ("verify", "fails", "N", "at most so many failed allocations besides the plan's", "0"),
    ("verify", "spurious", "N", "at most so many sleeps that end for no reason", "0"),
    ("verify", "teardown", "",
     "also the interleavings of the work that runs after the last task has ended", ""),
    ("verify", "strategy", "dpor|dfs|bound:N",
     "dfs: without reduction; bound: with at most N preemptions, on any back ends and memory"
     " model",
     "dpor"),
    ("verify", "memory", "sc|tso|pso", MEMORY, "the plan's, else sc"),
    ("verify", "executions", "N", "at most so many", "no limit"),
    ("verify", "seconds", "N", "at most so long", "no limit"),
    ("verify", "findings", "DIR", "the folder for a counterexample", ".kthrash/findings"),
    ("verify", "json", "", JSON, ""),

    ("replay", "times", "N", "how often each plan is run", "as its world needs"),
    ("replay", "twice", "", TWICE, ""),
    ("replay", "json", "", JSON, ""),

    ("shrink", "o", "FILE", "the file for the result", ""),
    ("shrink", "seconds", "N", "at most so long", "60"),
    ("shrink", "json", "", JSON, ""),
]
# What read_measured() gives.
MEASURED = ["random", "pct:2", "pct:3", "delay:1", "delay:2", "pos", "surw", "portfolio"]

# The front door itself gives these.
HIDDEN = {"progress"}


def of(command):
    """(name, value, text, default) for each option of one of the driver's commands, in order."""
    return [(name, value, text, default) for commands, name, value, text, default in ROWS
            if command in commands.split() and name not in HIDDEN]


def words(command, name):
    """The words between the bars of an option's value, as in "pct:D"."""
    return next(value for n, value, _, _ in of(command) if n == name).split("|")
