# SPDX-License-Identifier: GPL-2.0-only
"""Reads the stacks of a sanitizer's report as data."""

import re

# This matches a place in the project's own sources, whatever folder the compiler ran in, and a
# place in the patched copy of a seeded bug.
OWN = re.compile(r"(?:^|[/ (\[])((?:core|platform|fuzz|stress(?!/bugs/\w+_file/))"
                 r"/[\w./-]+\.[ch]):(\d+)(?::(\d+))?")
FRAME = re.compile(r"\s*#\d+ (?:0x[0-9a-f]+ in )?(\S+)(.*)")

KINDS = [
    ("ERROR: LeakSanitizer", "leak"),
    ("ERROR: AddressSanitizer", "memory"),
    ("WARNING: ThreadSanitizer: data race", "race"),
    ("WARNING: ThreadSanitizer: heap-use-after-free", "memory"),
    ("WARNING: ThreadSanitizer", "race"),
    ("ERROR: ThreadSanitizer", "memory"),
    (": runtime error: ", "undefined"),
]


def kind_of(report):
    """Returns the kind of the finding, such as "race", or None if there is no report."""
    return next((kind for mark, kind in KINDS if mark in report), None)


def stacks_of(report):
    """Returns the stacks in their order. Each is a dict. `what` is the line above the stack.
    `frames` has the frames in the project's own sources, innermost first, as dicts of function,
    file, line, column."""
    stacks, above, frames = [], "", None
    for line in report.splitlines():
        match = FRAME.match(line)
        if not match:
            frames = None
            if line.strip():
                above = line.strip().rstrip(":")
            continue
        if frames is None:
            frames = []
            stacks.append({"what": re.sub(r" at 0x[0-9a-f]+", "", above), "frames": frames})
        own = OWN.search(match.group(2))
        if own:
            frames.append({"function": match.group(1), "file": own.group(1),
                           "line": int(own.group(2)), "column": int(own.group(3) or 1)})
    return [s for s in stacks if s["frames"]]


def sides_of(report):
    """Returns the two accesses of a race in the order of time, or [] if there are not two."""
    sides = [s for s in stacks_of(report)
             if re.search(r"\b(read|write) of size", s["what"], re.IGNORECASE)]
    if len(sides) < 2:
        return []
    return sorted(sides[:2], key=lambda s: not s["what"].startswith("Previous"))
