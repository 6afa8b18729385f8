# SPDX-License-Identifier: GPL-2.0-only
"""Runs the jobs beside the lanes. They examine new bugs, run old bugs again, and merge the corpora.
Each job is a process and takes a core like a lane. At most one job of each kind runs at a time."""

import os
import shutil
import signal

from kthrashlib.common import ROOT, process
from kthrashlib.night import bugs
from kthrashlib.night.folder import entries, write_json
from kthrashlib.night.process import Job

# The examiner gets this time for one bug. If it takes longer, it hangs, and is killed.
EXAMINE_S = 240
MERGE_S = 900
DEATHS = 3              # If the examiner died this many times on one bug, the bug is set aside.


class Behind:
    """A manager of these jobs. It decides which job runs next, and takes over the job's results
    when it ends."""

    def __init__(self, folder, record, lanes, exchange_s):
        self.folder, self.record, self.lanes = folder, record, lanes
        self.exchange_s = exchange_s
        # This binary merges corpora. If it is None, they are not merged.
        self.merger = None
        self.examiner, self.merge, self.retry = (Job("examining"), Job("merging"),
                                                 Job("retrying"))
        self.jobs = [self.examiner, self.merge, self.retry]
        self.sources = []           # The running merge merges these files.
        # For each bug's folder, this is how often the examiner died on the bug.
        self.deaths = {}

    def settle_in(self):
        for job in self.jobs:
            job.settle_in(self.folder.at("jobs", job.name))

    # ---- starting ----

    def start_one(self, elapsed):
        """Starts a job if one has work. Returns True if a job was started."""
        if "running" not in (self.examiner.state, self.retry.state) and \
                (self.start_retry() or self.start_examiner()):
            return True
        wanted = self.exchange_s * ((self.record.facts["merges"] or 0) + 1)
        return bool(self.merger) and self.merge.state != "running" and elapsed >= wanted and \
            self.start_merge()

    def start_retry(self):
        """Starts the job that runs the bugs of earlier nights again. It runs once a night."""
        if self.record.facts["retried"]:
            return False
        self.record.facts["retried"] = True
        old = len(entries(self.folder.at(bugs.CRASHING)) +
                  entries(self.folder.at(bugs.REGRESSION)))
        if old:
            self.retry.launch(process("night.examine", self.folder.path, "--retry"),
                              EXAMINE_S * old, 0)
        return bool(old)

    def start_examiner(self):
        waiting = len(bugs.to_examine(self.folder))
        if waiting:
            self.examiner.launch(process("night.examine", self.folder.path),
                                 EXAMINE_S * waiting, 0)
        return bool(waiting)

    def start_merge(self):
        """Starts libFuzzer's own merge. It keeps the fewest files with all the coverage of all
        lanes."""
        self.record.facts["merges"] = (self.record.facts["merges"] or 0) + 1
        new, given = (self.folder.at("jobs", "merging", name) for name in ("new", "given"))
        for place in (new, given):
            shutil.rmtree(place, ignore_errors=True)
            os.makedirs(place)
        self.sources = [path for lane in self.lanes for path in lane.corpus()]
        for n, path in enumerate(self.sources):
            try:
                os.symlink(path, os.path.join(given, "%06d" % n))
            except OSError:
                continue
        self.merge.launch(
            [self.merger, "-merge=1", "-timeout=20", new, self.folder.at("corpus"), given,
             os.path.join(ROOT, "corpus", "seed"), os.path.join(ROOT, "corpus", "regress")],
            MERGE_S, 0)
        return True

    # ---- ending ----

    def ended(self, job, room):
        """Takes over the results of a job. `room` says that there is room on the disk."""
        if job is self.merge:
            self.end_merge()
            return
        for said in bugs.settle(self.folder, self.record.number):
            self.record.event(said)
        if not job.why_killed and job.process.returncode in (0, -signal.SIGTERM):
            return
        self.record.event("%s: %s" % (job.name, job.why_killed or "status %d: %s" % (
            job.process.returncode, job.last_line[:200])))
        if job is self.examiner and room:
            self.count_death()

    def end_merge(self):
        status = self.merge.process.returncode
        if status != 0 or self.merge.why_killed:
            self.record.event("merging the corpora failed (%s); they stay as they are" % (
                self.merge.why_killed or "status %s: %s" % (status, self.merge.last_line[:200])))
            return
        # The merge leaves AFL++'s own queue, because AFL++ starts from it.
        own = [path for lane in self.lanes if lane.kind != "afl"
               for path in lane.corpus() if path in set(self.sources)]
        self.folder.take_corpus(self.folder.at("jobs", "merging", "new"), own)

    def count_death(self):
        """Counts a death of the examiner. After DEATHS deaths on one bug, sets the bug aside, so
        that it does not hold up the others."""
        for bug in bugs.to_examine(self.folder)[:1]:
            self.deaths[bug] = self.deaths.get(bug, 0) + 1
            if self.deaths[bug] >= DEATHS:
                write_json(os.path.join(bug, bugs.EXAMINED), {
                    "kind": os.path.basename(bug).rpartition("-")[0], "signature": "",
                    "message": "the examiner died on it or hung", "reliability": [0, 0],
                    "raws": bugs.seen_times(bug)})
