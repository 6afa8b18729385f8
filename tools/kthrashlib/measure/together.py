# SPDX-License-Identifier: GPL-2.0-only
"""Implements `bugs --together`, which plants several seeded bugs in one driver, hunts it, and
counts the folders that a campaign would file.

The findings go the way that a campaign's findings go: each is shrunk, and filed by the identity of
its cause. A folder belongs to the bugs whose own drivers fail on its shrunk plan. At best each bug
has one folder, and no folder has several bugs.

A bug that fails in most executions hides all others, because an execution ends at its first
failure. And a bug may make another one impossible: if a creator can't be killed, no mistake after
its kill shows. So bugs that nobody names are chosen by a rule. Alone, a bug fails in at most one of
ONE_IN executions of a hunt, and at least once in TRIED. Planted with the others, its own finding
still fails by the same cause. The budget is a number of executions, so the load of the machine
changes nothing.
"""

import collections
import functools
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
SCHEDULES, ROUNDS = 1000, 6
PLANS_TRIED = 5
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


def cause_id(binary, plan):
    """Returns the id of the plan's cause; "" if the plan does not fail with this driver. A bug that
    reads a dead stack frame may fail in one process and pass in the next."""
    done = children.run([binary, "cause", plan, "--json"], stdout=children.PIPE,
                        stderr=children.DEVNULL, text=True)
    lines = hunting.objects(done.stdout)
    return lines[-1]["cause"]["id"] if lines else ""


def shrink(binary, plan, small):
    """Writes the shrunk plan to `small`. Returns the path of the plan to go on with, which is
    `plan` if it does not shrink."""
    status, _ = hunting.json_lines([binary, "shrink", plan, "-o", small, "--json",
                                 "--seconds=%d" % causes.SHRINK_S])
    return small if status == CLEAN else plan


def file_findings(binary, found, folder):
    """Shrinks each finding, and files it. A finding that does not fail again has no cause, and is
    filed by its signature. Returns {folder: [(signature, shrunk plan)]}."""
    filed = collections.defaultdict(list)
    for n, finding in enumerate(terminal.each(found, "filing the findings")):
        small = shrink(binary, path_said(finding["file"]), os.path.join(folder, "%d.plan" % n))
        filed[cause_id(binary, small) or finding["id"]].append((finding["signature"], small))
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
    """Returns True if the bug, alone in its driver, is found, and leaves most executions to other
    bugs."""
    (binary,) = bazel.build([PACKAGE + name])
    with tempfile.TemporaryDirectory(dir=os.path.join(STATE, "bugs")) as folder:
        return any(x.get("type") == "summary" and 0 < x["findings"] * ONE_IN <= TRIED
                   for x in hunt(binary, folder, TRIED, 1))


def own_finding(name, folder):
    """Hunts the bug alone. Returns (its driver, its shrunk finding or None)."""
    (binary,) = bazel.build([PACKAGE + name])
    small = os.path.join(folder, name + ".plan")
    if not os.path.exists(small):
        found = hunting.hunt(binary, os.path.join(folder, name), EXECUTIONS, 1)
        if not found:
            return binary, None
        if shrink(binary, path_said(found["file"]), small) != small:
            shutil.copy2(path_said(found["file"]), small)
    return binary, small


def program_fails_as(binary, plan, cause, folder):
    """Returns True if the plan's program has a finding with that cause under other schedules."""
    with tempfile.TemporaryDirectory(dir=folder) as found:
        program = os.path.join(found, "program.plan")
        hunting.write_program(plan, program)
        _, lines = hunting.json_lines([
            binary, "stress", "--json", "--keep-going", "--plan=" + program,
            "--executions=%d" % SCHEDULES, "--findings=" + os.path.join(found, "found")])
        files = {path_said(x["file"]) for x in lines if x["type"] == "finding"}
        # Causes of plans that are not shrunk differ more.
        return any(cause_id(binary, shrink(binary, f, os.path.join(found, "small.plan"))) == cause
                   for f in sorted(files)[:PLANS_TRIED])


def fails_as(binary, plan, cause, folder):
    """Returns True if the plan fails with that cause, as written or under other schedules. Another
    patch moves the points of a schedule, so a plan of one driver may pass in another."""
    return cause_id(binary, plan) == cause or program_fails_as(binary, plan, cause, folder)


def can_fail(together, name, folder):
    """Returns True if the driver with all bugs can fail by this one."""
    alone, plan = own_finding(name, folder)
    return bool(plan) and fails_as(together, plan, cause_id(alone, plan), folder)


def plant_all(names, limit, folder, may_be_planted):
    """Plants the first `limit` of the names that may be planted and that fit together. Returns
    (their names, the driver)."""
    copy = os.path.join(folder, "sources")
    shutil.rmtree(copy, ignore_errors=True)
    copy_sources(copy)
    planted = []
    for name in names:
        if len(planted) < limit and may_be_planted(name) and plant(copy, name):
            planted.append(name)
    return planted, build(copy)


def choose(names, folder):
    """Plants BUGS of the names by the rule above. Returns (their names, the driver, the names of
    those that the others hide)."""
    seldom, hidden = functools.lru_cache(maxsize=None)(is_seldom), []
    alone = os.path.join(folder, "alone")
    os.makedirs(alone)
    for _ in range(ROUNDS):
        planted, binary = plant_all([n for n in names if n not in hidden], BUGS, folder, seldom)
        late = [n for n in planted if not can_fail(binary, n, alone)]
        if not late:
            break
        hidden += late
    return [n for n in planted if n not in hidden], binary, hidden


def main(call):
    call.only("--together", "--json", "--seed", "--executions")
    names = list(dict.fromkeys(call.words))
    for name in names:
        drivers.check_bug(name)
    env.ensure(env.BUILD)
    os.makedirs(os.path.join(STATE, "bugs"), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="together.",
                                     dir=os.path.join(STATE, "bugs")) as folder:
        if names:
            planted, binary = plant_all(names, len(names), folder,
                                        lambda name: "Test" not in header(name))
            hidden = []
        else:
            planted, binary, hidden = choose(spread(list(filter(can_show, drivers.bug_names()))),
                                             folder)
        return report(call, planted, binary, folder, hidden)


def hunt_in_parts(call, binary, folder):
    """Hunts HUNTS times. Returns the finding of each file that the hunts saved, once."""
    executions, seed = call.options.get("--executions", EXECUTIONS), call.options.get("--seed", 1)
    found = {}
    for n in terminal.each(list(range(HUNTS)), "hunting all bugs"):
        lines = hunt(binary, os.path.join(folder, "findings%d" % n), executions // HUNTS, seed + n)
        found.update({x["file"]: x for x in lines if x.get("type") == "finding"})
    return list(found.values())


def bugs_of(cause, plans, alone, folder):
    """Returns the bugs whose own drivers fail on one of the plans. If there is none, returns those
    that fail by this cause under other schedules."""
    return [bug for bug in alone if any(fails(alone[bug], p) for p in plans)] or \
        [bug for bug in alone if any(program_fails_as(alone[bug], p, cause, folder)
                                     for p in plans[:PLANS_TRIED])]


def report(call, planted, binary, folder, hidden):
    filed = file_findings(binary, hunt_in_parts(call, binary, folder), folder)
    alone = dict(zip(planted, bazel.build([PACKAGE + n for n in planted])))
    rows = [{"folder": name, "findings": len(of), "signatures": len({s for s, _ in of}),
             "bugs": bugs_of(name, [p for _, p in of], alone, folder)}
            for name, of in sorted(filed.items())]
    seen = {bug for row in rows for bug in row["bugs"]}
    missed = [bug for bug in planted if bug not in seen]
    if "--json" in call.options:
        print(json.dumps({"planted": planted, "hidden": hidden, "folders": rows,
                          "missed": missed}, indent=1))
    else:
        terminal.table(COLUMNS, [(r["folder"], r["findings"], r["signatures"],
                                  " ".join(r["bugs"])) for r in rows])
        print("%s in one driver: %s, %s, missed: %s" % (
            plural(len(planted), "bug"), plural(len(rows), "folder"),
            plural(sum(r["findings"] for r in rows), "finding"),
            " ".join(missed) or "none"))
        if hidden:
            print("not planted, because others make it impossible: " + " ".join(hidden))
    return FINDINGS if missed or len(rows) > len(planted) * 11 // 10 else CLEAN
