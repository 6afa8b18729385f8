# SPDX-License-Identifier: GPL-2.0-only
"""Runs the same plans on our core and on the kernel's own files, and compares what each operation
returned. It is the process of a campaign's differential lane, and takes a driver's options.

A plan is generated, and a few faults are added, at places that both cores have. In both, each task
runs until it blocks. Where the results differ and no row of EXPLAINED says why, the plan gets the
results of our core as `== R`. So the finding is an ordinary plan, which fails on the kernel's
files.
"""

import dataclasses
import json
import os
import random
import re
import sys
import tempfile
import time

from kthrashlib import children
from kthrashlib.common import CLEAN, FINDINGS, decimal, environment, write_whole

BATCH = 100             # So many plans run in one process.
PASS = "pass"
ROLES = ("create_info", "name", "task", "kthread", "stack", "worker", "smpboot", "mm")
# Places of both cores at which a task can be killed: (whose place, the place). None: its own.
PLACES = ((None, "create.appended"), (None, "create.woken"), ("kthreadd", "kthreadd.unlinked"),
          ("kthreadd", "kthreadd.forking"), ("kthreadd", "kthreadd.forked"))
FAULTS = (0, 0, 1, 1, 2)        # How many faults a plan gets, each as often.
ENOMEM, EAGAIN, EBUSY = -12, -11, -16
MAKES = ("create", "run", "percpu", "cpu-up")


@dataclasses.dataclass(frozen=True)
class Row:
    """A reason why results differ: `what` is a row of stress/run/model_core.c. It explains a result
    of one of these operations. `before` is the first version without the difference. With
    `diverges` the rest of the plan may differ, too, because one core has a thread and the other has
    none."""
    what: str
    operations: tuple
    ours: int
    linux: int
    before: tuple = ()
    diverges: bool = False


EXPLAINED = [
    Row("a failed allocation of struct kthread in fork gives -EAGAIN", MAKES, ENOMEM, EAGAIN),
    Row("a failed allocation of a long name leaves it cut off", ("create", "run"), ENOMEM, 0,
        before=(6, 4), diverges=True),
    Row("cancel and mod return false for a work that its timer has dropped meanwhile",
        ("cancel", "mod"), 1, 0),
    Row("a freezable thread that is parked makes a freeze fail", ("freeze",), 0, EBUSY,
        diverges=True),
]


# ---- plans ---------------------------------------------------------------------------


def with_faults(text, seed):
    """Returns a generated plan with a few faults. Directives of its own may name places that only
    one core has, so they are left out."""
    lines = [line for line in text.splitlines() if not re.match(r"(kill|fail|oom|switch) ", line)]
    tasks = [line.split()[1].rstrip(":") for line in lines if line.startswith("task ")]
    draw = random.Random(seed)
    for _ in range(draw.choice(FAULTS)):
        if draw.random() < 0.5:
            lines.append("fail %s #%d" % (draw.choice(ROLES), draw.randint(1, 3)))
        else:
            task, (at, place) = draw.choice(tasks), draw.choice(PLACES)
            lines.append("kill %s at %s %s #%d" % (task, at or task, place, draw.randint(1, 2)))
    return "\n".join(dict.fromkeys(lines)) + "\n"


def operations(line):
    """Returns the operations of a line `task NAME: ...`. A name in quotes may have a semicolon."""
    return re.findall(r'\s*((?:"[^"]*"|[^;"])+?)\s*(?:;|$)', line.partition(":")[2])


def with_results(text, wanted):
    """Returns the plan with `== R` behind the operations of `wanted`: {its number: R}."""
    lines, n = [], 0
    for line in text.splitlines():
        if line.startswith("task "):
            said = []
            for operation in operations(line):
                said.append(operation + (" == %d" % wanted[n] if n in wanted else ""))
                n += 1
            line = line.partition(":")[0] + ": " + "; ".join(said)
        lines.append(line)
    return "\n".join(lines) + "\n"


def timed(text):
    """Returns the works (handle, X) that a timer queues. When a timer fires is not part of a plan,
    so the results of operations on them may differ."""
    return {(m.group(1), m.group(2)) for m in re.finditer(
        r"\b(?:delay|mod) (\w[\w.-]*) ([0-9]) [1-9]", text)}


# ---- comparing -----------------------------------------------------------------------


def reason(operation, ours, linux, version):
    """Returns the Row that explains why the results of an operation differ, or None."""
    return next((row for row in EXPLAINED if operation in row.operations and
                 (ours, linux) == (row.ours, row.linux) and
                 (not row.before or version < row.before)), None)


def unexplained(text, ours, linux, version):
    """Returns {number of the operation: our result} where the results of two executions of the plan
    differ and no row says why."""
    found, waits = {}, timed(text)
    words = [word for line in text.splitlines() if line.startswith("task ")
             for word in operations(line)]
    for n, (a, b) in enumerate(zip(ours["results"], linux["results"])):
        work = (words[n].split() + ["", "", ""])[2]     # as in "queue a 0"
        if a.get("returned") == b.get("returned") or (a.get("handle"), work) in waits:
            continue
        row = reason(a["op"], a.get("returned"), b.get("returned"), version)
        if row and row.diverges:
            break
        if not row and "returned" in a:
            found[n] = a["returned"]
    return found


class Differential:
    """The hunt. `ours` and `linux` are drivers; `folder` is for findings."""

    def __init__(self, ours, linux, folder, seed):
        self.ours, self.linux, self.folder, self.seed = ours, linux, folder, seed
        self.done = self.explained = 0
        self.bugs = set()
        self.build = self.ask(linux, ["about"])[0]
        found = re.match(r"linux ([0-9]+)\.([0-9]+)", self.build.get("core", ""))
        if not found:
            raise environment("%s: expected a driver on the kernel's files" % linux)
        self.version = tuple(map(int, found.groups()))

    def ask(self, binary, words):
        """Returns the lines of JSON that a driver prints."""
        done = children.run([binary, *words], stdin=children.DEVNULL, stdout=children.PIPE,
                            text=True)
        lines = [json.loads(x) for x in done.stdout.splitlines() if x.startswith("{")]
        if not lines:
            raise environment("%s %s: ended with status %d and said nothing" % (
                os.path.basename(binary), words[0], done.returncode))
        return lines

    def generated(self, seed):
        done = children.run([self.linux, "generate", "--seed=%d" % seed], stdin=children.DEVNULL,
                            stdout=children.PIPE, text=True)
        return with_faults(done.stdout, seed)

    def batch(self, folder):
        """Runs BATCH plans on both cores. Yields the texts of those that differ, with what the
        kernel's files have done with them."""
        plans = {}
        for _ in range(BATCH):
            path = os.path.join(folder, "%d.plan" % self.seed)
            plans[path] = self.generated(self.seed)
            write_whole(path, plans[path])
            self.seed += 1
        ours, linux = ({x["file"]: x for x in self.ask(b, ["replay", "--json", *plans])}
                       for b in (self.ours, self.linux))
        for path, text in plans.items():
            a, b = ours.get(path), linux.get(path)
            self.done += 1
            # Our own core's failures are for other lanes. What is known of the kernel's files is
            # explained.
            if not a or not b or a["kind"] != PASS or b["known"]:
                self.explained += 1
                continue
            if b["kind"] != PASS:
                yield text, b
                continue
            wanted = unexplained(text, a, b, self.version)
            if wanted:
                write_whole(path, with_results(text, wanted))
                yield with_results(text, wanted), self.ask(self.linux, [
                    "replay", "--json", path])[0]

    def save(self, text, said):
        """Saves a finding once; returns what to tell of it, or None."""
        if said["kind"] == PASS or said["id"] in self.bugs:
            return None
        self.bugs.add(said["id"])
        head, _, rest = text.partition("\n")
        path = os.path.join(self.folder, said["id"] + ".plan")
        write_whole(path, "%s\nsignature \"%s\"\nfound by \"differential\" on \"%s\"\n%sexpect %s "
                    "trace %s\n" % (head, said["signature"], said["build"], rest, said["kind"],
                                    said["hash"]))
        return {"type": "finding", "file": path, "strategy": "differential",
                "executions": self.done, **{k: said[k] for k in (
                    "kind", "signature", "message", "options", "id")}}

    def figures(self, kind, began):
        return {"type": kind, "executions": self.done, "points": 0, "schedules": self.done,
                "explained": self.explained, "seconds": float(decimal(time.monotonic() - began)),
                "findings": len(self.bugs)}


def tell(said):
    print(json.dumps(said), flush=True)


def hunt(found, ours, linux):
    """Hunts for a time. Returns the exit status, as a driver does."""
    os.makedirs(found["findings"], exist_ok=True)
    hunted = Differential(ours, linux, found["findings"], int(found.get("seed", 1)))
    tell({"type": "options", **hunted.build})
    began, seconds = time.monotonic(), float(found.get("seconds", 60))
    executions = int(found.get("executions", 0))
    try:
        with tempfile.TemporaryDirectory() as folder:
            while (hunted.done < executions if executions else
                   time.monotonic() - began < seconds):
                for text, said in hunted.batch(folder):
                    saved = hunted.save(text, said)
                    if saved:
                        tell(saved)
                for name in os.listdir(folder):
                    os.unlink(os.path.join(folder, name))
                tell(hunted.figures("progress", began))
    except children.Interrupted:
        pass
    tell(hunted.figures("summary", began))
    return FINDINGS if hunted.bugs else CLEAN


def main(args):
    """`args`: the driver of our core, the driver on the kernel's files, and a driver's options."""
    children.begin()
    words = [a.removeprefix("--") for a in args[2:]]
    return hunt({"findings": ".kthrash/findings", **{
        name: value for name, _, value in (w.partition("=") for w in words)}}, *args[:2])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
