#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Volatile accesses are choice points, and for the detector of races relaxed atomics, or what the
user says. A variable on a stack of which another thread has a pointer is seen, too, whatever field
of it is accessed.

usage: race_test.py LIBRARY
"""

import hosted_program as hosted

RIGHT = ("flag", "fence", "list")
RACES = {
    "data": " data, and nothing orders this after ",
    "mixed": " plain, and nothing orders this after ",
    "odd": "odd",
}


def main():
    for compiler in hosted.COMPILERS:
        program = hosted.compiled("volatile.c", compiler)
        for way in RIGHT:
            hosted.passes(program, way, executions=200, races=1)
            hosted.fails("race", "flag" if way != "list" else "", program, way, executions=200,
                         races=1, volatile=2)
        for way, text in RACES.items():
            hosted.fails("race", text, program, way, executions=200, races=1)
        hosted.passes(program, "data", executions=200, races=1, volatile=1)
        hosted.fails("race", "by a volatile access", program, "mixed", executions=200, races=1,
                     strategy="pct")
        for points in ("fine", "coarse"):
            hosted.fails("assertion", "status 1", program, "add", executions=200, points=points)
        for option in ("-O0", "-O2"):
            stack = hosted.compiled("stack.c", compiler, (option,))
            hosted.fails("assertion", "status 1", stack, executions=400)
            hosted.fails("race", "the stack of main", stack, executions=200, races=1)
            hosted.passes(stack, "joined", executions=200, races=1)


if __name__ == "__main__":
    main()
