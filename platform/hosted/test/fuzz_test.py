#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""kthrash_fuzz(): good and bad uses, and libFuzzer and AFL++ find the bug of the example.

usage: fuzz_test.py LIBRARY EXAMPLE.c
"""

import glob
import os
import re
import shutil
import subprocess
import sys

import hosted_program as hosted

HEADERS = os.path.join(os.path.dirname(hosted.HERE), "include")
EXAMPLE = os.path.abspath(sys.argv[2])
REPLAYS = 10
RUNS = 2000000      # The bug takes some ten thousand.


def run(program, *args, **environment):
    env = {**os.environ, "KTHRASH_SYMBOLIZER": shutil.which("llvm-symbolizer-19") or "",
           **environment}
    return subprocess.run([program, *args], env=env, stdout=subprocess.PIPE, text=True, check=False,
                          stderr=subprocess.STDOUT, errors="replace", cwd=hosted.FOLDER)


def passes(program, text, *args, **environment):
    done = run(program, *args, **environment)
    assert done.returncode == 0 and text in done.stdout, (args, done.returncode, done.stdout)


def fails(program, text, *args, status=-6, **environment):
    done = run(program, *args, **environment)
    assert done.returncode == status and text in done.stdout, (args, done.returncode, done.stdout)


def check_uses(program):
    passes(program, "run 6: 3 bytes, 2\n6 runs, result 0\n", "good")
    passes(program, "run 6: 0 bytes, 2\n6 runs, result 0\n", "good", "empty")
    passes(program, "6 runs, result 0\n", "detached")
    passes(program, "6 runs, result 0\n", "before")
    passes(program, "6 runs, result -1\n", "rejects")
    passes(program, "6 runs, result 0\n", "race")
    fails(program, "kthrash: race: ", "race", KTHRASH_FUZZ="races")
    fails(program, "the test returned, and T1 was neither joined nor detached", "unjoined")
    fails(program, "kthrash: deadlock: ", "endless")
    fails(program, "kthrash_fuzz() within kthrash_fuzz()", "nested")
    fails(program, "1 block of memory is still allocated at the end: ", "keeps")
    fails(program, "kthrash: memory: out of bounds: ", "keeps", KTHRASH_FUZZ="leaky")
    fails(program, "exit() with status 0", "exit")
    fails(program, "kthrash: memory: out of bounds: ", "beyond")
    fails(program, "kthrash: memory: signal 11 (SIGSEGV): wild access", "fault")
    fails(program, "main ends while it holds lock", "locked")
    fails(program, "", "fault after", status=-11)
    fails(program, "KTHRASH_FUZZ: unexpected 'fast', expected races, leaky, tso, pso or arm",
          "good", status=3, KTHRASH_FUZZ="leaky,fast")


def built(name, *options, compiler="clang-19"):
    out = os.path.join(hosted.FOLDER, name)
    hooks = ["-Xclang", "-fsanitize=thread", *hosted.CLANG]
    subprocess.run([compiler, "-g", "-O1", *hooks, "-fsanitize=fuzzer", "-I" + HEADERS, *options,
                    EXAMPLE, "-o", out, hosted.LIBRARY,
                    "-Wl,-rpath," + os.path.dirname(hosted.LIBRARY)], check=True)
    return out


def told(output):
    """Returns what kthrash prints of a failure."""
    return re.search(r"^kthrash: (.|\n)*?(?=\n==|\Z)", output, re.MULTILINE).group()


def check_saved(program, pattern):
    """Replays the one input that an engine has saved. Returns its path."""
    saved = glob.glob(os.path.join(hosted.FOLDER, pattern))
    assert len(saved) == 1, saved
    found = run(program, saved[0])
    assert "kthrash: assertion: " in found.stdout and "q->items > 0" in found.stdout, found.stdout
    for _ in range(REPLAYS):
        again = run(program, saved[0])
        assert again.returncode == found.returncode, again.stdout
        assert told(again.stdout) == told(found.stdout), again.stdout
    return saved[0]


def check_libfuzzer():
    program = built("queue")
    found = run(program, "-seed=1", "-runs=%d" % RUNS)
    saved = check_saved(program, "crash-*")
    assert told(found.stdout) == told(run(program, saved).stdout), found.stdout
    passes(built("repaired", "-DREPAIRED"), "Executed ", saved)


def check_afl():
    program = built("queue_afl", compiler="afl-clang-fast")
    seeds = os.path.join(hosted.FOLDER, "seeds")
    os.mkdir(seeds)
    with open(os.path.join(seeds, "one"), "wb") as f:
        f.write(b"add\ndrop\n\0\0\0\003")
    done = run("afl-fuzz", "-s", "1", "-E", str(RUNS), "-i", seeds, "-o", "found", "--", program,
               AFL_BENCH_UNTIL_CRASH="1", AFL_NO_UI="1", AFL_NO_AFFINITY="1",
               AFL_SKIP_CPUFREQ="1", AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES="1")
    assert done.returncode == 0, done.stdout
    saved = check_saved(program, "found/default/crashes/id*")
    passes(built("repaired_afl", "-DREPAIRED", compiler="afl-clang-fast"), "", saved)


def main():
    for compiler in hosted.COMPILERS:
        check_uses(hosted.compiled("fuzz.c", compiler, ("-O1", "-I" + HEADERS)))
    check_libfuzzer()
    check_afl()


if __name__ == "__main__":
    main()
