# SPDX-License-Identifier: GPL-2.0-only
"""Runs one night of a campaign: connects its record, its scheduler and its verdict.

A campaign's folder may hold many nights. All that a night knows is in files, so after a kill the
same command goes on with it.

    record.py       what is known of the night        scheduler.py  what runs next, until when
    bugs.py         findings, filed as bugs           behind.py     jobs beside the lanes
    pairs.py        coverage                          verdict.py    the verdict of the night
"""

import dataclasses
import functools
import hashlib
import shutil
import time

from kthrashlib import children, output
from kthrashlib.common import environment, plural, say, write_whole
from kthrashlib.night import bugs, builds, metrics, page, record, verdict
from kthrashlib.night.behind import Behind
from kthrashlib.night.folder import FULL, entries, utc
from kthrashlib.night.pairs import Pairs
from kthrashlib.night.report import print_report, short
from kthrashlib.night.scheduler import Scheduler
from kthrashlib.night.watch import Progress
from kthrashlib.night.words import duration

SAVE_EVERY_S = 5.0


class Night:
    """One night of a campaign. `command` has the options as they were given. `canary` is the lane
    that hunts the planted bug, or None if another process hunts that bug."""

    def __init__(self, folder, config, lanes, budget, command, canary=None):
        self.folder, self.config, self.lanes = folder, config, lanes
        self.budget, self.command, self.canary = budget, command, canary
        self.scheduler = Scheduler(lanes, budget, self.has_work)
        self.pairs = Pairs(folder)
        self.record = self.behind = None    # The function begin() sets these.
        self.saved = self.sampled = 0.0

    @property
    def facts(self):
        return self.record.facts

    # ---- beginning -----------------------------------------------------------

    @functools.cached_property
    def tree(self):
        """Returns the State of the sources, as they were when it was first asked for."""
        return builds.tree()

    def who(self):
        """Returns the values that identify a night. A start with the same values goes on with that
        night."""
        return {"seconds": self.budget.seconds, "jobs": self.budget.cores,
                "seed": self.budget.seed, "sources": self.tree.sources,
                "config": hashlib.sha1(self.config.source.encode()).hexdigest(),
                "lanes": [lane.name for lane in self.lanes]}

    def goes_on(self, facts):
        return facts["state"] == "running" and facts["who"] == self.who()

    def new_facts(self):
        return {
            "state": "running", "started": utc(), "seconds": self.budget.seconds,
            "hours": self.budget.seconds / 3600, "elapsed": 0.0, "resumed": 0,
            "jobs": self.budget.cores, "seed": self.budget.seed,
            **dataclasses.asdict(self.tree), "who": self.who(), "options": self.command,
            "machine": builds.machine(), "merges": 0,
            "canary": {"bug": self.config.canary["bug"], "state": "waiting", "executions": 0,
                       "at": None} if self.canary else None}

    def open_record(self):
        """Opens the record of a new night, or of the night that was cut off."""
        last = record.last(self.folder)
        if last and self.goes_on(last.facts):
            self.record = last
            self.facts["resumed"] = (self.facts["resumed"] or 0) + 1
            self.scheduler.before = self.facts["elapsed"] or 0.0
            self.record.event("went on after %s" % duration(self.scheduler.before))
            if self.facts["disk_full"] and self.facts["canary"].get("state") == "waiting":
                # The hunt for the planted bug had no room, so it proves nothing.
                shutil.rmtree(self.folder.at(bugs.CANARY), ignore_errors=True)
                self.facts["canary"]["at"] = None
        else:
            if last and last.facts["state"] == "running":
                last.conclude(verdict.cut_off(last.facts))
                last.facts["state"] = "done"
                last.save()
                page.write(self.folder.path, last.number)
            number = max(record.numbers(self.folder), default=0) + 1
            shutil.rmtree(self.folder.at(bugs.CANARY), ignore_errors=True)
            self.record = record.Record(self.folder, number, self.new_facts())
        # Each start has its own values of these facts.
        self.facts.update(interrupted=False, disk_full=False, troubles=[], verdict=None, why=[],
                          ended=None)
        self.record.make()

    def begin(self):
        self.open_record()
        write_whole(self.folder.at("config"), self.config.source)
        self.behind = Behind(self.folder, self.record, self.lanes,
                             self.config.limits["exchange"])
        self.scheduler.beside = self.behind.jobs + [self.canary] * bool(self.canary)
        rows = {row["name"]: row for row in self.facts["lanes"]}
        for lane in self.lanes:
            lane.settle_in(self.folder.at("lanes", lane.name))
            lane.begin_night(rows.get(lane.name, {}))
        self.behind.settle_in()
        if self.canary:
            self.canary.settle_in(self.folder.at("jobs", self.canary.name))
        self.check_corpus()
        for lane in self.lanes:
            self.take(lane)     # An earlier start did not take in these findings.
            self.pairs.load(lane.name)
        self.settle()
        self.scheduler.begin()
        self.save()

    # ---- the record -------------------------------------------------------------

    def refresh(self):
        """Brings the record up to date."""
        rows = [{**lane.record(), "pairs_alone": self.pairs.alone(lane.name)}
                for lane in self.lanes]
        self.facts.update(
            elapsed=round(self.scheduler.elapsed(), 1), lanes=record.lane_rows(rows),
            bugs=bugs.changed(self.folder, self.record.number),
            busy=[job.name for job in self.scheduler.jobs_running()],
            interrupted=self.scheduler.interrupted, disk_full=not self.scheduler.room,
            totals={"executions": sum(lane.executions() for lane in self.lanes),
                    "points": sum(lane.points() for lane in self.lanes),
                    "pairs": max([len(self.pairs)] + [row["pairs"] or 0 for row in rows]),
                    "corpus": len(entries(self.folder.at("corpus"))),
                    "raw_findings": sum(lane.night["findings"] for lane in self.lanes),
                    "to_examine": len(bugs.to_examine(self.folder))})

    def save(self):
        """Writes the record, a sample, and the figures for Prometheus. A full disk does not end the
        night."""
        self.saved = time.monotonic()
        try:
            self.refresh()
            self.record.save()
            elapsed = self.scheduler.elapsed()
            if elapsed - self.sampled >= min(60.0, max(0.5, self.budget.seconds / 200)):
                self.sampled = elapsed
                self.record.append_sample()
            for path in {self.folder.at("metrics.prom"), self.config.watch["prometheus"]} - {""}:
                metrics.write(path, self.facts, elapsed)
        except OSError as e:
            self.no_room(e)

    def save_now_and_then(self):
        if time.monotonic() - self.saved >= SAVE_EVERY_S:
            self.save()

    # ---- room on the disk -----------------------------------------------------------

    def no_room(self, error):
        """Handles a failed write. Lanes wait until there is room. A finding that could not be moved
        is still where the lane saved it."""
        if error.errno not in FULL:
            raise error
        if self.scheduler.room:
            self.tell("can't write: %s" % error)
        self.scheduler.room = False
        self.folder.drop_ballast()
        self.scheduler.stop_lanes()

    def tell(self, what):
        self.record.event(what)
        say("kthrash: " + what)

    def look(self):
        """Checks the memory of processes, and the room on the disk."""
        self.scheduler.check_memory()
        room = self.folder.free() >= self.config.limits["free_disk"]
        if room == self.scheduler.room:
            return
        self.tell("there is room on the disk again" if room else
                  "the disk is full (%d MiB free): lanes wait" % (self.folder.free() >> 20))
        if room:
            self.folder.make_ballast(self.config.limits["free_disk"])
        else:
            self.scheduler.stop_lanes()
        self.scheduler.room = room

    # ---- what lanes leave --------------------------------------------------------

    def take(self, lane):
        lane.night["findings"] += bugs.take_in(self.folder, lane, self.record.number)
        self.pairs.take_run(lane)

    def settle(self):
        for said in bugs.settle(self.folder, self.record.number):
            self.record.event(said)

    def sweep(self):
        """Takes in and files the findings that could not be taken in or filed earlier."""
        for lane in self.lanes:
            self.take(lane)
        self.settle()

    def check_corpus(self):
        for name in self.folder.check_corpus():
            self.record.event("corpus/%s can't be read or is not what its name says: put into "
                              "corrupt/" % name)

    def has_work(self, lane):
        lane.starved = lane.needs_corpus() and not any(entries(self.folder.at("corpus")))
        return not lane.starved

    def start_lane(self, lane):
        if lane.needs_corpus():
            self.check_corpus()
        if self.has_work(lane):
            self.scheduler.start_lane(lane)

    # ---- the planted bug ------------------------------------------------------------

    def start_canary(self):
        """Starts the hunt for the planted bug. Returns True if it was started now."""
        if not self.canary or self.facts["canary"]["at"] or self.canary.state != "waiting":
            return False
        self.canary.start(self.config.canary["seconds"], self.budget.seed,
                          self.config.limits["grace"])
        return True

    def take_canary(self):
        """Takes in the findings of the hunt for the planted bug, if the hunt has ended. If the disk
        was full, the campaign tries again later."""
        if self.canary and self.canary.state in ("done", "failed") and \
                self.facts["canary"]["at"] is None:
            bugs.take_in(self.folder, self.canary, self.record.number, bugs.CANARY)
            failures = self.canary.night["failures"]
            self.facts["canary"].update(executions=self.canary.executions(), at=utc(),
                                        build=self.canary.build,
                                        failure=failures[-1]["why"] if failures else "")

    def judge_canary(self):
        facts = self.facts["canary"]
        if not self.canary or facts["state"] != "waiting":
            return
        if not self.scheduler.room:
            return      # Without room a finding can't be examined, which proves nothing.
        found = [bugs.examined(self.folder.at(bugs.CANARY, name))
                 for name in entries(self.folder.at(bugs.CANARY))]
        hunting = not facts["at"] or self.canary.state == "running"
        facts["state"] = verdict.planted_bug(facts["state"], found, hunting)
        if facts["state"] == "missed":
            self.tell("the planted bug %s was not found: the night is invalid" % facts["bug"])

    # ---- the loop -------------------------------------------------------------------

    def poll(self):
        """Takes over the results of lanes and jobs that have ended."""
        lanes, jobs = self.scheduler.poll()
        for lane in lanes:
            self.take(lane)
            if lane.state == "failed":
                self.record.event("lane %s: %s" % (lane.name, lane.night["failures"][-1]["why"]))
        for job in jobs:
            if job is not self.canary:
                self.behind.ended(job, self.scheduler.room)
        self.take_canary()
        self.judge_canary()

    def start_job(self):
        return self.start_canary() or self.behind.start_one(self.scheduler.elapsed())

    def step(self):
        self.poll()
        if self.scheduler.time_to_look():
            self.look()
        self.scheduler.fill(self.start_job, self.start_lane)
        self.save_now_and_then()

    def over(self):
        hunting = self.canary and self.canary.state == "running"
        return self.scheduler.over() and (self.scheduler.interrupted or not hunting)

    def run(self):
        progress = Progress(self.budget.seconds)
        try:
            while not self.over():
                try:
                    self.step()
                except OSError as e:
                    self.no_room(e)
                progress.show(self.facts, self.scheduler.elapsed())
                time.sleep(0.05)
            try:
                self.end_hunting()
                self.finish(progress)
            except OSError as e:
                self.no_room(e)
        finally:
            progress.end()

    def end_hunting(self):
        self.scheduler.stop_lanes()
        for job in self.scheduler.jobs_running():
            if self.scheduler.interrupted or job is self.canary:
                job.stop()
        self.scheduler.end_lanes(self.poll)

    def finish(self, progress):
        """Runs the last merge, and examines the bugs that are left. A second Ctrl-C ends this
        early."""
        self.sweep()
        scheduler, behind = self.scheduler, self.behind
        if behind.merger and not scheduler.interrupted and scheduler.room and \
                behind.merge.state != "running":
            behind.start_merge()
        asked, scheduler.interrupted = scheduler.interrupted, False
        while not scheduler.interrupted:
            try:
                self.poll()
            except OSError as e:
                self.no_room(e)
            if not scheduler.room or scheduler.time_to_look():
                self.look()
            if not asked and scheduler.room and scheduler.free_cores() > 0 and \
                    behind.examiner.state != "running" and bugs.to_examine(self.folder):
                behind.start_one(scheduler.elapsed())
            if not scheduler.jobs_running():
                break
            self.save_now_and_then()
            progress.show(self.facts, scheduler.elapsed())
            time.sleep(0.05)
        scheduler.kill_jobs()
        self.poll()
        self.sweep()
        scheduler.interrupted = asked or scheduler.interrupted

    # ---- the end -------------------------------------------------------------------

    def conclude(self):
        """Decides the verdict, writes the record and the page. Returns (the verdict, the sentence
        that says why not all of it could be written, or "")."""
        self.judge_canary()
        self.refresh()
        if self.facts["disk_full"] and self.scheduler.started:
            # The next start has the time that the lanes did not have.
            self.facts["elapsed"] = round(max(0.0, self.facts["elapsed"] -
                                              self.scheduler.waited()), 1)
        found = verdict.judge(self.facts, bugs.filed(self.folder))
        self.record.conclude(found)
        error = self.write_report()
        if error:
            # The ballast gives the room.
            self.folder.drop_ballast()
            error = self.write_report()
        if error:
            found = verdict.unwritten(self.facts, error)
            self.facts["disk_full"] = error.errno in FULL
            self.record.conclude(found)
            try:
                self.record.save()
            except OSError:
                pass
            return found, "the report could not be written: %s; what was found is in %s" % (
                error, self.folder.path)
        return found, ""

    def write_report(self):
        """Writes all that remains of the night. Returns the error if this is not possible."""
        try:
            self.record.save()
            self.record.append_sample()
            metrics.write(self.folder.at("metrics.prom"), self.facts, self.scheduler.elapsed())
            page.write(self.folder.path, self.record.number)
        except OSError as e:
            return e
        return None


def conduct(night):
    """Runs a whole night, from the builds to the report. Returns the exit status."""
    built = builds.build_all(night.folder, night.lanes + [night.canary] * bool(night.canary))

    if builds.tree().sources != night.tree.sources:
        raise environment("the sources changed while they were built, so it is not known which "
                          "ones a night would hunt in: give the same command again")

    def interrupt():
        night.scheduler.interrupted = True
    children.on_interrupt(interrupt)
    night.begin()
    if night.tree.no_commit:
        say("kthrash: " + record.sources_told(night.facts))
    night.behind.merger = built.merger
    builds.write(night.folder, built, night.record)
    say("kthrash: night %d in %s: %s on %s, %s%s" % (
        night.record.number, short(night.folder.path), duration(night.budget.seconds),
        plural(night.budget.cores, "core"), plural(len(night.lanes), "lane"),
        ", goes on after " + duration(night.scheduler.before) if night.facts["resumed"] else ""))
    night.run()
    found, unwritten = night.conclude()
    if not unwritten:
        output.findings_are_kept()
    print_report(night.folder, night.record)
    if unwritten:
        raise environment(unwritten)
    return children.interrupted() if found.word == "interrupted" else found.status
