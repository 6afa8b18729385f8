# SPDX-License-Identifier: GPL-2.0-only
"""Reads test cases and findings from the output of Bazel or of a driver."""

import json
import os
import re
import urllib.parse
import xml.etree.ElementTree as ElementTree

from kthrashlib.common import ROOT, path_said, printable, typed
from kthrashlib.gate import junit, sanitizer, sarif
from kthrashlib.gate.junit import ERROR, FAILED, PASSED, Case


class Ran:
    """The results of a step.

    `cases` has the cases by item. `findings` has dicts as in sarif.py. `broken` has sentences that
    say how the environment failed. `failed` has the logs of the tests that failed, by label.
    `binaries` has binaries by label.
    """

    def __init__(self):
        self.cases, self.findings, self.broken = {}, [], []
        self.failed, self.binaries = {}, {}

    def add(self, other):
        self.cases.update(other.cases)
        self.failed.update(other.failed)
        self.binaries.update(other.binaries)
        self.findings += other.findings
        self.broken += other.broken


def text_of(path, most=200_000):
    """Returns the end of a file, or "" if there is no such file."""
    try:
        with open(path, "rb") as f:
            f.seek(0, os.SEEK_END)
            f.seek(max(0, f.tell() - most))
            return f.read().decode("utf-8", "replace")
    except OSError:
        return ""


def lines_of(text):
    """Yields the lines that are JSON. The last line of a process that was killed may be
    incomplete."""
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                yield json.loads(line)
            except ValueError:
                pass


# ---- Bazel ----------------------------------------------------------------------

RAN = {"PASSED", "FLAKY", "FAILED", "TIMEOUT", "REMOTE_FAILURE", "FAILED_TO_BUILD"}
CANNOT = {"LOADING_FAILURE", "ANALYSIS_FAILURE"}


def file_of(uri):
    return urllib.parse.unquote(urllib.parse.urlparse(uri).path)


def own_cases(label, kind, files):
    """Returns the cases in the XML that the test wrote, or that Bazel wrote for it."""
    text = text_of(files.get("test.xml", ""), 20_000_000)
    try:
        return junit.read(text, kind, label)
    except ElementTree.ParseError:
        return []


def test_finding(label, log, repeat):
    """Returns the finding in the log of a failed test: a sanitizer's report, or the place where the
    test failed."""
    kind = sanitizer.kind_of(log)
    if kind:
        stacks = sanitizer.sides_of(log) or sanitizer.stacks_of(log)[:1]
        names = [s["frames"][0]["function"] for s in stacks]
        said = re.search(r"^SUMMARY: (.*)$|^(.*runtime error: .*)$", log, re.MULTILINE)
        message = (said.group(1) or said.group(2)) if said else kind + " in " + label
        return {"kind": kind, "signature": "%s: %s" % (kind, " | ".join(names) or label),
                "message": message.replace("/proc/self/cwd/", ""), "report": log,
                "replay": repeat, "lanes": [label]}
    # The driver's line names the kind of the failure. Other tests print no kind.
    fail = re.search(r"^FAIL (?:.*, got )?(%s): (.*)$" % "|".join(sarif.KINDS), log, re.MULTILINE)
    kind, message = fail.groups() if fail else ("test", label + " failed")
    place = sanitizer.OWN.search(message) or sanitizer.OWN.search(log)
    package = label[2:].partition(":")[0]
    return {"kind": kind, "signature": "%s: %s" % (kind, label), "message": message,
            "replay": repeat, "lanes": [label], "places": [
                {"file": place.group(1), "line": int(place.group(2))} if place else
                {"file": package + "/BUILD", "line": 1}]}


def first_line(log):
    """Returns the line of a test's output that says most."""
    for pattern in (r"^(?:NOT AS EXPECTED|FAIL) .*", r"^SUMMARY: .*", r"^.*runtime error: .*",
                    r"^\w*(?:Error|Exception): .*", r"^\S+\.[ch]:\d+: .*"):
        found = re.search(pattern, log, re.MULTILINE)
        if found:
            return found.group(0).replace("/proc/self/cwd/", "")[:300]
    return "failed"


def add_result(ran, kind, label, event, config):
    files = {f["name"]: file_of(f["uri"]) for f in event.get("testActionOutput", [])}
    seconds = int(event.get("testAttemptDurationMillis", 0)) / 1000
    cases = own_cases(label, kind, files)
    if event["status"] in ("PASSED", "FLAKY"):
        ran.cases[label] = cases or [Case(kind, label, PASSED, seconds)]
        return
    log = text_of(files.get("test.log", ""))
    repeat = " ".join(["bazel test"] + config + [label])
    message = "timeout" if event["status"] == "TIMEOUT" else first_line(log)
    if len(cases) < 2:      # A single case is Bazel's own, which has only the status.
        cases = [Case(kind, label, FAILED, seconds, message, log)]
    for c in cases:
        if c.status in (FAILED, ERROR):
            c.text = "%s\n\nreplay: %s\n" % (c.text, repeat)
    ran.cases[label] = cases
    ran.failed[label] = log
    ran.findings.append(test_finding(label, log, repeat))


def add_unbuilt(ran, kind, label, log, config):
    repeat = " ".join(["bazel test"] + config + [label])
    error = re.search(r"^\S*?((?:core|platform|stress|fuzz)/\S+?):(\d+):\d+: error: (.*)$", log,
                      re.MULTILINE)
    alike = re.search(r"^.*\S does not apply to the sources as they are$", log, re.MULTILINE)
    why = error.group(3) if error else alike.group(0) if alike else "see the log"
    ran.cases[label] = [Case(kind, label, ERROR, 0, "does not build: " + why,
                             "%s\n\nreplay: %s\n" % (log[-20_000:], repeat))]
    package = label[2:].partition(":")[0]
    ran.findings.append({
        "kind": "test", "signature": "test: does not build: " + why,
        "message": "does not build: " + why, "replay": repeat, "lanes": [label], "places": [
            {"file": error.group(1), "line": int(error.group(2))} if error else
            {"file": package + "/BUILD", "line": 1}]})


def of_bazel(events, kind, log, config, ended=None):
    """Returns the results of `bazel test`, from the lines of its build event file.

    `log` is the output of Bazel. `ended` is the time at which the gate interrupted Bazel, in
    seconds since 1970, or None. A test that fails after that time was cut off, so it counts as not
    run.
    """
    ran = Ran()
    build_failed = re.search(r"^ERROR: .* failed", log.partition("caught interrupt")[0],
                             re.MULTILINE)
    for event in lines_of(events):
        target = event["id"].get("targetCompleted", {}).get("label")
        if target and event.get("completed", {}).get("success"):
            for f in event["completed"].get("importantOutput", []):
                ran.binaries[target] = file_of(f["uri"])
        elif target and (ended is None or build_failed) and (
                "completed" in event or event.get("aborted", {}).get("reason") in CANNOT):
            add_unbuilt(ran, kind, target, log, config)
        result = event.get("testResult")
        if result and result["status"] in RAN:
            last = (int(result.get("testAttemptStartMillisEpoch", 0))
                    + int(result.get("testAttemptDurationMillis", 0))) / 1000
            if result["status"] in ("PASSED", "FLAKY") or ended is None or last < ended:
                add_result(ran, kind, event["id"]["testResult"]["label"], result, config)
    return ran


# ---- the driver -----------------------------------------------------------------

def options_of(combo, sanitizer_name):
    """Returns the options with which tools/kthrash runs the build of a combination."""
    word = {"plain": "none", "asan-ubsan": "asan", "tsan": "tsan"}[sanitizer_name]
    return " --platform=%s --sanitizer=%s" % (combo, word)


def of_driver(said, row):
    """Returns the findings in the output of a hunt, and each file only once. `row` is the name of
    the hunt. The report of a finding that could not be saved has its plan."""
    found, unsaved = {}, {}
    for line in lines_of(said):
        if line.get("type") not in ("finding", "unsaved"):
            continue
        plan = path_said(line["file"])
        if line["type"] == "unsaved":
            unsaved[plan] = "not saved: %s\n%s%s" % (line["reason"], line["plan"], line["report"])
        f = found.setdefault(plan, {
            "kind": line["kind"], "signature": line["signature"], "message": line["message"],
            "plan": plan, "options": line["options"], "count": 0, "lanes": [row]})
        f["count"] += 1
    for f in found.values():
        f["replay"] = "tools/kthrash replay%s %s" % (f["options"], typed(relative(f["plan"])))
        f["report"] = unsaved.get(f["plan"]) or text_of(
            re.sub(r"\.plan$", ".report.txt", f["plan"]))
    return list(found.values())


def relative(path):
    """Returns the path as a user in the checkout types it."""
    return os.path.relpath(path, ROOT) if path.startswith(ROOT + os.sep) else path


def shown(path):
    """Returns the path as a person in the checkout reads it."""
    return printable(relative(path))


def unexpected_plans(log):
    """Returns the plans that did not end as they expect, from the log of a corpus test."""
    return re.findall(r"^NOT AS EXPECTED (\S+): ", log, re.MULTILINE)
