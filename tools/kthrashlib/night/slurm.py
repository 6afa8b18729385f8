# SPDX-License-Identifier: GPL-2.0-only
"""`campaign --engine=slurm`: shards as a Slurm job array, and a job after it that merges.

Slurm runs, requeues what was on a node that is lost, and says what it is doing. All that the
campaign knows is in files (shards.py), so whoever dies here, the same command goes on.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time

from kthrashlib import env
from kthrashlib.build import bazel
from kthrashlib.common import (CLEAN, ENVIRONMENT, FINDINGS, ROOT, environment, process, say, usage,
                               write_whole)
from kthrashlib.night import campaign, shards
from kthrashlib.night.folder import existing, read_json, utc, write_json
from kthrashlib.night.watch import count, duration

LOOK_EVERY_S = 5
SLACK_S = 1800      # for the canary, examining and merging, after a shard's time
END_S = 120         # before Slurm kills it a shard is asked to end
# What must not come from the user: it is how jobs and files find each other.
OURS = re.compile(r"--?(array|a|dependency|d|parsable|output|o|error|e|chdir|D|wrap|wait|W|"
                  r"test-only|no-requeue)(=.*)?")


def check_sbatch(options):
    for option in options:
        if not option.startswith("-"):
            raise usage("--sbatch=%s: expected an option, as in --sbatch=--partition=NAME" %
                        option)
        if OURS.fullmatch(option):
            raise usage("--sbatch=%s: that is the campaign's to say" % option)


def check_client():
    missing = [t for t in ("sbatch", "squeue") if not shutil.which(t)]
    if missing:
        raise environment(
            "no %s: --engine=slurm needs a Slurm cluster that is there and a machine that "
            "belongs to it: on Debian the package slurm-client, with the cluster's slurm.conf "
            "and munge key; the client alone is of no use" % " and no ".join(missing))


# ---- submitting -----------------------------------------------------------------------


def sbatch(args, words):
    """sbatch, with a script that runs `words`; what it prints."""
    done = subprocess.run(["sbatch", "--chdir=" + ROOT, *args], text=True, check=False,
                          input="#!/bin/sh\nexec %s\n" % words,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise environment("sbatch refused: " + (done.stderr.strip() or done.stdout.strip() or
                                                "status %d" % done.returncode))
    return done.stdout


def queue(args, words, log):
    """Submits one job. Returns its number."""
    said = sbatch(["--parsable", "--output=" + log, "--open-mode=append", *args], words)
    found = re.match(r"\d+", said)
    if not found:
        raise environment("sbatch gave no job's number: " + said.strip())
    return found.group(0)


def array_options(job):
    minutes = int(job["seconds"] + SLACK_S) // 60 + 1
    return ["--job-name=kthrash", "--array=0-%d" % (job["shards"] - 1), "--requeue",
            "--ntasks=1", "--cpus-per-task=%d" % job["jobs"], "--time=%d" % minutes,
            "--signal=B:TERM@%d" % END_S, *job["sbatch"]]


def submit(folder, job):
    """The array, and the merge after whatever becomes of it. job.json knows the array before
    there is a merge: killed in between, the next start submits that alone."""
    logs = folder.at("shards", "logs")
    os.makedirs(logs, exist_ok=True)
    quoted = " ".join(map(shlex.quote, process("night.shards")))
    where = shlex.quote(folder.path)
    if not job["array"]:
        job["array"] = queue(array_options(job), '%s run %s "$SLURM_ARRAY_TASK_ID"' % (
            quoted, where), os.path.join(logs, "%A_%4a"))
        write_json(folder.at("shards", "job.json"), job)
    job["merge"] = queue(
        ["--job-name=kthrash-merge", "--dependency=afterany:" + job["array"], "--requeue",
         "--ntasks=1", "--cpus-per-task=%d" % job["jobs"],
         "--time=%d" % (SLACK_S * 4 // 60), *job["sbatch"]],
        "%s merge %s" % (quoted, where), os.path.join(logs, "%j_merge"))
    write_json(folder.at("shards", "job.json"), job)


def keep_config(folder, job):
    """As it is now, whatever becomes of the user's file."""
    kept = folder.at("shards", "config.toml")
    if job["config"] and job["config"] != kept:
        with open(job["config"], encoding="utf-8") as f:
            write_whole(kept, f.read())
        job["config"] = kept
        job["options"].append("--config=" + kept)


def build_all(folder, config, lanes, job):
    """Every binary once, for all nodes; what examines bugs here, too."""
    env.ensure(env.ALL)
    night = campaign.tonight(folder, config, lanes, job["seconds"], job["jobs"], job["seed"],
                             job["command"])
    commit, changes = campaign.tree()
    files = campaign.build_all(night)
    write_json(folder.at("shards", "builds.json"),
               {"commit": commit, "changes": changes, "files": files})


def begin(folder, job, config, lanes):
    """A new submission, or what an earlier one has left undone. Returns its job.json."""
    sbatch(["--test-only", *array_options(job)], "true")    # before anything is touched
    folder.open()
    try:
        old = read_json(folder.at("shards", "job.json"))
        if old and not old["merged"]:
            asked = {k: job[k] for k in ("shards", "seconds", "jobs", "command")}
            same = all(old[k] == v for k, v in asked.items())
            there = states(old)
            if there is None:
                raise environment("squeue does not answer, so what became of the jobs %s and %s "
                                  "of %s is not known" % (old["array"], old["merge"],
                                                          folder.path))
            if not same and there:
                raise usage("%s: another campaign is on the cluster, jobs %s and %s: expected "
                            "the same options, to follow it, or scancel first" % (
                                folder.path, old["array"], old["merge"]))
            if same and there and old["merge"]:
                return old
            if same:
                # Jobs are gone and the merge has not been: once more what is not done.
                say("kthrash: submitted at %s and not merged: submitting what is left" %
                    old["submitted"])
                old.update(array="" if not there else old["array"], merge="")
                job = old
        os.makedirs(folder.at("shards"), exist_ok=True)
        keep_config(folder, job)
        build_all(folder, config, lanes, job)
        write_json(folder.at("shards", "job.json"), job)
        submit(folder, job)
        return job
    finally:
        folder.close()


# ---- following --------------------------------------------------------------------------


def states(job):
    """{job as squeue names it: state} of those that are in the queue; None if Slurm does not
    say."""
    ids = [j for j in (job["array"], job["merge"]) if j]
    if not ids:
        return {}
    done = subprocess.run(["squeue", "-h", "-r", "-o", "%i %T", "-j", ",".join(ids)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        # It forgets jobs after a while.
        return {} if "Invalid job id" in done.stderr else None
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def progress(folder, job, there):
    """One line of plain text."""
    numbers = range(job["shards"])
    done = sum(shards.is_done(folder, i, job) for i in numbers)
    running = [s for j, s in there.items() if j != job["merge"]]
    nights = [n for n in (shards.night_of(folder, i, job) for i in numbers) if n]
    bugs = {b for n in nights for b in n["bugs"].get("crashing", [])}
    return "%d of %d shards done, %d running, %d waiting  %s executions  %d bugs%s" % (
        done, job["shards"], running.count("RUNNING"),
        len(running) - running.count("RUNNING"),
        count(sum(n["totals"].get("executions", 0) for n in nights)), len(bugs),
        "  merging" if there.get(job["merge"]) == "RUNNING" else "")


def follow(folder, job):
    """Until the merge has ended; Ctrl-C ends the following only."""
    terminal = sys.stderr.isatty()
    said, silent, shown = "", False, 0.0
    while True:
        there = states(job)
        if there is None:
            if not silent:
                say("kthrash: squeue does not answer; asking again")
            silent = True
        else:
            silent = False
            line = progress(folder, job, there)
            if terminal:
                width = shutil.get_terminal_size().columns
                print("\r\033[K" + line[:max(20, width - 1)], end="", file=sys.stderr, flush=True)
            elif line != said and time.monotonic() - shown >= 10 or not said:
                say(line)
                said, shown = line, time.monotonic()
            if job["merge"] not in there or read_json(
                    folder.at("shards", "job.json")).get("merged"):
                break
        time.sleep(LOOK_EVERY_S)
    if terminal:
        print(file=sys.stderr)


def report(folder, job):
    job = read_json(folder.at("shards", "job.json"))
    night = folder.read_night(job["merged"]) if job.get("merged") else None
    if not night:
        raise environment(
            "the merge has not finished: what it said is in %s; tools/kthrash merge %s does it "
            "here" % (os.path.relpath(folder.at("shards", "logs", job["merge"] + "_merge")),
                      os.path.relpath(folder.path)))
    for line in night["why"]:
        print(line)
    for bug in night["bugs"]["crashing"]:
        finding = read_json(folder.at("crashing", bug, "finding.json")) or {}
        print("%s, seen %s times: %s\nreplay: %s" % (
            bug, finding.get("count"), finding.get("message"), finding.get("replay")))
    print("%s: %d distinct bugs (%d new) by %d shards in %s, %s executions; the page: %s" % (
        night["verdict"], len(night["bugs"]["crashing"]), len(night["bugs"]["new"]),
        job["shards"], duration(night["elapsed"]), count(night["totals"]["executions"]),
        os.path.relpath(os.path.join(folder.night(job["merged"]), "page.html"))))
    return {"clean": CLEAN, "findings": FINDINGS}.get(night["verdict"], ENVIRONMENT)


# ---- the commands ------------------------------------------------------------------------


def main(call, folder, config, lanes, seconds, jobs, seed):
    """What start.campaign() has checked, on a cluster. The exit status as there."""
    if bazel.given() is not None:
        raise usage("--engine=slurm within a shard of one")
    found = call.options
    amount = found.get("--shards", 2)
    options = found.get("--sbatch", [])
    check_sbatch(options)
    check_client()
    job = {"submission": "%d" % time.time_ns(), "submitted": utc(), "shards": amount,
           "seconds": seconds, "jobs": jobs, "seed": seed, "command": call.line,
           "sbatch": options, "array": "", "merge": "", "merged": None,
           "config": os.path.abspath(found["--config"]) if "--config" in found else None,
           "lanes": found.get("--lanes")}
    job["options"] = [o for o in call.line if o.startswith("--lanes=")]
    job = begin(folder, job, config, lanes)
    say("kthrash: %d shards of %s in %s: Slurm's jobs %s and, to merge them, %s" % (
        job["shards"], duration(job["seconds"]), os.path.relpath(folder.path), job["array"],
        job["merge"]))
    try:
        follow(folder, job)
    except KeyboardInterrupt:
        say("\nkthrash: the jobs go on; the same command follows them, scancel %s %s ends them"
            % (job["array"], job["merge"]))
        return 130
    return report(folder, job)


def merge(call):
    return shards.merge(existing(call.words[0]))
