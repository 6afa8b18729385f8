# SPDX-License-Identifier: GPL-2.0-only
"""Reads an interleaving from the driver's JSON, for all modules that draw it: the state of each
task between its steps, and which task woke it."""

import bisect

RUNS, READY, SLEEPS, ENDED, UNBORN = "runs", "ready", "sleeps", "ended", "unborn"


def words(event):
    """Returns words that say what happened. They follow the task's name."""
    kind = event["kind"]
    if kind == "kill":
        return "is killed"
    if kind == "spurious":
        return "wakes up for no reason"
    if kind == "alloc_fail":
        nth = " #%d" % event["nth"] if "nth" in event else ""
        return "fails to allocate: %s%s" % (event["role"], nth)
    if kind == "stale":
        return "has a load that reads an older store: %s" % event["role"]
    done = ", done at step %d" % event["nth"] if "nth" in event else ""
    return "has a store that becomes visible: %s%s" % (event["role"], done)


def by_step(things):
    found = {}
    for t in things:
        found.setdefault(t["step"], []).append(t)
    return found


class Interleaving:
    """An interleaving. `explained` is the driver's JSON, parsed. If it is something else, the
    constructor raises KeyError, TypeError, ValueError or IndexError."""

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
        self.mine = [[] for _ in self.tasks]    # Each task has a list of its steps.
        for s in self.steps:
            self.mine[s["task"]].append(s["step"])

    def next_of(self, task, step):
        """Returns the task's first step after `step`, or None."""
        at = bisect.bisect_right(self.mine[task], step)
        return self.mine[task][at] if at < len(self.mine[task]) else None

    def last_of(self, task, step):
        """Returns the task's last step up to `step`, or None."""
        at = bisect.bisect_right(self.mine[task], step)
        return self.mine[task][at - 1] if at else None

    def stretches(self):
        """Yields (task, first step, last step) for each run of steps by one task."""
        first = 0
        for i, s in enumerate(self.steps):
            if i + 1 == len(self.steps) or self.steps[i + 1]["task"] != s["task"]:
                yield s["task"], first, i
                first = i + 1

    def states(self):
        """Yields, for each step, the states of all tasks when it is reached, and after these the
        states at the end."""
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
            # The time or a kill may wake the task at once.
            if s["why"] == "blocked" and not woken:
                now[s["task"]] = SLEEPS
            elif s["why"] == "exit":
                now[s["task"]] = ENDED
        yield now
