# SPDX-License-Identifier: GPL-2.0-only
"""Starts the commands `campaign` and `fuzz`: checks what their options mean, before anything
runs."""

import os
import time

from kthrashlib import children, env, locks, output
from kthrashlib.build import bazel, cores, drivers
from kthrashlib.common import CLEAN, FINDINGS, ROOT, STATE, environment, say, usage
from kthrashlib.night import slurm
from kthrashlib.night.campaign import Night, conduct
from kthrashlib.night.config import Config
from kthrashlib.night.folder import FULL, Folder, need_room
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
    config.check_places()
    budget = Budget(seconds, found.get("--jobs", os.cpu_count() or 1),
                    found.get("--seed", int(time.time()) if "--dir" not in found else 1),
                    config.limits)
    linux = cores.get(found)
    if linux and found.get("--engine") == "slurm":
        raise usage("--core=linux --engine=slurm: expected --engine=local")
    if linux:
        config.put_on(linux)
    lanes = choose(config, found.get("--lanes"))
    config.need_linux(lanes)
    if not lanes:
        raise usage("%s: no lane has a weight, expected at least one" % found.get("--config"))
    if not linux:
        drivers.check_bug_for_plans(config.canary["bug"])
    folder = Folder(found.get("--dir") or locks.new_folder(os.path.join(STATE, "campaign")))
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
    except OSError as e:
        raise folder.unusable(e) if e.errno in FULL else e
    finally:
        folder.close()


def fuzz(call):
    """Runs one engine on one target, in the foreground."""
    found = call.options
    engine, target = found.get("--engine", "libfuzzer"), found.get("--target", "plan")
    seconds = found.get("--seconds", 60)
    linux = cores.get(found)
    if linux and (engine, target) != ("libfuzzer", "plan"):
        raise usage("--core=linux --engine=%s --target=%s: expected libfuzzer and plan" % (
            engine, target))
    env.ensure({**env.BUILD, **env.FUZZ})
    name = "//fuzz:%s_fuzz_%s%s" % (target, "linux_" if linux else "", engine)
    lane = make(engine, {"kind": engine, "what": "", "weight": 1.0, "options": [],
                         "target": name})
    binary, mutator = bazel.build([name, MUTATOR], linux.options() if linux else [])
    lane.binary, lane.mutator = os.path.realpath(binary), mutator
    say("kthrash fuzz: %s, %s" % (name, os.path.relpath(binary, ROOT)))
    folder = os.path.join(STATE, "fuzz", "lanes", "-".join(
        [target, engine] + (["linux", linux.version] if linux else [])))
    os.makedirs(os.path.join(STATE, "fuzz", "corpus"), exist_ok=True)
    os.makedirs(folder, exist_ok=True)
    # The lane's own lock is a job's. This one is a command's.
    os.makedirs(os.path.join(folder, "command"), exist_ok=True)
    with locks.alone(os.path.join(folder, "command"), "fuzz of this engine and target"):
        lane.settle_in(folder)
        return run_lane(lane, seconds)


def run_lane(lane, seconds):
    """Runs one lane in the foreground. Returns the exit status."""
    before = set(lane.raw())
    lane.prepare()
    words, interrupted, status = lane.command(seconds, int(time.time())), None, None
    try:
        status = output.relay(words, cwd=lane.place(), stop_signal=lane.stop_signal,
                              env={**os.environ, **lane.environment()})
    except children.Interrupted as e:
        interrupted = e
    new = [p for p in lane.raw() if p not in before]
    output.findings_are_kept()
    for path in new:
        print("finding: " + os.path.relpath(path, ROOT))
    if new:
        return FINDINGS
    if interrupted:
        raise interrupted
    if status < 0:
        raise children.killed(words, status)
    if status != 0:
        raise environment("the engine ended with status %d and saved nothing in %s; what it said "
                          "is above" % (status, os.path.relpath(lane.folder, ROOT)))
    return CLEAN
