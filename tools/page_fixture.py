#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes a campaign's folder of two nights, for tests of the pages that are made from it. The driver
with a seeded bug really finds, shrinks and explains the folder's deadlock.

usage: page_fixture.py DRIVER FOLDER, the driver with bug P1
"""

import json
import math
import os
import subprocess
import sys

from kthrashlib.show import explain

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MACHINE = {"host": "testbed", "cpu": "A Processor @ 2.40GHz", "cores": 2,
           "memory_bytes": 8 << 30, "kernel": "6.1.0-37-amd64", "debian": "12.11",
           "compiler": "clang 19.1.7"}
LANES = [
    # The columns are name, what, unit, executions a second, pairs at the end.
    ("sim-random", "random walk and others", "schedules", 9000, 2100),
    ("sim-adaptive", "what has new pairs, again", "schedules", 7000, 2400),
    ("sim-tso", "weak memory", "schedules", 3500, 1900),
    ("posix-tsan", "real threads, ThreadSanitizer", "schedules", 40, None),
    ("fuzz-plan", "libFuzzer on plans", "edges", 1500, 900),
    ("afl-plan", "AFL++ on plans", "edges", 700, 850),
]
HOSTILE = "<script>document.title='run'</script><img src=x onerror=alert(1)>"


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def write_json(path, value):
    write(path, json.dumps(value, indent=1))


def run(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False).stdout


def found_by(driver, folder):
    """Returns what a hunt with `driver` finds, shrunk: (record, plan, interleaving, trace)."""
    out = os.path.join(folder, "hunt")
    os.makedirs(out, exist_ok=True)
    said = run(driver, "stress", "--executions=20000", "--seed=1", "--json", "--findings=" + out)
    (record,) = [r for r in map(json.loads, said.splitlines()) if r["type"] == "finding"]
    small = os.path.join(out, "small.plan")
    run(driver, "shrink", record["file"], "-o", small)
    with open(small, encoding="utf-8") as f:
        plan = f.read()
    explained = json.loads(run(driver, "explain", small, "--format=json"))
    return (record, plan, run(driver, "explain", small),
            explain.as_json(explain.with_text(explained, {"--bug": "P1"}, None)))


def finding(folder, state, name, **more):
    """Makes a finding. Returns its folder."""
    path = os.path.join(folder, state, name)
    kind = name.rpartition("-")[0]
    record = {
        "id": name, "kind": kind, "signature": kind + ": somewhere", "message": kind,
        "first_seen": "2026-11-25T23:10:00Z", "last_seen": "2026-11-27T02:10:00Z",
        "first_night": 1, "last_night": 2, "count": 3, "lanes": ["sim-random"],
        "reliability": [10, 10], "options": "", "build": "sim, clang 19 optimized",
        "replay": "tools/kthrash replay %s/%s/plan" % (state, name), "commit": COMMIT,
        "hash": None, "places": [], "state": state, **more}
    write_json(os.path.join(path, "finding.json"), record)
    write(os.path.join(path, "plan"),
          "kthrash-plan 1\n# %s\ntask C1: a = create \"a\" return 0\n" % HOSTILE)
    return path


def samples(seconds, speed):
    for n in range(61):
        t = seconds * n / 60
        seen = 1 - math.exp(-5 * n / 60)
        lanes = {name: round(t * each * speed) for name, _, _, each, _ in LANES}
        yield {"t": t, "executions": sum(lanes.values()), "points": 60 * sum(lanes.values()),
               "pairs": round(2600 * seen * (0.9 + speed / 10)), "edges": round(3100 * seen),
               "corpus": round(700 * seen), "bugs": n // 25, "lanes": lanes}


def night(folder, number, seconds, speed, **more):
    path = os.path.join(folder, "nights", "%04d" % number)
    series = list(samples(seconds, speed))
    last = series[-1]
    lanes = [{"name": name, "what": what, "weight": 1.5, "state": "done", "runs": 3,
              "failures": [], "seconds": seconds / 3, "executions": last["lanes"][name],
              "points": 60 * last["lanes"][name], "coverage": 1200, "unit": unit,
              "pairs": pairs, "pairs_alone": 12, "pairs_lately": 3, "findings": 1}
             for name, what, unit, _, pairs in LANES]
    lanes[3].update(state="failed", failures=[
        {"at": "2026-11-27T01:00:00Z", "why": "hung: killed after 620 s"}])
    day = 24 + number
    write_json(os.path.join(path, "night.json"), {
        "night": number, "state": "done", "verdict": "findings", "why": [],
        "started": "2026-11-%dT22:00:00Z" % day, "ended": "2026-11-%dT06:00:00Z" % (day + 1),
        "hours": seconds / 3600, "seconds": seconds, "elapsed": seconds, "resumed": 1, "jobs": 2,
        "seed": 1, "commit": COMMIT, "dirty": True, "options": ["--hours=8", "--jobs=2"],
        "machine": MACHINE, "lanes": lanes,
        "canary": {"bug": "P1", "state": "found", "executions": 86,
                   "at": "2026-11-%dT22:00:09Z" % day},
        "totals": {"executions": last["executions"], "points": last["points"],
                   "pairs": last["pairs"], "corpus": last["corpus"], "raw_findings": 9},
        "bugs": {}, "events": [
            {"at": "2026-11-%dT22:00:00Z" % day, "what": "the night begins"},
            {"at": "2026-11-%dT01:00:00Z" % (day + 1), "what": "resumed; " + HOSTILE}],
        **more})
    # The file ends as a kill leaves it.
    write(os.path.join(path, "series.jsonl"),
          "".join(json.dumps(s) + "\n" for s in series) + '{"t": 28')


def make(driver, folder):
    """Makes the campaign's folder. Returns the number of the last night."""
    write_json(os.path.join(folder, "campaign.json"),
               {"kthrash": "campaign", "version": 1, "created": "2026-11-25T22:00:00Z"})
    record, plan, text, trace = found_by(driver, folder)
    path = finding(folder, "crashing", "deadlock-1a2b3c4d", message=record["message"],
                   signature=record["signature"], options=record["options"],
                   hash=json.loads(trace)["hash"], first_night=2)
    write(os.path.join(path, "plan"), plan)
    write(os.path.join(path, "interleaving.txt"), text)
    write(os.path.join(path, "trace.json"), trace)
    path = finding(folder, "crashing", "race-00c0ffee", lanes=["posix-tsan"],
                   reliability=[3, 10], message="data race on k->flags " + HOSTILE,
                   places=[{"file": "core/kthread.c", "line": 129, "point": "kthread.started"}])
    write(os.path.join(path, "report.txt"),
          "WARNING: ThreadSanitizer: data race (pid=1)\n  Write of size 4 by thread T1\n" +
          "    #0 %s core/kthread.c:129\n" % ("x" * 300))
    path = finding(folder, "incubating", "livelock-5e5e5e5e", reliability=[0, 10])
    write(os.path.join(path, "trace.json"), trace[:200])
    finding(folder, "regression", "memory-feedbeef")
    night(folder, 1, 28800, 0.8, bugs={
        "crashing": ["race-00c0ffee", "memory-feedbeef"], "incubating": [], "regression": [],
        "new": ["race-00c0ffee", "memory-feedbeef"], "fixed": [], "back": []})
    night(folder, 2, 28800, 1, bugs={
        "crashing": ["deadlock-1a2b3c4d", "race-00c0ffee"], "incubating": ["livelock-5e5e5e5e"],
        "regression": ["memory-feedbeef"], "new": ["deadlock-1a2b3c4d"],
        "fixed": ["memory-feedbeef"], "back": []})
    return 2


if __name__ == "__main__":
    make(sys.argv[1], sys.argv[2])
