# SPDX-License-Identifier: GPL-2.0-only
"""Writes and reads JUnit XML, as Jenkins, GitLab and others read it. tools/junit.xsd is its
schema."""

import re
import xml.etree.ElementTree as ElementTree

from kthrashlib.common import with_bytes_shown

PASSED, FAILED, ERROR, SKIPPED = "passed", "failed", "error", "skipped"

# The text of one failure is cut to this length, because some readers fail on megabytes.
TEXT_MAX = 100_000

# XML 1.0 cannot hold these characters.
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Case:
    """A result of one test. Readers show `group` as the class. `message` is one line, `text` is the
    whole text."""

    def __init__(self, group, name, status, seconds=0.0, message="", text=""):
        self.group, self.name, self.status, self.seconds = group, name, status, seconds
        self.message, self.text = message, text


def printable(text):
    """Returns the text as XML can hold it. A byte of a file's name that is not UTF-8 is shown as an
    escape."""
    return NO_XML.sub("?", with_bytes_shown(text))


def shortened(text):
    if len(text) <= TEXT_MAX:
        return text
    half = TEXT_MAX // 2
    return "%s\n... %d characters left out ...\n%s" % (
        text[:half], len(text) - 2 * half, text[-half:])


def element_of(case):
    e = ElementTree.Element("testcase", {"classname": printable(case.group),
                                         "name": printable(case.name),
                                         "time": "%.3f" % case.seconds})
    if case.status == PASSED:
        return e
    tag = {FAILED: "failure", ERROR: "error", SKIPPED: "skipped"}[case.status]
    inner = ElementTree.SubElement(e, tag, {"message": printable(case.message)})
    if case.status != SKIPPED:
        inner.set("type", case.status)
        inner.text = printable(shortened(case.text or case.message))
    return e


def totals(cases):
    count = {s: sum(c.status == s for c in cases) for s in (FAILED, ERROR, SKIPPED)}
    return {"tests": str(len(cases)), "failures": str(count[FAILED]),
            "errors": str(count[ERROR]), "skipped": str(count[SKIPPED]),
            "time": "%.3f" % sum(c.seconds for c in cases)}


def document(name, suites, properties=None):
    """Returns the text of a JUnit file. `suites` is a dict from a suite's name to its cases."""
    everything = [c for cases in suites.values() for c in cases]
    counts = totals(everything)
    del counts["skipped"]       # The root element has no such attribute.
    root = ElementTree.Element("testsuites", {"name": name, **counts})
    for suite, cases in suites.items():
        e = ElementTree.SubElement(root, "testsuite", {"name": printable(suite),
                                                         **totals(cases)})
        if properties:
            known = ElementTree.SubElement(e, "properties")
            for key, value in properties.items():
                ElementTree.SubElement(known, "property", {"name": key, "value": printable(value)})
        e.extend(element_of(c) for c in cases)
    ElementTree.indent(root, " ")
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            + ElementTree.tostring(root, encoding="unicode") + "\n")


def read(text, group, name):
    """Returns the cases in the XML of a test, as Bazel keeps it.

    For a test that wrote no XML, Bazel writes one case from the exit status; it is named `name`.
    The name of any other case is `name` followed by the case's own name.
    """
    cases = []
    for e in ElementTree.fromstring(text).iter("testcase"):
        wrong = next((x for x in e if x.tag in ("failure", "error", "skipped")), None)
        status = PASSED if wrong is None else {
            "failure": FAILED, "error": ERROR, "skipped": SKIPPED}[wrong.tag]
        try:
            seconds = float(e.get("time") or e.get("duration") or 0)
        except ValueError:
            seconds = 0.0
        cases.append(Case(group, e.get("name") or "", status, seconds,
                          "" if wrong is None else wrong.get("message") or "",
                          "" if wrong is None else wrong.text or ""))
    for c in cases:
        c.name = name if len(cases) == 1 else "%s %s" % (name, c.name)
    return cases
