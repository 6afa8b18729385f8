# SPDX-License-Identifier: GPL-2.0-only
"""A lane: an engine in one build that hunts for a slice of time, again and again, and what
is known of it meanwhile.

Each kind of engine has its own way to say how far it is and where it saves what it finds.
A finding is a file before anybody hears of it; the campaign looks at files only.
"""

import fcntl
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time

from kthrashlib.common import ROOT, usage
from kthrashlib.night.folder import entries, holders, sweep, utc

AFL_ENV = {
    "AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1",
    "AFL_TRY_AFFINITY": "1", "AFL_AUTORESUME": "1", "AFL_CUSTOM_MUTATOR_ONLY": "1",
}
LOG_BYTES = 4 << 20
FAILURES_KEPT = 20
PAGE = os.sysconf("SC_PAGE_SIZE")


def parents():
    """{process: (parent, resident bytes)} of all there are."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid, encoding="ascii", errors="replace") as f:
                fields = f.read().rpartition(") ")[2].split()
        except OSError:
            continue
        found[int(pid)] = int(fields[1]), int(fields[21]) * PAGE
    return found


def family(pid, all_of):
    """`pid` and what descends from it."""
    found, new = [], [pid]
    while new:
        found += new
        new = [p for p, (parent, _) in all_of.items() if parent in new]
    return found


class Job:
    """One process of a campaign. It dies with the campaign, and as long as one of its
    descendants lives it holds a lock, so that the next campaign can tell."""

    stop_signal = signal.SIGTERM

    def __init__(self, name):
        self.name = name
        self.state = "waiting"
        self.process = self.folder = self.log = self.reader = self.why_killed = None
        self.started = self.run_seconds = self.deadline = 0.0
        self.last_line = ""

    def settle_in(self, folder):
        """`folder` is this job's alone. Whoever of an earlier campaign is still in it ends."""
        self.folder, self.log = folder, os.path.join(folder, "log")
        os.makedirs(folder, exist_ok=True)
        for pid in holders(os.path.join(folder, "lock")):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        fd = self.lock()
        fcntl.flock(fd, fcntl.LOCK_EX)      # until they are gone
        os.close(fd)
        sweep(folder)
        shutil.rmtree(self.temporary(), ignore_errors=True)
        os.makedirs(self.temporary(), exist_ok=True)

    def temporary(self):
        """For what the job's processes put into $TMPDIR. libFuzzer names its files there by
        its process number, and in two containers with one /tmp that can be the same."""
        return os.path.join(self.folder, "tmp")

    def lock(self):
        return os.open(os.path.join(self.folder, "lock"), os.O_RDWR | os.O_CREAT, 0o666)

    def environment(self):
        return {"TMPDIR": self.temporary()}

    def launch(self, command, seconds, grace):
        self.state, self.started = "running", time.monotonic()
        self.deadline = self.started + seconds + grace
        self.run_seconds, self.why_killed, self.last_line = 0.0, None, ""
        if os.path.exists(self.log) and os.path.getsize(self.log) > LOG_BYTES:
            os.replace(self.log, self.log + ".1")
        fd = self.lock()
        fcntl.flock(fd, fcntl.LOCK_EX)
        try:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command], cwd=ROOT,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, errors="replace", env={**os.environ, **self.environment()},
                start_new_session=True, pass_fds=(fd,))
        finally:
            os.close(fd)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        with self.process.stdout, open(self.log, "a", encoding="utf-8") as log:
            log.write("-- %s --\n" % utc())
            for line in self.process.stdout:
                try:
                    log.write(line)
                    log.flush()
                except OSError:
                    pass    # a full disk: what it says still counts
                line = line.rstrip("\n")
                if line.strip():
                    self.last_line = line
                self.watch(line)

    def watch(self, line):
        """What a line of its output says."""

    def resident(self, all_of):
        return sum(all_of[p][1] for p in family(self.process.pid, all_of) if p in all_of)

    def look(self, memory):
        """End it if it hangs or takes too much memory."""
        if time.monotonic() > self.deadline:
            self.kill("hung: killed after %d s" % self.run_seconds)
        elif memory and self.resident(parents()) > memory:
            self.kill("took more than %d MiB of memory: killed" % (int(memory) >> 20))

    def poll(self):
        """True while it runs."""
        if self.process is None or self.state != "running":
            return False
        status = self.process.poll()
        self.run_seconds = time.monotonic() - self.started
        if status is None:
            return True
        for pid in holders(os.path.join(self.folder, "lock")):
            try:
                os.kill(pid, signal.SIGKILL)    # what it left behind
            except ProcessLookupError:
                pass
        self.reader.join(10)    # what it said last counts
        self.ended(status)
        return False

    def ended(self, status):
        self.state = "done"

    def stop(self):
        self.signal(self.stop_signal)

    def kill(self, why=None):
        self.why_killed = self.why_killed or why
        self.signal(signal.SIGKILL)

    def signal(self, number):
        if self.process is not None and self.process.poll() is None:
            for pid in family(self.process.pid, parents()) if number == signal.SIGKILL else []:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                pass


class Lane(Job):
    """An engine in one build. Subclasses fill command(), watch() and raw()."""

    unit = "schedules"

    def __init__(self, name, keys):
        super().__init__(name)
        self.what, self.target, self.weight = keys["what"], keys["target"], keys["weight"]
        self.args = keys["options"]
        self.binary = None
        self.night = {}     # see begin_night()
        self.now = {}       # of this run
        self.row = 0        # failures in a row
        self.begin_night({})

    # What a night's file says of a lane, and what a resumed night begins with.
    COUNTS = ("runs", "seconds", "executions", "points", "coverage", "findings")

    def begin_night(self, record):
        self.night = {k: record.get(k, 0) for k in self.COUNTS}
        self.night["failures"] = record.get("failures", [])
        self.night["pairs"] = record.get("pairs")
        self.night["pairs_at"] = record.get("pairs_at", [])
        self.now = {"executions": 0, "points": 0, "coverage": 0, "pairs": None}
        self.state, self.row = "waiting", 0

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
        """Of the pairs, how many were new in the last fifth of its time."""
        before = [n for at, n in self.night["pairs_at"] if at <= 0.8 * self.seconds()]
        return (self.pairs() or 0) - (before[-1] if before else 0)

    def record(self):
        return {"name": self.name, "what": self.what, "weight": self.weight, "unit": self.unit,
                "state": self.state, **self.night, "seconds": round(self.seconds(), 1),
                "executions": self.executions(), "points": self.points(),
                "coverage": self.coverage(), "pairs": self.pairs(),
                "pairs_lately": self.pairs_lately()}

    def start(self, seconds, seed, grace):
        self.now = {"executions": 0, "points": 0, "coverage": 0, "pairs": None}
        self.night["runs"] += 1
        self.prepare()
        self.launch(self.command(seconds, seed), seconds, grace)

    def prepare(self):
        """Before a run."""

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
        return status in (0, 1, -self.stop_signal)

    def collect(self):
        """Last figures, when a run has ended."""

    def raw(self):
        """Files of findings that nobody has taken yet."""
        return []

    def corpus(self):
        """Files that the other lanes may use."""
        return []


class StressLane(Lane):
    """The C driver, on the simulator or on real threads."""

    # To look at every plan would cost a third of the executions.
    COVERAGE_EVERY = 8
    keep_going = ["--keep-going"]

    def command(self, seconds, seed):
        words = {"@corpus": os.path.join(os.path.dirname(os.path.dirname(self.folder)), "corpus"),
                 "@seed": os.path.join(ROOT, "corpus", "seed")}
        args = []
        for arg in self.args:
            for word, path in words.items():
                arg = arg.replace(word, path)
            args.append(arg)
        looks = ["--coverage=" + self.coverage_file(),
                 "--coverage-every=%d" % self.COVERAGE_EVERY] if self.simulates() else []
        if "--mutate" in args:
            os.makedirs(self.kept(), exist_ok=True)
            looks.append("--kept=" + self.kept())
        return [self.binary, "stress", "--json", "--progress", *self.keep_going,
                "--seconds=%g" % seconds, "--seed=%d" % seed,
                "--findings=" + os.path.join(self.folder, "findings"), *args, *looks]

    def simulates(self):
        return "kthrash_sim" in self.target

    def coverage_file(self):
        """Of one run; the campaign adds it to what the lane has seen in all."""
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
        if said.get("type") in ("progress", "summary"):
            self.now["executions"], self.now["points"] = said["executions"], said["points"]
            self.now["coverage"] = said["schedules"]
            if self.simulates() and "pairs" in said:
                self.now["pairs"] = said["pairs"]
                if self.night["runs"] == 1:
                    self.night["pairs_at"].append([said["seconds"], said["pairs"]])
        elif said.get("type") == "unsaved":
            self.save(said)

    def save(self, said):
        """The driver could not write a finding. We try, with the room that the ballast gave."""
        ballast = os.path.join(os.path.dirname(os.path.dirname(self.folder)), "ballast")
        try:
            os.unlink(ballast)
        except OSError:
            pass
        path = os.path.join(self.folder, "findings", os.path.basename(said["file"]))
        temporary = "%s.%d.tmp" % (path, os.getpid())
        try:
            with open(temporary, "w", encoding="utf-8") as f:
                f.write(said["plan"])
                f.flush()
                os.fsync(f.fileno())
            os.rename(temporary, path)
        except OSError as e:
            self.last_line = "a finding that nobody could save: %s" % e

    def raw(self):
        return [p for p in sorted(glob.glob(os.path.join(self.folder, "findings", "*.plan")))
                if not p.endswith(".min.plan")]

    def corpus(self):
        return [os.path.join(self.kept(), n) for n in entries(self.kept())]


class CanaryLane(StressLane):
    """Hunts a planted bug: that it finds it shows that the others would."""

    keep_going = []

    def simulates(self):
        return False    # its pairs are of other code


class LibFuzzerLane(Lane):
    """libFuzzer on the plan target: four schedules an input."""

    unit = "edges"
    stop_signal = signal.SIGUSR1     # ends in order
    KINDS = ("crash", "leak", "timeout", "oom")

    def own(self):
        return os.path.join(self.folder, "corpus")

    def command(self, seconds, seed):
        os.makedirs(self.own(), exist_ok=True)
        common = os.path.join(os.path.dirname(os.path.dirname(self.folder)), "corpus")
        os.makedirs(common, exist_ok=True)
        # A crash is saved and the fuzzer ends; the lane's next slice goes on.
        return [self.binary, "-max_total_time=%d" % max(1, int(seconds)),
                "-seed=%d" % (seed % 2**31 or 1), "-print_final_stats=1", "-timeout=20",
                "-artifact_prefix=" + self.folder + "/", *self.args, self.own(), common,
                os.path.join(ROOT, "corpus", "seed"), os.path.join(ROOT, "corpus", "regress")]

    def watch(self, line):
        found = re.match(r"#(\d+)\s.*cov: (\d+)", line)
        if found:
            self.now["executions"], self.now["coverage"] = map(int, found.groups())
        found = re.match(r"stat::number_of_executed_units: (\d+)", line)
        if found:
            self.now["executions"] = int(found.group(1))

    def raw(self):
        return sorted(p for kind in self.KINDS
                      for p in glob.glob(os.path.join(self.folder, kind + "-*")))

    def ended_well(self, status):
        return bool(self.raw()) or status in (0, -signal.SIGUSR1)

    def corpus(self):
        return [os.path.join(self.own(), n) for n in entries(self.own())]


class AflLane(Lane):
    """AFL++ with the project's own mutator. It reads the corpus of all while it runs."""

    unit = "edges"
    stop_signal = signal.SIGINT
    mutator = statsd = None

    def __init__(self, name, keys):
        super().__init__(name, keys)
        self.before = 0     # what its own records say when a run begins

    def out(self, *names):
        return os.path.join(self.folder, "out", "main", *names)

    def command(self, seconds, seed):
        common = os.path.join(os.path.dirname(os.path.dirname(self.folder)), "corpus")
        return ["afl-fuzz", "-M", "main", "-F", common, "-V", "%d" % max(1, int(seconds)),
                "-s", "%d" % (seed % 2**31), "-m", "none",
                "-i", os.path.join(ROOT, "corpus", "seed"),
                "-o", os.path.join(self.folder, "out"), *self.args, "--", self.binary]

    def environment(self):
        found = {**super().environment(), **AFL_ENV,
                 "AFL_CUSTOM_MUTATOR_LIBRARY": self.mutator}
        if self.statsd:
            host, _, port = self.statsd.rpartition(":")
            found.update({"AFL_STATSD": "1", "AFL_STATSD_HOST": host, "AFL_STATSD_PORT": port,
                          "AFL_STATSD_TAGS_FLAVOR": os.environ.get("AFL_STATSD_TAGS_FLAVOR",
                                                                   "dogstatsd")})
        return found

    def prepare(self):
        # Records that it does not start from, twice in a row, are put aside.
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
        # A resumed one goes on counting where it was, a new one begins at 0.
        self.now["executions"] = done - self.before if done >= self.before else done
        self.now["coverage"] = stats.get("edges_found", 0)

    def poll(self):
        if self.state == "running":
            self.collect()
        return super().poll()

    def raw(self):
        return sorted(p for kind in ("crashes", "hangs")
                      for p in glob.glob(self.out(kind + "*", "id*")))

    def corpus(self):
        return [p for p in glob.glob(self.out("queue", "id*"))]


KINDS = {"stress": StressLane, "libfuzzer": LibFuzzerLane, "afl": AflLane}
MUTATOR = "//fuzz:afl_mutator.so"


def make(name, keys):
    return KINDS[keys["kind"]](name, keys)


def choose(config, names):
    lanes = [make(name, keys) for name, keys in config.lanes.items() if keys["weight"]]
    if not names:
        return lanes
    for name in names.split(","):
        if name not in config.lanes:
            raise usage("no lane '%s', expected some of %s" % (name, ",".join(config.lanes)))
    return [make(name, {**config.lanes[name], "weight": config.lanes[name]["weight"] or 1.0})
            for name in names.split(",")]
