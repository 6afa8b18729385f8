# SPDX-License-Identifier: GPL-2.0-only
"""The morning page: what a night of a campaign's folder was about, as one HTML file.

The folder may be of a night that still runs, or of one that was killed: whatever is missing,
torn or of another kind than it should be is said in its place, and the rest is shown. What
is read is data: the templates escape all of it.
"""

import json
import os
import re

from kthrashlib import env
from kthrashlib.common import CLEAN, environment, usage, write_whole
from kthrashlib.show import drawing, plots
from kthrashlib.show.sources import Sources

STATES = ("crashing", "incubating", "regression")
OPEN_MAX = 3            # more findings than that are folded
DRAWN_MAX = 50          # of more, the rest is listed
TEXT_MAX = 60000        # of a file that is shown as it is
EVENTS_MAX = 300
PLACES_MAX = 6
# Kinds that a reader wants to see first.
SEVERITY = ("memory", "race", "assertion", "deadlock", "livelock")


# ---- what is read ----

def read_text(path, most=TEXT_MAX):
    """(text, "") or ("", why not)."""
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            text = f.read(most + 1)
    except OSError as e:
        return "", "%s: %s" % (os.path.basename(path), (e.strerror or str(e)).lower())
    if len(text) > most:
        text = text[:most] + "\n... and more, in %s\n" % os.path.basename(path)
    return text, ""


def read_json(path, most=64 << 20):
    """(a dict, "") or ({}, why not)."""
    text, why = read_text(path, most)
    if why:
        return {}, why
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}, "%s: torn, or no JSON" % os.path.basename(path)
    if not isinstance(found, dict):
        return {}, "%s: not a JSON object" % os.path.basename(path)
    return found, ""


def as_number(value):
    """A finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if abs(value) < 1e300 else None    # nan and infinity are not


def as_text(value, otherwise=""):
    return value if isinstance(value, str) else otherwise if value is None else str(value)


def as_dict(value):
    return value if isinstance(value, dict) else {}


def as_dicts(value):
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def as_words(value):
    return [as_text(v) for v in value] if isinstance(value, list) else []


def night_folder(folder, night):
    return os.path.join(folder, "nights", "%04d" % night)


def nights(folder):
    """Numbers of the nights that the folder has, in order."""
    try:
        names = os.listdir(os.path.join(folder, "nights"))
    except OSError:
        return []
    return sorted(int(n) for n in names if re.fullmatch(r"\d{4,9}", n))


def read_series(path):
    """Samples in the order of time, and how many lines were none."""
    text, _ = read_text(path, 64 << 20)
    found, torn = [], 0
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            sample = json.loads(line)
        except (ValueError, RecursionError):
            sample = None
        t = as_number(as_dict(sample).get("t"))
        if t is None or t < 0:
            torn += 1
            continue
        kept = {k: v for k, v in sample.items() if as_number(v) is not None}
        kept["lanes"] = {as_text(k): v for k, v in as_dict(sample.get("lanes")).items()
                         if as_number(v) is not None}
        found.append(kept)
    return sorted(found, key=lambda s: s["t"]), torn


# ---- what is said of it ----

def duration(seconds):
    seconds = as_number(seconds)
    if seconds is None:
        return "?"
    minutes = int(seconds) // 60
    if minutes < 2:
        return "%d s" % int(seconds)
    return "%d min" % minutes if minutes < 120 else "%d h %02d min" % divmod(minutes, 60)


def count(value):
    value = as_number(value)
    return "–" if value is None else "{:,}".format(round(value)).replace(",", "\u202f")


def when(value):
    """ISO time as a person writes it."""
    text = as_text(value)
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?[0-9.]*(Z|\+00:00)?", text)
    return "%s %s UTC" % (found.group(1), found.group(2)) if found else text or "–"


def rate(n, seconds):
    n, seconds = as_number(n), as_number(seconds)
    return n / seconds if n is not None and seconds else None


def plural(n, word):
    return "%d %s%s" % (n, word, "" if n == 1 else "s")


def verdict_of(night, why_not, is_last):
    """(word, css class, sentences)."""
    bugs = as_dict(night.get("bugs"))
    numbers = {s: len(as_words(bugs.get(s))) for s in ("crashing", "new", "back", "fixed")}
    said = as_words(night.get("why"))
    if why_not:
        return "no record", "bad", ["Of this night nothing is known: %s." % why_not]
    told = "%s: %d new, %d back; %d fixed." % (
        plural(numbers["crashing"], "bug") + (" fails" if numbers["crashing"] == 1 else " fail"),
        numbers["new"], numbers["back"], numbers["fixed"])
    if not numbers["crashing"]:
        told = "No bug fails; %d fixed." % numbers["fixed"] if numbers["fixed"] else "No bug fails."
    state, verdict = night.get("state"), night.get("verdict")
    if "invalid" in (state, verdict):
        return "INVALID", "bad", said + ["What it found, or did not, proves nothing. " + told]
    if verdict == "failed":
        return "FAILED", "bad", said + [told]
    far = "After %s of %s. " % (duration(night.get("elapsed")), duration(night.get("seconds")))
    if state == "running" and is_last:
        return ("running: %s" % ("findings" if numbers["crashing"] else "clean so far"),
                "bad" if numbers["crashing"] else "warn", [far + told] + said)
    if state != "done" or verdict not in ("clean", "findings"):
        return "cut off", "bad", ["It did not come to its end. " + far + told] + said
    return verdict, "good" if verdict == "clean" else "bad", [told] + said


def change(now, before, digits=0):
    """now, before and the difference in words; None where there is nothing to compare."""
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
    """(what, change) of totals against the last night's."""
    totals, before = as_dict(night.get("totals")), as_dict(last.get("totals"))
    rows = [("executions", totals.get("executions"), before.get("executions")),
            ("executions a second", rate(totals.get("executions"), night.get("elapsed")),
             rate(before.get("executions"), last.get("elapsed"))),
            ("schedule points", totals.get("points"), before.get("points")),
            ("pairs of accesses seen", totals.get("pairs"), before.get("pairs")),
            ("plans in the corpus", totals.get("corpus"), before.get("corpus")),
            ("raw findings", totals.get("raw_findings"), before.get("raw_findings"))]
    found = []
    for what, now, then in rows:
        row = change(now, then)
        if row:
            found.append((what, row))
    return found


def lane_rows(night):
    found = []
    for lane in as_dicts(night.get("lanes")):
        failures = as_dicts(lane.get("failures"))
        found.append({
            "name": as_text(lane.get("name"), "?"), "what": as_text(lane.get("what")),
            "state": as_text(lane.get("state"), "?"), "weight": as_text(lane.get("weight"), "–"),
            "runs": count(lane.get("runs")), "time": duration(lane.get("seconds")),
            "executions": count(lane.get("executions")),
            "rate": count(rate(lane.get("executions"), lane.get("seconds"))),
            "coverage": "%s %s" % (count(lane.get("coverage")), as_text(lane.get("unit"))),
            "pairs": count(lane.get("pairs")), "alone": count(lane.get("pairs_alone")),
            "lately": count(lane.get("pairs_lately")), "findings": count(lane.get("findings")),
            "failures": [(when(f.get("at")), as_text(f.get("why"))) for f in failures],
        })
    return found


def machine_rows(night):
    m = as_dict(night.get("machine"))
    memory = as_number(m.get("memory_bytes"))
    rows = [
        ("started", when(night.get("started"))), ("ended", when(night.get("ended"))),
        ("budget", duration(night.get("seconds"))), ("ran", duration(night.get("elapsed"))),
        ("resumed", count(night.get("resumed"))), ("jobs", count(night.get("jobs"))),
        ("seed", as_text(night.get("seed"), "–")),
        ("commit", as_text(night.get("commit"), "–") +
         (", with changes that are not committed" if night.get("dirty") else "")),
        ("options", " ".join(as_words(night.get("options"))) or "none"),
        ("host", as_text(m.get("host"), "–")), ("processor", as_text(m.get("cpu"), "–")),
        ("cores", count(m.get("cores"))),
        ("memory", "–" if memory is None else "%.1f GiB" % (memory / 2**30)),
        ("kernel", as_text(m.get("kernel"), "–")), ("Debian", as_text(m.get("debian"), "–")),
        ("compiler", as_text(m.get("compiler"), "–")),
    ]
    return rows


def canary_of(night):
    """(class, sentence)."""
    canary = as_dict(night.get("canary"))
    bug, state = as_text(canary.get("bug"), "?"), canary.get("state")
    if state == "found":
        return "good", "The canary, seeded bug %s, was found after %s executions, %s." % (
            bug, count(canary.get("executions")), when(canary.get("at")))
    if state == "missed":
        return "bad", ("The canary, seeded bug %s, was not found in %s executions: what this "
                       "night did not find it may have missed." %
                       (bug, count(canary.get("executions"))))
    if state == "waiting":
        return "warn", "The canary, seeded bug %s, has not been found yet." % bug
    return "warn", "Nothing is recorded of a canary."


# ---- findings ----

def is_id(name):
    return isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,199}", name)


def place_of(folder, name):
    """(state, folder) of a finding, wherever it is now."""
    for state in STATES:
        path = os.path.join(folder, state, name)
        if os.path.isdir(path):
            return state, path
    return None, None


def told_by(path, sources):
    """What shows how it went: {"drawing"} or {"text", "title"}, and "missing": what is not
    there or can't be read."""
    found = {"drawing": None, "text": "", "title": "", "missing": []}
    trace = os.path.join(path, "trace.json")
    if os.path.exists(trace):
        explained, why = read_json(trace)
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
    """(name, href) of the files that are there."""
    found = []
    for name in ("finding.json", "plan", "interleaving.txt", "trace.json", "report.txt", "raw"):
        target = os.path.join(path, name)
        if os.path.exists(target):
            found.append((name, os.path.relpath(target, page_folder)))
    return found


def reliability_of(record):
    pair = record.get("reliability")
    if isinstance(pair, list) and len(pair) == 2 and None not in map(as_number, pair):
        return "%d of %d runs" % tuple(pair)
    return "not re-run yet"


def sources_for(night):
    """A function from a finding's record to where its source lines are, or None if that is
    not known: the commit, unless there were changes that it does not have."""
    known = {}

    def sources(record):
        if "--bug=" in as_text(record.get("options")):
            return None
        commit = as_text(record.get("commit")) or as_text(night.get("commit"))
        if night.get("dirty") and commit == as_text(night.get("commit")):
            commit = None
        if commit not in known:
            known[commit] = Sources(commit=commit)
        return known[commit]
    return sources


def finding_of(folder, name, marks, sources, page_folder, draw):
    """What the template shows of one finding; `marks`: new, back, fixed; `sources`: see
    sources_for()."""
    state, path = place_of(folder, name) if is_id(name) else (None, None)
    f = {"id": as_text(name), "state": state or "gone", "marks": marks, "missing": [],
         "kind": as_text(name).rpartition("-")[0], "drawn": draw}
    if not state:
        f["missing"] = ["its folder is not there: neither in %s" % " nor in ".join(STATES)]
    record, why = read_json(os.path.join(path, "finding.json")) if path else ({}, "")
    if why:
        f["missing"].append(why)
    f.update(
        kind=as_text(record.get("kind"), f["kind"]) or "finding",
        message=as_text(record.get("message")), signature=as_text(record.get("signature")),
        count=count(record.get("count")), lanes=", ".join(as_words(record.get("lanes"))),
        reliability=reliability_of(record), build=as_text(record.get("build")),
        commit=as_text(record.get("commit")), hash=as_text(record.get("hash")),
        first_seen=when(record.get("first_seen")), last_seen=when(record.get("last_seen")),
        first_night=as_number(record.get("first_night")), replay=as_text(record.get("replay")),
        places=[("%s:%s %s" % (as_text(p.get("file")), as_text(p.get("line")),
                               as_text(p.get("point")))).rstrip()
                for p in as_dicts(record.get("places"))[:PLACES_MAX]],
        plan="", links=[], how=None)
    if path:
        f["links"] = links_to(path, page_folder)
        if draw:
            f["how"] = told_by(path, sources(record))
            f["missing"] += f["how"]["missing"]
            f["plan"], why = read_text(os.path.join(path, "plan"))
            f["missing"] += [why] if why else []
    return f


def urgency(f):
    kind = f["kind"].split("-")[0]
    return (not set(f["marks"]) & {"new", "back"},
            SEVERITY.index(kind) if kind in SEVERITY else len(SEVERITY), f["id"])


def findings_of(folder, night, page_folder):
    """{state: findings}, the most urgent first. Without a record, what the folder has."""
    bugs = as_dict(night.get("bugs"))
    marked = {m: as_words(bugs.get(m)) for m in ("new", "back", "fixed")}
    sources = sources_for(night)
    found, drawn = {}, 0
    for state, names in named(folder, bugs).items():
        some = []
        for name in names:
            marks = [m for m in marked if name in marked[m]]
            draw = drawn < DRAWN_MAX and state != "regression"
            drawn += draw
            some.append(finding_of(folder, name, marks, sources, page_folder, draw))
        found[state] = sorted(some, key=urgency)
    return found


def named(folder, bugs):
    """{state: names}, each name once. Without a record, what the folder has."""
    if not bugs:
        return {state: listed(folder, state) for state in STATES}
    found, seen = {state: [] for state in STATES}, set()
    for state in STATES + ("new", "back", "fixed"):
        for name in as_words(bugs.get(state)):
            if name not in seen:
                seen.add(name)
                where = state
                if where not in found:      # marked, and in no list
                    where = is_id(name) and place_of(folder, name)[0] or "crashing"
                found[where].append(name)
    return found


def listed(folder, state):
    try:
        return sorted(n for n in os.listdir(os.path.join(folder, state)) if is_id(n))
    except OSError:
        return []


# ---- the page ----

def neighbours(folder, night):
    """The nights before and after, and where their pages are, if they are there."""
    numbers = nights(folder)
    found = {"before": None, "after": None}
    for name, near in (("before", [n for n in numbers if n < night][-1:]),
                       ("after", [n for n in numbers if n > night][:1])):
        for n in near:
            href = "../%04d/page.html" % n
            there = os.path.exists(os.path.join(night_folder(folder, n), "page.html"))
            found[name] = (n, href if there else None)
    return found


def gather(folder, night):
    """All that the template shows."""
    here = night_folder(folder, night)
    record, why = read_json(os.path.join(here, "night.json"))
    series, torn = read_series(os.path.join(here, "series.jsonl"))
    near = neighbours(folder, night)
    # pylint: disable-next=unsubscriptable-object; it takes the None for all that there is
    before = night_folder(folder, near["before"][0]) if near["before"] else None
    last, last_why = read_json(os.path.join(before, "night.json")) if before else ({}, "")
    last_series = read_series(os.path.join(before, "series.jsonl"))[0] if before else []
    word, mood, said = verdict_of(record, why, not near["after"])
    return {
        "night": night, "folder": os.path.basename(os.path.abspath(folder)), "near": near,
        "verdict": word, "mood": mood, "said": said, "record": record, "last_why": last_why,
        "findings": findings_of(folder, record, here), "open_max": OPEN_MAX,
        "changes": changes(record, last), "compared": bool(last),
        "fixed": as_words(as_dict(record.get("bugs")).get("fixed")),
        "plots": plots.plots(series, last_series), "samples": len(series), "torn": torn,
        "lanes": lane_rows(record), "canary": canary_of(record),
        "machine": machine_rows(record) if record else [],
        "events": [(when(e.get("at")), as_text(e.get("what")))
                   for e in as_dicts(record.get("events"))[-EVENTS_MAX:]],
        "started": when(record.get("started")), "ran": duration(record.get("elapsed")),
    }


def html(folder, night):
    """The page's text. Raises FileNotFoundError if the folder has no such night."""
    if not os.path.isdir(night_folder(folder, night)):
        raise FileNotFoundError("%s: no night %d" % (folder, night))
    return drawing.environment().get_template("page.html").render(gather(folder, night))


def write(folder, night):
    """Write the page of that night, whole or not at all; returns its path. Any night's page
    may be written again at any time. Needs the packages of env.PAGE."""
    try:
        text = html(folder, night)
    except ImportError:
        env.ensure(env.PAGE)
        text = html(folder, night)
    path = os.path.join(night_folder(folder, night), "page.html")
    write_whole(path, text)
    return path


def main(call):
    (folder,) = call.words
    if not os.path.isdir(folder):
        raise usage("%s: no such folder" % folder)
    if read_json(os.path.join(folder, "campaign.json"))[0].get("kthrash") != "campaign":
        raise usage("%s: not the folder of a campaign, which has a campaign.json" % folder)
    there = nights(folder)
    if not there:
        raise usage("%s: there has been no night yet" % folder)
    night = call.options.get("--night", there[-1])
    if night not in there:
        raise usage("--night=%d: expected one of %s" % (night, ", ".join(map(str, there))))
    env.ensure(env.PAGE)
    try:
        print(write(folder, night))
    except OSError as e:
        raise environment("the page can't be written: %s" % e) from e
    return CLEAN
