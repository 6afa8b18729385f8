#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Misuse of the heap and faults are verdicts that name the block and the places; allocations fail
on request.

usage: heap_test.py LIBRARY
"""

import concurrent.futures

import hosted_program as hosted

BLOCK = "block 1 of main (24 bytes, allocated at heap.c:"

WRONG = [
    ("use-after-free", "memory", "use after free: " + BLOCK),
    ("use-after-free", "memory", "freed by main at heap.c:"),
    ("overrun", "memory", "out of bounds: " + BLOCK),
    ("underrun", "memory", "out of bounds: memory of the heap"),
    ("double-free", "memory", "double free of " + BLOCK),
    ("free-inside", "memory", ") + 4, which is not the beginning of a block"),
    ("free-stack", "memory", "free of an object on the stack of T1"),
    ("null", "memory", "signal 11 (SIGSEGV): wild access, at heap.c:"),
    ("overflow", "memory", "the stack of T1 overflows"),
    ("memset", "memory", "out of bounds: " + BLOCK),
    ("hang", "livelock", "T1 has run for 10 seconds without an access"),
]


LOOPS = [
    ("jump", "livelock", "T1 has run for 2 seconds without an access"),
    ("count", "livelock", "T1 has run for 2 seconds without an access"),
    ("load", "unsupported", "and T1 has run for 2 seconds in a loop of it, at loops.c:"),
    ("stack", "unsupported", "what inline assembly does"),
    ("exchange", "unsupported", "what inline assembly does"),
    ("foreign", "unsupported", "code does that kthrash-cc did not compile"),
    ("system", "unsupported", "T1 has waited for 2 seconds in a system call"),
]
# With UBSan's traps. gcc's do not say which error it is.
UNDEFINED = {"add": "an addition overflows", "shift": "a shift by too much",
             "index": "an index out of bounds", "null": "NULL, an unaligned pointer"}


def check_undefined():
    for compiler in hosted.COMPILERS:
        traps = "-fsanitize-trap=all" if "clang" in compiler else \
            "-fsanitize-undefined-trap-on-error"
        program = hosted.compiled("undefined.c", compiler, ("-fsanitize=undefined", traps))
        for way, text in UNDEFINED.items():
            hosted.fails("undefined", "undefined behaviour: " + text if "clang" in compiler else
                         "a trap: undefined behaviour", program, way)
            hosted.fails("undefined", "at undefined.c:", program, way)
        hosted.fails("undefined", "a trap", program, "trap")


def main():
    check_undefined()
    loops = hosted.compiled("loops.c")
    with concurrent.futures.ThreadPoolExecutor(len(LOOPS)) as pool:
        # Each waits for seconds, most of them at work: they share the processors.
        for way in [pool.submit(hosted.fails, kind, text, loops, way, executions=40, silence=2)
                    for way, kind, text in LOOPS]:
            way.result()
    heap = hosted.compiled("heap.c", options=("-O0",))
    for way, kind, text in WRONG:
        hosted.fails(kind, text, heap, way, executions=3)
    for compiler in hosted.COMPILERS:
        for option in ("-O0", "-O2"):
            heap = hosted.compiled("heap.c", compiler, (option,))
            assert hosted.native(heap, "right").returncode == 0
            hosted.passes(heap, "right", executions=30)
    for isolate in (0, 1):
        hosted.fails("leak", "1 block of memory is still allocated at the end: " + BLOCK, heap,
                     executions=3, leaks=1, isolate=isolate)
    hosted.passes(heap, "freed", executions=10, leaks=1)
    hosted.passes(heap, "failed", executions=10, fail=1)
    hosted.fails("assertion", "", heap, executions=10, fail=1)
    new = hosted.compiled("new.cc", options=("-O0", "-std=c++17"))
    hosted.passes(new, executions=10, fail=1)
    hosted.passes(new, "nothrow", executions=10, fail=1)
    assert hosted.native(new).returncode == 1


if __name__ == "__main__":
    main()
