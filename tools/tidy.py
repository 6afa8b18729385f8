#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""House rules as a test: the include diagram, file openings, line length, names that
are banned with what to use instead.

usage: tidy.py [FILE...]   default: what git tracks
"""

import re
import subprocess
import sys

# Who may include what; the longest folder that fits decides.
MAY_INCLUDE = {
    "core": r"core/|platform/[a-z_]+\.h",
    "platform": r"platform/",
    "stress": r"stress/|core/|platform/[a-z_]+\.h|platform/sim/sim\.h|platform/posix/posix\.h",
    "fuzz": r"fuzz/|stress/|platform/[a-z_]+\.h|platform/sim/sim\.h",
}
TESTS_ALSO = r"platform/conformance/"

BANNED = [
    (r"\bTO" r"DO\b|\bFIX" r"ME\b|\bXX" r"X\b",
     "do it, or say in the closing note that it is open"),
    (r"\brand\(|\bsrand\(|\brandom\(\)", "platform/rng.h"),
    (r"\bstrcpy\(|\bsprintf\(|\bstrcat\(", "snprintf or memcpy with a size"),
    (r"\btime\(NULL\)|\bgetenv\(", "an option: nothing may depend on when or where it runs"),
]
LINE_MAX = 100
SOURCES = (".c", ".h", ".py", ".bzl", ".sh")


def complaints(path, text):
    lines = text.split("\n")
    if not any("SPDX-License-Identifier: GPL-2.0-only" in line for line in lines[:3]):
        yield 1, "no SPDX line, expected 'SPDX-License-Identifier: GPL-2.0-only'"
    folder = path.split("/")[0]
    is_c = path.endswith((".c", ".h"))
    for n, line in enumerate(lines, 1):
        # The C styles count a tab as eight.
        if is_c and len(line.expandtabs(8)) > LINE_MAX:
            yield n, "%d columns, expected at most %d" % (len(line.expandtabs(8)), LINE_MAX)
        if line != line.rstrip():
            yield n, "blanks at the end of the line"
        if not is_c:
            continue
        include = re.match(r'#include "([^"]+)"', line)
        if include and folder in MAY_INCLUDE:
            allowed = MAY_INCLUDE[folder]
            if path.endswith(("_test.c", "_test.h")):
                allowed += "|" + TESTS_ALSO
            if not re.match(allowed, include.group(1)):
                yield n, "%s/ may not include %s" % (folder, include.group(1))
        if folder == "core" and re.match(r"#include <(pthread|unistd|sys/|linux/)", line):
            yield n, "core/ knows no operating system"
        for pattern, instead in BANNED:
            if re.search(pattern, line):
                yield n, "'%s': use %s" % (re.search(pattern, line).group(0), instead)


def main():
    files = sys.argv[1:] or subprocess.run(["git", "ls-files"], stdout=subprocess.PIPE, text=True,
                                           check=True).stdout.split()
    bad = 0
    for path in files:
        path = path[2:] if path.startswith("./") else path
        if not path.endswith(SOURCES) or path == "tools/tidy.py":
            continue
        with open(path, encoding="utf-8") as f:
            for line, what in complaints(path, f.read()):
                print("%s:%d: %s" % (path, line, what))
                bad += 1
    return 1 if bad else 0


sys.exit(main())
