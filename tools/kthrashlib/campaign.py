# SPDX-License-Identifier: GPL-2.0-only
"""`campaign`, the main job: every lane for its share of the time, then one line per bug."""

import json
import os
import signal
import subprocess
import sys
import time

import build
import commands
import env
from common import (CLEAN, ENVIRONMENT, FINDINGS, ROOT, STATE, no_more, number, say,
                    split_options, usage, write_whole)
from lanes import MUTATOR, AflLane, LibFuzzerLane, default_lanes
from triage import Bugs

GRACE_S = 20   # for a lane to end after it was asked to


class Campaign:
    def __init__(self, lanes, seconds, jobs, folder, seed):
        self.lanes, self.seconds, self.jobs = lanes, seconds, jobs
        self.folder, self.seed = folder, seed
        self.interrupted = False
        self.started = self.last_line = 0.0
        self.bugs = None

    def build(self):
        targets = sorted({lane.target for lane in self.lanes} | {"//stress:kthrash_sim"})
        if any(isinstance(lane, AflLane) for lane in self.lanes):
            targets.append(MUTATOR)
        files = dict(zip(targets, build.build(targets)))
        for lane in self.lanes:
            # AFL++ keeps the binary in its records: not a link that the next build moves.
            lane.prepare(os.path.realpath(files[lane.target]), self.folder)
        AflLane.mutator = files.get(MUTATOR)
        self.bugs = Bugs(self.folder, files["//stress:kthrash_sim"])

    def show(self):
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        if now - self.last_line < (0.5 if terminal else 10):
            return
        self.last_line = now
        executions = sum(lane.executions for lane in self.lanes)
        running = [lane.name for lane in self.lanes if lane.state == "running"]
        line = ("%4d s of %d  %d executions  %d points  %d pairs  %d raw findings  "
                "%d of %d lanes done: %s") % (
            now - self.started, self.seconds, executions,
            sum(lane.points for lane in self.lanes),
            max(lane.pairs or 0 for lane in self.lanes),
            sum(len(lane.findings) for lane in self.lanes),
            sum(lane.state in ("done", "failed") for lane in self.lanes), len(self.lanes),
            ", ".join(running))
        print(("\r\033[K" if terminal else "") + line, end="" if terminal else "\n",
              file=sys.stderr, flush=True)

    def run(self):
        """Jobs at a time; a lane's slice is its weight's share of all core time."""
        total = sum(lane.weight for lane in self.lanes)
        waiting, running = list(self.lanes), []
        self.started = time.monotonic()
        while (waiting or running) and not self.interrupted:
            while waiting and len(running) < self.jobs:
                lane = waiting.pop(0)
                slice_s = max(2.0, self.seconds * self.jobs * lane.weight / total)
                lane.deadline = time.monotonic() + slice_s + GRACE_S
                lane.start(slice_s, self.seed + len(waiting))
                running.append(lane)
            running = [lane for lane in running if lane.poll()]
            for lane in running:
                if time.monotonic() > lane.deadline:
                    lane.kill()
            self.show()
            time.sleep(0.1)
        self.end(running)
        if sys.stderr.isatty():
            print(file=sys.stderr)

    def end(self, running):
        for lane in running:
            lane.stop()
        deadline = time.monotonic() + GRACE_S
        while any([lane.poll() for lane in running]) and time.monotonic() < deadline:
            time.sleep(0.05)
        for lane in running:
            lane.kill()
            if lane.process:
                lane.process.wait()
                lane.poll()

    def triage(self):
        for lane in self.lanes:
            for finding in lane.findings:
                self.bugs.take(lane, finding)

    def merge_coverage(self):
        """One file of what all lanes have seen; each lane's own share. How many that are."""
        seen = {}
        for lane in self.lanes:
            lane.pairs_alone = 0
            if lane.pairs is not None and os.path.exists(lane.coverage_file()):
                with open(lane.coverage_file(), encoding="ascii") as f:
                    for line in f.readlines()[1:]:
                        seen.setdefault(line, []).append(lane)
        for lanes in seen.values():
            if len(lanes) == 1:
                lanes[0].pairs_alone += 1
        write_whole(os.path.join(self.folder, "coverage"),
                    "kthrash-coverage 1\n" + "".join(sorted(seen)))
        return len(seen)

    def report(self):
        pairs = self.merge_coverage()
        print("\n%-11s %-8s %12s %10s %12s  %-18s %6s %6s %6s  %s" % (
            "lane", "state", "executions", "per s", "points", "coverage", "pairs", "lately",
            "alone", "findings"))
        for lane in self.lanes:
            looks = lane.pairs is not None
            print("%-11s %-8s %12d %10.0f %12s  %-18s %6s %6s %6s  %d" % (
                lane.name, lane.state, lane.executions,
                lane.executions / lane.seconds if lane.seconds else 0,
                lane.points or "-", "%d %s" % (lane.coverage, lane.unit),
                lane.pairs if looks else "-", lane.pairs_lately() if looks else "-",
                lane.pairs_alone if looks else "-", len(lane.findings)))
        print("pairs of accesses seen by all together: %d (lately: in the last fifth of a lane's "
              "time; alone: by no other lane)" % pairs)
        rows = list(self.bugs.rows())
        for bug in rows:
            print("\n%s, seen %d times by %s: %s" % (
                bug["kind"], bug["count"], ", ".join(bug["lanes"]), bug["message"]))
            print(bug["interleaving"].rstrip())
            print("replay: " + bug["replay"])
        failed = [lane for lane in self.lanes if lane.state == "failed"]
        for lane in failed:
            print("lane %s failed: %s" % (lane.name, os.path.relpath(lane.log, ROOT)))
        print("\n%d distinct bugs in %.0f s%s; everything is in %s" % (
            len(rows), time.monotonic() - self.started,
            ", interrupted" if self.interrupted else "", os.path.relpath(self.folder, ROOT)))
        write_whole(os.path.join(self.folder, "campaign.json"), json.dumps({
            "seconds": self.seconds, "jobs": self.jobs, "seed": self.seed, "bugs": rows,
            "pairs": pairs,
            "lanes": [{**{k: getattr(lane, k) for k in (
                "name", "state", "executions", "seconds", "points", "coverage", "pairs",
                "pairs_alone")}, "pairs_lately": lane.pairs_lately()} for lane in self.lanes],
        }, indent=1))
        return FINDINGS if rows else ENVIRONMENT if failed else CLEAN


def choose(names):
    lanes = default_lanes()
    if not names:
        return lanes
    known = {lane.name: lane for lane in lanes}
    for name in names.split(","):
        if name not in known:
            raise usage("no lane '%s', expected some of %s" % (name, ",".join(known)))
    return [known[name] for name in names.split(",")]


def main(args):
    found, rest = split_options(args, (), ("--seconds", "--jobs", "--dir", "--lanes", "--seed"))
    no_more(rest, "--seconds=, --jobs=, --dir=, --lanes= or --seed=")
    seconds = number(found, "--seconds", 120, 1, 10**7)
    jobs = number(found, "--jobs", os.cpu_count() or 1, 1, 1024, int)
    seed = number(found, "--seed", 1, 0, 2**62, int)
    lanes = choose(found.get("--lanes"))
    folder = os.path.abspath(found.get("--dir", os.path.join(
        STATE, "campaign", time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))))
    env.ensure(env.ALL)
    os.makedirs(folder, exist_ok=True)
    c = Campaign(lanes, seconds, jobs, folder, seed)
    c.build()

    def interrupt(*_):
        c.interrupted = True
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    say("kthrash: campaign of %g s on %d cores, %d lanes" % (seconds, jobs, len(lanes)))
    c.run()
    # From here on another Ctrl-C ends triage, not the report of what there is.
    try:
        c.triage()
    except KeyboardInterrupt:
        c.interrupted = True
    return c.report()


def fuzz(args):
    """One engine on one target, in the foreground."""
    found, _ = commands.parse("fuzz", args)
    engine, target = found.get("--engine", "libfuzzer"), found.get("--target", "plan")
    seconds = number(found, "--seconds", 60, 1, 10**7, int)
    env.ensure({**env.BUILD, **env.FUZZ})
    kind = LibFuzzerLane if engine == "libfuzzer" else AflLane
    name = "//fuzz:%s_fuzz_%s" % (target, engine)
    binary, mutator = build.build([name, MUTATOR])
    lane = kind(engine, name)
    lane.prepare(os.path.realpath(binary), os.path.join(STATE, "fuzz", target))
    AflLane.mutator = mutator
    done = subprocess.run(lane.command(seconds, int(time.time())), cwd=ROOT, check=False,
                          env={**os.environ, **lane.environment()})
    lane.collect()
    for finding in lane.findings:
        print("finding: " + os.path.relpath(finding["file"], ROOT))
    if lane.findings:
        return FINDINGS
    return CLEAN if done.returncode == 0 else ENVIRONMENT
