# SPDX-License-Identifier: GPL-2.0-only
"""An interleaving, as the driver's JSON has it, read once for all who draw it: what each
task does between its steps, and who set it going."""

import bisect

RUNS, READY, SLEEPS, ENDED, UNBORN = "runs", "ready", "sleeps", "ended", "unborn"


def words(event):
    """What happened, to be read after the task's name."""
    kind = event["kind"]
    if kind == "kill":
        return "is killed"
    if kind == "spurious":
        return "wakes up spuriously"
    if kind == "alloc_fail":
        nth = " #%d" % event["nth"] if "nth" in event else ""
        return "fails to allocate: %s%s" % (event["role"], nth)
    done = ", done at step %d" % event["nth"] if "nth" in event else ""
    return "has a store become visible: %s%s" % (event["role"], done)


def by_step(things):
    found = {}
    for t in things:
        found.setdefault(t["step"], []).append(t)
    return found


class Interleaving:
    """`explained` is the driver's JSON. Raises KeyError, TypeError, ValueError or IndexError
    if it is not."""

    def __init__(self, explained):
        self.tasks = [str(t) for t in explained["tasks"]]
        self.steps = explained["steps"]
        self.failure = str(explained["failure"])
        self.message = str(explained["message"])
        self.hash = str(explained["hash"])
        self.plan = str(explained["plan"])
        self.shown = int(explained.get("shown", len(self.steps)))
        self.events = by_step(explained["events"])
        self.wakes = by_step(explained.get("wakes", []))
        self.knows_wakes = "wakes" in explained
        for step, s in enumerate(self.steps):
            if s["step"] != step or not 0 <= s["task"] < len(self.tasks):
                raise ValueError("step %d is not in order" % step)
        self.mine = [[] for _ in self.tasks]    # steps of each task
        for s in self.steps:
            self.mine[s["task"]].append(s["step"])

    def next_of(self, task, step):
        """The task's first step after `step`, or None."""
        at = bisect.bisect_right(self.mine[task], step)
        return self.mine[task][at] if at < len(self.mine[task]) else None

    def last_of(self, task, step):
        """The task's last step up to `step`, or None."""
        at = bisect.bisect_right(self.mine[task], step)
        return self.mine[task][at - 1] if at else None

    def stretches(self):
        """(task, first step, last step) of each stretch that one task runs."""
        first = 0
        for i, s in enumerate(self.steps):
            if i + 1 == len(self.steps) or self.steps[i + 1]["task"] != s["task"]:
                yield s["task"], first, i
                first = i + 1

    def states(self):
        """For each step what each task is when it is reached; one list more for the end."""
        now = [UNBORN] * len(self.tasks)
        for step, s in enumerate(self.steps):
            for t, is_now in enumerate(now):
                if is_now == RUNS and t != s["task"]:
                    now[t] = READY
            now[s["task"]] = RUNS
            yield list(now)
            for w in self.wakes.get(step, ()):
                if now[w["task"]] in (SLEEPS, UNBORN):
                    now[w["task"]] = READY
            woken = any(w["task"] == s["task"] for w in self.wakes.get(step, ()))
            if s["why"] == "blocked" and not woken:     # not by time or a kill at once
                now[s["task"]] = SLEEPS
            elif s["why"] == "exit":
                now[s["task"]] = ENDED
        yield now
