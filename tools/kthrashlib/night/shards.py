# SPDX-License-Identifier: GPL-2.0-only
"""Shards: one campaign as many, each in a folder of its own, and all of them taken together.

    DIR/shards/job.json     what was asked for; written by who submits
    DIR/shards/builds.json  what was built, once for all shards
    DIR/shards/0000/        a campaign's folder, of this shard alone
    DIR/shards/0000.json    how it went; written by who holds 0000.lock
    DIR/shards/merged/0000.json  what of its findings is in DIR; written by who merges

What runs the shards is the caller's choice (slurm.py); this file run as a program is what it
runs: `-m kthrashlib.night.shards run DIR N`, as often as it likes, and then the same with
`merge DIR`.
"""

import fcntl
import hashlib
import json
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

from kthrashlib import env
from kthrashlib.common import CLEAN, ENVIRONMENT, FINDINGS, ROOT, Failure, say, usage, write_whole
from kthrashlib.night import campaign, triage
from kthrashlib.night.config import Config
from kthrashlib.night.folder import (INCUBATING, REGRESSION, Folder, entries, existing, read_json,
                                     sync, utc, write_json)
from kthrashlib.night.lanes import choose

MOST = 10000        # a shard's name has four digits
SAMPLES = 400       # of a merged night, about


def name_of(index):
    return "%04d" % index


def job_of(folder):
    job = read_json(folder.at("shards", "job.json"))
    if not isinstance(job, dict):
        raise usage("%s: no campaign was given to a cluster here: expected shards/job.json" %
                    folder.path)
    return job


def shard_of(folder, index):
    return Folder(folder.at("shards", name_of(index)))


def all_of(folder, job):
    """The shards of this submission and those of earlier ones, which may have been more."""
    there = {int(n) for n in entries(folder.at("shards")) if re.fullmatch(r"\d{4}", n)}
    return sorted(there | set(range(job["shards"])))


def record_of(folder, index, job):
    """How this shard went in this submission, {} if it did not begin."""
    record = read_json(folder.at("shards", name_of(index) + ".json")) or {}
    return record if record.get("submission") == job["submission"] else {}


def is_done(folder, index, job):
    return record_of(folder, index, job).get("state") == "done"


def shards_night(folder, index, job):
    """The number of this submission's night in a shard's folder, or None."""
    number = record_of(folder, index, job).get("night")
    return number if number in shard_of(folder, index).nights() else None


def night_of(folder, index, job):
    """The night.json of this submission in a shard's folder, or None. Of one that runs, too."""
    number = shards_night(folder, index, job)
    return number and shard_of(folder, index).read_night(number)


def seed_of(job, index):
    """Another one for each shard of each submission."""
    text = "%d %s %d" % (job["seed"], job["submission"], index)
    return 1 + int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)


# ---- running one ------------------------------------------------------------------


def take_lock(folder, index):
    """Wait for the lock of a shard: a copy of it may still run where nobody can end it, and
    what it does is of use. Returns its descriptor."""
    fd = os.open(folder.at("shards", name_of(index) + ".lock"), os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("kthrash: shard %d: another copy of it runs: waiting for its end" % index)
        fcntl.flock(fd, fcntl.LOCK_EX)
    return fd


def command(folder, index, job):
    return [
        os.path.join(ROOT, "tools", "kthrash"), "campaign",
        "--dir=" + shard_of(folder, index).path, "--seconds=%g" % job["seconds"],
        "--jobs=%d" % job["jobs"], "--seed=%d" % seed_of(job, index), *job["options"]]


def is_over(shard, record):
    night = shard.read_night(record["night"])
    return bool(night) and night["state"] in ("done", "invalid")


def run(folder, index):
    """One shard, to its end; nothing if it is there already. The exit status is 0 whether it
    found something or not: that is in its files."""
    job = job_of(folder)
    if not 0 <= index < job["shards"]:
        raise usage("shard %d: expected one from 0 to %d" % (index, job["shards"] - 1))
    fd = take_lock(folder, index)
    try:
        if is_done(folder, index, job):
            say("kthrash: shard %d is done" % index)
            return CLEAN
        path = folder.at("shards", name_of(index) + ".json")
        record = record_of(folder, index, job)
        shard = shard_of(folder, index)
        record = {"submission": job["submission"], "state": "running",
                  "starts": record.get("starts", 0) + 1, "host": socket.gethostname(),
                  "node": os.environ.get("SLURMD_NODENAME", ""), "started": utc(),
                  "night": record.get("night") or max(shard.nights(), default=0) + 1}
        write_json(path, record)
        status = None
        # Who started it may be gone and it went on to its end.
        if not is_over(shard, record):
            status = watch(command(folder, index, job), folder, index, fd)
            record["night"] = max(shard.nights(), default=record["night"])
        if is_over(shard, record):
            record["state"] = "done"
        record.update(status=status, ended=utc())
        write_json(path, record)
        if record["state"] == "done":
            return CLEAN
        return status or ENVIRONMENT
    finally:
        os.close(fd)


def watch(words, folder, index, fd):
    """The campaign's exit status. It has the lock as long as it lives, whatever becomes of us,
    and what ends us ends it."""
    with subprocess.Popen(
            words, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=(fd,),
            env={**os.environ, "KTHRASH_BUILDS": folder.at("shards", "builds.json"),
                 "KTHRASH_SHARD": str(index)}) as process:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda n, _: process.send_signal(n))
        return process.wait()


# ---- taking them together -----------------------------------------------------------


def copy_whole(source, target):
    """With its time, and whole or not at all."""
    temporary = "%s.%d.tmp" % (target, os.getpid())
    shutil.copy2(source, temporary)
    fd = os.open(temporary, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    os.rename(temporary, target)
    sync(os.path.dirname(target))


class Import:
    """The findings of one shard into the campaign's, each counted once.

    What is about to be copied is written down first, with the numbers that it will have:
    done again after a kill, it makes the same files.
    """

    def __init__(self, folder, index, night):
        self.folder, self.index, self.night = folder, index, night
        self.shard = shard_of(folder, index)
        self.path = folder.at("shards", "merged", name_of(index) + ".json")
        self.record = {"bugs": {}, "raws": [], "pending": None, **(read_json(self.path) or {})}

    def save(self):
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        write_json(self.path, self.record)

    def all(self):
        """Returns how many sightings were new."""
        if self.record["pending"]:
            self.copy(self.record["pending"])
        new = 0
        for area in triage.AREAS:
            for name in entries(self.shard.at(area)):
                new += self.bug(name, self.shard.at(area, name))
        return new

    def bug(self, name, source):
        seen = triage.sightings(source)
        known = self.record["bugs"].get(name, 0)
        last = int(seen[-1]["seq"]) if seen else 0
        if last <= known:
            return 0
        there = triage.where(self.folder, name)
        there_seen = triage.sightings(there) if there else []
        number = (int(there_seen[-1]["seq"]) if there_seen else 0) - known
        copies, raws = [], []
        for match in seen:
            if int(match["seq"]) <= known:
                continue
            # A fuzzer's input has a name of its own until it is examined: taken in before.
            who = "%s.%s.%d" % (match["lane"], match["name"], os.stat(
                os.path.join(source, "raw", match.group(0))).st_mtime_ns)
            if who in self.record["raws"]:
                number -= 1
                continue
            copies.append([match.group(0), "%06d.%04d.%s.%s" % (
                number + int(match["seq"]), self.night, match["lane"], match["name"])])
            if name.startswith("raw-"):
                raws.append(who)
        self.record["pending"] = {"bug": name, "to": last, "copies": copies, "raws": raws}
        self.save()
        self.copy(self.record["pending"])
        return len(copies)

    def target(self, name):
        """The campaign's folder for a bug; one that did not fail any more is back."""
        there = triage.where(self.folder, name)
        if there == self.folder.at(REGRESSION, name):
            for old in ("examined.json", "retried.json"):
                if os.path.exists(os.path.join(there, old)):
                    os.unlink(os.path.join(there, old))
            triage.move(there, self.folder.at(INCUBATING, name))
            there = None
        return there or self.folder.at(INCUBATING, name)

    def copy(self, pending):
        name, source = pending["bug"], triage.where(self.shard, pending["bug"])
        if source and pending["copies"]:
            target = self.target(name)
            os.makedirs(os.path.join(target, "raw"), exist_ok=True)
            # A sanitizer's, which is there before anybody examines.
            report = os.path.join(source, "report.txt")
            if os.path.exists(report) and not os.path.exists(os.path.join(target, "report.txt")):
                copy_whole(report, os.path.join(target, "report.txt"))
            for raw, copied in pending["copies"]:
                if os.path.exists(os.path.join(source, "raw", raw)):
                    copy_whole(os.path.join(source, "raw", raw),
                               os.path.join(target, "raw", copied))
            for old in triage.sightings(target)[1:][:-triage.RAWS_KEPT]:
                os.unlink(os.path.join(target, "raw", old.group(0)))
            self.copy_examined(source, target)
            triage.describe(self.folder, target)
        self.record["bugs"][name] = pending["to"]
        self.record["raws"] += pending["raws"]
        self.record["pending"] = None
        self.save()

    FILES = ("plan", "interleaving.txt", "trace.json", "report.txt")

    def copy_examined(self, source, target):
        """What the shard's examiner found out, if nobody did before; examined.json last."""
        examined = read_json(os.path.join(source, "examined.json"))
        if not examined:
            return
        own = read_json(os.path.join(target, "examined.json"))
        if not own:
            for file in self.FILES:
                if os.path.exists(os.path.join(source, file)):
                    copy_whole(os.path.join(source, file), os.path.join(target, file))
            own = examined
        # It is of the same bug, whoever's sightings were looked at.
        seen = triage.sightings(target)
        if examined["reliability"][0] or not own["reliability"][0]:
            write_json(os.path.join(target, "examined.json"),
                       {**own, "raws": int(seen[-1]["seq"])})


def take_corpus(folder, index):
    """A shard's plans into the campaign's corpus; the merge of all makes it small again."""
    shard = shard_of(folder, index)
    os.makedirs(folder.at("corpus"), exist_ok=True)
    for name in entries(shard.at("corpus")):
        try:
            with open(shard.at("corpus", name), "rb") as f:
                good = hashlib.sha1(f.read()).hexdigest() + ".plan" == name
        except OSError:
            continue
        if good and not os.path.exists(folder.at("corpus", name)):
            copy_whole(shard.at("corpus", name), folder.at("corpus", name))


def lane_record(name, rows):
    """One lane's row in night.json from the shards' rows [(shard, row)]."""
    record = {k: sum(row.get(k) or 0 for _, row in rows)
              for k in ("runs", "seconds", "executions", "points", "findings")}
    record["coverage"] = max((row.get("coverage") or 0 for _, row in rows), default=0)
    record["failures"] = [{**failure, "why": "shard %d: %s" % (index, failure["why"])}
                          for index, row in rows for failure in row.get("failures", [])]
    return record


def together(t, samples):
    """One sample of several shards', each [] or [its last one]."""
    samples = [s for one in samples for s in one]
    lanes = {}
    for sample in samples:
        for name, executions in sample["lanes"].items():
            lanes[name] = lanes.get(name, 0) + executions
    return {"t": t, "lanes": lanes,
            **{k: sum(s[k] for s in samples) for k in ("executions", "points")},
            **{k: max(s[k] for s in samples) for k in ("pairs", "edges", "corpus", "bugs")}}


class MergeNight(campaign.Night):
    """A night that others have run."""

    def __init__(self, folder, config, lanes, job):
        super().__init__(folder, config, lanes, job["seconds"], job["jobs"], job["seed"],
                         job["command"])
        self.job = job
        self.shards = [(i, night_of(folder, i, job)) for i in range(job["shards"])]

    def who(self):
        return {"submission": self.job["submission"]}

    def goes_on(self, last):
        """Merged again, it is the same night."""
        return last.get("who") == self.who()

    def elapsed(self):
        return max((n["elapsed"] for _, n in self.shards if n), default=0.0)

    def begin(self):
        super().begin()
        # The same if it is done again.
        self.file.update(retried=False, resumed=0, merges=0, events=[])
        self.file["started"] = min((n["started"] for _, n in self.shards if n),
                                   default=self.file["started"])
        self.file["shards"] = [self.shard_row(i, n) for i, n in self.shards]
        self.troubles = self.unfinished()
        self.gather()
        for index in all_of(self.folder, self.job):
            new = Import(self.folder, index, self.number).all()
            if new:
                self.event("shard %d: %d sightings taken in" % (index, new))
            take_corpus(self.folder, index)
        for said in triage.settle(self.folder, self.number):
            self.event(said)
        self.write_series()
        self.save()

    def write_series(self):
        """As if all had begun at once. What several may have in common, as pairs, is there as
        of the one that has most; the last sample, of the merge, has all."""
        self.sampled = math.inf     # none but that
        series = [list(shard_of(self.folder, i).samples(shards_night(self.folder, i, self.job)))
                  for i, night in self.shards if night]
        times = sorted({sample["t"] for samples in series for sample in samples})
        times = times[::max(1, len(times) // SAMPLES)]
        lines = [json.dumps(together(t, [
            [s for s in samples if s["t"] <= t][-1:] for samples in series])) for t in times]
        write_whole(os.path.join(self.folder.night(self.number), "series.jsonl"),
                    "".join(line + "\n" for line in lines))

    def shard_row(self, index, night):
        record = record_of(self.folder, index, self.job)
        return {"shard": index, "state": record.get("state", "never began"),
                "starts": record.get("starts", 0),
                "node": record.get("node") or record.get("host", ""),
                "verdict": night and night["verdict"],
                "executions": (night or {}).get("totals", {}).get("executions", 0)}

    def unfinished(self):
        said = []
        for row, (index, night) in zip(self.file["shards"], self.shards):
            if row["state"] == "done":
                if night and night["verdict"] in ("failed", "invalid"):
                    said += ["shard %d: %s" % (index, why) for why in night["why"][:3]]
                continue
            said.append("shard %d never finished: %s" % (index, "it never began" if not row[
                "starts"] else "its start number %d, on %s, ended too early" % (
                    row["starts"], row["node"])))
        return said

    def gather(self):
        """The lanes' figures and the pairs that they have seen, of all shards."""
        for lane in self.lanes:
            rows = [(i, row) for i, n in self.shards if n for row in n["lanes"]
                    if row["name"] == lane.name]
            lane.begin_night(lane_record(lane.name, rows))
            if rows:
                lane.state = "failed" if any(r["state"] == "failed" for _, r in rows) else "done"
            seen = self.folder.read_coverage("lanes", lane.name, "coverage")
            for index in all_of(self.folder, self.job):
                seen |= shard_of(self.folder, index).read_coverage("lanes", lane.name,
                                                                   "coverage")
            if seen:
                self.folder.write_coverage(seen, "lanes", lane.name, "coverage")
                lane.night["pairs"] = len(seen)
                for line in seen:
                    self.pairs.setdefault(line, set()).add(lane.name)
        self.folder.write_coverage(self.pairs, "coverage")
        self.gather_canary()

    def gather_canary(self):
        rows = [n["canary"] for _, n in self.shards
                if n and n.get("canary") and n["state"] in ("done", "invalid")]
        states = {row["state"] for row in rows}
        self.file["canary"] = {
            "bug": self.config.canary["bug"], "at": max((r["at"] for r in rows), default=None),
            "state": "missed" if states - {"found"} else "found" if rows else "waiting",
            "executions": sum(row["executions"] or 0 for row in rows)}

    def canary_result(self):
        """Known: by the shards."""

    def over(self):
        return True

    def run(self):
        self.start_job()    # do the bugs of earlier nights still fail?
        super().run()


# ---- the command ---------------------------------------------------------------------


def merge(folder):
    """All shards as one night of the campaign in `folder`. Done again it changes nothing."""
    job = job_of(folder)
    if job["merged"] and folder.nights()[-1] != job["merged"]:
        raise usage("%s: the shards are night %d and there are later ones, expected none" % (
            folder.path, job["merged"]))
    env.ensure(env.RUN)
    os.environ["KTHRASH_BUILDS"] = folder.at("shards", "builds.json")
    config = Config(job["config"])
    lanes = choose(config, job["lanes"])
    folder.open()
    try:
        night = MergeNight(folder, config, lanes, job)
        status = campaign.conduct(night)
        write_json(folder.at("shards", "job.json"), {**job, "merged": night.number})
        return status
    finally:
        folder.close()


def main(args):
    if len(args) == 3 and args[0] == "run" and re.fullmatch(r"\d+", args[2]):
        return run(existing(args[1]), int(args[2]))
    if len(args) == 2 and args[0] == "merge":
        # The verdict is in the night's file: the job has done its work.
        status = merge(existing(args[1]))
        return CLEAN if status == FINDINGS else status
    raise usage("shards.py: expected run DIR N, or merge DIR")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failure as e:
        say("kthrash: " + e.message)
        sys.exit(e.status)
