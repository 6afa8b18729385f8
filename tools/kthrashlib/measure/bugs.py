# SPDX-License-Identifier: GPL-2.0-only
"""Implements `bugs`, which tests whether the harness finds the bugs that are known to be there.

Each seeded bug is built from a patched copy of the sources, hunted, shrunk, and replayed ten
times. Then the same hunt on the unpatched core must find nothing. A bug of a lock or a completion
has a Test line in its patch: the conformance test of that role must find it.
"""

import json
import os
import tempfile

from kthrashlib import children, env, terminal
from kthrashlib.build import about, bazel, drivers
from kthrashlib.build.drivers import header
from kthrashlib.common import CLEAN, FINDINGS, ROOT, STATE, environment, path_said, say
from kthrashlib.measure import scoreboard, suite
from kthrashlib.terminal import LEFT, RIGHT

REPLAYS = 10
COLUMNS = [("bug", LEFT), ("found as", LEFT), ("strategy", LEFT), ("executions", RIGHT),
           ("shrunk to", LEFT), ("replays", RIGHT), ("how to see it", LEFT)]
# The bugs are built in these combinations (stress/bugs/BUILD).
UNPATCHED = ["//stress:kthrash_sim", "//stress:kthrash_sim_park", "//stress:kthrash_sim_ticket",
             "//stress:kthrash_sim_epoch", "//stress:kthrash_sim_biglock",
             "//stress:kthrash_sim_checked"]
WEAK = ["//stress:kthrash_sim_park"]    # This driver hunts with each memory model.


def json_lines(args):
    done = children.run(args, stdout=children.PIPE, text=True, errors="surrogateescape")
    return done.returncode, [json.loads(x) for x in done.stdout.splitlines() if x.startswith("{")]


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


def need_all(binary, executions, status, lines):
    """Raises an error unless a hunt without a finding has run all of its executions."""
    ran = next((x["executions"] for x in lines if x["type"] == "summary"), 0)
    if status != CLEAN or ran < executions:
        raise environment("%s: the hunt ended with status %d after %d of %d executions" % (
            os.path.basename(binary), status, ran, executions))


def examine_by_test(name, binary):
    """Returns one row of the table, for a bug of a lock or completion."""
    folder = os.path.join(ROOT, "stress", "bugs")
    done = children.run([os.path.join(folder, "conformance_bug_test.py"), binary,
                         os.path.join(folder, name + ".patch")],
                        stdout=children.PIPE, text=True)
    return {"bug": name, "oracle": header(name)["Oracle"], "test": header(name)["Test"],
            "found": done.returncode == 0, "kind": done.stdout.partition(" ")[0]}


def examine(name, binary, executions, seed):
    """Hunts a bug, shrinks it and replays it. Returns one row of the table."""
    if "Test" in header(name):
        return examine_by_test(name, binary)
    os.makedirs(os.path.join(STATE, "bugs"), exist_ok=True)
    # Another `bugs` may hunt the same bug at the same time.
    with tempfile.TemporaryDirectory(prefix=name + ".", dir=os.path.join(STATE, "bugs")) as folder:
        return examine_in(folder, name, binary, executions, seed)


def examine_in(folder, name, binary, executions, seed):
    """Does the work of examine(). All files that are not for the user are in `folder`."""
    row = {"bug": name, "oracle": header(name).get("Oracle", ""), "found": False}
    finding = hunt(binary, folder, executions, seed, header(name).get("Hunt", "").split())
    if not finding:
        return row
    plan, kept = os.path.join(folder, "shrunk"), os.path.join(STATE, "bugs", name + ".plan")
    status, lines = json_lines([binary, "shrink", path_said(finding["file"]), "-o", plan, "--json",
                                "--seconds=20"])
    row.update(found=True, kind=finding["kind"], strategy=finding["strategy"],
               executions=finding["executions"], message=finding["message"],
               build=finding["build"])
    if status != 0:
        os.replace(path_said(finding["file"]), kept)
    elif lines:
        row.update(tasks=lines[0]["tasks"], operations=lines[0]["operations"],
                   directives=lines[0]["directives"], hash=lines[0]["hash"])
        _, runs = json_lines([binary, "replay", plan, "--json", "--times=%d" % REPLAYS])
        row["replays"] = sum(r["ok"] and r["hash"] == row["hash"] for r in runs)
        os.replace(plan, kept)
        row["replay"] = "tools/kthrash replay --bug=%s %s" % (name, os.path.relpath(kept, ROOT))
    return row


def ok(row):
    return row["found"] and ("test" in row or row.get("replays") == REPLAYS)


def print_table(rows):
    terminal.table(COLUMNS, list(map(line, rows)))


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
            "%d ops %d directives" % (row["operations"], row["directives"]),
            "%d/%d" % (row["replays"], REPLAYS), row["replay"])


def main(call):
    if "--programs" in call.options and "--scoreboard" not in call.options:
        return suite.main(call)
    if "--scoreboard" in call.options:
        return scoreboard.main(call)
    if "--causes" in call.options:
        from kthrashlib.measure import causes   # It uses this module.
        return causes.main(call)
    if "--together" in call.options:
        from kthrashlib.measure import together     # It uses this module.
        return together.main(call)
    call.only("--executions", "--seed", "--json", "--scoreboard", "--causes", "--together")
    found, names = call.options, list(dict.fromkeys(call.words))
    for name in names:
        drivers.check_bug(name)
    executions = found.get("--executions", 400000)
    seed = found.get("--seed", 1)
    names = names or drivers.bug_names()
    env.ensure(env.BUILD)
    binaries = bazel.build(["//stress/bugs:" + n for n in names] + UNPATCHED)
    if "--json" not in found:
        asked = [b for n, b in zip(names, binaries) if "Test" not in header(n)]
        for build in about.told(asked + binaries[len(names):]):
            print("kthrash bugs: " + build, flush=True)
    rows = [examine(name, binary, executions, seed) for name, binary in
            terminal.each(zip(names, binaries), "hunting the seeded bugs")]
    folder = os.path.join(STATE, "bugs", "unpatched")
    os.makedirs(folder, exist_ok=True)
    clean = None
    for target, binary in zip(UNPATCHED, binaries[len(names):]):
        for memory in ("sc", "tso", "pso") if target in WEAK else ("sc",):
            clean = clean or hunt(binary, folder, executions, seed, ["--memory=" + memory])
    if "--json" in found:
        print(json.dumps({"bugs": rows, "unpatched_clean": clean is None}, indent=1))
    else:
        print_table(rows)
        print("the same hunt on the unpatched core (%d builds, %d of them also with weak "
              "memory, %d executions each): %s" % (
                  len(UNPATCHED), len(WEAK), executions,
                  "clean" if clean is None else "FINDING " + path_said(clean["file"])))
        print("%d of %d found" % (sum(r["found"] for r in rows), len(rows)))
    return CLEAN if all(map(ok, rows)) and clean is None else FINDINGS
