# SPDX-License-Identifier: GPL-2.0-only
"""Findings as SARIF 2.1.0, for code scanning on GitHub, in editors and elsewhere.

A finding is a dict, as finding.json of a campaign has it:

  kind, signature, message   what it is
  replay                     the command that repeats it
  plan                       the plan's file
  places                     optional: dicts of file, line and maybe point
  count, lanes               optional: how often it was seen, and by what
  trace                      optional: what `explain --format=json` says, parsed
  report                     optional: the text of a sanitizer's report
"""

import hashlib
import os
import re

from kthrashlib.gate import sanitizer

SCHEMA = ("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
          "sarif-schema-2.1.0.json")

# GitHub shows the first 1000 places of a finding's flows and takes 10,000.
PLACES_MAX = 1000
RESULTS_MAX = 5000

# Kind: its name, what it means, what to do.
KINDS = {
    "assertion": ("FailedAssertion", "An assertion failed",
                  "The code's own check of what must be so found that it is not."),
    "deadlock": ("Deadlock", "No task can run",
                 "All tasks wait for each other, or for a wake-up that nobody is left to give: "
                 "most often a wake-up that came before its sleeper said that it sleeps."),
    "livelock": ("Livelock", "Tasks run for ever and get nowhere",
                 "The execution does not end although every task is scheduled fairly."),
    "memory": ("MemoryError", "Memory is used that is not the user's",
               "A block was used after it was freed, a stack frame after its function returned, "
               "or a pointer leads nowhere."),
    "leak": ("Leak", "Something is left at the end",
             "At the end of the execution a block, task, name, timer or lock is still there."),
    "model": ("WrongResult", "A call's result has no cause",
              "A call returned what nothing in this execution justifies, or a thread's function "
              "ran when it must not."),
    "discipline": ("BrokenRule", "A rule of locks, sleeping or task states is broken",
                   "Locks in an order that can deadlock, a release by another than the holder, "
                   "sleeping with a lock held, or a call that its caller may not make."),
    "race": ("DataRace", "Two tasks access the same memory, unordered",
             "One of the two accesses writes, and nothing orders them: each may see what the "
             "other has half done."),
    "undefined": ("UndefinedBehaviour", "The C language gives this no meaning",
                  "UndefinedBehaviorSanitizer met an operation that C leaves undefined."),
    "hang": ("Hang", "No progress on real threads",
             "Nothing moved for a long time; the report says where each thread waits."),
    "expect": ("UnmetExpectation", "A plan did not end as it says",
               "The plan has a line about what is to happen, and something else did."),
    "nondeterminism": ("Nondeterminism", "The same plan, another execution",
                       "What a plan does depends on more than the plan: an address, "
                       "uninitialized memory, the clock."),
    "crash": ("Crash", "A fuzzer's input ends the process",
              "The input is saved; it was not seen again as a plan in the simulator."),
    "test": ("FailedTest", "A test failed", "What it printed is with the result."),
}


def kind_known(kind):
    return kind if kind in KINDS else "crash"


def rule(kind):
    name, short, full = KINDS[kind]
    text = ("Repeat it with the replay line of the result: the same plan gives the same "
            "interleaving every time. tools/kthrash explain shows it, a column per task.")
    return {"id": "kthrash/" + kind, "name": name,
            "shortDescription": {"text": short}, "fullDescription": {"text": full},
            "help": {"text": full + " " + text},
            "defaultConfiguration": {"level": "error"},
            "properties": {"tags": ["concurrency"], "precision": "very-high"}}


# ---- what stays the same while lines move ------------------------------------

def identity(finding):
    """The signature without line numbers, the sides of a race or deadlock in one order."""
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
    """The source line's words; without the file, what the place is called."""
    try:
        with open(os.path.join(root, place["file"]), encoding="utf-8") as f:
            return " ".join(f.read().splitlines()[place["line"] - 1].split())
    except (OSError, IndexError, UnicodeDecodeError):
        return place.get("point") or place.get("function") or ""


# ---- places -------------------------------------------------------------------

def places_of(finding):
    """All there are, in the order in which the finding has them."""
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
    """The place to be shown first: core/ before the rest, and no matter in which order."""
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
    """A thread flow per task; executionOrder is the step's number."""
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


def flow_of_race(report):
    """A thread flow per side: the calls that led to the access, outermost first, and it."""
    flows, order = [], 0
    for n, side in enumerate(sanitizer.sides_of(report)):
        places = []
        for frame in reversed(side["frames"]):
            order += 1
            innermost = frame is side["frames"][0]
            places.append({
                "location": location(frame, side["what"] if innermost
                                     else "calls on from " + frame["function"]),
                "executionOrder": order, "nestingLevel": len(places),
                "importance": "essential" if innermost else "unimportant"})
        flows.append({"id": "side %d" % (n + 1), "message": {"text": side["what"]},
                      "locations": places})
    return {"message": {"text": "the two accesses, the first first"},
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
        # The number behind the colon tells results of one hash apart: there are none.
        made["partialFingerprints"]["primaryLocationLineHash"] = digest("%s\n%s\n%s" % (
            identity(finding), first["file"], line_of(root, first))) + ":1"
    flows = [f for f in (flow_of_race(report) if kind == "race" else None,
                         flow_of_trace(finding["trace"]) if finding.get("trace") else None) if f]
    if flows:
        made["codeFlows"] = flows
    if report:
        made["stacks"] = stacks(report)
    return made


def distinct(findings):
    """Each bug once, with all that any sighting tells, how often and by whom it was seen."""
    found = {}
    for f in findings:
        bug = found.setdefault(identity(f), {**f, "count": 0, "lanes": []})
        if f.get("plan") and not bug.get("plan"):   # the better thing to replay
            bug.update(plan=f["plan"], replay=f["replay"])
        for key in ("trace", "report"):
            if f.get(key) and not bug.get(key):
                bug[key] = f[key]
        bug["count"] += f.get("count", 1)
        bug["lanes"] = sorted(set(bug["lanes"]) | set(f.get("lanes", [])))
    return list(found.values())


def document(findings, root, category, commit="", complete=True):
    """The whole log, to be written as JSON. `category`: what this analysis is, as "gate": one
    upload replaces the last of the same category. `complete`: all that was due has run."""
    results = [result(f, root) for f in distinct(findings)[:RESULTS_MAX]]
    used = sorted({r["ruleId"].partition("/")[2] for r in results})
    for r in results:
        r["ruleIndex"] = used.index(r["ruleId"].partition("/")[2])
    run = {
        "tool": {"driver": {"name": "kthrash", "rules": [rule(kind) for kind in used]}},
        "automationDetails": {"id": "kthrash/%s/" % category},
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "the checkout"}}},
        "columnKind": "utf16CodeUnits",
        "invocations": [{"executionSuccessful": complete}],
        "results": results,
    }
    if commit:
        run["properties"] = {"commit": commit}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
