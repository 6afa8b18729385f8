#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Atomic operations give what C says, and weak memory has its outcomes and no others.

usage: memory_test.py LIBRARY
"""

import hosted_program as hosted

FOUND = {
    # arguments: the models that allow the outcome
    ("sb",): ("tso", "pso"),
    ("sb", "fenced"): (),
    ("mp",): ("pso",),
    ("mp", "fenced"): (),
    ("mp-release",): (),
}


def main():
    for compiler in hosted.COMPILERS:
        for option in ("-O0", "-O2"):
            atomics = hosted.compiled("atomics.c", compiler, (option, "-mcx16"))
            assert hosted.native(atomics).returncode == 0
            for memory in ("sc", "tso", "pso"):
                hosted.passes(atomics, executions=20, memory=memory)
        litmus = hosted.compiled("litmus.c", compiler)
        for args, models in FOUND.items():
            for memory in ("sc", "tso", "pso"):
                if memory in models:
                    hosted.fails("assertion", "", litmus, *args, executions=3000, memory=memory)
                else:
                    hosted.passes(litmus, *args, executions=1000, memory=memory)


if __name__ == "__main__":
    main()
