# SPDX-License-Identifier: GPL-2.0-only
"""Starts the commands `campaign` and `fuzz`: checks what their options mean, before anything
runs."""

import os
import time

from kthrashlib import env, output
from kthrashlib.build import bazel, drivers
from kthrashlib.common import CLEAN, ENVIRONMENT, FINDINGS, ROOT, STATE, environment, say, usage
from kthrashlib.night import slurm
from kthrashlib.night.campaign import Night, conduct
from kthrashlib.night.config import Config
from kthrashlib.night.folder import Folder, need_room
from kthrashlib.night.lanes import MUTATOR, canary, choose, make
from kthrashlib.night.scheduler import Budget


def campaign(call):
    """Runs a night on this machine, or the shards of one on a cluster."""
    found = call.options
    if "--hours" in found and "--seconds" in found:
        raise usage("--hours=%s --seconds=%s: expected only one of them" % (
            found["--hours"], found["--seconds"]))
    seconds = 3600 * found["--hours"] if "--hours" in found else found.get("--seconds", 120.0)
    config = Config(found.get("--config"))
    budget = Budget(seconds, found.get("--jobs", os.cpu_count() or 1),
                    found.get("--seed", int(time.time()) if "--dir" not in found else 1),
                    config.limits)
    lanes = choose(config, found.get("--lanes"))
    if not lanes:
        raise usage("%s: no lane has a weight, expected at least one" % found.get("--config"))
    drivers.check_bug_for_plans(config.canary["bug"])
    folder = Folder(found.get("--dir") or os.path.join(
        STATE, "campaign", time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())))
    folder.check()
    if found.get("--engine") == "slurm":
        return slurm.main(call, folder, config, lanes, budget)
    for option in ("--shards", "--sbatch"):
        if option in found:
            raise usage("%s: expected with --engine=slurm" % option)
    env.ensure(env.RUN if bazel.given() else env.ALL)
    folder.open()
    try:
        need_room(folder, config.limits["free_disk"])
        return conduct(Night(folder, config, lanes, budget, call.line, canary(config)))
    finally:
        folder.close()


def fuzz(call):
    """Runs one engine on one target, in the foreground."""
    found = call.options
    engine, target = found.get("--engine", "libfuzzer"), found.get("--target", "plan")
    seconds = found.get("--seconds", 60)
    env.ensure({**env.BUILD, **env.FUZZ})
    name = "//fuzz:%s_fuzz_%s" % (target, engine)
    lane = make(engine, {"kind": engine, "what": "", "weight": 1.0, "options": [],
                         "target": name})
    binary, mutator = bazel.build([name, MUTATOR])
    lane.binary, lane.mutator = os.path.realpath(binary), mutator
    say("kthrash fuzz: %s, %s" % (name, os.path.relpath(binary, ROOT)))
    lane.settle_in(os.path.join(STATE, "fuzz", "lanes", target + "-" + engine))
    os.makedirs(os.path.join(STATE, "fuzz", "corpus"), exist_ok=True)
    before = set(lane.raw())
    lane.prepare()
    status = output.relay(lane.command(seconds, int(time.time())), cwd=ROOT,
                          env={**os.environ, **lane.environment()})
    new = [p for p in lane.raw() if p not in before]
    output.findings_are_kept()
    for path in new:
        print("finding: " + os.path.relpath(path, ROOT))
    if new:
        return FINDINGS
    if status != 0:
        raise environment("the engine ended with status %d and saved nothing in %s; what it said "
                          "is above" % (status, os.path.relpath(lane.folder, ROOT)))
    return CLEAN
