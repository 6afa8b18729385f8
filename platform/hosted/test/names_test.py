#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Places have the names that a reader of the source gives them, in each compiler, with and without
optimization; without debug information they have the function's name.

usage: names_test.py LIBRARY
"""

import re
import subprocess

import hosted_program as hosted

# One of these per line of accesses(); the first is the one that both compilers must have.
NAMES = """
    load(q->head) store(q->tail) load(q->ring[i+1]) store(q->ring[i]) load(q->tail->next)
    store(q->tail->next->value) load(counter) store(counter) load(table[i]) store(table[i])
    store(*out) update(q->count) store(q->count) lock(q->lock) load(q->tail)
    load(q->head->value) load(pointer) load(pointer[i]) unlock(q->lock) load(shared)
    load(shared->count) update(counter) load(q->name) store(name)
""".split()
# -O2 knows these values, so that there need be no such load.
KNOWN = {"load(pointer)", "load(pointer[i])", "load(shared)"}
# Without optimization clang also loads the parameters themselves. No other thread knows of them, so
# no reader meets these names.
LOCAL = {"load(q)", "load(i)", "load(out)", "load(q->ring[i])"}


def names(program):
    said = hosted.passes(program, executions=40, points="all", trace=1, strategy="random")
    found = set()
    for step in said["trace"]:
        m = re.match(r"main names\.c:(\d+) accesses:(\S+) #(\d+)$", step)
        # Without optimization clang stores parameters at the line of the function, or at line 0.
        if m and int(m[1]) not in (0, 25):
            assert 26 <= int(m[1]) <= 45 and int(m[3]) >= 1, step
            found.add(m[2])
    return found


def main():
    for compiler in hosted.COMPILERS:
        for option in ("-O0", "-O2"):
            found = names(hosted.compiled("names.c", compiler, (option, "-fno-inline")))
            missing = set(NAMES) - (KNOWN if option == "-O2" else set()) - found
            assert not missing, "%s %s has no %s, but %s" % (compiler, option, missing, found)
            wrong = {n for n in found if n not in NAMES and not n.endswith("()")}
            wrong -= {"free(malloc(8))", "malloc(8)"} | (LOCAL if option == "-O0" else set())
            assert not wrong, "%s %s has %s" % (compiler, option, wrong)
    bare = hosted.compiled("names.c", options=("-O1", "-fno-inline"))
    subprocess.run(["strip", "--strip-debug", bare], check=True)
    said = hosted.passes(bare, executions=1, points="all", trace=1)
    assert any(" accesses" in step for step in said["trace"]), said["output"]
    subprocess.run(["strip", bare], check=True)
    hosted.passes(bare, executions=10, points="all")


if __name__ == "__main__":
    main()
