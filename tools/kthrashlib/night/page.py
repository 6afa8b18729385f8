# SPDX-License-Identifier: GPL-2.0-only
"""Writes the morning page: one night of a campaign's folder, as one HTML file.

The night may still run, or may have been killed. What is missing, torn or of the wrong kind is
named in its place, and the rest is shown. record.py reads the night, verdict.py gives its verdict.
The templates, in show/templates/, escape all that is read, so it stays text.
"""

import os
import re

from kthrashlib import env
from kthrashlib.common import (CLEAN, environment, plural, printable, quoted, sentence, usage,
                               write_whole)
from kthrashlib.night import bugs, record, verdict, words
from kthrashlib.night.folder import AREAS, Folder, entries
from kthrashlib.night.identity import kind_of
from kthrashlib.night.lenient import as_number, as_text, read_object, read_text
from kthrashlib.show import drawing, plots
from kthrashlib.show.sources import Sources

OPEN_MAX = 3            # The page folds the findings after this many.
DRAWN_MAX = 50          # The page does not draw interleavings after this many.
EVENTS_MAX = 300
PLACES_MAX = 6
# For a verdict's word, these say how it is shown, and its CSS class. A word without an entry is
# shown as it is, and its class is "bad".
SHOWN = {"invalid": "INVALID", "failed": "FAILED"}
MOODS = {"clean": "good"}
# A reader wants to see these kinds first.
SEVERITY = ("memory", "race", "assertion", "deadlock", "livelock")


# ---- words and numbers ----

def duration(seconds):
    seconds = as_number(seconds)
    return "?" if seconds is None else words.duration(seconds)


def count(value):
    value = as_number(value)
    return "–" if value is None else "{:,}".format(round(value)).replace(",", "\u202f")


def when(value):
    """Returns an ISO time as a person writes it."""
    text = as_text(value)
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?[0-9.]*(Z|\+00:00)?", text)
    return "%s %s UTC" % (found.group(1), found.group(2)) if found else text or "–"


def rate(n, seconds):
    n, seconds = as_number(n), as_number(seconds)
    return n / seconds if n is not None and seconds else None


def headline(facts, why_not, is_last):
    """Returns (the verdict as it is shown, its CSS class, its sentences)."""
    told = verdict.of(facts, why_not, is_last)
    if told.word in ("running", "interrupted"):
        fails = bool(facts["bugs"].get("crashing"))
        return ("%s: %s" % (told.word, "findings" if fails else "clean so far" if
                            told.word == "running" else "not finished"),
                "bad" if fails else "warn", told.sentences)
    idle = told.word == "clean" and verdict.lanes_without_executions(facts["lanes"])
    return (SHOWN.get(told.word, told.word), "warn" if idle else MOODS.get(told.word, "bad"),
            told.sentences)


def change(now, before):
    """Returns the figure now, the figure before, and the difference in words. Returns None if there
    is no figure now."""
    now, before = as_number(now), as_number(before)
    if now is None:
        return None
    shown = {"now": count(now), "before": count(before), "change": ""}
    if before:
        percent = 100 * (now - before) / before
        shown["change"] = "%+.0f %%" % percent if abs(percent) >= 0.5 else "same"
    elif before == 0 and now:
        shown["change"] = "from none"
    return shown


def changes(night, last):
    """Returns (what, change) of the totals since the last night."""
    totals, before = night["totals"], last["totals"]
    rows = [("executions", totals.get("executions"), before.get("executions")),
            ("executions a second", rate(totals.get("executions"), night["elapsed"]),
             rate(before.get("executions"), last["elapsed"])),
            ("schedule points", totals.get("points"), before.get("points")),
            ("pairs of accesses seen", totals.get("pairs"), before.get("pairs")),
            ("plans in the corpus", totals.get("corpus"), before.get("corpus")),
            ("findings saved, repeats counted", totals.get("raw_findings"),
             before.get("raw_findings"))]
    found = []
    for what, now, then in rows:
        row = change(now, then)
        if row:
            found.append((what, row))
    return found


def lane_rows(night):
    found = []
    for lane in night["lanes"]:
        weight = lane["weight"]
        found.append({
            "name": lane["name"], "what": lane["what"], "state": lane["state"],
            "weight": "–" if weight is None else "%g" % weight, "time": duration(lane["seconds"]),
            "rate": count(rate(lane["executions"], lane["seconds"])),
            "coverage": "%s %s" % (count(lane["coverage"]), lane["unit"]),
            "alone": count(lane["pairs_alone"]), "lately": count(lane["pairs_lately"]),
            "failures": [(when(f.get("at")), as_text(f.get("why"))) for f in lane["failures"]],
            "idle": verdict.is_idle(lane), "build": lane["build"],
            **{k: count(lane[k]) for k in ("runs", "executions", "pairs", "findings")},
        })
    return found


def machine_rows(night):
    m = night["machine"]
    memory = as_number(m.get("memory_bytes"))
    rows = [
        ("started", when(night["started"])), ("ended", when(night["ended"])),
        ("time given", duration(night["seconds"])), ("time used", duration(night["elapsed"])),
        ("starts after a kill", count(night["resumed"])), ("cores used", count(night["jobs"])),
        ("seed", as_text(night["seed"], "–")),
        ("sources", record.sources_told(night)),
        ("options", " ".join(map(quoted, night["options"])) or "none"),
        ("host", as_text(m.get("host"), "–")), ("processor", as_text(m.get("cpu"), "–")),
        ("cores", count(m.get("cores"))),
        ("memory", "–" if memory is None else "%.1f GiB" % (memory / 2**30)),
        ("kernel", as_text(m.get("kernel"), "–")), ("Debian", as_text(m.get("debian"), "–")),
        ("compiler", as_text(m.get("compiler"), "–")),
    ]
    return rows


def planted_bug_told(night):
    """Returns (CSS class, sentence) for the planted bug, which tests the night itself."""
    planted = night["canary"]
    bug, state = as_text(planted.get("bug"), "?"), planted.get("state")
    name = "Bug %s, planted to see whether the night finds bugs, " % bug
    if state == "found":
        return "good", name + "was found after %s, %s." % (
            plural(planted.get("executions"), "execution", count(planted.get("executions"))),
            when(planted.get("at")))
    if state == "missed":
        return "bad", name + ("was not found in %s executions: the night may have missed other "
                              "bugs, too." % count(planted.get("executions")))
    if state == "waiting":
        return "warn", name + "has not been found yet."
    return "warn", "Nothing is recorded of a planted bug."


# ---- findings ----

def is_id(name):
    return isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,199}", name)


def place_of(folder, name):
    """Returns (area, path) of a finding's folder, wherever it is now."""
    for area in AREAS:
        if os.path.isdir(folder.at(area, name)):
            return area, folder.at(area, name)
    return None, None


def told_by(path, sources):
    """Returns what shows how the bug happens: {"drawing"} or {"text", "title"}. The key "missing"
    lists what is not there or can't be read."""
    found = {"drawing": None, "text": "", "title": "", "missing": []}
    trace = os.path.join(path, "trace.json")
    if os.path.exists(trace):
        explained, why = read_object(trace)
        if not why:
            try:
                drawn = drawing.drawing(explained, sources)
                found["drawing"] = drawn if drawn["rows"] else None
            except (KeyError, TypeError, ValueError, IndexError, AttributeError):
                why = "trace.json: not what explain --format=json prints"
        if why:
            found["missing"].append(why)
    if found["drawing"]:
        return found
    missing = []
    for name, title in (("interleaving.txt", "interleaving"),
                        ("report.txt", "sanitizer's report")):
        text, why = read_text(os.path.join(path, name))
        if text:
            found.update(text=text, title=title)
            return found
        missing.append(why or "%s: empty" % name)
    found["missing"] += missing
    return found


def links_to(path, page_folder):
    """Returns (name, href) of the files that a finding's folder has."""
    found = []
    for name in ("finding.json", "plan", "interleaving.txt", "trace.json", "report.txt", "raw"):
        target = os.path.join(path, name)
        if os.path.exists(target):
            found.append((name, os.path.relpath(target, page_folder)))
    return found


def reliability_of(found):
    return "%d of %d runs" % tuple(found["reliability"]) if found["reliability"] else \
        "not re-run yet"


def sources_for(night):
    """Returns a function that takes a finding.json and gives the sources of its commit. If the
    night ran on that commit with changes, it gives the sources of the checkout. For a seeded bug it
    gives None."""
    known = {}

    def sources(found):
        if "--bug=" in found["options"]:
            return None
        commit = found["commit"] or night["commit"]
        if night["dirty"] and commit == night["commit"]:
            commit = None
        if commit not in known:
            known[commit] = Sources(commit=commit)
        return known[commit]
    return sources


def place_text(place):
    return ("%s:%s %s" % (as_text(place.get("file")), as_text(place.get("line")),
                          as_text(place.get("point")))).rstrip()


def finding_of(folder, name, marks, sources, page_folder, draw):
    """Returns what the template shows of one finding. `marks` are new, back and fixed. `sources` is
    the function that sources_for() returns. `draw` says whether to include the interleaving."""
    state, path = place_of(folder, name) if is_id(name) else (None, None)
    found, why = bugs.read(path) if path else (bugs.cleaned({}), (
        "its folder is not there: neither in %s" % " nor in ".join(AREAS)))
    f = {"id": name, "state": state or "gone", "marks": marks, "drawn": draw,
         "missing": [why] if why else [],
         "kind": found["kind"] or kind_of(name) or "finding", "count": count(found["count"]),
         "lanes": ", ".join(found["lanes"]), "reliability": reliability_of(found),
         "first_seen": when(found["first_seen"]), "last_seen": when(found["last_seen"]),
         **{k: found[k] for k in ("message", "signature", "cause", "build", "commit", "sources",
                                  "hash", "first_night", "replay")},
         "places": [place_text(p) for p in found["places"][:PLACES_MAX]],
         "plan": "", "links": [], "how": None}
    if path:
        f["links"] = links_to(path, page_folder)
        if draw:
            f["how"] = told_by(path, sources(found))
            f["missing"] += f["how"]["missing"]
            f["plan"], why = read_text(os.path.join(path, "plan"))
            f["missing"] += [why] if why else []
    return f


def urgency(f):
    kind = f["kind"].split("-")[0]
    return (not set(f["marks"]) & {"new", "back"},
            SEVERITY.index(kind) if kind in SEVERITY else len(SEVERITY), f["id"])


def findings_of(folder, night, page_folder):
    """Returns {area: findings}, the most urgent first. Without a record, returns the findings that
    the folder has."""
    lists = night["bugs"]
    marked = {m: lists.get(m, []) for m in ("new", "back", "fixed")}
    sources = sources_for(night)
    found, drawn = {}, 0
    for state, names in named(folder, lists).items():
        some = []
        for name in names:
            marks = [m for m in marked if name in marked[m]]
            draw = drawn < DRAWN_MAX and state != "regression"
            drawn += draw
            some.append(finding_of(folder, name, marks, sources, page_folder, draw))
        found[state] = sorted(some, key=urgency)
    return found


def named(folder, lists):
    """Returns {area: names}, each name once. Without a record, returns the names that the folder
    has."""
    if not lists:
        return {area: list(filter(is_id, entries(folder.at(area)))) for area in AREAS}
    found, seen = {area: [] for area in AREAS}, set()
    for area in AREAS + ("new", "back", "fixed"):
        for name in lists.get(area, []):
            if name not in seen:
                seen.add(name)
                where = area
                # The name is new, back or fixed, and is in the list of no area.
                if where not in found:
                    where = is_id(name) and place_of(folder, name)[0] or "crashing"
                found[where].append(name)
    return found


# ---- the page ----

def neighbours(folder, night):
    """Returns the nights before and after, and the paths of their pages, if they are there."""
    numbers = record.numbers(folder)
    found = {"before": None, "after": None}
    for name, near in (("before", [n for n in numbers if n < night][-1:]),
                       ("after", [n for n in numbers if n > night][:1])):
        for n in near:
            there = os.path.exists(record.place(folder, n, "page.html"))
            found[name] = (n, "../%04d/page.html" % n if there else None)
    return found


def gather(folder, night):
    """Returns all that the template shows."""
    facts, why = record.read(folder, night)
    series, torn = record.read_samples(folder, night)
    near = neighbours(folder, night)
    # pylint: disable-next=unsubscriptable-object; it believes that the value is always None
    before = near["before"][0] if near["before"] else None
    last, last_why = record.read(folder, before) if before else record.read(folder, 0)
    last_series = record.read_samples(folder, before)[0] if before else []
    word, mood, said = headline(facts, why, not near["after"])
    return {
        "night": night, "folder": printable(os.path.basename(folder.path)), "near": near,
        "verdict": word, "mood": mood, "said": said, "last_why": last_why if before else "",
        "findings": findings_of(folder, facts, record.place(folder, night)),
        "open_max": OPEN_MAX, "changes": changes(facts, last),
        "compared": bool(before and not last_why),
        "plots": plots.plots(series, last_series), "samples": len(series), "torn": torn,
        "lanes": lane_rows(facts), "planted": planted_bug_told(facts),
        "machine": [] if why else machine_rows(facts),
        "events": [(when(e.get("at")), as_text(e.get("what")))
                   for e in facts["events"][-EVENTS_MAX:]],
        "started": when(facts["started"]), "ran": duration(facts["elapsed"]),
    }


def html(folder, night):
    """Returns the page's text. Raises FileNotFoundError if the folder has no such night."""
    if not os.path.isdir(record.place(folder, night)):
        raise FileNotFoundError("%s: no night %d" % (folder.path, night))
    return drawing.environment().get_template("page.html").render(gather(folder, night))


def write(path, night):
    """Writes the page of that night of the campaign in `path`, whole or not at all. Returns the
    page's path. Any night's page may be written again at any time. Needs the packages of
    env.PAGE."""
    folder = Folder(path)
    try:
        text = html(folder, night)
    except ImportError:
        env.ensure(env.PAGE)
        text = html(folder, night)
    written = record.place(folder, night, "page.html")
    write_whole(written, text)
    return written


def main(call):
    (path,) = call.words
    folder = Folder(path)
    if not os.path.isdir(path):
        raise usage("%s: %s" % (path, "is a file, expected a folder" if os.path.exists(path)
                                else "no such folder"))
    if read_object(folder.at("campaign.json"))[0].get("kthrash") != "campaign":
        raise usage("%s: not the folder of a campaign, which has a campaign.json" % path)
    there = record.numbers(folder)
    if not there:
        raise usage("%s: there has been no night yet" % path)
    night = call.options.get("--night", there[-1])
    if night not in there:
        raise usage("--night=%d: expected one of %s" % (night, ", ".join(map(str, there))))
    env.ensure(env.PAGE)
    try:
        print(write(path, night))
    except OSError as e:
        raise environment("the page can't be written: %s" % sentence(e)) from e
    return CLEAN
