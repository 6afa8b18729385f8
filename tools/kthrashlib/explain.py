# SPDX-License-Identifier: GPL-2.0-only
"""`explain`: text and JSON come from the C driver; a trace for the Perfetto viewer
and a page of its own are made from the JSON."""

import html
import json
import subprocess

import commands
import drivers
import env
from common import CLEAN, write_whole


def perfetto(e):
    """Chrome trace JSON: a track per task, a slice per run of steps, flow arrows from who
    handed the processor over to who got it. One step is one microsecond."""
    events = [{"ph": "M", "pid": 1, "name": "process_name", "args": {"name": e["failure"]}}]
    for i, name in enumerate(e["tasks"]):
        events.append({"ph": "M", "pid": 1, "tid": i + 1, "name": "thread_name",
                       "args": {"name": name}})
    for s in e["steps"]:
        tid = s["task"] + 1
        events.append({"ph": "X", "pid": 1, "tid": tid, "ts": s["step"], "dur": 0.9,
                       "name": s["point"], "cat": s["why"],
                       "args": {"source": "%s:%d" % (s["file"], s["line"])}})
        # Both ends of an arrow lie inside a slice of their own track.
        if s["next"] != s["task"] and s["step"] + 1 < len(e["steps"]):
            flow = {"pid": 1, "cat": "switch", "name": "switch", "id": s["step"]}
            events.append({**flow, "ph": "s", "tid": tid, "ts": s["step"] + 0.5})
            events.append({**flow, "ph": "f", "bp": "e", "tid": s["next"] + 1,
                           "ts": s["step"] + 1.2})
    for v in e["events"]:
        events.append({"ph": "i", "s": "p", "pid": 1, "tid": v["task"] + 1,
                       "ts": v["step"] + 0.6, "name": v["kind"]})
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ns"})


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>%(title)s</title>
<meta name="viewport" content="width=device-width">
<style>
:root { color-scheme: light dark }
body { font: 14px/1.4 system-ui, sans-serif; margin: 1rem }
div.wide { overflow-x: auto }
table { border-collapse: collapse; font: 12px/1.3 monospace }
th { position: sticky; top: 0; background: Canvas; text-align: left }
td, th { padding: 1px 8px; border-left: 1px solid GrayText; white-space: nowrap }
tr.switch td { border-bottom: 1px solid GrayText }
td.event { color: #c22; font-weight: bold }
.where { color: GrayText }
</style>
<h1>%(title)s</h1><p>%(message)s</p><p>plan %(plan)s, trace %(hash)s, %(count)d steps</p>
<div class="wide"><table><thead><tr><th>step</th>%(heads)s<th>source</th></tr></thead>
<tbody>%(rows)s</tbody></table></div></html>
"""


def page(e):
    """One self-contained page: a column per task, kills and failures in between."""
    width = len(e["tasks"])
    happened = {}
    for v in e["events"]:
        happened.setdefault(v["step"], []).append(v)
    rows = []
    for s in e["steps"]:
        cells = ["<td></td>"] * width
        words = ("sleeps: " if s["why"] == "blocked" else "") + s["point"]
        cells[s["task"]] = "<td>%s</td>" % html.escape(words)
        rows.append("<tr%s><td>%d</td>%s<td class=where>%s:%d</td></tr>" % (
            " class=switch" if s["next"] != s["task"] else "", s["step"], "".join(cells),
            html.escape(s["file"]), s["line"]))
        for v in happened.get(s["step"], []):
            rows.append("<tr><td></td><td class=event colspan=%d>%s: %s %s</td><td></td></tr>" % (
                width, html.escape(v["kind"]), html.escape(e["tasks"][v["task"]]),
                html.escape(v["role"])))
    return PAGE % {
        "title": html.escape("kthrash: " + e["failure"]), "message": html.escape(e["message"]),
        "plan": html.escape(e["plan"]), "hash": html.escape(e["hash"]), "count": len(e["steps"]),
        "heads": "".join("<th>%s</th>" % html.escape(t) for t in e["tasks"]),
        "rows": "\n".join(rows),
    }


def main(args):
    found, files = commands.parse("explain", args)
    form, out = found.get("--format", "text"), found.get("-o")
    drivers.chosen(found)
    env.ensure(env.BUILD)
    done = subprocess.run([drivers.binary(found), "explain", files[0],
                           "--format=" + ("text" if form == "text" else "json")],
                          stdout=subprocess.PIPE, text=True, check=False)
    text = done.stdout
    if done.returncode != CLEAN:
        return done.returncode
    if form in ("perfetto", "html"):
        text = (perfetto if form == "perfetto" else page)(json.loads(text))
    if out:
        write_whole(out, text)
    else:
        print(text, end="")
    return CLEAN
