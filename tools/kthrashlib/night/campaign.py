# SPDX-License-Identifier: GPL-2.0-only
"""`campaign`, the main job: every lane for its share of the time, then one line per bug.

A night is one such campaign in a folder that may hold many. All it knows is in files
(folder.py), so the same command goes on where one was that was killed.
"""

import errno
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import time

from kthrashlib.build import bazel
from kthrashlib.common import (CLEAN, ENVIRONMENT, FINDINGS, ROOT, environment, process, say,
                               write_whole)
from kthrashlib.night import triage
from kthrashlib.night.folder import (CRASHING, INCUBATING, REGRESSION, entries, read_json, utc,
                                     write_json)
from kthrashlib.night.lanes import (MUTATOR, AflLane, CanaryLane, Job, LibFuzzerLane, StressLane)
from kthrashlib.night.watch import Progress, duration, write_prometheus
from kthrashlib.show import page

LEAST_S = 2.0           # a slice of less tells nothing
SAVE_EVERY_S = 5.0
LOOK_EVERY_S = 1.0      # at memory and disk
BUILDS_KEPT = 3
EXAMINE_S = 240         # for one bug; above it the examiner hangs
MERGE_S = 900
SHOWN = 5               # interleavings in the printed report
SIM = "//stress:kthrash_sim"


def git(*args):
    done = subprocess.run(["git", *args], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    return done.stdout if done.returncode == 0 else b""


def tree():
    """(commit, digest of what differs from it or "")"""
    if bazel.given():
        return bazel.given()["commit"], bazel.given()["changes"]
    changes = git("diff", "HEAD")
    return (git("rev-parse", "HEAD").decode().strip(),
            hashlib.sha1(changes).hexdigest() if changes else "")


def short(path):
    return min(path, os.path.relpath(path), key=len)


def first_match(path, key):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            for line in f:
                name, _, value = line.replace("=", ":", 1).partition(":")
                if name.strip() == key:
                    return value.strip().strip('"')
    except OSError:
        pass
    return ""


def machine():
    return {"host": platform.node(), "cpu": first_match("/proc/cpuinfo", "model name"),
            "cores": os.cpu_count(), "kernel": platform.release(),
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "debian": first_match("/etc/os-release", "PRETTY_NAME")}


class Night:
    """One night in a folder: its lanes, its clock, its file."""

    def __init__(self, folder, config, lanes, seconds, jobs, seed, options):
        self.folder, self.config, self.lanes = folder, config, lanes
        self.seconds, self.jobs, self.seed, self.options = seconds, jobs, seed, options
        self.canary = None          # a lane, or None: its verdict is in self.file
        self.merger = None          # binary that merges corpora, or None
        self.examiner, self.merge = Job("examining"), Job("merging")
        self.retry = Job("retrying")
        self.interrupted = False
        self.file = {}
        self.number = 0
        self.before = 0.0           # seconds of earlier starts
        self.started = self.saved = self.looked = self.sampled = 0.0
        self.merged_at = 0.0
        self.pairs = {}             # pair: names of lanes that have seen it
        self.room = True
        self.deaths = {}            # bug's folder: how often the examiner died on it
        self.troubles = []          # why it is not clean, besides bugs and lanes

    # ---- beginning -----------------------------------------------------------

    def who(self):
        """What makes it this night: another start with the same goes on with it."""
        commit, changes = tree()
        return {"seconds": self.seconds, "jobs": self.jobs, "seed": self.seed, "commit": commit,
                "changes": changes, "config": hashlib.sha1(self.config.source.encode())
                .hexdigest(), "lanes": [lane.name for lane in self.lanes]}

    def goes_on(self, last):
        return last["state"] == "running" and last["who"] == self.who()

    def begin(self):
        """A new night, or the one that was cut off."""
        commit, changes = tree()
        numbers = self.folder.nights()
        last = self.folder.read_night(numbers[-1]) if numbers else None
        if last and self.goes_on(last):
            self.number, self.file = numbers[-1], last
            self.file["resumed"] += 1
            self.before = last["elapsed"]
            self.event("went on after %s" % duration(self.before))
        else:
            if last and last["state"] == "running":
                self.close(numbers[-1], last)
            self.number = numbers[-1] + 1 if numbers else 1
            shutil.rmtree(self.folder.at(triage.CANARY), ignore_errors=True)
            self.file = {
                "night": self.number, "state": "running", "verdict": None, "why": [],
                "started": utc(), "ended": None, "hours": self.seconds / 3600,
                "seconds": self.seconds, "elapsed": 0.0, "resumed": 0, "jobs": self.jobs,
                "seed": self.seed, "commit": commit, "dirty": bool(changes), "who": self.who(),
                "options": self.options, "machine": machine(), "lanes": [], "retried": False,
                "merges": 0, "canary": None, "totals": {}, "bugs": {}, "busy": [], "events": []}
            if self.canary:
                self.file["canary"] = {"bug": self.config.canary["bug"], "state": "waiting",
                                       "executions": 0, "at": None}
        os.makedirs(self.folder.night(self.number), exist_ok=True)
        write_whole(self.folder.at("config"), self.config.source)
        records = {r["name"]: r for r in self.file["lanes"]}
        for lane in self.lanes:
            lane.settle_in(self.folder.at("lanes", lane.name))
            lane.begin_night(records.get(lane.name, {}))
        for job in [self.examiner, self.merge, self.retry] + [self.canary] * bool(self.canary):
            job.settle_in(self.folder.at("jobs", job.name))
        for name in self.folder.check_corpus():
            self.event("corpus/%s can't be read or is not what its name says: put into corrupt/"
                       % name)
        for lane in self.lanes:
            self.take(lane)     # what lanes saved when nobody was left to look
            for line in self.folder.read_coverage("lanes", lane.name, "coverage"):
                self.pairs.setdefault(line, set()).add(lane.name)
        for said in triage.settle(self.folder, self.number):
            self.event(said)
        self.started = time.monotonic()
        self.save()

    def close(self, number, last):
        """A night that will not be gone on with."""
        last.update(state="done", verdict=last["verdict"] or "failed", ended=utc(),
                    why=last["why"] + ["cut off after %s: the next start was of other options "
                                       "or another commit" % duration(last["elapsed"])])
        write_json(os.path.join(self.folder.night(number), "night.json"), last)
        page.write(self.folder.path, number)

    # ---- what is known ----------------------------------------------------------

    def elapsed(self):
        return self.before + time.monotonic() - self.started if self.started else self.before

    def event(self, what):
        self.file["events"] = (self.file["events"] + [{"at": utc(), "what": what}])[-500:]

    def refresh(self):
        executions = sum(lane.executions() for lane in self.lanes)
        bugs = {area: entries(self.folder.at(area)) for area in (CRASHING, INCUBATING,
                                                                 REGRESSION)}
        found = {f["id"]: f for area in (CRASHING, INCUBATING, REGRESSION)
                 for f in triage.findings(self.folder, area)}

        def moved(bug):
            return [m["to"] for m in found.get(bug, {}).get("moved", [])
                    if m["night"] == self.number]
        bugs["new"] = [b for b in bugs[CRASHING] + bugs[INCUBATING]
                       if found.get(b, {}).get("first_night") == self.number]
        bugs["fixed"] = [b for b in bugs[REGRESSION] if REGRESSION in moved(b)]
        bugs["back"] = [b for b in bugs[CRASHING] if CRASHING in moved(b) and
                        b not in bugs["new"] and any(
                            m["to"] == REGRESSION for m in found[b]["moved"])]
        rows = []
        for lane in self.lanes:
            alone = sum(lanes == {lane.name} for lanes in self.pairs.values())
            rows.append({**lane.record(), "pairs_alone": alone})
        self.file.update(
            elapsed=round(self.elapsed(), 1), lanes=rows, bugs=bugs,
            busy=[j.name for j in (self.examiner, self.merge, self.retry, self.canary)
                  if j and j.state == "running"],
            totals={"executions": executions,
                    "points": sum(lane.points() for lane in self.lanes),
                    "pairs": max([len(self.pairs)] + [r["pairs"] or 0 for r in rows]),
                    "corpus": len(entries(self.folder.at("corpus"))),
                    "raw_findings": sum(lane.night["findings"] for lane in self.lanes),
                    "to_examine": len(triage.to_examine(self.folder))})

    def save(self):
        """night.json, a sample, the figures of Prometheus. A full disk is no reason to stop."""
        self.saved = time.monotonic()
        try:
            self.refresh()
            write_json(os.path.join(self.folder.night(self.number), "night.json"), self.file)
            if self.elapsed() - self.sampled >= min(60.0, max(0.5, self.seconds / 200)):
                self.sampled = self.elapsed()
                self.folder.append_sample(self.number, self.sample())
            for path in {self.folder.at("metrics.prom"), self.config.watch["prometheus"]} - {""}:
                write_prometheus(path, self.file, self.elapsed())
        except OSError as e:
            self.no_room(e)

    def no_room(self, error):
        """A write failed. Lanes wait; what was to be written is still where it was."""
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise error
        if self.room:
            self.event("can't write: %s" % error)
            say("kthrash: can't write: %s" % error)
        self.room = False
        self.folder.drop_ballast()
        for lane in self.lanes_running():
            lane.stop()

    def sample(self):
        return {"t": round(self.elapsed(), 1), **{k: self.file["totals"][k] for k in (
            "executions", "points", "pairs", "corpus")},
            "edges": max([lane.coverage() for lane in self.lanes
                          if lane.unit == "edges"] or [0]),
            "bugs": len(self.file["bugs"][CRASHING]),
            "lanes": {lane.name: lane.executions() for lane in self.lanes}}

    # ---- what a lane leaves --------------------------------------------------------

    def take(self, lane, area=INCUBATING):
        taken = triage.take_in(self.folder, lane, self.number, area)
        lane.night["findings"] += taken
        seen = self.folder.read_coverage("lanes", lane.name, "coverage.run")
        if seen:
            known = self.folder.read_coverage("lanes", lane.name, "coverage")
            if not seen <= known:
                self.folder.write_coverage(seen | known, "lanes", lane.name, "coverage")
            for line in seen:
                self.pairs.setdefault(line, set()).add(lane.name)
            lane.night["pairs"] = len(seen | known)
            lane.night["pairs_at"] = lane.night["pairs_at"][-200:] + [
                [round(lane.night["seconds"], 1), lane.night["pairs"]]]
            self.folder.write_coverage(self.pairs, "coverage")
            os.unlink(os.path.join(lane.folder, "coverage.run"))
        return taken

    # ---- who runs next ------------------------------------------------------------

    def slice_of(self, lane):
        total = sum(each.weight for each in self.lanes)
        due = self.seconds * self.jobs * lane.weight / total
        return max(LEAST_S, min(due - lane.seconds() if lane.seconds() < due else due,
                                self.config.limits["slice"],
                                max(LEAST_S, self.seconds - self.elapsed())))

    def next_lane(self):
        """Who has had least of its share. Once, each runs, however short the night."""
        ready = [lane for lane in self.lanes if lane.state != "running" and
                 lane.row < self.config.limits["failures"] and self.has_work(lane)]
        if self.elapsed() >= self.seconds:
            ready = [lane for lane in ready if not lane.night["runs"]]
        return min(ready, key=lambda lane: lane.seconds() / lane.weight) if ready else None

    def has_work(self, lane):
        return not any("@corpus" in arg for arg in lane.args) or \
            any(entries(self.folder.at("corpus")))

    def start_lane(self, lane):
        if any("@corpus" in arg for arg in lane.args):
            for name in self.folder.check_corpus():
                self.event("corpus/%s is not what its name says: put into corrupt/" % name)
            if not self.has_work(lane):
                return
        # Another start, another seed: it does not do what the last one did.
        seed = self.seed + 1000003 * lane.night["runs"] + 7919 * self.lanes.index(lane)
        lane.start(self.slice_of(lane), seed % 2**62, self.config.limits["grace"])

    def start_job(self):
        """Work behind the lanes: takes a core like one of them. True if one was started."""
        running = {j.name for j in (self.examiner, self.merge, self.retry)
                   if j.state == "running"}
        if not running & {"examining", "retrying"}:
            if not self.file["retried"]:
                bugs = len(entries(self.folder.at(CRASHING)) + entries(self.folder.at(REGRESSION)))
                self.file["retried"] = True
                if bugs:
                    self.retry.launch(process("night.triage", self.folder.path, "--retry"),
                                      EXAMINE_S * bugs, 0)
                    return True
            waiting = len(triage.to_examine(self.folder))
            if waiting:
                self.examiner.launch(process("night.triage", self.folder.path),
                                     EXAMINE_S * waiting, 0)
                return True
        due = self.config.limits["exchange"] * (self.file["merges"] + 1)
        if self.merger and not running & {"merging"} and self.elapsed() >= due:
            return self.start_merge()
        return False

    def start_merge(self):
        """libFuzzer's own merge: the fewest files with all the coverage of all lanes."""
        self.file["merges"] += 1
        new = self.folder.at("jobs", "merging", "new")
        shutil.rmtree(new, ignore_errors=True)
        os.makedirs(new)
        self.merge.sources = [path for lane in self.lanes for path in lane.corpus()]
        given = self.folder.at("jobs", "merging", "given")
        shutil.rmtree(given, ignore_errors=True)
        os.makedirs(given)
        for n, path in enumerate(self.merge.sources):
            try:
                os.symlink(path, os.path.join(given, "%06d" % n))
            except OSError:
                continue
        self.merge.launch(
            [self.merger, "-merge=1", "-timeout=20", new, self.folder.at("corpus"), given,
             os.path.join(ROOT, "corpus", "seed"), os.path.join(ROOT, "corpus", "regress")],
            MERGE_S, 0)
        return True

    def end_merge(self):
        status = self.merge.process.returncode
        if status != 0 or self.merge.why_killed:
            self.event("merging the corpora failed (%s); they stay as they are" % (
                self.merge.why_killed or "status %s: %s" % (status, self.merge.last_line[:200])))
            return
        # AFL++ keeps its own queue: it starts from it.
        own = [p for lane in self.lanes if not isinstance(lane, AflLane)
               for p in lane.corpus() if p in set(self.merge.sources)]
        self.folder.take_corpus(self.folder.at("jobs", "merging", "new"), own)

    # ---- the loop -------------------------------------------------------------------

    def jobs_running(self):
        return [j for j in (self.examiner, self.merge, self.retry, self.canary)
                if j and j.state == "running"]

    def lanes_running(self):
        return [lane for lane in self.lanes if lane.state == "running"]

    def poll(self):
        """See who has ended, and what they left."""
        for lane in self.lanes_running():
            if lane.poll():
                continue
            self.take(lane)
            if lane.state == "failed":
                self.event("lane %s: %s" % (lane.name, lane.night["failures"][-1]["why"]))
        for job in self.jobs_running():
            if job.poll():
                continue
            if job is self.merge:
                self.end_merge()
            elif job is not self.canary:
                self.end_examiner(job)
        # Not at the moment when it ends: what fails for want of room is tried again.
        if self.canary and self.canary.state in ("done", "failed") and \
                self.file["canary"]["at"] is None:
            triage.take_in(self.folder, self.canary, self.number, triage.CANARY)
            self.file["canary"].update(executions=self.canary.executions(), at=utc())

    def end_examiner(self, job):
        for said in triage.settle(self.folder, self.number):
            self.event(said)
        if not job.why_killed and job.process.returncode in (0, -signal.SIGTERM):
            return
        self.event("%s: %s" % (job.name, job.why_killed or "status %d: %s" % (
            job.process.returncode, job.last_line[:200])))
        if job is self.examiner and self.room:
            self.mark_unexamined()

    def mark_unexamined(self):
        """Whoever the examiner died on three times is set aside, so that others have their
        turn."""
        for bug in triage.to_examine(self.folder)[:1]:
            self.deaths[bug] = self.deaths.get(bug, 0) + 1
            if self.deaths[bug] < 3:
                return
            seen = triage.sightings(bug)
            write_json(os.path.join(bug, "examined.json"), {
                "kind": os.path.basename(bug).rpartition("-")[0], "signature": "",
                "message": "the examiner died on it or hung", "reliability": [0, 0],
                "raws": int(seen[-1]["seq"])})

    def look(self):
        """Memory of lanes; room on the disk."""
        self.looked = time.monotonic()
        for job in self.lanes_running() + self.jobs_running():
            job.look(self.config.limits["memory"])
        room = self.folder.free() >= self.config.limits["free_disk"]
        if room != self.room:
            self.event("the disk is full (%d MiB free): lanes wait" % (self.folder.free() >> 20)
                       if not room else "there is room on the disk again")
            say("kthrash: " + self.file["events"][-1]["what"])
            if not room:
                for lane in self.lanes_running():
                    lane.stop()
            else:
                self.folder.make_ballast()
            self.room = room

    def canary_result(self):
        """From what the examiner says: it went all the way that a real bug goes."""
        canary = self.file["canary"]
        if not canary or canary["state"] != "waiting":
            return
        examined = [read_json(self.folder.at(triage.CANARY, n, "examined.json"))
                    for n in entries(self.folder.at(triage.CANARY))]
        if any(e and e["reliability"][0] == e["reliability"][1] > 0 for e in examined):
            canary["state"] = "found"
        elif canary["at"] and self.canary.state != "running" and all(examined):
            canary["state"] = "missed"
            self.event("the planted bug %s was not found: the night is invalid" % canary["bug"])
            say("kthrash: " + self.file["events"][-1]["what"])

    def start_canary(self):
        keys = self.config.canary
        self.canary.start(keys["seconds"], self.seed, self.config.limits["grace"])

    def step(self):
        self.poll()
        self.canary_result()
        if time.monotonic() - self.looked >= LOOK_EVERY_S:
            self.look()
        while self.room and len(self.lanes_running()) + len(self.jobs_running()) < self.jobs:
            canary = self.file["canary"]
            if canary and canary["at"] is None and self.canary.state == "waiting":
                self.start_canary()
            elif self.start_job():
                pass
            else:
                lane = self.next_lane()
                if not lane:
                    break
                self.start_lane(lane)
                if lane.state != "running":
                    break
        if time.monotonic() - self.saved >= SAVE_EVERY_S:
            self.save()

    def over(self):
        """Its time is, or no lane is left to run."""
        given_up = all(lane.row >= self.config.limits["failures"] for lane in self.lanes)
        return self.interrupted or (
            (self.elapsed() >= self.seconds or given_up) and not self.lanes_running() and
            (not self.next_lane() or not self.room) and
            not (self.canary and self.canary.state == "running"))

    def run(self):
        progress = Progress(self.seconds)
        while not self.over():
            try:
                self.step()
            except OSError as e:
                self.no_room(e)
            progress.show(self.file, self.elapsed(), self.seconds - self.elapsed())
            time.sleep(0.05)
        try:
            self.end_lanes()
            self.finish(progress)
        except OSError as e:
            self.no_room(e)
        progress.end()

    def end_lanes(self):
        for job in self.lanes_running() + self.jobs_running():
            if self.interrupted or job not in (self.examiner, self.merge, self.retry):
                job.stop()
        deadline = time.monotonic() + self.config.limits["grace"]
        while self.lanes_running() and time.monotonic() < deadline:
            self.poll()
            time.sleep(0.02)
        for lane in self.lanes_running():
            lane.kill("did not end when asked to")
            lane.process.wait()
        self.poll()

    def finish(self, progress):
        """The last merge and what is still to be examined; another Ctrl-C cuts it short."""
        self.sweep()
        if self.merger and not self.interrupted and self.room and \
                self.merge.state != "running":
            self.start_merge()
        asked = self.interrupted
        self.interrupted = False
        while not self.interrupted:
            try:
                self.poll()
                self.canary_result()
            except OSError as e:
                self.no_room(e)
            if not self.room or time.monotonic() - self.looked >= LOOK_EVERY_S:
                self.look()
            if len(self.jobs_running()) < self.jobs and self.room:
                waiting = triage.to_examine(self.folder)
                if waiting and self.examiner.state != "running" and not asked:
                    self.start_job()
            if not self.jobs_running():
                break
            if time.monotonic() - self.saved >= SAVE_EVERY_S:
                self.save()
            progress.show(self.file, self.elapsed(), 0)
            time.sleep(0.05)
        for job in self.jobs_running():
            job.kill()
            job.process.wait()
        self.poll()
        self.sweep()
        self.interrupted = asked or self.interrupted

    def sweep(self):
        """Whatever could not be taken or filed when it was its turn."""
        for lane in self.lanes:
            self.take(lane)
        for said in triage.settle(self.folder, self.number):
            self.event(said)

    # ---- the verdict -------------------------------------------------------------------

    def conclude(self):
        self.canary_result()
        self.refresh()
        why, bugs = [], self.file["bugs"]
        canary = self.file["canary"]
        tonight = [f["id"] for f in triage.findings(self.folder, INCUBATING)
                   if f["last_night"] == self.number]
        failed = [lane for lane in self.lanes if lane.state == "failed"]
        if canary and canary["state"] != "found" and not self.interrupted:
            verdict = "invalid"
            why.append("the planted bug %s was not found: what else was not, nobody knows" %
                       canary["bug"])
        elif bugs[CRASHING] or tonight:
            verdict = "findings"
        elif failed or self.troubles or not self.room:
            verdict = "failed"
        else:
            verdict = "clean"
        why += ["lane %s failed: %s" % (lane.name, lane.night["failures"][-1]["why"])
                for lane in failed]
        names = {lane.name for lane in self.lanes}
        untried = [f["id"] for f in triage.findings(self.folder, CRASHING)
                   if not names & set(f["lanes"])]
        if untried:
            why.append("not tried again, for their lanes do not run tonight: " +
                       ", ".join(untried))
        why += self.troubles
        if not self.room:
            why.append("the disk is full: lanes did not run")
        if self.interrupted:
            why.append("interrupted after %s; the same command goes on" %
                       duration(self.elapsed()))
        self.file.update(verdict=verdict, why=why, ended=utc(), state="running" if
                         self.interrupted else "invalid" if verdict == "invalid" else "done")
        for lane in self.file["lanes"]:
            if lane["state"] == "running":
                lane["state"] = "done"
        try:
            write_json(os.path.join(self.folder.night(self.number), "night.json"), self.file)
            self.folder.append_sample(self.number, self.sample())
            write_prometheus(self.folder.at("metrics.prom"), self.file, self.elapsed())
            page.write(self.folder.path, self.number)
        except OSError as e:
            self.folder.drop_ballast()
            self.file.update(verdict="failed", why=why + ["the page could not be written: %s" % e])
            try:
                write_json(os.path.join(self.folder.night(self.number), "night.json"), self.file)
            except OSError:
                pass
            raise environment("the report could not be written: %s; what was found is in %s" % (
                e, self.folder.path)) from e
        return {"clean": CLEAN, "findings": FINDINGS}.get(verdict, ENVIRONMENT)

    def print_report(self):
        print("\n%-12s %-8s %12s %10s %12s  %-18s %6s %6s %6s %9s" % (
            "lane", "state", "executions", "per s", "points", "coverage", "pairs", "lately",
            "alone", "findings"))
        for row in self.file["lanes"]:
            looks = row["pairs"] is not None
            print("%-12s %-8s %12d %10.0f %12s  %-18s %6s %6s %6s %9d" % (
                row["name"], row["state"], row["executions"],
                row["executions"] / row["seconds"] if row["seconds"] else 0,
                row["points"] or "-", "%d %s" % (row["coverage"], row["unit"]),
                row["pairs"] if looks else "-", row["pairs_lately"] if looks else "-",
                row["pairs_alone"] if looks else "-", row["findings"]))
        print("pairs of accesses seen by all together: %d (lately: in the last fifth of a lane's "
              "time; alone: by no other lane)" % len(self.pairs))
        canary = self.file["canary"]
        if canary:
            print("planted bug %s: %s after %d executions" % (
                canary["bug"], canary["state"], canary["executions"]))
        shown = 0
        for area in (CRASHING, INCUBATING):
            for bug in triage.findings(self.folder, area):
                if area == INCUBATING and bug["last_night"] != self.number:
                    continue
                print("\n%s: %s, seen %d times by %s, fails in %s re-runs: %s" % (
                    bug["id"], bug["kind"], bug["count"], ", ".join(bug["lanes"]),
                    "%d of %d" % tuple(bug["reliability"]) if bug["reliability"] else
                    "not yet examined", bug["message"]))
                shown += 1
                try:
                    with open(self.folder.at(area, bug["id"], "interleaving.txt"),
                              encoding="utf-8") as f:
                        print(f.read().rstrip() if shown <= SHOWN else
                              "(drawn on the page, as those above)")
                except OSError:
                    pass
                print("replay: " + bug["replay"])
        for line in self.file["why"]:
            print(line)
        print("\n%s: %d distinct bugs (%d new) in %s%s; the page: %s" % (
            self.file["verdict"], len(self.file["bugs"][CRASHING]), len(self.file["bugs"]["new"]),
            duration(self.elapsed()), ", interrupted" if self.interrupted else "",
            short(os.path.join(self.folder.night(self.number), "page.html"))))


# ---- builds -----------------------------------------------------------------------------


def keep_binary(folder, path):
    """A copy that another build in the checkout does not replace. By content."""
    if bazel.given():
        return path     # is such a copy
    with open(path, "rb") as f:
        content = f.read()
    name = "%s-%s" % (os.path.basename(path), hashlib.sha1(content).hexdigest()[:10])
    kept = folder.at("build", name)
    if not os.path.exists(kept):
        os.makedirs(folder.at("build"), exist_ok=True)
        temporary = "%s.%d.tmp" % (kept, os.getpid())
        with open(temporary, "wb") as f:
            f.write(content)
            f.flush()
            os.fsync(f.fileno())
        os.chmod(temporary, 0o755)
        os.rename(temporary, kept)
    os.utime(kept)
    return kept


def drop_old_binaries(folder, used):
    stems = {}
    for name in entries(folder.at("build")):
        stems.setdefault(name.rpartition("-")[0], []).append(folder.at("build", name))
    for paths in stems.values():
        paths.sort(key=os.path.getmtime)
        for path in paths[:-BUILDS_KEPT]:
            if path not in used:
                os.unlink(path)


def build_all(night):
    """Every lane's binary, the canary's, what merges and what examines."""
    folder = night.folder
    lanes = night.lanes + [night.canary] * bool(night.canary)
    targets = sorted({lane.target for lane in lanes} | {SIM})
    if any(isinstance(lane, AflLane) for lane in lanes):
        targets.append(MUTATOR)
    files = {target: keep_binary(folder, path)
             for target, path in zip(targets, bazel.build(targets))}
    for lane in lanes:
        lane.binary = files[lane.target]
        if isinstance(lane, LibFuzzerLane):
            night.merger = lane.binary
    AflLane.mutator = files.get(MUTATOR)
    drop_old_binaries(folder, set(files.values()))
    return files


def write_builds(night, sim):
    """For the examiner."""
    kinds = {LibFuzzerLane: "libfuzzer", AflLane: "afl", StressLane: "stress",
             CanaryLane: "stress"}
    lanes = night.lanes + [night.canary] * bool(night.canary)
    write_json(night.folder.at("builds.json"), {
        "sim": sim, "commit": night.file["commit"], "night": night.number,
        "lanes": {lane.name: {"target": lane.target, "binary": lane.binary,
                              "kind": kinds[type(lane)]} for lane in lanes}})


# ---- the command ----------------------------------------------------------------------------


def tonight(folder, config, lanes, seconds, jobs, seed, args):
    """A night of these lanes and the canary's."""
    night = Night(folder, config, lanes, seconds, jobs, seed, args)
    night.canary = CanaryLane("canary", {
        "what": "the planted bug", "weight": 1.0, "options": config.canary["options"],
        "target": "//stress/bugs:" + config.canary["bug"]})
    return night


def conduct(night):
    """The whole of it: from the builds to the report. The exit status."""
    files = build_all(night)
    AflLane.statsd = night.config.watch["statsd"]

    def interrupt(*_):
        night.interrupted = True
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    night.begin()
    write_builds(night, files[SIM])
    say("kthrash: night %d in %s: %s on %d cores, %d lanes%s" % (
        night.number, short(night.folder.path), duration(night.seconds), night.jobs,
        len(night.lanes),
        ", goes on after " + duration(night.before) if night.file["resumed"] else ""))
    night.run()
    status = night.conclude()
    night.print_report()
    return status
