# SPDX-License-Identifier: GPL-2.0-only
"""Runs tests and drivers for `gate`, each until a deadline. Bazel runs the tests. The drivers are
those that Bazel has built for the tests."""

import json
import os
import shutil
import signal
import tempfile
import time

from kthrashlib import children
from kthrashlib.build import about, bazel, kept
from kthrashlib.common import ROOT, STATE, path_said, plural, typed, write_whole
from kthrashlib.gate import results, sarif
from kthrashlib.gate.junit import ERROR, FAILED, PASSED, Case

# Each combination of back ends is stressed this long, if there is enough time.
STRESS_S = 10
STRESS_LEAST_S = 2
# A driver may be silent this long. The driver itself reports a hang after 20 s without progress.
SILENCE_S = 25
# What a driver says of its sanitizer, by the gate's name for that build.
DRIVER_SAYS = {"plain": "none", "asan-ubsan": "asan", "tsan": "tsan"}
STOP_S = 15             # After a SIGINT, Bazel gets this time to end.
SHRINK_S = 5
# One call of Bazel runs this many tests. It builds all of them before one ends.
AT_ONCE = 40
EXAMINED_MAX = 3        # At most this many findings of one hunt are shrunk.


class Runner:
    def __init__(self, folder, sanitizers, end):
        """Sets the time. `sanitizers` has Bazel's options by name. `end` is the time when all must
        be over."""
        self.folder, self.sanitizers, self.end = folder, sanitizers, end
        self.jobs = os.cpu_count() or 1
        self.binaries = {}      # This dict has the drivers by sanitizer and combination.
        self.known = set()      # These bugs were examined.
        self.running = []
        self.temporary = None   # See scratch().
        self.stopped_at = None  # This is the time of a signal, in seconds since 1970.
        self.count = 0
        os.makedirs(os.path.join(folder, "logs"), exist_ok=True)

    @property
    def stopped(self):
        return self.stopped_at is not None

    def stop(self):
        """Ends what runs, and lets nothing new begin. A signal handler calls it."""
        self.stopped_at = self.stopped_at or time.time()
        for p in list(self.running):
            self.signal(p, signal.SIGINT)

    def signal(self, process, what):
        if process.poll() is None:
            try:
                os.killpg(process.pid, what)
            except ProcessLookupError:
                pass

    def start(self, words, log):
        with open(log, "wb") as f:
            p = children.start(words, cwd=ROOT, stdin=children.DEVNULL, stdout=f, stderr=f,
                               **bazel.OWN if words[0] == "bazel" else {})
        self.running.append(p)
        if self.stopped:
            self.signal(p, signal.SIGINT)
        return p

    def scratch(self):
        """Returns a folder in the checkout that belongs to this process."""
        if self.temporary is None:
            os.makedirs(os.path.join(STATE, "logs"), exist_ok=True)
            # pylint: disable-next=consider-using-with; it is removed when this process ends
            self.temporary = tempfile.TemporaryDirectory(
                prefix="gate.", dir=os.path.realpath(os.path.join(STATE, "logs")))
        return self.temporary.name

    def log_name(self, *words):
        self.count += 1
        return os.path.join(self.folder, "logs", "%03d-%s" % (
            self.count, "-".join(words).replace(" ", "-")))

    # ---- Bazel --------------------------------------------------------------------

    def test(self, sanitizer, kind, labels, deadline):
        """Runs as many of `labels` as there is time for, in their order."""
        ran = results.Ran()
        for at in range(0, len(labels), AT_ONCE):
            if self.stopped or ran.broken or time.monotonic() >= deadline:
                break
            ran.add(self.test_some(sanitizer, kind, labels[at:at + AT_ONCE], deadline))
        return ran

    def test_some(self, sanitizer, kind, labels, deadline):
        config, log = self.sanitizers[sanitizer], self.log_name(sanitizer, kind)
        # Bazel can't write to a path with some characters, so it writes in the checkout.
        events = os.path.join(self.scratch(), os.path.basename(log) + ".events")
        p = self.start(["bazel", "test", "--keep_going", "--noshow_progress",
                        "--build_event_json_file=" + events] + config + labels, log)
        ended = None
        while p.poll() is None:
            if ended is None and (time.monotonic() >= deadline or self.stopped):
                ended = time.time()
                self.signal(p, signal.SIGINT)
            if ended is not None and time.time() > ended + STOP_S:
                self.signal(p, signal.SIGKILL)
            time.sleep(0.1)
        self.running.remove(p)
        # Bazel may have ended after the signal before this loop saw that there was a signal, or the
        # signal was for Bazel alone.
        if p.returncode == bazel.INTERRUPTED and ended is None:
            self.stop()
        ended = ended or self.stopped_at
        said = results.text_of(log)
        if os.path.exists(events):
            shutil.move(events, log + ".events")
        ran = results.of_bazel(results.text_of(log + ".events", 10**9), kind, said, config, ended)
        for label, binary in ran.binaries.items():
            if label.startswith("//stress:corpus_"):
                self.take_driver(ran, sanitizer, label, binary)
        if ended is None and p.returncode not in (0, 3, 4) and not (
                p.returncode == 1 and ran.cases):
            ran.broken.append("bazel test ended with status %d; its output is in %s" % (
                p.returncode, results.shown(log)))
        self.replay_failed(ran, sanitizer)
        return ran

    def take_driver(self, ran, sanitizer, label, binary):
        """Keeps a copy of the driver that Bazel has built for this test, because another build may
        replace it before the gate starts it. The copy itself must say that it is this build."""
        with kept.building():
            copy = kept.keep(os.path.realpath(binary))
        wrong = about.differences({**about.expected(label), "sanitizer": DRIVER_SAYS[sanitizer]},
                                  about.ask(copy))
        if wrong:
            ran.broken.append("%s %s: %s" % (sanitizer, label, "; ".join(wrong)))
        else:
            self.binaries[sanitizer, label.partition("@")[2]] = copy

    def replay_failed(self, ran, sanitizer):
        """Makes a finding with an interleaving of each plan that failed in a corpus test."""
        for label, log in ran.failed.items():
            combo = label.partition("@")[2]
            plans = results.unexpected_plans(log)
            if not plans or (sanitizer, combo) not in self.binaries:
                continue
            said = self.ask(self.binaries[sanitizer, combo], "replay", "--json", *plans)
            found = [self.plan_finding(r, combo, sanitizer) for r in results.lines_of(said)
                     if not r["ok"]]
            if found:
                ran.findings = [f for f in ran.findings if f["lanes"] != [label]] + found
                self.examine(found, self.binaries[sanitizer, combo], combo)
                ran.cases[label][0].text += self.story(found)

    def plan_finding(self, r, combo, sanitizer):
        kind, plan = r["kind"] if r["kind"] != "pass" else "expect", path_said(r["file"])
        return {"kind": kind, "signature": r["signature"] or "expect: " + plan,
                "message": r["message"] or "%s does not end as it expects" % plan,
                "plan": plan, "lanes": ["%s %s" % (sanitizer, combo)],
                "replay": "tools/kthrash replay%s %s" % (
                    results.options_of(combo, sanitizer), typed(plan))}

    # ---- drivers ------------------------------------------------------------------

    def stress(self, sanitizer, _, combos, deadline):
        ran = results.Ran()
        waiting = [c for c in combos if (sanitizer, c) in self.binaries]
        while waiting and not self.stopped:
            rounds = -(-len(waiting) // self.jobs)
            each = min(STRESS_S, (deadline - time.monotonic()) / rounds - 1)
            if each < STRESS_LEAST_S:
                # There is too little time for all: only the first ones run.
                each = min(STRESS_S, deadline - time.monotonic() - 1)
            if each < STRESS_LEAST_S:
                break
            batch, waiting = waiting[:self.jobs], waiting[self.jobs:]
            hunts = [self.hunt(sanitizer, c, each) for c in batch]
            for combo, p, log, started in hunts:
                self.finish(ran, sanitizer, combo, p, log, started, each)
        return ran

    def hunt(self, sanitizer, combo, seconds):
        log = self.log_name(sanitizer, "stress", combo)
        folder = os.path.join(self.folder, "findings", sanitizer, combo)
        p = self.start([self.binaries[sanitizer, combo], "stress", "--json", "--keep-going",
                        "--seconds=%.1f" % seconds, "--seed=1", "--findings=" + folder], log)
        return combo, p, log, time.monotonic()

    def finish(self, ran, sanitizer, combo, p, log, started, seconds):
        limit = min(started + seconds + SILENCE_S, self.end)
        while p.poll() is None and time.monotonic() < limit:
            time.sleep(0.05)
        late = p.poll() is None
        self.signal(p, signal.SIGKILL)
        p.wait()
        self.running.remove(p)
        took = time.monotonic() - started
        name, said = "%s %s" % (sanitizer, combo), results.text_of(log, 10**8)
        found = results.of_driver(said, name)
        self.examine(found, self.binaries[sanitizer, combo], combo)
        ran.findings += found
        if found:
            case = Case("stress", name, FAILED, took, "%s, the first: %s" % (
                plural(len(found), "finding"), found[0]["message"]), self.story(found))
        elif late and took < seconds + SILENCE_S or self.stopped:
            return      # The time is up, so the item counts as not run.
        elif late:
            case = Case("stress", name, ERROR, took, "hung: the gate killed it after %.0f s" % took,
                        said)
        elif p.returncode != 0 and self.stopped:
            return      # The gate interrupted it, so the item counts as not run.
        elif p.returncode != 0:
            case = Case("stress", name, ERROR, took, "the driver ended with status %d" %
                        p.returncode, said)
            ran.broken += ["%s: stress ended with status %d; its output is in %s" % (
                name, p.returncode, results.shown(log))] if p.returncode == 3 else []
        else:
            case = Case("stress", name, PASSED, took)
        ran.cases[combo] = [case]

    # ---- findings -----------------------------------------------------------------

    def ask(self, binary, *words):
        """Returns what a driver prints, or "" if there is no time or the driver fails."""
        left = self.end - time.monotonic()
        if left <= 0 or self.stopped:
            return ""
        try:
            return children.run([binary, *words], cwd=ROOT, stdout=children.PIPE, text=True,
                                errors="surrogateescape", stderr=children.DEVNULL, timeout=left,
                                may_be_killed=True).stdout
        except children.TimeoutExpired:
            return ""

    def examine(self, found, binary, combo):
        """Shrinks and explains the new findings. The driver has saved all of them."""
        new = [f for f in found if sarif.identity(f) not in self.known][:EXAMINED_MAX]
        for f in new:
            self.known.add(sarif.identity(f))
            if not combo.startswith("sim+"):
                continue
            if f["plan"].startswith(self.folder) and self.end - time.monotonic() > 2 * SHRINK_S:
                smaller = f["plan"][:-len(".plan")] + ".min.plan"
                self.ask(binary, "shrink", f["plan"], "-o", smaller, "--json",
                         "--seconds=%d" % SHRINK_S)
                if os.path.exists(smaller):
                    f["replay"] = f["replay"].replace(typed(results.relative(f["plan"])),
                                                      typed(results.relative(smaller)))
                    f["plan"] = smaller
            try:
                f["trace"] = json.loads(self.ask(binary, "explain", f["plan"], "--format=json"))
            except ValueError:
                continue
            f["interleaving"] = self.ask(binary, "explain", f["plan"])
            if f["plan"].startswith(self.folder):
                write_whole(f["plan"][:-len(".plan")] + ".txt", f["interleaving"])

    def story(self, found):
        """Returns the findings of a test as text for the report."""
        return "".join("\n%s: %s\n%s%s\nreplay: %s\n" % (
            f["kind"], f["message"], f.get("interleaving", ""), f.get("report", ""), f["replay"])
            for f in found)
