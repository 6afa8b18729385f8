# SPDX-License-Identifier: GPL-2.0-only
"""Implements `campaign --engine=slurm`. It runs shards as a Slurm job array, and a job after it
that merges them.

Slurm runs the jobs, and requeues those of a node that is lost. All that the campaign knows is in
files (submission.py), so after a kill the same command goes on.
"""

import dataclasses
import os
import re
import shlex
import shutil
import time

from kthrashlib import children, env, output
from kthrashlib.build import bazel
from kthrashlib.common import ROOT, environment, plural, process, say, usage, write_whole
from kthrashlib.night import bugs, builds, record, submission, verdict
from kthrashlib.night.folder import existing, utc, write_json
from kthrashlib.night.lanes import canary
from kthrashlib.night.merge import merge as merge_shards
from kthrashlib.night.report import short
from kthrashlib.night.watch import Display
from kthrashlib.night.words import count, duration

LOOK_EVERY_S = 5
# A shard gets this time after its own, for the planted bug, examining and merging.
SLACK_S = 1800
END_S = 120         # A shard is asked to end this long before Slurm kills it.
# These options connect jobs and files, so the user must not give them.
OURS = re.compile(r"--?(array|a|dependency|d|parsable|output|o|error|e|chdir|D|wrap|wait|W|"
                  r"test-only|no-requeue)(=.*)?")


def check_sbatch(options):
    for option in options:
        if not option.startswith("-"):
            raise usage("--sbatch=%s: expected an option, as in --sbatch=--partition=NAME" %
                        option)
        if OURS.fullmatch(option):
            raise usage("--sbatch=%s: the campaign itself sets this option" % option)


def check_client():
    missing = [t for t in ("sbatch", "squeue") if not shutil.which(t)]
    if missing:
        raise environment(
            "no %s: --engine=slurm needs a Slurm cluster and a machine that belongs to it: on "
            "Debian the package slurm-client, with the cluster's slurm.conf and munge key; the "
            "client alone is not enough" % " and no ".join(missing))


# ---- submitting -----------------------------------------------------------------------


def sbatch(args, words):
    """Runs sbatch with a script that runs `words`. Returns what sbatch prints."""
    done = children.run(["sbatch", "--chdir=" + ROOT, *args], text=True,
                        given="#!/bin/sh\nexec %s\n" % words,
                        stdout=children.PIPE, stderr=children.PIPE)
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
    """Submits the array, and the merge that waits for its end. job.json names the array before the
    merge is submitted. So after a kill in between, the next start submits the merge alone."""
    logs = folder.at("shards", "logs")
    os.makedirs(logs, exist_ok=True)
    quoted = " ".join(map(shlex.quote, process("night.shards")))
    where = shlex.quote(folder.path)
    if not job["array"]:
        job["array"] = queue(array_options(job), '%s run %s "$SLURM_ARRAY_TASK_ID"' % (
            quoted, where), os.path.join(logs, "%A_%4a"))
        submission.write_job(folder, job)
    job["merge"] = queue(
        ["--job-name=kthrash-merge", "--dependency=afterany:" + job["array"], "--requeue",
         "--ntasks=1", "--cpus-per-task=%d" % job["jobs"],
         "--time=%d" % (SLACK_S * 4 // 60), *job["sbatch"]],
        "%s merge %s" % (quoted, where), os.path.join(logs, "%j_merge"))
    submission.write_job(folder, job)


def keep_config(folder, job):
    """Keeps a copy of the user's config file, which may change before the shards run."""
    kept = folder.at("shards", "config.toml")
    if job["config"] and job["config"] != kept:
        with open(job["config"], encoding="utf-8") as f:
            write_whole(kept, f.read())
        job["config"] = kept
        job["options"].append("--config=" + kept)


def build_all(folder, config, lanes):
    """Builds every binary once, for all nodes and for the merge."""
    env.ensure(env.ALL)
    tree = builds.tree()
    built = builds.build_all(folder, lanes + [canary(config)])
    write_json(folder.at("shards", "builds.json"),
               {"tree": dataclasses.asdict(tree), "files": built.files})


def left_undone(folder, job, old):
    """Looks at `old`, an earlier submission that was not merged. Returns (the job to submit,
    False). If `old` is still on the cluster, returns (`old`, True), and nothing is submitted."""
    asked = {k: job[k] for k in ("shards", "seconds", "jobs", "command")}
    same = all(old[k] == v for k, v in asked.items())
    there = states(old)
    if there is None:
        raise environment("squeue does not answer, so the state of the jobs %s and %s of %s is not "
                          "known" % (old["array"], old["merge"], folder.path))
    if not same and there:
        raise usage("%s: another campaign is on the cluster, jobs %s and %s: expected the same "
                    "options, to follow it, or scancel first" % (
                        folder.path, old["array"], old["merge"]))
    if not same:
        return job, False
    if there and old["merge"]:
        return old, True
    # The jobs are gone and were not merged, so the shards that are not done are submitted again.
    say("kthrash: the shards submitted at %s were not merged: submitting what is left" %
        old["submitted"])
    old.update(array="" if not there else old["array"], merge="")
    return old, False


def begin(folder, job, config, lanes):
    """Submits a job, or finds what an earlier start has submitted. Returns its job.json."""
    # sbatch refuses wrong options here, before anything is changed.
    sbatch(["--test-only", *array_options(job)], "true")
    folder.open()
    try:
        old = submission.read_job(folder)
        if old and not old["merged"]:
            job, submitted = left_undone(folder, job, old)
            if submitted:
                return job
        os.makedirs(folder.at("shards"), exist_ok=True)
        keep_config(folder, job)
        build_all(folder, config, lanes)
        submission.write_job(folder, job)
        submit(folder, job)
        return job
    finally:
        folder.close()


# ---- following --------------------------------------------------------------------------


def states(job):
    """Returns {job as squeue names it: state} of the jobs that are in the queue, or None if squeue
    does not answer."""
    ids = [j for j in (job["array"], job["merge"]) if j]
    if not ids:
        return {}
    done = children.run(["squeue", "-h", "-r", "-o", "%i %T", "-j", ",".join(ids)],
                        stdout=children.PIPE, stderr=children.PIPE, text=True)
    if done.returncode != 0:
        # Slurm forgets a job some time after its end.
        return {} if "Invalid job id" in done.stderr else None
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def show_progress(display, folder, job, there):
    numbers = range(job["shards"])
    done = sum(submission.is_done(folder, i, job) for i in numbers)
    running = [s for j, s in there.items() if j != job["merge"]]
    nights = [n for n in (submission.night_of(folder, i, job) for i in numbers) if n]
    found = {bug for n in nights for bug in n["bugs"].get("crashing", [])}
    display.show("%d of %d shards done" % (done, job["shards"]), done / job["shards"],
                 "%d running, %d waiting  %s executions  %s%s" % (
                     running.count("RUNNING"), len(running) - running.count("RUNNING"),
                     count(sum(n["totals"].get("executions", 0) for n in nights)),
                     plural(len(found), "bug"),
                     "  merging" if there.get(job["merge"]) == "RUNNING" else ""))


def follow(folder, job):
    """Shows the progress until the merge has ended. Ctrl-C ends only the display; the jobs go
    on."""
    display, silent = Display(job["seconds"]), False
    try:
        while True:
            there = states(job)
            if there is None and not silent:
                say("kthrash: squeue does not answer; asking again")
            silent = there is None
            if not silent:
                if display.wants():
                    show_progress(display, folder, job, there)
                if job["merge"] not in there or submission.read_job(folder).get("merged"):
                    break
            time.sleep(LOOK_EVERY_S)
    finally:
        display.end()


def report(folder, job):
    """Prints what the merge found. Returns the exit status."""
    job = submission.read_job(folder)
    facts, why = record.read(folder, job["merged"]) if job.get("merged") else ({}, "no merge")
    if why:
        raise environment(
            "the merge has not finished: what it said is in %s; tools/kthrash merge %s does it "
            "here" % (short(folder.at("shards", "logs", job["merge"] + "_merge")),
                      short(folder.path)))
    output.findings_are_kept()
    for line in facts["why"]:
        print(line)
    for bug in bugs.filed(folder):
        if bug["id"] in facts["bugs"]["crashing"]:
            print("%s, seen %s: %s\nreplay: %s" % (
                bug["id"], plural(bug["count"], "time"), bug["message"], bug["replay"]))
    print("%s, %s executions; the page: %s" % (
        verdict.summary(facts, " by " + plural(job["shards"], "shard")),
        count(facts["totals"]["executions"]),
        short(record.place(folder, job["merged"], "page.html"))))
    return verdict.Verdict(facts["verdict"], []).status


# ---- the commands ------------------------------------------------------------------------


def main(call, folder, config, lanes, budget):
    """Runs a campaign that start.campaign() has checked, on a cluster. Returns the exit status."""
    if bazel.given() is not None:
        raise usage("--engine=slurm: a shard can't submit shards of its own")
    found = call.options
    amount = found.get("--shards", 2)
    options = found.get("--sbatch", [])
    check_sbatch(options)
    check_client()
    job = {"submission": "%d" % time.time_ns(), "submitted": utc(), "shards": amount,
           "seconds": budget.seconds, "jobs": budget.cores, "seed": budget.seed,
           "command": call.line,
           "sbatch": options, "array": "", "merge": "", "merged": None,
           "config": os.path.abspath(found["--config"]) if "--config" in found else None,
           "lanes": found.get("--lanes")}
    job["options"] = [o for o in call.line if o.startswith("--lanes=")]
    job = begin(folder, job, config, lanes)
    say("kthrash: %s of %s in %s: Slurm's jobs %s and, to merge them, %s" % (
        plural(job["shards"], "shard"), duration(job["seconds"]), short(folder.path), job["array"],
        job["merge"]))
    try:
        follow(folder, job)
    except KeyboardInterrupt:
        say("\nkthrash: the jobs go on; the same command follows them, scancel %s %s ends them"
            % (job["array"], job["merge"]))
        raise
    return report(folder, job)


def merge(call):
    """Runs the command `merge`. Returns the exit status."""
    return merge_shards(existing(call.words[0]))
