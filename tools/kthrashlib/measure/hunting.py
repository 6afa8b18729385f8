# SPDX-License-Identifier: GPL-2.0-only
"""Hunts one seeded bug, shrinks the finding, replays it, and says so in a row of a table."""

import json
import os

from kthrashlib import children
from kthrashlib.common import CLEAN, environment, path_said, plural, say
from kthrashlib.terminal import LEFT, RIGHT

REPLAYS = 10
COLUMNS = [("bug", LEFT), ("found as", LEFT), ("strategy", LEFT), ("executions", RIGHT),
           ("shrunk to", LEFT), ("replays", RIGHT), ("how to see it", LEFT)]


def objects(said):
    """Returns the objects in a driver's output, which has one in each line of JSON."""
    return [json.loads(x) for x in said.splitlines() if x.startswith("{")]


def json_lines(args):
    done = children.run(args, stdout=children.PIPE, text=True, errors="surrogateescape")
    return done.returncode, objects(done.stdout)


def hunt(binary, folder, executions, seed, options=()):
    """Hunts once; returns the first finding, or None if all executions ran and there is none. The
    finding has the driver's words for its build, too. If the driver could not save the finding,
    prints its plan and raises Failure."""
    status, lines = json_lines([binary, "stress", "--json", "--executions=%d" % executions,
                                "--seed=%d" % seed, "--findings=" + folder, *options])
    for line in lines:
        if line["type"] == "unsaved":
            say(line["plan"])
            raise environment("%s: %s; the plan of this finding is above" % (
                line["file"], line["reason"]))
    found = next((x for x in lines if x["type"] == "finding"), None)
    if not found:
        need_all(binary, executions, status, lines)
        return None
    return {"build": lines[0].get("build", ""), **found}


def write_program(plan, path):
    """Writes a plan without the lines that give it one schedule. A hunt of it tries many."""
    one = ("switch", "spurious", "visible", "stale", "strategy", "expect")
    with open(plan, encoding="utf-8") as f, open(path, "w", encoding="utf-8") as out:
        out.writelines(x for x in f if x.partition(" ")[0] not in one)


def need_all(binary, executions, status, lines):
    """Raises an error unless a hunt without a finding has run all of its executions."""
    ran = next((x["executions"] for x in lines if x["type"] == "summary"), 0)
    if status != CLEAN or ran < executions:
        raise environment("%s: the hunt ended with status %d after %d of %d executions" % (
            os.path.basename(binary), status, ran, executions))


def facts(finding):
    """Returns what a row says of a finding."""
    return {"found": True, **{key: finding[key] for key in (
        "kind", "strategy", "executions", "message", "build")}}


def shrunk(row, binary, finding, folder, kept, replay):
    """Shrinks a finding and replays it. Returns the row with what came of it. The plan is then at
    `kept`. `replay` is the command that repeats it."""
    plan = os.path.join(folder, "shrunk")
    status, lines = json_lines([binary, "shrink", path_said(finding["file"]), "-o", plan, "--json",
                                "--seconds=20"])
    if status != 0:
        os.replace(path_said(finding["file"]), kept)
    elif lines:
        row.update(tasks=lines[0]["tasks"], operations=lines[0]["operations"],
                   directives=lines[0]["directives"], hash=lines[0]["hash"])
        _, runs = json_lines([binary, "replay", plan, "--json", "--times=%d" % REPLAYS])
        row["replays"] = sum(r["ok"] and r["hash"] == row["hash"] for r in runs)
        os.replace(plan, kept)
        row["replay"] = replay
    return row


def ok(row):
    return row["found"] and ("test" in row or row.get("replays") == REPLAYS)


def line(row):
    """Returns a row of the table as it is printed."""
    if not row["found"]:
        return row["bug"], "NOT FOUND", "", "", "", "", "expected: " + row["oracle"]
    if "test" in row:
        return (row["bug"], row["kind"], "", "", "", "",
                "by the conformance test of " + row["test"])
    if "replay" not in row:
        return (row["bug"], row["kind"], row["strategy"], row["executions"], "", "",
                "(did not shrink)")
    return (row["bug"], row["kind"], row["strategy"], row["executions"],
            "%s %s" % (plural(row["operations"], "op"), plural(row["directives"], "directive")),
            "%d/%d" % (row["replays"], REPLAYS), row["replay"])
