# SPDX-License-Identifier: GPL-2.0-only
"""Prints what a campaign reports when it ends: a table of lanes, each bug with its interleaving,
and the verdict. rich draws the table on a terminal. In a file or a pipe the report is plain
text."""

import os
import sys

from kthrashlib.common import plural, printable
from kthrashlib.night import bugs, verdict
from kthrashlib.night.record import sources_told

SHOWN = 5               # The report prints this many interleavings.
COLUMNS = ("lane", "state", "executions", "per s", "points", "coverage", "pairs", "lately",
           "alone", "findings")
PLAIN = "%-12s %-8s %12s %10s %12s  %-18s %6s %6s %6s %9s"
MEANING = ("pairs: of accesses, seen by all together %d; lately: new in the last fifth of the "
           "lane's time; alone: seen by no other lane")


def short(path):
    """Returns the path as a person in this folder reads it."""
    return printable(min(path, os.path.relpath(path), key=len))


def cells(lane):
    """Returns a lane's row of the record as text, in the order of COLUMNS."""
    looks = lane["pairs"] is not None
    seconds, done = lane["seconds"] or 0, lane["executions"] or 0
    return [lane["name"], lane["state"], "%d" % done, "%.0f" % (done / seconds if seconds else 0),
            "%d" % lane["points"] if lane["points"] else "-",
            "%d %s" % (lane["coverage"] or 0, lane["unit"]),
            *("%d" % (lane[k] or 0) if looks else "-"
              for k in ("pairs", "pairs_lately", "pairs_alone")),
            "%d" % (lane["findings"] or 0)]


def print_lanes(lanes):
    if not sys.stdout.isatty():
        print("\n" + PLAIN % COLUMNS)
        for lane in lanes:
            print(PLAIN % tuple(cells(lane)))
        return
    # The command installs this library, so it is not there when this module is read.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*COLUMNS, box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    for lane in lanes:
        table.add_row(*map(Text, cells(lane)), style="red" if lane["state"] == "failed" else
                      "yellow" if verdict.is_idle(lane) else "")
    print()
    Console().print(table)


def print_bug(folder, bug, draw):
    print("\n%s: %s, seen %s by %s, fails in %s re-runs: %s" % (
        bug["id"], bug["kind"], plural(bug["count"], "time"), ", ".join(bug["lanes"]),
        "%d of %d" % tuple(bug["reliability"]) if bug["reliability"] else
        "not yet examined", bug["message"]))
    try:
        with open(folder.at(bug["state"], bug["id"], "interleaving.txt"), encoding="utf-8") as f:
            print(f.read().rstrip() if draw else "(the page draws its interleaving)")
    except OSError:
        pass
    print("replay: " + bug["replay"])


def print_report(folder, record):
    facts = record.facts
    print_lanes(facts["lanes"])
    print(MEANING % facts["totals"].get("pairs", 0))
    planted = facts["canary"]
    if planted:
        print("planted bug %s: %s after %s" % (
            planted["bug"], planted["state"], plural(planted["executions"], "execution")))
    filed = bugs.filed(folder)
    tonight = verdict.unconfirmed(record.number, filed)
    told = [bug for bug in filed if bug["state"] == bugs.CRASHING or bug["id"] in tonight]
    for n, bug in enumerate(told):
        print_bug(folder, bug, n < SHOWN)
    for line in facts["why"]:
        print(line)
    print("\n" + sources_told(facts))
    page = record.at("page.html")
    print(verdict.summary(facts) + ("; the page: " + short(page) if os.path.exists(page) else ""))
