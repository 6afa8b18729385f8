# SPDX-License-Identifier: GPL-2.0-only
"""Counts what became of the edits, and prints it."""

import difflib

from kthrashlib import terminal
from kthrashlib.terminal import LEFT, RIGHT

KILLED, SURVIVED = "killed", "survived"
# These do not count: the edit changes nothing, is not C, or its hunt did not end.
SAME, NOT_C, EQUIVALENT, UNFINISHED = "same object", "not C", "equivalent", "unfinished"


def percent(killed, all_of):
    return "%.1f %%" % (100 * killed / all_of) if all_of else "–"


def counted(rows):
    """Returns (killed, hunted) of the rows that count."""
    of = [row["result"] for row in rows if row["result"] in (KILLED, SURVIVED)]
    return of.count(KILLED), len(of)


def by(rows, key):
    """Returns [(value of the key, killed, hunted)]."""
    values = sorted({row[key] for row in rows})
    found = [(v, *counted([r for r in rows if r[key] == v])) for v in values]
    return [row for row in found if row[2]]


def summary(rows):
    """Returns the score as data."""
    killed, hunted = counted(rows)
    lanes = [row["lane"] for row in rows if row["result"] == KILLED]
    return {
        "killed": killed, "hunted": hunted,
        "score": round(100 * killed / hunted, 1) if hunted else None,
        "by_default": lanes.count("default"),
        "not_counted": {name: sum(r["result"] == name for r in rows)
                        for name in (SAME, NOT_C, EQUIVALENT, UNFINISHED)},
        **{"by_" + key: {name: {"killed": k, "hunted": h} for name, k, h in by(rows, key)}
           for key in ("file", "kind")},
        "by_lane": {lane: lanes.count(lane) for lane in sorted(set(lanes))},
    }


def diff(file, before, after):
    return "".join(difflib.unified_diff(
        before.splitlines(True), after.splitlines(True), "a/" + file, "b/" + file))


def line(row):
    """Returns one line that says what became of an edit."""
    what = "%s:%d %s: %s" % (row["file"], row["line"], row["function"], row["kind"])
    if row["result"] == KILLED:
        after = "" if row["executions"] is None else " after %d executions" % row["executions"]
        return "killed by %s%s, %s: %s" % (row["lane"], after, row["found"], what)
    return "%s: %s" % (row["result"], what)


def show(rows):
    """Prints the survivors, and the score by file and by kind."""
    for row in rows:
        if row["result"] == SURVIVED:
            print("survived: %s in %s, %s" % (row["kind"], row["function"], row["id"]))
            print(row["diff"], end="")
    for key in ("file", "kind"):
        terminal.table([(key, LEFT), ("killed", RIGHT), ("of", RIGHT), ("", RIGHT)],
                       [(name, k, h, percent(k, h)) for name, k, h in by(rows, key)])
        print()
    found = summary(rows)
    terminal.table([("killed by", LEFT), ("edits", RIGHT)], list(found["by_lane"].items()))
    print()
    print("not counted: " + ", ".join(
        "%d %s" % (n, name) for name, n in found["not_counted"].items()))
    print("score: %d of %d edits killed, %s; %d of them by the default hunt" % (
        found["killed"], found["hunted"], percent(found["killed"], found["hunted"]),
        found["by_default"]))
