# SPDX-License-Identifier: GPL-2.0-only
"""Knows the seeded bugs: their names, what their patches say of them, and how they are built."""

import os
import re

from kthrashlib.common import ROOT, matching

FOLDER = os.path.join(ROOT, "stress", "bugs")
PACKAGE = "//stress/bugs:"


def bug_names():
    return sorted(os.path.basename(p)[:-len(".patch")] for p in matching(FOLDER, "*.patch"))


def header(name):
    """Returns the lines before the diff of a seeded bug as a dict. Its keys are Bug, From, What and
    Oracle. It may have Hunt, the options that the hunt needs, or Test, the conformance test that
    finds the bug."""
    found = {}
    with open(os.path.join(FOLDER, name + ".patch"), encoding="utf-8") as f:
        for line in f:
            if line.startswith("--- "):
                break
            key, colon, value = line.partition(": ")
            if colon:
                found[key] = value.strip()
    return found


def platform(name):
    """Returns the combination of back ends that the bug is built for, or "" if the table of the
    bugs' BUILD file cannot be read. A bug that a conformance test finds has none."""
    try:
        with open(os.path.join(FOLDER, "BUILD"), encoding="utf-8") as f:
            text = f.read()
    except OSError:
        return ""
    usual = re.search(r'^COMBO_DEFAULT = "(\S+)"$', text, re.MULTILINE)
    table = re.search(r"^COMBO = \{$(.*?)^\}$", text, re.MULTILINE | re.DOTALL)
    if not usual or not table:
        return ""
    return dict(re.findall(r'^ +"(\w+)": "(\S+)",$', table.group(1), re.MULTILINE)).get(
        name, usual.group(1))
