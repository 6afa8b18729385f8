# SPDX-License-Identifier: GPL-2.0-only
"""Draws an interleaving as HTML, without a script.

Each step is a row. The row has a piece of every task's column, the arrows that leave the step, its
place and its source line. A task's line is thick while the task runs, thin while it can run and
does not, and dotted while it sleeps. An arrow lies within its row, so a row can have any height.
"""

import os

from kthrashlib.show.interleaving import ENDED, UNBORN, Interleaving, words
from kthrashlib.show.sources import annotate

ROWS_MAX = 600
ROW_PX, ARROW_PX = 19, 9
COLOURS = 6
WIDE_MAX = 3    # If there are more tasks, the text of the steps has a column of its own.


class Row:
    """A row that the template draws. `kind` is step, event or note."""

    def __init__(self, kind, task, what, states):
        self.kind, self.task, self.what = kind, task, what
        self.states = states
        self.step = self.place = self.text = self.does = ""
        self.arrows = []        # These are (kind, from task, to task), the lowest arrow first.
        self.tags = []
        self.dull = False
        self.title = ""

    def height(self):
        return ROW_PX + ARROW_PX * len(self.arrows)


def arrows_of(i, s):
    """Returns the arrows to the next task and to the tasks that this step wakes, and their
    labels."""
    found, tags = [], []
    after = i.steps[s["step"] + 1]["task"] if s["step"] + 1 < len(i.steps) else s["task"]
    if after != s["task"]:
        found.append(("handoff", s["task"], after))
    for w in i.wakes.get(s["step"], ()):
        if w.get("by") is not None and w["by"] != w["task"]:
            found.append(("wake", w["by"], w["task"]))
            verb = "starts" if w["kind"] == "spawn" else "wakes"
            tags.append((w["task"], "%s %s" % (verb, i.tasks[w["task"]])))
    return found, tags


def step_row(i, s, states):
    row = Row("step", s["task"], ("sleeps: " if s["why"] == "blocked" else "") + s["point"],
              states)
    row.step = s["step"]
    row.place = "%s:%d" % (s["file"], s["line"]) if s["line"] else ""
    row.text = s.get("text", "")
    row.arrows, row.tags = arrows_of(i, s)
    told = [a for a in row.arrows if a[0] == "wake"]
    row.dull = not s.get("tells", True) and not told
    row.title = "%s: %s" % (i.tasks[s["task"]], s.get("does") or row.what)
    row.does = value_of(s)
    return row


def value_of(s):
    """Returns what the step's operation saw or changed, without the function's name."""
    does = (s.get("does") or "").partition(": ")[2]
    told = does if " = " in does or " -> " in does or "set" in does else ""
    return "; ".join(filter(None, (told, s.get("changes", ""))))


def story_of(explained, tasks):
    """Returns the rows that tell why the execution failed, or None: an older record has none."""
    story = explained.get("story")
    if not story:
        return None
    rows, op = [], {}
    for r in story["rows"]:
        task = r["task"]
        rows.append({
            "step": r["step"], "task": task, "name": tasks[task], "kind": r["kind"],
            "op": r["op"] if op.get(task) != r["op"] else "", "text": r["text"],
            "place": "%s:%d" % (r["file"], r["line"]) if r["line"] else "",
            "cause": r["cause"], "fails": r["fails"]})
        op[task] = r["op"]
    ends = [("calls", "; ".join(story["calls"]))] if story.get("calls") else []
    ends += [(name, story[key]) for name, key in (
        ("chain", "chain"), ("idle by design", "idle"), ("state", "state"), ("block", "block"),
        ("cause", "cause")) if story.get(key)]
    return {"rows": rows, "program": story["program"], "directives": story["directives"],
            "before": story["before"], "folded": story["folded"], "ends": ends}


def other_rows(i, step, states):
    for e in i.events.get(step, ()):
        yield Row("event", e["task"], words(e), states)
    for w in i.wakes.get(step, ()):
        if w.get("by") is None:
            cause = "the kill" if w.get("cause") == "kill" else "time passes, which"
            yield Row("note", w["task"], "wakes up: %s wakes it" % cause, states)


def rows_of(i):
    """Returns the rows, and the number of steps that have no row."""
    rows = []
    for s, states in zip(i.steps, i.states()):
        if s["step"] >= i.shown or len(rows) >= ROWS_MAX:
            return rows, len(i.steps) - s["step"]
        rows.append(step_row(i, s, states))
        rows += other_rows(i, s["step"], states)
    return rows, 0


def draws_lane(state):
    return state not in (UNBORN, ENDED)


def drawing(explained, sources=None):
    """Returns the data that the template `interleaving` draws. `sources` gives the text of lines
    that have no text."""
    if sources:
        annotate(explained, sources)
    i = Interleaving(explained)
    rows, left = rows_of(i)
    return {
        "tasks": i.tasks, "rows": rows, "left": left, "steps": len(i.steps),
        "dull": sum(r.dull for r in rows), "wide": len(i.tasks) <= WIDE_MAX,
        "message": i.message, "failure": i.failure, "hash": i.hash, "plan": i.plan,
        "build": str(explained.get("build", "")),
        "knows_wakes": i.knows_wakes, "story": story_of(explained, i.tasks),
    }


def environment():
    """Returns Jinja's environment, which escapes everything that is not marked as safe."""
    import jinja2

    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    found.tests["contains"] = lambda some, one: one in some
    found.globals.update(draws_lane=draws_lane, colours=COLOURS, arrow_px=ARROW_PX)
    return found


def page(explained):
    """Returns one self-contained page that shows an interleaving."""
    return environment().get_template("explain.html").render(drawing=drawing(explained))
