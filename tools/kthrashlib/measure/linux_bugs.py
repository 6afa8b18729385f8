# SPDX-License-Identifier: GPL-2.0-only
"""Implements `bugs --core=linux`, which tests whether the harness finds bugs in the kernel's files.

Each bug of stress/bugs/linux.toml is planted in the text of a kernel tree. The driver is built on
it, and the bug is hunted, shrunk and replayed as a bug of our own core is. The plan of a finding
must pass on the kernel's files as they are; otherwise it shows something else, and the hunt goes
on behind it.
"""

import json
import os
import tempfile

from kthrashlib import env, terminal
from kthrashlib.build import about, bazel, cores, drivers
from kthrashlib.common import CLEAN, FINDINGS, ROOT, STATE, Failure, path_said, usage
from kthrashlib.linux import edits
from kthrashlib.measure import hunting

FOLDER = os.path.join(STATE, "bugs", "linux")
OTHERS_MAX = 100        # A hunt goes on behind so many findings that are not the bug's.


def driver_of(linux):
    target, options = cores.built_on(drivers.TARGETS["sim", "none"], linux)
    return bazel.build([target], options)[0]


def shows_here_only(plan, clean):
    """Returns True if the plan passes on the driver `clean`, whose files have no bug in them."""
    _, runs = hunting.json_lines([clean, "replay", plan, "--json"])
    return bool(runs) and runs[0]["kind"] == "pass"


def hunt(bug, binary, clean, folder, executions, seed):
    """Hunts the bug. Returns its first finding, or None."""
    first = 0
    for _ in range(OTHERS_MAX):
        finding = hunting.hunt(binary, folder, executions - first, seed,
                               [*bug.hunt.split(), "--first=%d" % first])
        if not finding:
            return None
        if shows_here_only(path_said(finding["file"]), clean):
            return {**finding, "executions": first + finding["executions"]}
        first += finding["executions"]
        if first >= executions:
            return None
    return None


def examine(bug, linux, clean, executions, seed, option):
    """Plants the bug, hunts it, shrinks it and replays it. Returns one row of the table."""
    row = {"bug": bug.name, "oracle": bug.oracle, "origin": bug.origin, "found": False}
    try:
        binary = driver_of(cores.planted(linux, bug.name))
    except Failure as e:
        return {**row, "planted": False, "why": e.message}
    with tempfile.TemporaryDirectory(prefix=bug.name + ".", dir=FOLDER) as folder:
        finding = hunt(bug, binary, clean, folder, executions, seed)
        if not finding:
            return row
        kept = os.path.join(FOLDER, bug.name + ".plan")
        return hunting.shrunk({**row, **hunting.facts(finding)}, binary, finding, folder, kept,
                              "tools/kthrash replay %s --bug=%s %s" % (
                                  option, bug.name, os.path.relpath(kept, ROOT)))


def chosen(names, version):
    """Returns the bugs with these names, or all that a kernel of this version can have."""
    table = edits.load()
    return [cores.check_bug(name) for name in names] or [
        bug for bug in table.values() if bug.is_in(version)]


def main(call):
    call.only("--core", "--linux", "--executions", "--seed", "--json")
    found, names = call.options, list(dict.fromkeys(call.words))
    for name in names:
        cores.check_bug(name)
    executions, seed = found.get("--executions", 400000), found.get("--seed", 1)
    env.ensure(env.BUILD)
    linux = cores.get({k: v for k, v in found.items() if k in ("--core", "--linux")})
    bugs = chosen(names, linux.version)
    for bug in bugs:
        if not bug.is_in(linux.version):
            cores.planted(linux, bug.name)      # It says why the bug can't be planted.
    clean, option = driver_of(linux), "--linux=" + found["--linux"] \
        if "--linux" in found else "--core=linux"
    os.makedirs(FOLDER, exist_ok=True)
    if "--json" not in found:
        print("kthrash bugs: " + about.told([clean])[0], flush=True)
    rows = [examine(bug, linux, clean, executions, seed, option)
            for bug in terminal.each(bugs, "hunting the seeded bugs")]
    own = hunting.hunt(clean, FOLDER, executions, seed)
    report(rows, own, linux, executions, "--json" in found)
    planted = [r for r in rows if r.get("planted", True)]
    if not planted:
        raise usage("Linux %s: none of the bugs can be planted in these files: %s" % (
            linux.version, rows[0]["why"]))
    return CLEAN if all(map(hunting.ok, planted)) and own is None else FINDINGS


def report(rows, own, linux, executions, as_json):
    planted = [r for r in rows if r.get("planted", True)]
    if as_json:
        print(json.dumps({"linux": linux.version, "tree": linux.tree, "bugs": rows,
                          "unpatched_clean": own is None}, indent=1))
        return
    terminal.table(hunting.COLUMNS, list(map(hunting.line, planted)))
    for row in rows:
        if row not in planted:
            print("%s: not planted: %s" % (row["bug"], row["why"]))
    print("the same hunt on the kernel's files as they are (%d executions): %s" % (
        executions, "clean" if own is None else "FINDING " + path_said(own["file"])))
    print("%d of %d found" % (sum(r["found"] for r in planted), len(planted)))
