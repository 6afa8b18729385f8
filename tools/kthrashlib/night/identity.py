# SPDX-License-Identifier: GPL-2.0-only
"""Makes a bug's id from its kind and the hash of its signature, such as deadlock-1a2b3c4d.

The C driver makes signatures and ids. Python takes the id from what the driver says: from
"id" in a line of JSON, or from the name of a finding's file, which is the id. If a
fuzzer prints a report, the driver's command `identify` says which bug the report shows.
"""

import re

FILE = re.compile(r"([a-z-]+-[0-9a-f]{8})\.plan")


def name_hash(text):
    """Returns kt_name_hash() of platform/names.c, which is 32-bit FNV-1a. 0 is no hash."""
    h = 2166136261
    for byte in text.encode("utf-8", "surrogateescape"):
        h = (h ^ byte) * 16777619 & 0xffffffff
    return h or 1


def of(said):
    """Returns the id of the bug in `said`, which is a line of the driver's JSON or a dict like one.
    If there is no "id", makes it from the signature's hash, as the driver makes it."""
    return said.get("id") or "%s-%08x" % (said["kind"], name_hash(said["signature"]))


def of_file(name):
    """Returns the id in the name of a file in which the driver saved a finding. Returns None for
    other files."""
    found = FILE.fullmatch(name)
    return found.group(1) if found else None


def kind_of(bug_id):
    return bug_id.rpartition("-")[0]


def signature_in(plan):
    """Returns what the line `signature "..."` of a plan's text says, or "" if there is no such
    line. The text between the quotes contains no quote, and a backslash in it has no special
    meaning."""
    found = re.search(r'^signature "([^"\n]*)"', plan, re.MULTILINE)
    return found.group(1) if found else ""
