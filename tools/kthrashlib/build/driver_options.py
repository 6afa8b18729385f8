# SPDX-License-Identifier: GPL-2.0-only
"""The options that the C driver's own commands take, as rows of

    OPTION(commands, name, value, text, default)

`commands` names the driver's commands that take the option. `value` is "" for a flag. The driver
checks the values; front/ makes the help, the manual page and the completion of the rows, and the
scoreboard takes the strategies from them.
"""

import re

MEMORY = "the memory model; tso and pso let a store become visible late"
TWICE = "run each execution again; another trace is a finding: nondeterminism"

ROWS = [
    ("stress", "strategy", "portfolio|adaptive|block|random|pos|surw|pct:D|delay:D",
     "which strategy says who runs next; portfolio: several in turn, adaptive: more of those that "
     "lately saw something new", "portfolio"),
    ("stress", "plan", "PLANS", "this plan, or those in this folder", "generated plans"),
    ("stress", "executions", "N", "at most so many", "no limit"),
    ("stress", "seconds", "N", "at most so long", "60, with --executions no limit"),
    ("stress", "seed", "N", "where the random numbers of plans and schedules start", "1"),
    ("stress", "first", "N", "number of the first execution", "0"),
    ("stress", "jobs", "N", "processes; each has every N-th plan", "1"),
    ("stress", "findings", "DIR", "the folder for findings", ".kthrash/findings"),
    ("stress", "faults", "on|off", "random kills and failed allocations", "on"),
    ("stress", "exhaustive", "fail|kill|pairs|spurious|timers",
     "at each place in turn instead of at random: an allocation fails, a task is killed, both, a "
     "sleep ends for no reason, time passes", ""),
    ("stress", "memory", "sc|tso|pso", MEMORY, "the plan's, else sc"),
    ("stress", "illegal", "", "plans that break a rule for callers", ""),
    ("stress", "keep-going", "", "go on after a finding", ""),
    ("stress", "twice", "", TWICE, ""),
    ("stress", "coverage", "FILE", "read the pairs of accesses seen, and add to them", ""),
    ("stress", "coverage-every", "N", "look at every N-th plan only", "1"),
    ("stress", "mutate", "", "make plans from those that had new pairs", ""),
    ("stress", "kept", "DIR", "with --mutate: copies of those plans go to this folder", ""),
    ("stress", "json", "", "JSON, an object a line, instead of text", ""),

    ("verify", "kills", "N", "at most so many kills besides the plan's", "0"),
    ("verify", "fails", "N", "at most so many failed allocations besides the plan's", "0"),
    ("verify", "spurious", "N", "at most so many sleeps that end for no reason", "0"),
    ("verify", "teardown", "",
     "also the interleavings of the work that runs after the last task has ended", ""),
    ("verify", "strategy", "dpor|dfs|bound:N",
     "dfs: without reduction; bound: with at most N preemptions, on any back ends and memory "
     "model", "dpor"),
    ("verify", "memory", "sc|tso|pso", MEMORY, "the plan's, else sc"),
    ("verify", "executions", "N", "at most so many", "no limit"),
    ("verify", "seconds", "N", "at most so long", "no limit"),
    ("verify", "findings", "DIR", "the folder for a counterexample", ".kthrash/findings"),
    ("verify", "json", "", "JSON, an object a line, instead of text", ""),

    ("replay", "times", "N", "how often each plan is run", "as its world needs"),
    ("replay", "twice", "", TWICE, ""),
    ("replay", "json", "", "JSON, an object a line, instead of text", ""),

    ("shrink", "o", "FILE", "the file for the result", ""),
    ("shrink", "seconds", "N", "at most so long", "60"),
    ("shrink", "json", "", "JSON, an object a line, instead of text", ""),
]

# The front door gives them itself.
HIDDEN = {"progress"}


def of(command):
    """(name, value, text, default) for each option of one of the driver's commands, in order."""
    return [(name, value, text, default) for commands, name, value, text, default in ROWS
            if command in re.findall(r"\w+", commands.lower()) and name not in HIDDEN]


def words(command, name):
    """The words between the bars of an option's value, as in "pct:D"."""
    return next(value for n, value, _, _ in of(command) if n == name).split("|")
