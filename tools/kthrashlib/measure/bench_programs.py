# SPDX-License-Identifier: GPL-2.0-only
"""Implements `bench --programs`: what an execution of a user's program costs.

A program is measured in one process, with the reset, with races looked for, and with a process for
each execution; and beside them a plan, and native processes. All are in processor time, because
the machine may have other work. stress/bench/points.c tells what a point costs apart from what an
execution costs.
"""

import json
import os
import resource
import statistics
import tempfile

from kthrashlib import children
from kthrashlib.common import CLEAN, ROOT, decimal, environment
from kthrashlib.measure import programs
from kthrashlib.programs import build, run

SMALL = ["counter", "two_stage", "work_stealing", "crossed_locks", "driver_stop", "seqlock"]
ROUNDS, NATIVE_RUNS = 5, 50
POINTS = os.path.join(ROOT, "stress", "bench", "points.c")


def compiled(command, out):
    command = [os.path.join(ROOT, "tools", "kthrash-cc"), "-O1", *command]
    if children.run(command).returncode != 0:
        raise environment("%s can't be compiled" % os.path.basename(out))
    return out


def driven(command, seconds):
    done = children.run(command, env=run.environment(["bench", "--json",
                                                      "--seconds=" + decimal(seconds)]),
                        stdout=children.PIPE, text=True)
    if done.returncode != 0:
        raise environment("%s ended with status %d" % (command[0], done.returncode))
    return json.loads(done.stdout.splitlines()[-1])


def processor_time():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def native(command):
    """Returns processes per second of processor time: a fork, an exec and the program."""
    rates = []
    for _ in range(ROUNDS):
        begin = processor_time()
        for _ in range(NATIVE_RUNS):
            children.run(command, stdout=children.DEVNULL)
        rates.append(NATIVE_RUNS / (processor_time() - begin))
    return statistics.median(rates)


def measure(command, seconds):
    row = driven(command, seconds)
    speed = {key: row[key]["executions_per_second"] for key in ("reset", "races", "isolate")}
    return {**speed, "native": native(command), "plan_ns": row["plan"]["ns_per_point"],
            "points": row["reset"]["points_per_execution"],
            "races_factor": speed["reset"] / speed["races"],
            "fork_factor": speed["reset"] / speed["isolate"]}


def point(folder, seconds):
    """Returns the ns of a point: what 200 more of them add to an execution."""
    points = os.path.join(folder, "points")
    binary = compiled([POINTS, "-o", points], points)
    few, many = (driven([binary, count], seconds) for count in ("0", "100"))
    more = many["reset"]["points_per_execution"] - few["reset"]["points_per_execution"]

    def cost(key):
        return (1e9 / many[key]["executions_per_second"] -
                1e9 / few[key]["executions_per_second"]) / more
    plan = statistics.mean([few["plan"]["ns_per_point"], many["plan"]["ns_per_point"]])
    return {"ns": cost("reset"), "races_ns": cost("races"), "plan_ns": plan,
            "ratio": cost("reset") / plan}


def main(found, machine):
    build.ensure()
    seconds = found.get("--seconds", 60) / (len(SMALL) + 2)
    table = {p.name: p for p in programs.load(programs.TABLE)}
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in SMALL:
            out = os.path.join(folder, name)
            compiled(table[name].compiled(out, repaired=True)[1:], out)
            results[name] = measure([out, *table[name].arguments[0]], seconds)
        costs = point(folder, seconds)
    if found.get("--json"):
        print(json.dumps({"machine": machine, "programs": results, "point": costs}))
        return CLEAN
    print("On %s. Executions per second of processor time, random walk, medians of %d rounds.\n" % (
        machine, ROUNDS))
    print("| program | points | reset | races | isolated | native | reset / isolated | "
          "reset / races |")
    print("|---|---|---|---|---|---|---|---|")
    for name, row in results.items():
        print("| {} | {points:.0f} | {reset:,.0f} | {races:,.0f} | {isolate:,.0f} | {native:,.0f} "
              "| {fork_factor:.0f} | {races_factor:.2f} |".format(name, **row))
    print("\nA point takes {ns:.1f} ns, with races looked for {races_ns:.1f} ns; in a plan in the "
          "same process {plan_ns:.1f} ns with all that an execution costs; ratio "
          "{ratio:.1f}.".format(**costs))
    return CLEAN
