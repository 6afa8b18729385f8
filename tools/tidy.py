#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Checks the house rules: which folder may include which, how a file opens, how long a line is, and
which names are banned, with what to use instead.

usage: tidy.py [FILE...]   default: the files that git tracks
"""

import re
import subprocess
import sys

HARNESS = (r"core/|platform/[a-z_]+\.(h|def)|platform/sim/sim[a-z_]*\.h|platform/posix/posix\.h|"
           r"platform/hosted/hosted\.h")

# The pattern says what the files of a folder may include. The longest folder that fits decides.
MAY_INCLUDE = {
    "core": r"core/|platform/[a-z_]+\.h",
    "core/linux": r"core/|platform/[a-z_]+\.h|kernel/[a-z_/]+\.c",
    "core/driver": r"core/|platform/[a-z_]+\.h|platform/posix/(posix|internal)\.h|"
                   r"platform/hosted/include/kthrash_call\.h",
    "platform": r"platform/",
    "platform/hosted/test/programs": r"[a-z_]+\.h",
    "stress": r"stress/|" + HARNESS,
    "stress/bench": r"stress/(bench|hunt|cause|run|plan)/|" + HARNESS,
    "stress/cause": r"stress/(cause|run|plan)/|" + HARNESS,
    "stress/explain": r"stress/(explain|hunt|cause|run|plan)/|" + HARNESS,
    "stress/hunt": r"stress/(hunt|cause|run|plan)/|" + HARNESS,
    "stress/run": r"stress/(run|plan)/|" + HARNESS,
    "stress/litmus": r"stress/litmus/|platform/[a-z_]+\.h|platform/sim/sim\.h",
    "stress/plan": r"stress/plan/|platform/[a-z_]+\.(h|def)",
    "fuzz": r"fuzz/|stress/|platform/[a-z_]+\.h|platform/sim/sim[a-z_]*\.h",
}
TESTS_ALSO = r"platform/conformance/"

BANNED = [
    (r"\bTO" r"DO\b|\bFIX" r"ME\b|\bXX" r"X\b",
     "do it, or report that it is open"),
    (r"\brand\(|\bsrand\(|\brandom\(\)", "platform/rng.h"),
    (r"\bstrcpy\(|\bsprintf\(|\bstrcat\(", "snprintf or memcpy with a size"),
    (r"\btime\(NULL\)|\bgetenv\(", "an option: nothing may depend on when or where it runs"),
]
# These stand for programs that were not written here.
ALLOWED_ALL = "platform/hosted/test/programs/"
LINE_MAX = 100
SOURCES = (".c", ".cc", ".h", ".def", ".py", ".bzl", ".sh")


def complaints(path, text):
    lines = text.split("\n")
    if not any("SPDX-License-Identifier: GPL-2.0-only" in line for line in lines[:3]):
        yield 1, "no SPDX line, expected 'SPDX-License-Identifier: GPL-2.0-only'"
    folder = next((f for f in sorted(MAY_INCLUDE, key=len, reverse=True)
                   if path.startswith(f + "/")), "")
    is_c = path.endswith((".c", ".cc", ".h", ".def"))
    for n, line in enumerate(lines, 1):
        # The C styles count a tab as eight.
        if is_c and len(line.expandtabs(8)) > LINE_MAX:
            yield n, "%d columns, expected at most %d" % (len(line.expandtabs(8)), LINE_MAX)
        if line != line.rstrip():
            yield n, "blanks at the end of the line"
        if not is_c:
            continue
        include = re.match(r'#include "([^"]+)"', line)
        if include and folder:
            allowed = MAY_INCLUDE[folder]
            if path.endswith(("_test.c", "_test.h")):
                allowed += "|" + TESTS_ALSO
            if not re.match(allowed, include.group(1)):
                yield n, "%s/ may not include %s" % (folder, include.group(1))
        if folder == "core" and re.match(r"#include <(pthread|unistd|sys/|linux/)", line):
            yield n, "core/ may not include headers of an operating system"
        for pattern, instead in () if path.startswith(ALLOWED_ALL) else BANNED:
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
