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
from kthrashlib.build import about, bazel, cores, drivers
from kthrashlib.build.drivers import header
from kthrashlib.common import CLEAN, FINDINGS, ROOT, STATE, path_said
from kthrashlib.measure import causes, linux_bugs, scoreboard, suite, together
from kthrashlib.measure import shrunk as shrinking
from kthrashlib.measure.hunting import COLUMNS, facts, hunt, line, ok, shrunk

# The bugs are built in these combinations (stress/bugs/BUILD).
UNPATCHED = ["//stress:kthrash_sim", "//stress:kthrash_sim_park", "//stress:kthrash_sim_ticket",
             "//stress:kthrash_sim_epoch", "//stress:kthrash_sim_biglock",
             "//stress:kthrash_sim_checked"]
WEAK = ["//stress:kthrash_sim_park"]    # This driver hunts with each memory model.


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
    kept = os.path.join(STATE, "bugs", name + ".plan")
    return shrunk({**row, **facts(finding)}, binary, finding, folder, kept,
                  "tools/kthrash replay --bug=%s %s" % (name, os.path.relpath(kept, ROOT)))


def print_table(rows):
    terminal.table(COLUMNS, list(map(line, rows)))


def main(call):
    if "--drivers" in call.options:
        return suite.main(call)
    if "--programs" in call.options and "--scoreboard" not in call.options:
        return suite.main(call)
    if cores.is_linux(call.options):
        return linux_bugs.main(call)
    if "--scoreboard" in call.options:
        return scoreboard.main(call)
    if "--shrunk" in call.options:
        return shrinking.main(call)
    if "--causes" in call.options:
        return causes.main(call)
    if "--together" in call.options:
        return together.main(call)
    call.only("--executions", "--seed", "--json", "--scoreboard", "--shrunk", "--causes", "--core",
              "--together")
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
        for memory in ("sc", "tso", "pso", "arm") if target in WEAK else ("sc",):
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
