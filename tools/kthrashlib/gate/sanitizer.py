# SPDX-License-Identifier: GPL-2.0-only
"""The stacks of a sanitizer's report, as data."""

import re

# A place in the project's own sources, whatever folder the compiler ran in, or in the patched copy
# of a seeded bug.
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
    """The kind of the finding, as "race"; None if there is no report."""
    return next((kind for mark, kind in KINDS if mark in report), None)


def stacks_of(report):
    """The stacks in their order. Each is a dict: `what` is the line above the stack; `frames` are
    those in the project's own sources, innermost first: dicts of function, file, line, column."""
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
    """The two accesses of a race in the order of time; [] if there are not two."""
    sides = [s for s in stacks_of(report)
             if re.search(r"\b(read|write) of size", s["what"], re.IGNORECASE)]
    if len(sides) < 2:
        return []
    return sorted(sides[:2], key=lambda s: not s["what"].startswith("Previous"))
