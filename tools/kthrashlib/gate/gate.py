# SPDX-License-Identifier: GPL-2.0-only
"""Implements `gate`, for CI: it runs sanitizers x back ends x kinds of test, in a given time.

The gate has a list of steps in two parts. First, under each sanitizer, come the steps that must
run: the seeded bugs, which show that the harness can see; the unit tests; the corpus; and a short
stress on the default back ends. Each step has a share of the time that is left. If a step ends
early, the next steps get the rest of its share. A step that ran out of time is tried again after
the others. This is repeated as long as each round runs at least one more test. Then come the other
pairs of back ends, a few at a time, until the time is up. Each commit begins with another pair.
"""

import json
import os
import signal
import time

from kthrashlib import children, checkout, env, files, locks, output, terminal
from kthrashlib.build import bazel
from kthrashlib.common import (CLEAN, ENVIRONMENT, FINDINGS, INTERRUPTED, ROOT, STATE, environment,
                               plural, say, sentence, usage, write_whole)
from kthrashlib.gate import junit, results, sarif
from kthrashlib.gate.junit import ERROR, FAILED, SKIPPED, Case
from kthrashlib.gate.runner import Runner
from kthrashlib.terminal import LEFT, RIGHT

SANITIZERS = {"plain": [], "asan-ubsan": ["--config=asan-ubsan"], "tsan": ["--config=tsan"]}
KINDS = ["seeded bugs", "unit", "corpus", "stress"]

# A step of the first part takes this time, relative to the others, when nothing is built.
WEIGHT = {"seeded bugs": 5, "unit": 10, "corpus": 6, "stress": 3}

# Without a sanitizer, the gate runs one bug for each oracle, and one bug of a lock. Under a
# sanitizer, it runs bugs that this sanitizer reports.
SEEDED_BUGS = {
    "plain": ["P1", "H26K", "P13E", "R1", "T4", "V1", "ND1", "LTICKET1"],
    "asan-ubsan": ["H2C", "H26K"],
    "tsan": ["P6", "P1"],
}

DEFAULTS = ["sim+modelled+modelled+list+modelled", "posix+mutex+park+list+memb"]
BATCH = 6               # A step of the second part has this many pairs of back ends.
FOR_REPORTS = 0.03      # Reports get this share of the time, but at most this many seconds:
FOR_REPORTS_S = 10
BUGS_SHOWN = 8          # The screen shows this many bugs; the reports have all bugs.
NO_TIME = "not run: out of time"
CUT_OFF = "not run: the gate was interrupted"


class Step:
    """A step of the plan. `items` has labels of tests or, for stress, combinations of back ends."""

    def __init__(self, sanitizer, kind, items, must):
        self.sanitizer, self.kind, self.items, self.must = sanitizer, kind, list(items), must

    def weight(self):
        return WEIGHT[self.kind]


def backends_of(label):
    """Returns the combination in a test's name, or "any" for a test of none or of several."""
    name = label.rpartition("@")[2]
    return name if "@" in label and "+" in name else "any"


def corpus_label(combo):
    return "//stress:%s@%s" % (
        "corpus_replay_test" if combo.startswith("sim+") else "corpus_stress_test", combo)


class Plan:
    """A plan of the gate. Its steps are in their order: first `must`, then `rest`."""

    def __init__(self, unit, combos, turn):
        """Makes the steps. `unit` has labels by sanitizer. `combos` has pairs of back ends. `turn`
        is a number that says with which of the other combinations the second part begins."""
        self.must = []
        for sanitizer in SANITIZERS:
            for kind, items in (
                    ("seeded bugs", ["//stress/bugs:%s_test" % bug
                                     for bug in SEEDED_BUGS[sanitizer]]),
                    ("unit", unit[sanitizer]),
                    ("corpus", [corpus_label(c) for c in DEFAULTS]),
                    ("stress", DEFAULTS)):
                self.must.append(Step(sanitizer, kind, items, True))
        others = sorted(c for c in combos if c not in DEFAULTS)
        turn = turn % len(others) if others else 0
        others = others[turn:] + others[:turn]
        self.rest = []
        for at in range(0, len(others), BATCH):
            batch = others[at:at + BATCH]
            for sanitizer in SANITIZERS:
                self.rest.append(Step(sanitizer, "corpus", map(corpus_label, batch), False))
                self.rest.append(Step(sanitizer, "stress", batch, False))


def share(now, end, step, later):
    """Returns the time at which the step must end, so that the later steps have their shares."""
    total = step.weight() + sum(s.weight() for s in later)
    return now + max(0.0, end - now) * step.weight() / total


class Gate:
    """A gate that runs the steps of a Plan and keeps the results. `runner` runs tests and drivers
    (runner.py)."""

    def __init__(self, plan, runner, end, clock=time.monotonic, after_step=lambda gate: None):
        """Sets the times. `end` is the time, by `clock`, when the gate must stop. The gate calls
        `after_step` with itself after each step."""
        self.plan, self.runner, self.end, self.clock = plan, runner, end, clock
        self.after_step = after_step
        self.cases = {}         # This dict has the cases by (sanitizer, kind, item).
        self.findings = []
        self.broken = []        # These sentences say how the environment failed.
        self.interrupted = False
        self.signal = signal.SIGINT     # This signal has interrupted the gate, if one has.
        self.sources = ""       # This line says which sources the gate tests.

    def run(self):
        before = None
        while before != (before := len(self.missing(True))):
            must = [s for s in self.plan.must if self.left_of(s)]
            while must:
                step = must.pop(0)
                self.run_step(step, share(self.clock(), self.end, step, must))
        for step in self.plan.rest:
            self.run_step(step, self.end)

    def left_of(self, step):
        return [i for i in step.items if (step.sanitizer, step.kind, i) not in self.cases]

    def run_step(self, step, deadline):
        items = self.left_of(step)
        # A step of stress uses the driver that the corpus test has built.
        if step.kind == "stress":
            items = [i for i in items
                     if (step.sanitizer, "corpus", corpus_label(i)) in self.cases]
        now = self.clock()
        if not items or self.interrupted or self.broken or deadline - now < 1:
            return
        run = self.runner.stress if step.kind == "stress" else self.runner.test
        ran = run(step.sanitizer, step.kind, items, deadline)
        # A signal for Bazel alone stops the runner.
        self.interrupted = self.interrupted or self.runner.stopped
        for item, cases in ran.cases.items():
            self.cases[step.sanitizer, step.kind, item] = cases
        self.findings += ran.findings
        self.broken += ran.broken
        self.tell(step, items, ran, self.clock() - now)
        self.after_step(self)

    def tell(self, step, items, ran, seconds):
        done = [c for cases in ran.cases.values() for c in cases]
        bad = sum(c.status in (FAILED, ERROR) for c in done)
        waiting = len(items) - len(ran.cases)
        words = ["%d passed" % (len(done) - bad)]
        words += ["%d FAILED" % bad] if bad else []
        words += ["%d not yet" % waiting] if waiting else []
        print("%-10s %-11s %4.0f s  %s" % (step.sanitizer, step.kind, seconds, ", ".join(words)),
              flush=True)

    # ---- the results -------------------------------------------------------------

    def missing(self, must):
        steps = self.plan.must if must else self.plan.rest
        return [(s, i) for s in steps for i in self.left_of(s)]

    def suites(self):
        """Returns the suites for JUnit, one for each sanitizer and combination. A test that did not
        run is a skipped case."""
        found = {}
        for step in self.plan.must + self.plan.rest:
            for item in step.items:
                name = "%s %s" % (step.sanitizer,
                                  item if step.kind == "stress" else backends_of(item))
                cases = self.cases.get((step.sanitizer, step.kind, item)) or [Case(
                    step.kind, name if step.kind == "stress" else item, SKIPPED,
                    message=CUT_OFF if self.interrupted else NO_TIME)]
                found.setdefault(name, []).extend(cases)
        return found

    def cell(self, sanitizer, kind):
        """Returns three numbers for a cell of the table: tests that passed, that failed, that did
        not run."""
        steps = [s for s in self.plan.must + self.plan.rest
                 if (s.sanitizer, s.kind) == (sanitizer, kind)]
        done = [c for s in steps for i in s.items
                for c in self.cases.get((sanitizer, kind, i), [])]
        bad = sum(c.status in (FAILED, ERROR) for c in done)
        return len(done) - bad, bad, sum(len(self.left_of(s)) for s in steps)

    def bad_cases(self):
        return [(key, c) for key, cases in self.cases.items() for c in cases
                if c.status in (FAILED, ERROR)]

    def verdict(self, partial):
        """Returns (exit status, the verdict in words).

        If several of these happened, the first one decides: findings; a signal, because what it
        ended may look broken; a broken environment; tests that must run and did not. With
        `partial` such missing tests are no failure, if any test ran at all.
        """
        cut_off = "interrupted: not finished, %d of %d ran" % self.extent()
        if self.bad_cases() or self.findings:
            return FINDINGS, "FAILED, " + cut_off if self.interrupted else "FAILED"
        if self.interrupted:
            return INTERRUPTED - signal.SIGINT + self.signal, cut_off
        if self.broken:
            return ENVIRONMENT, "the environment failed: " + self.broken[0]
        missing = len(self.missing(True))
        if missing and not (partial and self.cases):
            return FINDINGS, "INCOMPLETE: %s that must run did not run" % plural(missing, "test")
        return CLEAN, "clean, %d of %d ran" % self.extent()

    def extent(self):
        """Returns how many items ran, and how many there are."""
        items = [(s.sanitizer, s.kind, i) for s in self.plan.must + self.plan.rest
                 for i in s.items]
        return sum(i in self.cases for i in items), len(items)


# ---- the command --------------------------------------------------------------------

def query(text):
    done = bazel.run(["query", "--noshow_progress", text], stdout=children.PIPE,
                     stderr=children.PIPE, text=True)
    if done.returncode != 0:
        raise environment("bazel query failed: " + done.stderr.strip()[-500:])
    return sorted(done.stdout.split())


def look():
    """Returns the labels of the unit tests by sanitizer, and all pairs of back ends."""
    corpus = "tests(//stress:corpus_replay_test) + tests(//stress:corpus_stress_test)"
    rows = query(corpus)
    # The query leaves out twice_test, because it is a long hunt.
    unit = ("(tests(//core/... + //platform/... + //stress:* + //fuzz/...) except (%s)"
            " except tests(//stress:twice_test) except attr(tags, 'manual', //...))" % corpus)
    checked = query("%s except attr(tags, 'plain-only', //...)" % unit)
    return {"plain": query("%s + (tests(//tools/...) except attr(tags, 'manual', //...))" % unit),
            "asan-ubsan": checked, "tsan": checked}, [backends_of(label) for label in rows]


def properties(gate):
    """Returns what both reports say of the whole gate, besides the commit."""
    return {**({"sources": gate.sources} if gate.sources else {}),
            **({"interrupted": "not finished, %d of %d ran" % gate.extent()}
               if gate.interrupted else {})}


def write_reports(gate, junit_file, sarif_file, sha, complete, last=False):
    """Writes the reports. Returns a sentence for each that can't be written. That does not end the
    gate, because its tests may still find something. A FIFO, a device or a descriptor gets only the
    `last` report, because what it got before can't be replaced."""
    said, unwritten = properties(gate), []
    for path, text in [
            (junit_file, junit.document("kthrash gate", gate.suites(),
                                        {**({"commit": sha} if sha else {}), **said})),
            (sarif_file, json.dumps(
                sarif.document(gate.findings, ROOT, "gate", sha, complete, said,
                               gate.signal if gate.interrupted else None), indent=1) + "\n")]:
        try:
            if last or not files.find(path).direct:
                write_whole(path, text)
        except OSError as e:
            unwritten.append(sentence(e))
    return unwritten


def print_table(gate):
    print()
    terminal.table([("sanitizer", LEFT), ("kind", LEFT), ("passed", RIGHT), ("failed", RIGHT),
                    ("not run", RIGHT)],
                   [(s, k, *gate.cell(s, k)) for s in SANITIZERS for k in KINDS])


def print_bad(gate):
    """Prints the tests that failed, and the first BUGS_SHOWN bugs."""
    for (sanitizer, kind, _), case in gate.bad_cases():
        print("\n%s %s %s: %s" % (sanitizer, kind, case.name, case.message))
    bugs = sarif.distinct(gate.findings)
    for bug in bugs[:BUGS_SHOWN]:
        print("\n%s, seen %s by %s: %s\nreplay: %s" % (
            bug["kind"], plural(bug["count"], "time"), ", ".join(bug["lanes"][:3])
            + (" and %d more" % (len(bug["lanes"]) - 3) if bug["lanes"][3:] else ""),
            bug["message"], bug["replay"]))
    if bugs[BUGS_SHOWN:]:
        print("\nand %d more" % len(bugs[BUGS_SHOWN:]))


def report_file(found, name, folder, default):
    """Returns the file for a report. If it can't be written, raises a usage error before anything
    runs. The gate makes `folder` itself."""
    path = os.path.abspath(found.get(name, os.path.join(folder, default)))
    refused = "" if os.path.dirname(path) == folder and not os.path.isdir(path) else \
        files.refusal(found[name])
    if refused:
        raise usage("%s=%s: %s" % (name, found[name], refused))
    return path


def check_folder(folder):
    """Refuses a folder that is not empty, and says so if another gate runs in it."""
    try:
        others = os.listdir(folder) if os.path.lexists(folder) else []
    except OSError as e:
        raise usage("--dir=%s: %s: expected a folder that is empty or not there yet" % (
            folder, e.strerror)) from e
    if others:
        running = locks.holders(os.path.join(folder, "lock"))
        raise usage("--dir=%s: %sexpected a folder that is empty or not there yet" % (
            folder, "another gate runs in it (process %s): " % ", ".join(map(str, running))
            if running else ""))


def take_folder(folder):
    """Makes the folder and locks it, until this process ends."""
    try:
        os.makedirs(folder, exist_ok=True)
        taken = locks.take(os.path.join(folder, "lock"))
    except OSError as e:
        raise usage("--dir=%s: %s: expected a folder that can be made and written" % (
            folder, e.strerror)) from e
    if taken is None:
        check_folder(folder)


def main(call):
    started = time.monotonic()
    found = call.options
    seconds = 60 * found.get("--minutes", 30)
    folder = os.path.abspath(found["--dir"] if "--dir" in found else
                             locks.new_folder(os.path.join(STATE, "gate")))
    check_folder(folder)
    reports = [report_file(found, "--junit", folder, "junit.xml"),
               report_file(found, "--sarif", folder, "kthrash.sarif")]
    env.ensure(env.ALL)
    take_folder(folder)
    tree = checkout.state()
    plan = Plan(*look(), int((tree.commit or tree.sources)[:8], 16))
    end = started + seconds - min(FOR_REPORTS_S, FOR_REPORTS * seconds)
    runner = Runner(folder, SANITIZERS, end)
    gate = Gate(plan, runner, end, after_step=lambda g: write_reports(
        g, *reports, tree.commit, False))
    gate.sources = tree.told()

    def interrupt():
        gate.interrupted, gate.signal = True, children.state.caught
        runner.stop()
    children.on_interrupt(interrupt)
    if tree.no_commit:
        say("kthrash: " + tree.told())
    say("kthrash: gate of %g minute%s, %s; findings, logs and reports go to %s" % (
        seconds / 60, "" if seconds == 60 else "s",
        plural(len(plan.must) + len(plan.rest), "step"), results.shown(folder)))
    write_reports(gate, *reports, tree.commit, False)   # Then there are reports whatever happens.
    try:
        gate.run()
    except OSError as e:    # The disk is full, so no log can be written.
        gate.broken.append(sentence(e))
    status, word = gate.verdict("--partial" in found)
    complete = not gate.interrupted and not gate.broken and not gate.missing(True)
    unwritten = write_reports(gate, *reports, tree.commit, complete, last=True)
    if not gate.broken and not unwritten:
        output.findings_are_kept()
    print_bad(gate)
    print_table(gate)
    print("\n%s in %.0f s; %s; %s" % (
        word, time.monotonic() - started, *map(results.shown, reports)))
    if unwritten:
        raise environment("the reports could not be written: %s" % "; ".join(unwritten))
    return status
