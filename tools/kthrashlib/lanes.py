# SPDX-License-Identifier: GPL-2.0-only
"""A lane: one process that hunts for a while, and what is known of it meanwhile.

Each kind of engine has its own way to say how far it is and what it found; the
campaign sees executions, points, coverage and a list of finding files.
"""

import glob
import json
import os
import re
import signal
import subprocess
import threading
import time

from common import ROOT

AFL_ENV = {
    "AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1",
    "AFL_TRY_AFFINITY": "1", "AFL_AUTORESUME": "1", "AFL_CUSTOM_MUTATOR_ONLY": "1",
}


class Lane:
    """One engine in one build. Subclasses fill command(), watch() and stop_signal."""

    stop_signal = signal.SIGTERM
    unit = "schedules"

    def __init__(self, name, target, weight=1.0, args=()):
        self.name, self.target, self.weight, self.args = name, target, weight, list(args)
        self.state = "waiting"
        self.executions = self.points = self.coverage = 0
        self.pairs = None           # of accesses seen in an order; None: not looked at
        self.pairs_at = []          # (seconds, pairs), while it runs
        self.seconds = 0.0
        self.findings = []          # dicts: file, kind, signature
        self.binary = self.folder = self.log = self.process = None
        self.started = 0.0

    def prepare(self, binary, folder):
        self.binary, self.folder = binary, os.path.join(folder, "lanes", self.name)
        self.log = os.path.join(self.folder, "log")
        os.makedirs(self.folder, exist_ok=True)

    def start(self, seconds, seed):
        self.state, self.started = "running", time.monotonic()
        self.process = subprocess.Popen(
            self.command(seconds, seed), cwd=ROOT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            env={**os.environ, **self.environment()}, start_new_session=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def environment(self):
        return {}

    def read(self):
        with open(self.log, "a", encoding="utf-8") as log, self.process.stdout:
            for line in self.process.stdout:
                log.write(line)
                self.watch(line.rstrip("\n"))

    def poll(self):
        """True while it runs."""
        if self.process is None or self.state != "running":
            return False
        status = self.process.poll()
        self.seconds = time.monotonic() - self.started
        if status is None:
            return True
        self.reader.join(10)    # what it said last counts
        self.collect()
        self.state = "done" if self.ended_well(status) else "failed"
        return False

    def ended_well(self, status):
        return status in (0, 1, -self.stop_signal)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            try:
                os.killpg(self.process.pid, self.stop_signal)
            except ProcessLookupError:
                pass

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def collect(self):
        """Findings that are files of the engine's own."""

    def pairs_lately(self):
        """Of the pairs, how many were new in the last fifth of its time."""
        before = [n for seconds, n in self.pairs_at if seconds <= 0.8 * self.seconds]
        return (self.pairs or 0) - (before[-1] if before else 0)


class DriverLane(Lane):
    """The C driver, on the simulator or on real threads."""

    # To look at every plan would cost a third of the executions.
    COVERAGE_EVERY = 8

    def command(self, seconds, seed):
        return [self.binary, "stress", "--json", "--progress", "--keep-going",
                "--seconds=%g" % seconds, "--seed=%d" % seed,
                "--findings=" + os.path.join(self.folder, "findings")] + self.args + (
                    ["--coverage=" + self.coverage_file(),
                     "--coverage-every=%d" % self.COVERAGE_EVERY] if self.simulates() else [])

    def simulates(self):
        return "kthrash_sim" in self.target

    def coverage_file(self):
        return os.path.join(self.folder, "coverage")

    def watch(self, line):
        if not line.startswith("{"):
            return
        try:
            said = json.loads(line)
        except ValueError:
            return
        if said["type"] in ("progress", "summary"):
            self.executions, self.points = said["executions"], said["points"]
            self.coverage = said["schedules"]
            if self.simulates() and "pairs" in said:
                self.pairs = said["pairs"]
                self.pairs_at.append((said["seconds"], self.pairs))
        elif said["type"] == "finding":
            self.findings.append(said)


class LibFuzzerLane(Lane):
    """libFuzzer on the plan target: four schedules an input."""

    unit = "edges"
    stop_signal = signal.SIGUSR1     # ends in order

    def command(self, seconds, seed):
        corpus = os.path.join(self.folder, "corpus")
        os.makedirs(corpus, exist_ok=True)
        # Crashes are saved and the fuzzer ends; a campaign's slice is short.
        return [self.binary, "-max_total_time=%d" % max(1, int(seconds)), "-seed=%d" % seed,
                "-print_final_stats=1", "-timeout=20",
                "-artifact_prefix=" + self.folder + "/", corpus,
                os.path.join(ROOT, "corpus", "seed"), os.path.join(ROOT, "corpus", "regress")]

    def watch(self, line):
        found = re.match(r"#(\d+)\s.*cov: (\d+)", line)
        if found:
            self.executions, self.coverage = int(found.group(1)), int(found.group(2))
        found = re.match(r"stat::number_of_executed_units: (\d+)", line)
        if found:
            self.executions = int(found.group(1))

    def collect(self):
        for kind in ("crash", "leak", "timeout", "oom"):
            for path in glob.glob(os.path.join(self.folder, kind + "-*")):
                self.findings.append({"file": path, "kind": kind, "signature": None})

    def ended_well(self, status):
        return bool(self.findings) or status in (0, -signal.SIGUSR1)


class AflLane(Lane):
    """AFL++ with the project's own mutator."""

    unit = "edges"
    stop_signal = signal.SIGINT
    mutator = None

    def command(self, seconds, seed):
        return ["afl-fuzz", "-V", "%d" % max(1, int(seconds)), "-s", "%d" % (seed % 2**31),
                "-m", "none", "-i", os.path.join(ROOT, "corpus", "seed"),
                "-o", os.path.join(self.folder, "out"), "--", self.binary]

    def environment(self):
        return {**AFL_ENV, "AFL_CUSTOM_MUTATOR_LIBRARY": self.mutator}

    def watch(self, line):
        pass

    def poll(self):
        self.read_stats()
        return super().poll()

    def read_stats(self):
        try:
            with open(os.path.join(self.folder, "out", "default", "fuzzer_stats"),
                      encoding="utf-8") as f:
                stats = dict(x.split(":", 1) for x in f if ":" in x)
            stats = {k.strip(): v.strip() for k, v in stats.items()}
            self.executions = int(stats["execs_done"])
            self.coverage = int(stats["edges_found"])
        except (OSError, ValueError, KeyError):
            pass

    def collect(self):
        self.read_stats()
        for kind in ("crashes", "hangs"):
            for path in glob.glob(os.path.join(self.folder, "out", "default", kind, "id*")):
                self.findings.append({"file": path, "kind": kind, "signature": None})


def default_lanes():
    """Every lane, heavier where the simulator's strategies differ in what they find."""
    sim, tsan = "//stress:kthrash_sim", "//stress:kthrash_sim_tsan"
    return [
        DriverLane("sim-random", sim, 1.5, ["--strategy=random"]),
        DriverLane("sim-pct2", sim, 1, ["--strategy=pct:2"]),
        DriverLane("sim-pct3", sim, 1.5, ["--strategy=pct:3"]),
        DriverLane("sim-block", sim, 0.5, ["--strategy=block"]),
        DriverLane("sim-pairs", sim, 0.5,
                   ["--exhaustive=pairs", "--plan=" + os.path.join(ROOT, "corpus", "seed")]),
        DriverLane("sim-twice", sim, 0.25, ["--twice"]),
        DriverLane("sim-tso", sim, 0.5, ["--memory=tso"]),
        DriverLane("sim-pso", "//stress:kthrash_sim_ticket", 0.5, ["--memory=pso"]),
        DriverLane("sim-park", "//stress:kthrash_sim_park", 0.5),
        DriverLane("sim-ticket", "//stress:kthrash_sim_ticket", 0.5),
        DriverLane("sim-epoch", "//stress:kthrash_sim_epoch", 0.5),
        DriverLane("sim-checked", "//stress:kthrash_sim_checked", 0.5),
        DriverLane("sim-asan", "//stress:kthrash_sim_asan", 1),
        DriverLane("sim-tsan", tsan, 1),
        DriverLane("posix-tsan", "//stress:kthrash_posix_tsan", 1),
        DriverLane("posix-asan", "//stress:kthrash_posix_asan", 1),
        LibFuzzerLane("libfuzzer", "//fuzz:plan_fuzz_libfuzzer", 1.5),
        AflLane("afl", "//fuzz:plan_fuzz_afl", 1),
        AflLane("afl-asan", "//fuzz:plan_fuzz_afl_asan", 1),
    ]


MUTATOR = "//fuzz:afl_mutator.so"
