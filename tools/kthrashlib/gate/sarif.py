# SPDX-License-Identifier: GPL-2.0-only
"""Writes findings as SARIF 2.1.0, for code scanning on GitHub, in editors and elsewhere.

A finding is a dict, as in the file finding.json of a campaign:

  kind, signature, message   the bug
  replay                     the command that repeats it
  plan                       the file of the plan
  places                     optional: dicts of file, line and perhaps point
  count, lanes               optional: how often it was seen, and in which lanes
  trace                      optional: the output of `explain --format=json`, parsed
  report                     optional: the text of a sanitizer's report
"""

import hashlib
import os
import re
import signal

from kthrashlib.common import with_bytes_shown
from kthrashlib.gate import sanitizer

SCHEMA = ("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
          "sarif-schema-2.1.0.json")

# GitHub accepts 10,000 places in the flows of a finding and shows the first 1000.
PLACES_MAX = 1000
RESULTS_MAX = 5000

# Each kind has a name, one sentence, and an explanation.
KINDS = {
    "assertion": ("FailedAssertion", "An assertion failed",
                  "The code checks a condition that must hold, and it did not hold."),
    "deadlock": ("Deadlock", "No task can run",
                 "All tasks wait for each other, or for a wake-up that no task can give. Most "
                 "often the wake-up came before the sleeping task had said that it sleeps."),
    "livelock": ("Livelock", "Tasks run for ever and get nowhere",
                 "The execution does not end although every task is scheduled fairly."),
    "memory": ("MemoryError", "A task used memory that it does not own",
               "A block was used after it was freed, a stack frame after its function returned, "
               "or a pointer leads nowhere."),
    "leak": ("Leak", "A resource is left at the end",
             "At the end of the execution a block, task, name, timer or lock is still there."),
    "model": ("WrongResult", "A call's result has no cause",
              "A call returned a value that nothing in this execution explains, or a thread's "
              "function ran when it must not."),
    "discipline": ("BrokenRule", "A rule of locks, sleeping or task states is broken",
                   "A task took locks in an order that can deadlock, released a lock that it did "
                   "not hold, slept with a lock held, or made a call that it may not make."),
    "race": ("DataRace", "Two tasks access the same memory in no order",
             "At least one of the two accesses writes, and nothing orders them. A task may see "
             "a change of the other that is half done."),
    "undefined": ("UndefinedBehaviour", "C does not define what this does",
                  "UndefinedBehaviorSanitizer saw an operation that C leaves undefined."),
    "hang": ("Hang", "No progress on real threads",
             "No thread made progress for a long time. The report says where each one waits."),
    "expect": ("UnmetExpectation", "A plan did not end as it says",
               "A line of the plan says how it ends, and it ended in another way."),
    "nondeterminism": ("Nondeterminism", "The same plan ran differently",
                       "The execution depends on more than the plan, as on an address, on "
                       "uninitialized memory or on the clock."),
    "crash": ("Crash", "A fuzzer's input ends the process",
              "The input is saved. As a plan in the simulator it did not fail again."),
    "test": ("FailedTest", "A test failed", "The result has what the test printed."),
}


def kind_known(kind):
    return kind if kind in KINDS else "crash"


def rule(kind):
    name, short, full = KINDS[kind]
    text = ("The replay line of the result repeats it: the same plan gives the same "
            "interleaving every time. tools/kthrash explain says why it fails.")
    return {"id": "kthrash/" + kind, "name": name,
            "shortDescription": {"text": short}, "fullDescription": {"text": full},
            "help": {"text": full + " " + text},
            "defaultConfiguration": {"level": "error"},
            "properties": {"tags": ["concurrency"], "precision": "very-high"}}


# ---- what stays the same when lines move -------------------------------------

def identity(finding):
    """Returns the signature without line numbers, and with the sides of a race or deadlock
    sorted."""
    text = re.sub(r":\d+", "", finding["signature"])
    head, colon, sides = text.partition(": ")
    if not colon:
        head, sides = finding["kind"], text
    for between in (" | ", " + "):
        if between in sides:
            sides = between.join(sorted(sides.split(between)))
    return "%s\n%s: %s" % (finding["kind"], head, sides)


def digest(text):
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def line_of(root, place):
    """Returns the words of the source line. If it can't be read, returns the name of the place."""
    try:
        with open(os.path.join(root, place["file"]), encoding="utf-8") as f:
            return " ".join(f.read().splitlines()[place["line"] - 1].split())
    except (OSError, IndexError, UnicodeDecodeError):
        return place.get("point") or place.get("function") or ""


# ---- places -------------------------------------------------------------------

def places_of(finding):
    """Returns all places of a finding, in its order."""
    places = [p for p in finding.get("places", []) if p.get("file") and p.get("line")]
    for stack in sanitizer.sides_of(finding.get("report", "")) or sanitizer.stacks_of(
            finding.get("report", ""))[:1]:
        places.append(stack["frames"][0])
    if not places:
        places = [{"file": f, "line": int(n), "point": point} for point, f, n in re.findall(
            r"(\S+) \[([\w./-]+\.[ch]):(\d+)\]", finding["message"])]
    if not places:
        places = [{"file": m[0], "line": int(m[1])}
                  for m in sanitizer.OWN.findall(finding["message"])]
    steps = [s for s in finding.get("trace", {}).get("steps", []) if s["file"]]
    return places or steps[-1:]


def primary(places):
    """Returns the place that is shown first: a place in core/ if there is any. The order of
    `places` does not matter."""
    folders = ["core", "platform", "fuzz", "stress"]

    def rank(p):
        folder = p["file"].split("/")[0]
        return (folders.index(folder) if folder in folders else len(folders), p["file"],
                p.get("point") or p.get("function") or "", p["line"])
    return min(places, key=rank) if places else None


def physical(place):
    region = {"startLine": max(1, place["line"]), "endLine": max(1, place["line"]),
              "startColumn": max(1, place.get("column", 1))}
    region["endColumn"] = region["startColumn"] + 1
    return {"artifactLocation": {"uri": place["file"], "uriBaseId": "SRCROOT"},
            "region": region}


def location(place, text=None):
    found = {"physicalLocation": physical(place)}
    point = place.get("point")
    if point:
        function = point.replace("blocked:", "").partition(":")[0]
        found["logicalLocations"] = [{"name": function, "fullyQualifiedName": point,
                                      "kind": "function" if ":" in point else "schedulePoint"}]
    elif place.get("function"):
        found["logicalLocations"] = [{"name": place["function"], "kind": "function"}]
    if text:
        found["message"] = {"text": text}
    return found


# ---- flows --------------------------------------------------------------------

def flow_of_trace(trace):
    """Returns a thread flow for each task. executionOrder is the number of the step."""
    steps = [s for s in trace["steps"] if s["file"] and s["line"]][-PLACES_MAX:]
    flows = []
    for number, task in enumerate(trace["tasks"]):
        own = [{"location": location(s, ("sleeps: " if s["why"] == "blocked" else "") + s["point"]),
                "executionOrder": s["step"] + 1,
                "importance": "essential" if s["next"] != number else "important"}
               for s in steps if s["task"] == number]
        if own:
            flows.append({"id": task, "message": {"text": task}, "locations": own})
    return {"message": {"text": trace["message"]}, "threadFlows": flows} if flows else None


def flow_of_story(trace):
    """Returns the few steps that tell why it failed, as one thread flow in the order of time."""
    story = trace.get("story") or {"rows": []}
    found = []
    for r in story["rows"]:
        if not r["line"]:
            continue
        text = "%s: %s%s" % (trace["tasks"][r["task"]], "[%s] " % r["op"] if r["op"] else "",
                             r["text"])
        found.append({"location": location(r, text), "executionOrder": len(found) + 1,
                      "importance": "essential"})
    if not found:
        return None
    why = story["cause"] or (story["chain"] and "who waits for whom: " + story["chain"]) or \
        trace["message"]
    return {"message": {"text": why}, "threadFlows": [{"locations": found}]}


def flow_of_race(report):
    """Returns a thread flow for each access. It has the calls that led to the access, outermost
    first, then the access."""
    flows, order = [], 0
    for n, side in enumerate(sanitizer.sides_of(report)):
        places = []
        for frame in reversed(side["frames"]):
            order += 1
            innermost = frame is side["frames"][0]
            places.append({
                "location": location(frame, side["what"] if innermost
                                     else "a call in " + frame["function"]),
                "executionOrder": order, "nestingLevel": len(places),
                "importance": "essential" if innermost else "unimportant"})
        flows.append({"id": "side %d" % (n + 1), "message": {"text": side["what"]},
                      "locations": places})
    return {"message": {"text": "the two accesses, in the order of time"},
            "threadFlows": flows} if flows else None


def stacks(report):
    return [{"message": {"text": s["what"] or "stack"},
             "frames": [{"location": location(f)} for f in s["frames"]]}
            for s in sanitizer.stacks_of(report)]


# ---- the document -------------------------------------------------------------

def result(finding, root):
    kind, report = kind_known(finding["kind"]), finding.get("report", "")
    replay = finding.get("replay")
    made = {
        "ruleId": "kthrash/" + kind,
        "level": "error",
        "message": {"text": (finding["message"] or KINDS[kind][1])
                    + ("\nreplay: " + replay if replay else "")},
        "partialFingerprints": {"kthrashSignature/v1": digest(identity(finding))},
        "occurrenceCount": max(1, finding.get("count", 1)),
        "properties": {"signature": finding["signature"], "replay": replay or "",
                       "plan": finding.get("plan") or "", "seenBy": finding.get("lanes", [])},
    }
    places = places_of(finding)
    first = primary(places)
    if first:
        made["locations"] = [location(first)]
        others = {(p["file"], p["line"]): p for p in places}
        others.pop((first["file"], first["line"]))
        if others:
            made["relatedLocations"] = [dict(location(p, p.get("point") or p.get("function")),
                                             id=n) for n, p in enumerate(others.values())]
        # The number after the colon tells apart results with the same hash. It is always 1, because
        # no two results here have the same hash.
        made["partialFingerprints"]["primaryLocationLineHash"] = digest("%s\n%s\n%s" % (
            identity(finding), first["file"], line_of(root, first))) + ":1"
    trace = finding.get("trace")
    flows = [f for f in (flow_of_race(report) if kind == "race" else None,
                         flow_of_story(trace) if trace else None,
                         flow_of_trace(trace) if trace else None) if f]
    if flows:
        made["codeFlows"] = flows
    if report:
        made["stacks"] = stacks(report)
    return made


def distinct(findings):
    """Returns each bug once, with the best of all its sightings, how often it was seen, and
    where."""
    found = {}
    for f in findings:
        bug = found.setdefault(identity(f), {**f, "count": 0, "lanes": []})
        if f.get("plan") and not bug.get("plan"):   # A plan always replays, but a test may not.
            bug.update(plan=f["plan"], replay=f["replay"])
        for key in ("trace", "report"):
            if f.get(key) and not bug.get(key):
                bug[key] = f[key]
        bug["count"] += f.get("count", 1)
        bug["lanes"] = sorted(set(bug["lanes"]) | set(f.get("lanes", [])))
    return list(found.values())


def invocation(complete, by_signal):
    """Returns what SARIF says of the run. `by_signal` is the signal that ended it, or None."""
    found = {"executionSuccessful": complete}
    if by_signal:
        found.update(exitSignalNumber=int(by_signal), exitSignalName=signal.Signals(by_signal).name,
                     toolExecutionNotifications=[{
                         "level": "error", "message": {"text": "interrupted: not finished"}}])
    return found


def valid(value):
    """Returns the value with an escape for each byte that is not UTF-8 in the names of files."""
    if isinstance(value, dict):
        return {valid(k): valid(v) for k, v in value.items()}
    if isinstance(value, list):
        return [valid(v) for v in value]
    return with_bytes_shown(value) if isinstance(value, str) else value


def document(findings, root, category, commit="", complete=True, properties=None, by_signal=None):
    """Returns the whole log, ready to be written as JSON.

    `category` names the analysis, such as "gate". An upload replaces the last one of the same
    category. `complete` says that everything that was planned has run. `properties` is a dict of
    what else is known of the run. `by_signal` is the signal that ended the run, if one did.
    """
    results = [result(f, root) for f in distinct(findings)[:RESULTS_MAX]]
    used = sorted({r["ruleId"].partition("/")[2] for r in results})
    for r in results:
        r["ruleIndex"] = used.index(r["ruleId"].partition("/")[2])
    run = {
        "tool": {"driver": {"name": "kthrash", "rules": [rule(kind) for kind in used]}},
        "automationDetails": {"id": "kthrash/%s/" % category},
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "the checkout"}}},
        "columnKind": "utf16CodeUnits",
        "invocations": [invocation(complete, by_signal)],
        "results": results,
    }
    if commit or properties:
        run["properties"] = {**({"commit": commit} if commit else {}), **(properties or {})}
    return valid({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})
