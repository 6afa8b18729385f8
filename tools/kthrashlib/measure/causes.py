# SPDX-License-Identifier: GPL-2.0-only
"""Implements `bugs --causes`, which measures the search for causes on the seeded bugs.

Each bug is hunted with several seeds. Each finding is shrunk, and the driver's command `cause` is
asked why it fails. A bug should have one identity, and no two bugs the same.
"""

import collections
import json
import os
import resource
import statistics
import tempfile

from kthrashlib import children, env, terminal
from kthrashlib.build import bazel, drivers
from kthrashlib.build.drivers import header
from kthrashlib.common import CLEAN, FINDINGS, STATE, environment, path_said, plural
from kthrashlib.measure import hunting
from kthrashlib.terminal import LEFT, RIGHT

EXECUTIONS = 400000
SHRINK_S = 20
COLUMNS = [("bug", LEFT), ("found", RIGHT), ("cause", LEFT), ("orders", RIGHT),
           ("executions", RIGHT), ("ms", RIGHT), ("signatures", RIGHT), ("identities", RIGHT),
           ("the sentence of the first seed", LEFT)]
SENTENCE_MAX = 120


def child_ms():
    """Returns the time of the processor that ended children have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (used.ru_utime + used.ru_stime)


def cause_of(binary, plan):
    """Returns what the driver says of a plan: a dict with cause, and with ms, the time of the
    search and of one execution."""
    began = child_ms()
    done = children.run([binary, "cause", plan, "--json"], stdout=children.PIPE, text=True)
    lines = [json.loads(x) for x in done.stdout.splitlines() if x.startswith("{")]
    if done.returncode != CLEAN or not lines:
        raise environment("%s: cause of %s ended with status %d" % (
            os.path.basename(binary), plan, done.returncode))
    return {**lines[-1], "ms": child_ms() - began}


def examine_seed(name, binary, seed, folder):
    """Returns a row for one hunt, or None if it finds nothing."""
    found = hunting.hunt(binary, folder, EXECUTIONS, seed, header(name).get("Hunt", "").split())
    if not found:
        return None
    plan = path_said(found["file"])
    small = os.path.join(folder, "small")
    status, _ = hunting.json_lines([binary, "shrink", plan, "-o", small, "--json",
                                 "--seconds=%d" % SHRINK_S])
    said = cause_of(binary, small if status == CLEAN else plan)
    cause = said["cause"]
    return {"bug": name, "seed": seed, "kind": said["failure"], "cause": cause["kind"],
            "orders": len(cause["orders"]), "executions": cause["executions"],
            "ms": said["ms"], "signature": found["signature"],
            "identity": cause["identity"] or found["signature"],
            "sentence": cause["sentence"]}


def examine(name, binary, seeds):
    rows = []
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory(dir=os.path.join(STATE, "bugs")) as folder:
            rows.append(examine_seed(name, binary, seed, folder))
    return [r for r in rows if r]


def line(name, rows, seeds):
    """Returns the rows of a bug as a row of the table."""
    if not rows:
        return (name, "0/%d" % seeds, *[""] * 7)
    kinds = collections.Counter(r["cause"] for r in rows)
    return (name, "%d/%d" % (len(rows), seeds),
            ", ".join("%s %d" % k if len(kinds) > 1 else k[0] for k in kinds.most_common()),
            "%g" % statistics.median(r["orders"] for r in rows),
            "%g" % statistics.median(r["executions"] for r in rows),
            "%.0f" % statistics.median(r["ms"] for r in rows),
            len({r["signature"] for r in rows}), len({r["identity"] for r in rows}),
            rows[0]["sentence"][:SENTENCE_MAX])


def shared(rows):
    """Returns the identities that several bugs have, with these bugs."""
    by = collections.defaultdict(set)
    for r in rows:
        by[r["identity"]].add(r["bug"])
    return {identity: sorted(names) for identity, names in by.items() if len(names) > 1}


def summary(rows):
    """Returns the last lines of the text."""
    found = sum(r["cause"] != "not found" for r in rows)
    both = shared(rows)
    return ["the cause of %d of %s is found, %.1f %%" % (
        found, plural(len(rows), "finding"), 100 * found / max(1, len(rows)))] + [
            "one identity of several bugs: %s: %s" % (", ".join(names), identity)
            for identity, names in sorted(both.items())]


def main(call):
    call.only("--causes", "--seeds", "--json")
    names, seeds = list(dict.fromkeys(call.words)), call.options.get("--seeds", 1)
    for name in names:
        drivers.check_bug(name)
    names = [n for n in names or drivers.bug_names()
             if "Test" not in header(n) and "--twice" not in header(n).get("Hunt", "")]
    env.ensure(env.BUILD)
    binaries = bazel.build(["//stress/bugs:" + n for n in names])
    os.makedirs(os.path.join(STATE, "bugs"), exist_ok=True)
    board = {name: examine(name, binary, seeds) for name, binary in
             terminal.each(list(zip(names, binaries)), "looking for causes")}
    rows = [r for of_bug in board.values() for r in of_bug]
    if "--json" in call.options:
        print(json.dumps({"seeds": seeds, "rows": rows, "shared": shared(rows)}, indent=1))
    else:
        terminal.table(COLUMNS, [line(n, board[n], seeds) for n in names])
        print("\n".join(summary(rows)))
    return CLEAN if all(r["cause"] != "not found" for r in rows) else FINDINGS
