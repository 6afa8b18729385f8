# SPDX-License-Identifier: GPL-2.0-only
"""Defines the lanes. A lane is one hunting engine in one build, such as the random walk in the
simulator or AFL++ under ASan. It hunts for a slice of time again and again.

Each kind of engine says in its own way how far it is, and saves findings in its own place. A
finding is a file before the campaign hears of it, so the campaign looks at files only.
"""

import json
import os
import re
import signal
import time

from kthrashlib.build import drivers
from kthrashlib.common import ROOT, decimal, matching, process, usage, write_whole
from kthrashlib.night.folder import entries, utc
from kthrashlib.night.process import Job

AFL_ENV = {
    "AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1",
    "AFL_TRY_AFFINITY": "1", "AFL_AUTORESUME": "1", "AFL_CUSTOM_MUTATOR_ONLY": "1",
}
FAILURES_KEPT = 20
PAIRS_KEPT = 200        # The curve of pairs over time keeps this many points.


class Lane(Job):
    """An engine in one build. Subclasses define command(), watch() and raw()."""

    kind = ""
    unit = "schedules"

    def __init__(self, name, keys):
        super().__init__(name)
        self.what, self.target, self.weight = keys["what"], keys["target"], keys["weight"]
        self.args = keys["options"]
        self.linux = keys.get("linux")      # The kernel's files that are the core, or None.
        self.binary = None
        self.said = {}      # For each finding's file, this is what the driver said of it.
        self.night = {}     # The function begin_night() fills this dict.
        self.now = {}       # These are the figures of this run.
        self.build = ""     # This is what the engine said of its platform and compiler.
        self.row = 0        # The lane failed this many times in a row.
        self.starved = False    # True if the lane had nothing to do when it was its turn.
        self.begin_night({})

    # If a night goes on after a kill, the lane takes these figures from the night's record.
    COUNTS = ("runs", "seconds", "executions", "points", "coverage", "findings")

    def begin_night(self, row):
        """Begins a night. `row` is what the night's record says of this lane, or {} in a new
        night."""
        self.night = {k: row.get(k) or 0 for k in self.COUNTS}
        self.night["failures"] = row.get("failures", [])
        self.night["pairs"] = row.get("pairs")
        self.night["pairs_at"] = row.get("pairs_at", [])
        self.now = {"executions": 0, "points": 0, "coverage": 0, "pairs": None}
        self.state, self.row = "waiting", 0

    def campaigns(self, name):
        """Returns the path of a file in the campaign's folder. The lane's own folder is in lanes/
        there."""
        return os.path.join(os.path.dirname(os.path.dirname(self.folder)), name)

    def needs_corpus(self):
        """Returns True if the lane runs the plans of the campaign's corpus. Then it has no work
        without a corpus."""
        return any("@corpus" in arg for arg in self.args)

    def executions(self):
        return self.night["executions"] + self.now["executions"]

    def points(self):
        return self.night["points"] + self.now["points"]

    def coverage(self):
        return max(self.night["coverage"], self.now["coverage"])

    def seconds(self):
        return self.night["seconds"] + (self.run_seconds if self.state == "running" else 0)

    def pairs(self):
        seen = [n for n in (self.night["pairs"], self.now["pairs"]) if n is not None]
        return max(seen) if seen else None

    def pairs_lately(self):
        """Returns how many of the pairs were new in the last fifth of the lane's time."""
        before = [n for at, n in self.night["pairs_at"] if at <= 0.8 * self.seconds()]
        return max(0, (self.pairs() or 0) - (before[-1] if before else 0))

    def saw_pairs(self, known):
        """Records that the lane has now seen `known` pairs in all."""
        self.night["pairs"] = known
        self.night["pairs_at"] = self.night["pairs_at"][-PAIRS_KEPT:] + [
            [round(self.night["seconds"], 1), known]]

    def record(self):
        """Returns the lane's row in the night's record."""
        return {"name": self.name, "what": self.what, "weight": self.weight, "unit": self.unit,
                "state": self.state, "starved": self.starved, "build": self.build, **self.night,
                "seconds": round(self.seconds(), 1),
                "executions": self.executions(), "points": self.points(),
                "coverage": self.coverage(), "pairs": self.pairs(),
                "pairs_lately": self.pairs_lately()}

    def start(self, seconds, seed, grace):
        self.now = {"executions": 0, "points": 0, "coverage": 0, "pairs": None}
        self.night["runs"] += 1
        self.prepare()
        self.launch(self.command(seconds, seed), seconds, grace)

    def prepare(self):
        """Prepares a run. Subclasses override it."""

    def ended(self, status):
        self.collect()
        for key in ("executions", "points"):
            self.night[key] += self.now[key]
        self.night["coverage"] = self.coverage()
        self.now.update(executions=0, points=0)
        self.night["seconds"] += self.run_seconds
        if self.ended_well(status) and not self.why_killed:
            self.state, self.row = "done", 0
            return
        self.state, self.row = "failed", self.row + 1
        why = self.why_killed or ("killed by signal %d" % -status if status < 0 else
                                  "exit status %d: %s" % (status, self.last_line[:200]))
        self.night["failures"] = (self.night["failures"] +
                                  [{"at": utc(), "why": why}])[-FAILURES_KEPT:]

    def ended_well(self, status):
        return status in (0, 1, -self.stop_signal, 128 + self.stop_signal)

    def collect(self):
        """Reads the last figures when a run has ended. Subclasses override it."""

    def raw(self):
        """Returns the files of findings that the campaign has not taken in."""
        return []

    def corpus(self):
        """Returns the files that other lanes may use."""
        return []


class StressLane(Lane):
    """A lane that runs the C driver, on the simulator or on real threads."""

    kind = "stress"
    # Coverage of every plan would cost a third of the executions.
    COVERAGE_EVERY = 8
    # A lane has one processor. On real threads one process would leave it idle most of the time,
    # because its threads wait for each other and for delays.
    REAL_AT_ONCE = 4
    verb = "stress"
    keep_going = ["--keep-going"]

    def command(self, seconds, seed):
        words = {"@corpus": self.campaigns("corpus"),
                 "@seed": os.path.join(ROOT, "corpus", "seed")}
        args = []
        for arg in self.args:
            for word, path in words.items():
                arg = arg.replace(word, path)
            args.append(arg)
        looks = ["--coverage=" + self.coverage_file(),
                 "--coverage-every=%d" % self.COVERAGE_EVERY] if self.simulates() else []
        if "kthrash_posix" in self.target:
            looks.append("--jobs=%d" % self.REAL_AT_ONCE)
        if "--mutate" in args:
            os.makedirs(self.kept(), exist_ok=True)
            looks.append("--kept=" + self.kept())
        return [self.binary, self.verb, "--json", "--progress", *self.keep_going,
                "--seconds=" + decimal(seconds), "--seed=%d" % seed,
                "--findings=" + os.path.join(self.folder, "findings"), *args, *looks]

    def simulates(self):
        return "kthrash_sim" in self.target or "kthrash_linux_sim" in self.target

    def coverage_file(self):
        """Returns the file with the pairs of one run. The campaign adds them to the pairs that the
        lane has seen in all."""
        return os.path.join(self.folder, "coverage.run")

    def kept(self):
        return os.path.join(self.folder, "kept")

    def watch(self, line):
        if not line.startswith("{"):
            return
        try:
            said = json.loads(line)
        except ValueError:
            return
        if said.get("type") == "options":
            self.build = said.get("build", "")
        elif said.get("type") in ("progress", "summary"):
            self.now["executions"], self.now["points"] = said["executions"], said["points"]
            self.now["coverage"] = said["schedules"]
            if self.simulates() and "pairs" in said:
                self.now["pairs"] = said["pairs"]
                if self.night["runs"] == 1:
                    self.night["pairs_at"].append([said["seconds"], said["pairs"]])
        elif said.get("type") == "finding":
            self.said[os.path.basename(said["file"])] = said
        elif said.get("type") == "unsaved":
            self.save(said)

    def save(self, said):
        """Writes a finding that the driver printed because it had no room to write it. The ballast
        gives the room."""
        try:
            os.unlink(self.campaigns("ballast"))
        except OSError:
            pass
        path = os.path.join(self.folder, "findings", os.path.basename(said["file"]))
        texts = {path: said["plan"]}
        if said.get("report"):      # The driver has the report of a sanitizer beside the plan.
            texts[path.removesuffix(".plan") + ".report.txt"] = said["report"]
        try:
            for name, text in texts.items():
                write_whole(name, text)
        except OSError as e:
            self.last_line = "a finding that could not be saved: %s" % e

    def raw(self):
        return [p for p in matching(self.folder, "findings", "*.plan")
                if not p.endswith(".min.plan")]

    def corpus(self):
        return [os.path.join(self.kept(), n) for n in entries(self.kept())]


class ProgramLane(StressLane):
    """A lane that hunts in a user's program. Its binary is a script that starts the program with
    the driver's command line, so that it is used like a driver."""

    kind = "program"
    verb = "run"

    def __init__(self, name, keys):
        super().__init__(name, keys)
        self.program = keys["program"]

    def simulates(self):
        return False    # The pairs of accesses are counted for plans only.


class DifferentialLane(StressLane):
    """A lane that runs the same plans on our core and on the kernel's files, and compares the
    results. Its findings are plans that fail on the kernel's files, which are its binary."""

    kind = "differential"
    ours = None         # The driver of our core.

    def command(self, seconds, seed):
        return [*process("linux.differential"), self.ours, self.binary, "--json",
                "--seconds=" + decimal(seconds), "--seed=%d" % seed,
                "--findings=" + os.path.join(self.folder, "findings")]

    def simulates(self):
        return False    # It counts no pairs.


class CanaryLane(StressLane):
    """A lane that hunts the planted bug. If it finds the bug, other lanes would find a bug like it,
    too."""

    keep_going = []

    def simulates(self):
        return False    # The pairs of this lane belong to other code.


class LibFuzzerLane(Lane):
    """A lane that runs libFuzzer on the plan target, with four schedules an input."""

    kind = "libfuzzer"
    unit = "edges"
    stop_signal = signal.SIGUSR1     # After this signal, libFuzzer ends in order.
    KINDS = ("crash", "leak", "timeout", "oom")

    def own(self):
        return os.path.join(self.folder, "corpus")

    def command(self, seconds, seed):
        os.makedirs(self.own(), exist_ok=True)
        common = self.campaigns("corpus")
        os.makedirs(common, exist_ok=True)
        # libFuzzer ends at a crash, which it saves. The lane's next slice goes on.
        return [self.binary, "-max_total_time=%d" % max(1, int(seconds)),
                "-seed=%d" % (seed % 2**31 or 1), "-print_final_stats=1", "-timeout=20",
                "-artifact_prefix=" + self.folder + "/", *self.args, self.own(), common,
                os.path.join(ROOT, "corpus", "seed"), os.path.join(ROOT, "corpus", "regress")]

    def watch(self, line):
        if line.startswith("kthrash fuzz: "):
            self.build = line.removeprefix("kthrash fuzz: ").strip()
        found = re.match(r"#(\d+)\s.*cov: (\d+)", line)
        if found:
            self.now["executions"], self.now["coverage"] = map(int, found.groups())
        found = re.match(r"stat::number_of_executed_units: (\d+)", line)
        if found:
            self.now["executions"] = int(found.group(1))

    def raw(self):
        return sorted(p for kind in self.KINDS
                      for p in matching(self.folder, kind + "-*"))

    def ended_well(self, status):
        return bool(self.raw()) or status in (0, -signal.SIGUSR1)

    def corpus(self):
        return [os.path.join(self.own(), n) for n in entries(self.own())]


class AflLane(Lane):
    """A lane that runs AFL++ with the project's own mutator. AFL++ reads the campaign's corpus
    while it runs."""

    kind = "afl"
    unit = "edges"
    stop_signal = signal.SIGINT

    def __init__(self, name, keys):
        super().__init__(name, keys)
        self.mutator = None
        self.statsd = keys.get("statsd", "")
        self.before = 0     # This is AFL++'s count of executions when a run begins.

    def out(self, *names):
        return os.path.join(self.folder, "out", "main", *names)

    def command(self, seconds, seed):
        return ["afl-fuzz", "-M", "main", "-F", self.campaigns("corpus"),
                "-V", "%d" % max(1, int(seconds)), "-s", "%d" % (seed % 2**31), "-m", "none",
                "-i", os.path.join(ROOT, "corpus", "seed"),
                "-o", os.path.join(self.folder, "out"), *self.args, "--", self.binary]

    def place(self):
        """Returns the lane's own folder, because AFL++ finds the mutator from there."""
        return self.folder

    def link_mutator(self):
        """Makes a link to the mutator in the lane's folder. AFL++ takes a list of mutators, so the
        name that it is given has none of the characters that stand between two."""
        link = os.path.join(self.folder, "mutator.so")
        if os.path.lexists(link):
            os.unlink(link)
        os.symlink(os.path.abspath(self.mutator), link)

    def environment(self):
        found = {**super().environment(), **AFL_ENV,
                 "AFL_CUSTOM_MUTATOR_LIBRARY": "./mutator.so"}
        if self.statsd:
            host, _, port = self.statsd.rpartition(":")
            found.update({"AFL_STATSD": "1", "AFL_STATSD_HOST": host, "AFL_STATSD_PORT": port,
                          "AFL_STATSD_TAGS_FLAVOR": os.environ.get("AFL_STATSD_TAGS_FLAVOR",
                                                                   "dogstatsd")})
        return found

    def ended_well(self, status):
        # AFL++ ends with status 1 if it can't begin, and never because of a finding.
        return status in (0, -self.stop_signal)

    def prepare(self):
        self.link_mutator()
        # If AFL++ fails to start from its state twice in a row, the lane puts the state aside.
        if self.row >= 2 and os.path.exists(os.path.join(self.folder, "out")):
            os.rename(os.path.join(self.folder, "out"),
                      os.path.join(self.folder, "out.broken-%d" % time.time_ns()))
        self.before = self.stats().get("execs_done", 0)

    def stats(self):
        try:
            with open(self.out("fuzzer_stats"), encoding="utf-8", errors="replace") as f:
                found = dict(x.split(":", 1) for x in f if ":" in x)
            found = {k.strip(): v.strip() for k, v in found.items()}
            return {k: int(found[k]) for k in ("execs_done", "edges_found")}
        except (OSError, ValueError, KeyError):
            return {}

    def collect(self):
        stats = self.stats()
        done = stats.get("execs_done", 0)
        # If AFL++ resumes, its count goes on. If it begins anew, its count starts at 0.
        self.now["executions"] = done - self.before if done >= self.before else done
        self.now["coverage"] = stats.get("edges_found", 0)

    def poll(self):
        if self.state == "running":
            self.collect()
        return super().poll()

    def raw(self):
        return sorted(p for kind in ("crashes", "hangs")
                      for p in matching(self.out(), kind + "*", "id*"))

    def corpus(self):
        return matching(self.out(), "queue", "id*")


KINDS = {lane.kind: lane for lane in (StressLane, ProgramLane, DifferentialLane, LibFuzzerLane,
                                      AflLane)}
MUTATOR = "//fuzz:afl_mutator.so"


def make(name, keys):
    return KINDS[keys["kind"]](name, keys)


def choose(config, names):
    """Returns the lanes with these names, which are separated by commas. Without names, returns all
    lanes that have a weight."""
    wanted = names.split(",") if names else [n for n, keys in config.lanes.items()
                                             if keys["weight"]]
    for name in wanted:
        if name not in config.lanes:
            raise usage("no lane '%s', expected some of %s" % (name, ",".join(config.lanes)))
        if wanted.count(name) > 1:
            raise usage("--lanes=%s: lane '%s' is named twice" % (names, name))
    return [make(name, {**config.lanes[name], "weight": config.lanes[name]["weight"] or 1.0,
                        "statsd": config.watch["statsd"]}) for name in wanted]


def canary(config):
    """Returns the lane that hunts the planted bug."""
    planted, bug = config.planted, config.canary["bug"]
    return CanaryLane("canary", {
        "what": "the planted bug", "weight": 1.0, "options": config.canary["options"],
        "target": drivers.LINUX_SIM if planted else "//stress/bugs:" + bug, "linux": planted})
