#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The models of pthreads, C11 threads and libc do what the standards say, and find misuse.

Each case of test/programs/*_cases.c* is a small program that runs natively and in executions.
cases.h says what must happen. The library has models_driver.c.

usage: models_test.py LIBRARY [CASE]
"""

import os
import subprocess
import sys

import hosted_program as hosted

EXECUTIONS = "100"
PROGRAMS = {
    "lock_cases.c": "-D_GNU_SOURCE",
    "wait_cases.c": "-D_GNU_SOURCE",
    "thread_cases.c": "-D_GNU_SOURCE",
    "key_cases.c": "-D_GNU_SOURCE",
    "end_cases.c": "-D_GNU_SOURCE",
    "cxx_cases.cc": "-std=c++20",
}
# By part of a case's name: what the driver is told.
WORDS = {"spurious": "spurious", "no_thread": "no-threads", "_near": "near"}


def builds():
    for source, option in PROGRAMS.items():
        yield hosted.compiled(source, options=("-O1", option))
        for compiler in hosted.COMPILERS[1:]:
            if compiler != "clang-14" or not source.endswith(".cc"):  # it lacks C++20
                yield hosted.compiled(source, compiler, ("-O2", option))


def table(program):
    lines = hosted.native(program).stdout.splitlines()
    return [line.split("\t") for line in lines]


def hunt(program, name, memory):
    words = [WORDS[part] for part in WORDS if part in name] + [memory]
    env = dict(os.environ, KTHRASH_DRIVER="\x1f".join(["test", EXECUTIONS, *words]))
    return subprocess.run([program, name], env=env, capture_output=True, text=True, check=False,
                          timeout=300, stdin=subprocess.DEVNULL)


def wrong(program, name, native, text, memory):
    """What is wrong with the case, or None."""
    if native == "1" and hosted.native(program, name).returncode:
        return "it does not pass natively"
    run = hunt(program, name, memory)
    if run.returncode:
        return f"the driver ends with {run.returncode}: {run.stderr}"
    failures = [line for line in run.stdout.splitlines() if not line.startswith("pass ")]
    if not text:
        return failures or None
    texts = text.split("|")
    other = [line for line in failures if not any(t in line for t in texts)]
    if other:
        return other
    return None if any(texts[0] in line for line in failures) else f"never: {texts[0]}"


def main():
    bad = cases = 0
    for program in builds():
        for name, native, text in table(program):
            if len(sys.argv) > 2 and name != sys.argv[2]:
                continue
            for memory in ("sc", "tso"):
                cases += 1
                problem = wrong(program, name, native, text, memory)
                if problem:
                    bad += 1
                    if bad <= 30:
                        print(f"{os.path.basename(program)} {name} {memory}: {problem}")
    assert cases and not bad, f"{bad} of {cases} cases"


if __name__ == "__main__":
    main()
