# SPDX-License-Identifier: GPL-2.0-only
"""Writes an interleaving in the trace event format, which ui.perfetto.dev and chrome://tracing
open.

Each task has a track. One step takes one microsecond. The slices of a track never overlap: the
task runs (with a slice for each step inside), sleeps, or can run and does not. A flow begins and
ends in the slices of steps. `wake` goes from the step that wakes or spawns a task to the next
step of that task. `hand-off` goes from the last step before a switch to the first step after it,
whatever woke the next task."""

import json

from kthrashlib.show.interleaving import READY, SLEEPS, Interleaving, words

PROCESS = 1
STEP_US, MARGIN_US = 0.9, 0.05


def on(task):
    return {"pid": PROCESS, "tid": task + 1}


def metadata(i):
    yield {"ph": "M", "name": "process_name", "pid": PROCESS, "tid": 0, "ts": 0,
           "args": {"name": "kthrash: %s" % i.failure}}
    for t, name in enumerate(i.tasks):
        yield {"ph": "M", "name": "thread_name", **on(t), "ts": 0, "args": {"name": name}}
        yield {"ph": "M", "name": "thread_sort_index", **on(t), "ts": 0,
               "args": {"sort_index": t}}


def steps(i):
    for task, first, last in i.stretches():
        yield {"ph": "X", **on(task), "ts": first, "dur": last + 1 - first, "cat": "state",
               "name": "runs"}
    for s in i.steps:
        source = "%s:%d" % (s["file"], s["line"])
        yield {"ph": "X", **on(s["task"]), "ts": s["step"] + MARGIN_US, "dur": STEP_US,
               "name": s["point"], "cat": s["why"],
               "args": {"step": s["step"], "source": source, "text": s.get("text", ""),
                        **{k: s[k] for k in ("does", "changes") if s.get(k)}}}


def waits(i):
    """Yields the slices of tasks that sleep, or that can run and do not."""
    since = {}
    for step, states in enumerate(i.states()):
        for task, state in enumerate(states):
            was, start = since.get(task, (None, 0))
            if state == was:
                continue
            if was in (SLEEPS, READY) and step > start:
                yield slice_of(i, task, was, start, step)
            since[task] = state, step
    for task, (state, start) in since.items():
        # The record does not say until when the task sleeps.
        if state == SLEEPS and start <= len(i.steps):
            yield slice_of(i, task, state, start, len(i.steps) + 1)


def slice_of(i, task, state, start, end):
    found = {"ph": "X", **on(task), "ts": start, "dur": end - start, "cat": "state"}
    if state == READY:
        return {**found, "name": "can run"}
    at = i.last_of(task, start)
    where = i.steps[at]["point"] if at is not None else "?"
    return {**found, "name": "sleeps", "args": {"at": where}}


def flow(number, kind, begin, end):
    """Yields the two events of a flow. `begin` and `end` are (task, step)."""
    common = {"id": number, "cat": kind, "name": kind}
    yield {"ph": "s", **common, **on(begin[0]), "ts": begin[1] + 0.5}
    yield {"ph": "f", "bp": "e", **common, **on(end[0]), "ts": end[1] + 0.1}


def flows(i):
    number = 0
    for wakes in i.wakes.values():
        for w in wakes:
            if w.get("by") is None:
                continue
            begin, end = i.last_of(w["by"], w["step"]), i.next_of(w["task"], w["step"])
            if begin is None or end is None:
                continue
            number += 1
            yield from flow(number, "wake", (w["by"], begin), (w["task"], end))
    for s in i.steps[:-1]:
        if i.steps[s["step"] + 1]["task"] == s["task"]:
            continue
        number += 1
        yield from flow(number, "hand-off", (s["task"], s["step"]),
                        (i.steps[s["step"] + 1]["task"], s["step"] + 1))


def instants(i):
    for step, events in i.events.items():
        for e in events:
            yield {"ph": "i", "s": "t", **on(e["task"]), "ts": step + 0.6, "cat": e["kind"],
                   "name": "%s %s" % (i.tasks[e["task"]], words(e))}
    for step, wakes in i.wakes.items():
        for w in wakes:
            if w.get("by") is None:
                yield {"ph": "i", "s": "t", **on(w["task"]), "ts": step + 0.7, "cat": "wake",
                       "name": "%s is woken by %s" % (i.tasks[w["task"]],
                                                      w.get("cause", "nobody"))}
    if i.steps and i.failure != "pass":
        yield {"ph": "i", "s": "g", **on(i.steps[-1]["task"]), "ts": len(i.steps),
               "cat": "failure", "name": i.failure, "args": {"message": i.message}}


def trace(explained):
    """Returns the trace as JSON text, in the order of time. If several slices begin together, the
    longest is the first."""
    i = Interleaving(explained)
    timed = [*steps(i), *waits(i), *flows(i), *instants(i)]
    timed.sort(key=lambda e: (e["ts"], -e.get("dur", 0)))
    return json.dumps({
        "traceEvents": [*metadata(i), *timed], "displayTimeUnit": "ns",
        "otherData": {"plan": i.plan, "failure": i.failure, "message": i.message,
                      "trace": i.hash},
    })
