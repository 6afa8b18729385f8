#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What functions of the C library access is seen: text.c and stdio.c.

usage: text_test.py LIBRARY
"""

import hosted_program as hosted

# With _FORTIFY_SOURCE the program calls other functions.
BUILDS = [("clang-19", ("-O0", "-fno-builtin"), True),
          ("gcc", ("-O2", "-D_FORTIFY_SOURCE=2"), False)]


def main():
    for compiler, options, races in BUILDS:
        program = hosted.compiled("text.c", compiler, options)
        for way in hosted.native(program).stdout.split():
            hosted.passes(program, way, "right", executions=3)
            hosted.fails("memory", " of main (32 bytes, allocated at text.c:", program, way,
                         "freed", executions=1)
            if races:
                hosted.fails("race", "text.c:", program, way, "race", executions=50,
                             races=1)


if __name__ == "__main__":
    main()
