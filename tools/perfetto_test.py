#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests that explain --format=perfetto keeps to the rules of the trace event format, for each plan
that the driver explains. Also tests that the check sees a trace that breaks a rule.

usage: perfetto_test.py DRIVER PLAN...
"""

import copy
import json
import os
import subprocess
import sys
import unittest

from kthrashlib.show import perfetto

PHASES = "MXsfi"
DRIVER, PLANS = sys.argv[1], sys.argv[2:]


def key_of(flow):
    return flow["id"], flow["cat"], flow["name"]


def slices_of(events):
    """Returns {(pid, tid): slices in the order of the file}."""
    found = {}
    for e in events:
        if e["ph"] == "X":
            found.setdefault((e["pid"], e["tid"]), []).append(e)
    return found


def event_problems(e):
    for field, kinds in (("ph", str), ("name", str), ("pid", int), ("tid", int),
                         ("ts", (int, float))):
        if not isinstance(e.get(field), kinds):
            yield "no %s: %s" % (field, e)
            return
    if e["ph"] not in PHASES:
        yield "unknown phase: %s" % e
    if e["ts"] < 0 or (e["ph"] == "X" and not e.get("dur", -1) > 0):
        yield "no duration: %s" % e
    if e["ph"] in "sf" and not all(k in e for k in ("id", "cat")):
        yield "flow without id or cat: %s" % e
    if e["ph"] == "f" and e.get("bp") != "e":
        yield "flow that ends at the next slice: %s" % e
    if e["ph"] == "i" and e.get("s") not in ("g", "p", "t"):
        yield "instant without a scope: %s" % e


def nesting_problems(events):
    """Yields a message for each slice that overlaps another one without lying within it."""
    for track, slices in slices_of(events).items():
        open_ = []
        for s in slices:
            end = s["ts"] + s["dur"]
            while open_ and open_[-1] <= s["ts"] + 1e-9:
                open_.pop()
            if open_ and end > open_[-1] + 1e-9:
                yield "slices overlap on %s: %s" % (track, s)
            open_.append(end)


def flow_problems(events):
    """Yields a message for each flow that breaks the rule. A flow must have one begin and one later
    end, both within the slice of a step."""
    ends = {"s": {}, "f": {}}
    tracks = slices_of(events)
    for e in events:
        if e["ph"] not in "sf":
            continue
        if key_of(e) in ends[e["ph"]]:
            yield "flow %s twice: %s" % (e["ph"], e)
        ends[e["ph"]][key_of(e)] = e
        if not any(s["ts"] <= e["ts"] < s["ts"] + s["dur"] and "step" in s.get("args", {})
                   for s in tracks.get((e["pid"], e["tid"]), ())):
            yield "flow outside of any step: %s" % e
    for key in ends["s"].keys() ^ ends["f"].keys():
        yield "half a flow: %s" % (key,)
    for key in ends["s"].keys() & ends["f"].keys():
        if ends["s"][key]["ts"] > ends["f"][key]["ts"]:
            yield "flow back in time: %s" % (key,)


def problems(text):
    trace = json.loads(text)
    events = trace["traceEvents"]
    found = [p for e in events for p in event_problems(e)]
    if found:
        return found
    timed = [e["ts"] for e in events if e["ph"] != "M"]
    if timed != sorted(timed):
        found.append("not in the order of time")
    named = {(e["pid"], e["tid"]) for e in events if e["name"] == "thread_name"}
    found += ["a track without a name: %s" % (t,) for t in slices_of(events).keys() - named]
    if not any(e["name"] == "process_name" for e in events):
        found.append("no name of the process")
    return found + list(nesting_problems(events)) + list(flow_problems(events))


def explained(plan):
    done = subprocess.run([DRIVER, "explain", plan, "--format=json"], stdout=subprocess.PIPE,
                          text=True, check=True)
    return json.loads(done.stdout)


class Traces(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.explained = {p: explained(p) for p in PLANS}

    def test_rules_of_the_format(self):
        for plan, e in self.explained.items():
            with self.subTest(plan=os.path.basename(plan)):
                self.assertEqual(problems(perfetto.trace(e)), [])

    def test_every_step_is_a_slice_of_its_task(self):
        for plan, e in self.explained.items():
            events = json.loads(perfetto.trace(e))["traceEvents"]
            steps = {s["args"]["step"]: (s["tid"] - 1, s["name"]) for s in events
                     if "step" in s.get("args", {})}
            self.assertEqual(steps, {s["step"]: (s["task"], s["point"]) for s in e["steps"]},
                             plan)

    def test_a_wake_goes_to_where_the_woken_goes_on(self):
        seen = 0
        for e in self.explained.values():
            events = json.loads(perfetto.trace(e))["traceEvents"]
            ends = {(f["ph"], f["id"]): f for f in events if f.get("cat") == "wake" and
                    f["ph"] in "sf"}
            wakes = [w for w in e["wakes"] if w["by"] is not None]
            flows = [(ends["s", n]["tid"] - 1, ends[ph, n]["tid"] - 1, ends[ph, n]["ts"])
                     for ph, n in ends if ph == "f"]
            for w in wakes:
                later = [s["step"] for s in e["steps"]
                         if s["task"] == w["task"] and s["step"] > w["step"]]
                if later:
                    self.assertIn((w["by"], w["task"], later[0] + 0.1), flows)
                    seen += 1
        self.assertGreater(seen, 20)

    def test_hand_offs_are_told_apart(self):
        for e in self.explained.values():
            events = json.loads(perfetto.trace(e))["traceEvents"]
            begins = [f for f in events if f["ph"] == "s" and f["cat"] == "hand-off"]
            switches = sum(a["task"] != b["task"] for a, b in zip(e["steps"], e["steps"][1:]))
            self.assertEqual(len(begins), switches)

    def test_who_sleeps_has_a_slice_for_it(self):
        for plan, e in self.explained.items():
            events = json.loads(perfetto.trace(e))["traceEvents"]
            sleeps = {(s["tid"] - 1, s["ts"]) for s in events if s["name"] == "sleeps"}
            woken = {(w["task"], w["step"]) for w in e["wakes"]}
            for s in e["steps"]:
                if s["why"] == "blocked" and (s["task"], s["step"]) not in woken:
                    self.assertIn((s["task"], s["step"] + 1), sleeps, plan)

    def test_instants(self):
        kinds = set()
        for e in self.explained.values():
            events = json.loads(perfetto.trace(e))["traceEvents"]
            told = [i["cat"] for i in events if i["ph"] == "i"]
            for v in e["events"]:
                self.assertIn(v["kind"], told)
                kinds.add(v["kind"])
        self.assertLessEqual({"kill", "alloc_fail"}, kinds)

    def test_broken_traces_are_noticed(self):
        good = json.loads(perfetto.trace(max(self.explained.values(),
                                             key=lambda e: len(e["wakes"]))))

        def is_flow(e):
            return e["ph"] == "f"

        def is_step(e):
            return "step" in e.get("args", {})

        for what, chosen, change in (
                ("half a flow", is_flow, lambda e: e.update(id=10**6)),
                ("outside of any step", is_flow, lambda e: e.update(ts=e["ts"] - 0.09)),
                ("overlap", is_step, lambda e: e.update(dur=500)),
                ("no name", is_step, lambda e: e.pop("name")),
                ("order of time", is_step, lambda e: e.update(ts=10**6)),
                ("without a name", is_step, lambda e: e.update(tid=77))):
            bad = copy.deepcopy(good)
            change(next(e for e in bad["traceEvents"] if chosen(e)))
            self.assertIn(what, " ".join(problems(json.dumps(bad))))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
