# SPDX-License-Identifier: GPL-2.0-only
"""Implements `bugs --together`, which plants several seeded bugs in one driver, hunts it, and
counts the folders that a campaign would file.

The findings go the way that a campaign's findings go: each is shrunk, and filed by the identity of
its cause. A folder belongs to the bugs whose own drivers fail on its shrunk plan. At best each bug
has one folder, and no folder has several bugs.

A bug that fails in most executions hides all others, because an execution ends at its first
failure. So bugs that nobody names are chosen by a rule: alone, they fail in at most ONE_IN of the
executions of a hunt. The budget is a number of executions, so the load of the machine changes
nothing.
"""

import collections
import json
import os
import shutil
import tempfile

from kthrashlib import children, env, terminal
from kthrashlib.build import bazel, drivers
from kthrashlib.build.seeded import PACKAGE, header, platform
from kthrashlib.common import CLEAN, FINDINGS, ROOT, STATE, environment, path_said, plural
from kthrashlib.measure import causes, hunting
from kthrashlib.terminal import LEFT, RIGHT

BUGS = 20
EXECUTIONS = 400000
# A campaign takes findings away while it hunts. So a signature that two bugs have is saved again,
# and perhaps shows the other bug.
HUNTS = 8
TRIED, ONE_IN = 2000, 20
DRIVER = "//stress:kthrash_sim_park"
PLATFORM = "sim+modelled+park+list+modelled"    # of that driver and of most bugs
NEEDED = ("core", "platform", "stress", "tools", "corpus", "fuzz", "BUILD", "WORKSPACE", ".bazelrc",
          ".bazelrc.user", ".bazelignore", ".clang-tidy", ".clang-format")
COLUMNS = [("folder", LEFT), ("findings", RIGHT), ("signatures", RIGHT), ("bugs", LEFT)]


def copy_sources(folder):
    for name in NEEDED:
        source = os.path.join(ROOT, name)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(folder, name), symlinks=True)
        elif os.path.exists(source):
            shutil.copy2(source, os.path.join(folder, name))


def plant(folder, name):
    """Applies the patch of a bug to the copy of the sources. Returns False, and changes nothing, if
    it does not fit together with the patches that are there."""
    patch = ["patch", "-p1", "-s", "-f", "--fuzz=0", "--no-backup-if-mismatch", "-d", folder,
             "-i", os.path.join(ROOT, "stress", "bugs", name + ".patch")]
    if children.run(patch + ["--dry-run"], stdout=children.DEVNULL,
                    stderr=children.DEVNULL).returncode:
        return False
    children.run(patch, stdout=children.DEVNULL)
    return True


def build(folder):
    """Builds the driver of the copy, and returns its path."""
    said = children.run(["bazel", "build", DRIVER], cwd=folder, text=True,
                        stdout=children.PIPE, stderr=children.STDOUT)
    binary = os.path.join(folder, "bazel-bin", "stress", DRIVER.partition(":")[2])
    if said.returncode or not os.path.exists(binary):
        raise environment("the driver with all bugs does not build: " + said.stdout[-600:])
    kept = os.path.join(folder, "driver")
    shutil.copy2(binary, kept)
    children.run(["bazel", "shutdown"], cwd=folder, stdout=children.DEVNULL,
                 stderr=children.DEVNULL)
    return kept


def fails(binary, plan):
    """Does the plan fail with this driver?"""
    _, lines = hunting.json_lines([binary, "replay", plan, "--json"])
    return bool(lines) and lines[0].get("kind", "pass") != "pass"


def file_findings(binary, found, folder):
    """Shrinks each finding, and files it. Returns {folder: [(signature, shrunk plan)]}."""
    filed = collections.defaultdict(list)
    for n, finding in enumerate(terminal.each(found, "filing the findings")):
        plan, small = path_said(finding["file"]), os.path.join(folder, "%d.plan" % n)
        status, _ = hunting.json_lines([binary, "shrink", plan, "-o", small, "--json",
                                     "--seconds=%d" % causes.SHRINK_S])
        if status != CLEAN:
            small = plan
        filed[causes.cause_of(binary, small)["cause"]["id"]].append((finding["signature"], small))
    return filed


def spread(names):
    """Returns the names in another order: the first BUGS of them are of all kinds."""
    step = max(1, len(names) // BUGS)
    return [name for first in range(step) for name in names[first::step]]


def can_show(name):
    """Returns True if a hunt of this driver, with the usual options, can find the bug."""
    return not {"Test", "Hunt"} & set(header(name)) and platform(name) == PLATFORM


def hunt(binary, folder, executions, seed):
    """Hunts to the end. Returns the driver's lines."""
    return hunting.json_lines([
        binary, "stress", "--json", "--keep-going", "--jobs=2", "--executions=%d" % executions,
        "--seed=%d" % seed, "--findings=" + folder])[1]


def is_seldom(name):
    """Returns True if the bug, alone in its driver, leaves most executions to other bugs."""
    (binary,) = bazel.build([PACKAGE + name])
    with tempfile.TemporaryDirectory(dir=os.path.join(STATE, "bugs")) as folder:
        return any(x.get("type") == "summary" and x["findings"] * ONE_IN <= TRIED
                   for x in hunt(binary, folder, TRIED, 1))


def main(call):
    call.only("--together", "--json", "--seed", "--executions")
    names = list(dict.fromkeys(call.words))
    for name in names:
        drivers.check_bug(name)
    limit, chosen = len(names) or BUGS, bool(names)
    names = [n for n in names or spread(list(filter(can_show, drivers.bug_names())))
             if "Test" not in header(n)]
    env.ensure(env.BUILD)
    os.makedirs(os.path.join(STATE, "bugs"), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="together.",
                                     dir=os.path.join(STATE, "bugs")) as folder:
        copy = os.path.join(folder, "sources")
        copy_sources(copy)
        planted = []
        for name in names:
            if len(planted) < limit and (chosen or is_seldom(name)) and plant(copy, name):
                planted.append(name)
        binary = build(copy)
        return report(call, planted, binary, folder)


def hunt_in_parts(call, binary, folder):
    """Hunts HUNTS times. Returns the finding of each file that the hunts saved, once."""
    executions, seed = call.options.get("--executions", EXECUTIONS), call.options.get("--seed", 1)
    found = {}
    for n in terminal.each(list(range(HUNTS)), "hunting all bugs"):
        lines = hunt(binary, os.path.join(folder, "findings%d" % n), executions // HUNTS, seed + n)
        found.update({x["file"]: x for x in lines if x.get("type") == "finding"})
    return list(found.values())


def report(call, planted, binary, folder):
    filed = file_findings(binary, hunt_in_parts(call, binary, folder), folder)
    alone = dict(zip(planted, bazel.build([PACKAGE + n for n in planted])))
    rows = [{"folder": name, "findings": len(of), "signatures": len({s for s, _ in of}),
             "bugs": [bug for bug in planted if any(fails(alone[bug], p) for _, p in of)]}
            for name, of in sorted(filed.items())]
    seen = {bug for row in rows for bug in row["bugs"]}
    missed = [bug for bug in planted if bug not in seen]
    if "--json" in call.options:
        print(json.dumps({"planted": planted, "folders": rows, "missed": missed}, indent=1))
    else:
        terminal.table(COLUMNS, [(r["folder"], r["findings"], r["signatures"],
                                  " ".join(r["bugs"])) for r in rows])
        print("%s in one driver: %s, %s, missed: %s" % (
            plural(len(planted), "bug"), plural(len(rows), "folder"),
            plural(sum(r["findings"] for r in rows), "finding"),
            " ".join(missed) or "none"))
    return FINDINGS if missed or len(rows) > len(planted) * 11 // 10 else CLEAN
