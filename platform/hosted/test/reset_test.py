#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each execution finds the process as the first one did, and what can't be put back is said.

usage: reset_test.py LIBRARY
"""

import os

import hosted_program as hosted


def main():
    given = os.path.join(hosted.FOLDER, "input")
    with open(given, "w", encoding="utf-8") as f:
        f.write("input\nmore\n")
    for compiler in hosted.COMPILERS:
        for options in (("-O0",), ("-O2",)):
            state = hosted.compiled("state.c", compiler, options)
            for isolate in (0, 1):
                with open(given, encoding="utf-8") as f:
                    said = hosted.passes(state, "word", executions=200, isolate=isolate, stdin=f,
                                         silent=1)
                assert said["executions"] == "200" and said["not_reset"] == "", said["output"]
                assert "printed" not in said["output"], said["output"]
    with open(given, encoding="utf-8") as f:
        said = hosted.passes(state, "word", executions=3, stdin=f)
    assert said["output"].count("printed") == 3, said["output"]
    library = hosted.compiled("library.c")
    for word, reason in (("", ""), ("load", "it loaded a library by dlopen()"),
                         ("limit", "it changed a limit by setrlimit()")):
        said = hosted.passes(library, word, executions=10)
        assert said["not_reset"] == reason, said["output"]


if __name__ == "__main__":
    main()
