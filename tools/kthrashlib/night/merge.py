# SPDX-License-Identifier: GPL-2.0-only
"""Merges all shards of a submission into one night of the campaign."""

import math
import os

from kthrashlib import env
from kthrashlib.common import usage
from kthrashlib.night import campaign, pairs, record, verdict
from kthrashlib.night.config import Config
from kthrashlib.night.imports import Import, take_corpus
from kthrashlib.night.lanes import choose
from kthrashlib.night.scheduler import Budget
from kthrashlib.night.submission import (all_of, job_of, night_number, night_of, shard_of,
                                         state_of, write_job)

SAMPLES = 400       # A merged night keeps about this many samples.


def lane_row(name, rows):
    """Returns one lane's row in the record, from the rows [(shard, row)] of the shards."""
    row = {k: sum(of_shard[k] or 0 for _, of_shard in rows)
           for k in ("runs", "seconds", "executions", "points", "findings")}
    row["coverage"] = max((of_shard["coverage"] or 0 for _, of_shard in rows), default=0)
    row["failures"] = [{**failure, "why": "shard %d: %s" % (index, failure.get("why"))}
                       for index, of_shard in rows for failure in of_shard["failures"]]
    return row


def together(t, samples):
    """Returns one sample, made from the samples of several shards. Each shard gives [] or [its last
    sample]."""
    samples = [s for one in samples for s in one]
    lanes = {}
    for sample in samples:
        for name, executions in sample["lanes"].items():
            lanes[name] = lanes.get(name, 0) + executions
    return {"t": t, "lanes": lanes,
            **{k: sum(s[k] for s in samples) for k in ("executions", "points")},
            **{k: max(s[k] for s in samples) for k in ("pairs", "edges", "corpus", "bugs")}}


class MergeNight(campaign.Night):
    """A night that the shards have run. The merge only examines bugs and merges corpora."""

    def __init__(self, folder, config, lanes, job):
        super().__init__(folder, config, lanes,
                         Budget(job["seconds"], job["jobs"], job["seed"], config.limits),
                         job["command"])
        self.job = job
        self.shards = [(i, night_of(folder, i, job)) for i in range(job["shards"])]

    def nights(self):
        """Returns (shard, its night's record) of each shard that began."""
        return [(i, facts) for i, facts in self.shards if facts]

    def who(self):
        return {"submission": self.job["submission"]}

    def goes_on(self, facts):
        """Returns True if `facts` are of this same night. Then a second merge goes on with it."""
        return facts["who"] == self.who()

    def begin(self):
        super().begin()
        nights = [facts for _, facts in self.nights()]
        # The clock stands still, so that a second merge gives the same.
        self.scheduler.started = 0.0
        self.scheduler.before = max((facts["elapsed"] or 0.0 for facts in nights), default=0.0)
        self.sampled = math.inf     # The merge adds no sample but the last one.
        rows = [self.shard_row(i, facts) for i, facts in self.shards]
        self.facts.update(
            retried=False, resumed=0, merges=0, events=[], shards=rows,
            troubles=verdict.shard_troubles([
                {**row, "why": facts["why"] if facts else []}
                for row, (_, facts) in zip(rows, self.shards)]),
            started=min((facts["started"] or "" for facts in nights),
                        default=self.facts["started"]))
        self.gather()
        self.take_findings()
        self.write_series()
        self.save()

    def take_findings(self):
        for index in all_of(self.folder, self.job):
            new = Import(self.folder, index, self.record.number).all()
            if new:
                self.record.event("shard %d: %d sightings taken in" % (index, new))
            take_corpus(self.folder, index)
        self.settle()

    def write_series(self):
        """Writes the samples as if all shards had begun at once. Several shards may have seen the
        same pairs, so a sample counts the pairs of the shard that has most. The last sample, which
        the merge adds, counts the pairs of all shards together."""
        series = [record.read_samples(shard_of(self.folder, i),
                                      night_number(self.folder, i, self.job))[0]
                  for i, _ in self.nights()]
        times = sorted({sample["t"] for samples in series for sample in samples})
        times = times[::max(1, len(times) // SAMPLES)]
        self.record.write_samples(
            together(t, [[s for s in samples if s["t"] <= t][-1:] for samples in series])
            for t in times)

    def shard_row(self, index, facts):
        state = state_of(self.folder, index, self.job)
        return {"shard": index, "state": state.get("state", "never began"),
                "starts": state.get("starts", 0),
                "node": state.get("node") or state.get("host", ""),
                "verdict": facts and facts["verdict"],
                "interrupted": bool(facts and facts["interrupted"]),
                "executions": facts["totals"].get("executions", 0) if facts else 0}

    def gather(self):
        """Adds up the lanes' figures, and the pairs that they have seen, over all shards."""
        for lane in self.lanes:
            rows = [(i, row) for i, facts in self.nights() for row in facts["lanes"]
                    if row["name"] == lane.name]
            lane.begin_night(lane_row(lane.name, rows))
            if rows:
                lane.state = "failed" if any(r["state"] == "failed" for _, r in rows) else "done"
            seen = set()
            for index in all_of(self.folder, self.job):
                shard = shard_of(self.folder, index)
                seen |= pairs.read(shard.at("lanes", lane.name, "coverage"))
            if seen:
                lane.night["pairs"] = self.pairs.learn(lane.name, seen)
        self.pairs.save()
        self.gather_canary()

    def gather_canary(self):
        rows = [facts["canary"] for _, facts in self.nights()
                if facts["canary"] and facts["state"] in ("done", "invalid")]
        self.facts["canary"] = {
            "bug": self.config.canary["bug"], "at": max((r["at"] for r in rows), default=None),
            "state": verdict.planted_bug_of_shards([row["state"] for row in rows]),
            "executions": sum(row["executions"] or 0 for row in rows)}

    def over(self):
        return True

    def run(self):
        self.start_job()    # This job finds out whether the bugs of earlier nights still fail.
        super().run()


def merge(folder):
    """Merges all shards into one night of the campaign in `folder`. A second call changes nothing.
    Returns the exit status."""
    job = job_of(folder)
    if job["merged"] and record.numbers(folder)[-1] != job["merged"]:
        raise usage("%s: the shards are night %d, expected no later night" % (
            folder.path, job["merged"]))
    env.ensure(env.RUN)
    os.environ["KTHRASH_BUILDS"] = folder.at("shards", "builds.json")
    config = Config(job["config"])
    lanes = choose(config, job["lanes"])
    folder.open()
    try:
        night = MergeNight(folder, config, lanes, job)
        status = campaign.conduct(night)
        # A merge that was interrupted is begun again.
        if not night.facts["interrupted"]:
            write_job(folder, {**job, "merged": night.record.number})
        return status
    finally:
        folder.close()
