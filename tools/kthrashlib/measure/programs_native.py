# SPDX-License-Identifier: GPL-2.0-only
"""Runs the programs of corpus/programs/ without kthrash, on real threads. It is run by hand, from
the top of the checkout:

    PYTHONPATH=tools python3 -m kthrashlib.measure.programs_native check [NAME...]
    PYTHONPATH=tools python3 -m kthrashlib.measure.programs_native table [NAME...]

`check` compiles each program and its twin with both compilers, without and with optimization, and
treats warnings as errors. Then it runs each twin 200 times, under ThreadSanitizer where that can
judge the twin. `table` prints what 500 native runs and 100 runs under ThreadSanitizer find of each
bug, as the table of corpus/programs/README.md.
"""

import argparse
import concurrent.futures
import os
import sys
import tempfile

from kthrashlib import children, terminal
from kthrashlib.common import CLEAN, FINDINGS, Failure, say
from kthrashlib.measure import programs

CHECKS = 200
NATIVE_RUNS, TSAN_RUNS = 500, 100
# A run needs some milliseconds. A run of this many seconds hangs.
CHECK_SECONDS, HANG_SECONDS = 60, 2
# After so many runs that hang, no more runs are made: each takes HANG_SECONDS.
HANGS_MAX = 25
STRICT = ["-Wall", "-Wextra", "-Werror"]
TSAN = ["-fsanitize=thread", "-O1"]
JOBS = os.cpu_count()


def build(program, out, **how):
    done = children.run(program.compiled(out, **how), stdout=children.PIPE,
                        stderr=children.STDOUT, text=True)
    return done.stdout if done.returncode else ""


def run(binary, arguments, seconds):
    """Runs a program once. Returns (status, output); the status is None if the run hangs."""
    try:
        done = children.run([binary, *arguments], timeout=seconds, may_be_killed=True,
                            text=True, errors="replace", stdout=children.PIPE,
                            stderr=children.STDOUT)
    except children.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout


# ---- check ---------------------------------------------------------------------

def check_builds(program, folder, levels=("-O0", "-O2")):
    for compiler in programs.COMPILERS:
        for level in levels:
            for repaired in (False, True):
                said = build(program, os.path.join(folder, program.name), compiler=compiler,
                             repaired=repaired, flags=[level, *STRICT])
                if said:
                    yield "%s %s%s:\n%s" % (compiler, level, " -DREPAIRED" if repaired else "",
                                            said)


def check_twin(program, folder, times):
    binary = os.path.join(folder, program.name + "-twin")
    said = build(program, binary, repaired=True, flags=["-O1"] if program.tsan else TSAN)
    if said:
        yield said
        return
    for arguments in program.arguments:
        for _ in range(times):
            status, said = run(binary, arguments, CHECK_SECONDS)
            if status != 0:
                yield "twin %s: %s\n%s" % (
                    " ".join(arguments), "hangs" if status is None else "status %d" % status, said)
                break


def check(program, times=CHECKS):
    """Returns what is wrong with a program and its twin, as a list of texts."""
    with tempfile.TemporaryDirectory() as folder:
        return [*check_builds(program, folder), *check_twin(program, folder, times)]


def main_check(chosen):
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for program, wrong in zip(chosen, pool.map(check, chosen)):
            bad += bool(wrong)
            print("%s: %s" % (program.name, "\n".join(wrong) if wrong else "ok"), flush=True)
    return FINDINGS if bad else CLEAN


# ---- table ---------------------------------------------------------------------

def count(binary, arguments, times, found):
    """Returns how many of the runs fail, as a text: "3 of 500"."""
    failed = hung = made = 0
    while made < times and hung < HANGS_MAX:
        status, said = run(binary, arguments, HANG_SECONDS)
        made += 1
        hung += status is None
        failed += found(status, said)
    return "%d of %d" % (failed, made)


def native_fails(status, said):
    return status != 0


def tsan_reports(status, said):
    return "WARNING: ThreadSanitizer" in said


def measure(program, arguments):
    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.join(folder, program.name)
        said = build(program, binary, flags=["-O1"])
        native = said or count(binary, arguments, NATIVE_RUNS, native_fails)
        said = build(program, binary, flags=TSAN)
        tsan = said or count(binary, arguments, TSAN_RUNS, tsan_reports)
    return native, "cannot run it" if "does not know" in program.tsan else tsan


def main_table(chosen):
    rows = [(p, words) for p in chosen for words in p.arguments]
    measured = []
    # One at a time, because a native run needs all processors.
    for program, words in terminal.each(rows, "programs"):
        measured.append((program, words, *measure(program, words)))
    print("| program | native runs that fail | runs with a report of ThreadSanitizer |")
    print("|---|---|---|")
    for program, words, native, tsan in measured:
        print("| %s | %s | %s |" % (" ".join([program.name, *words]), native, tsan))
    return CLEAN


def main():
    parser = argparse.ArgumentParser(prog="programs_native", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["check", "table"])
    parser.add_argument("names", nargs="*", metavar="NAME", help="programs; without it, all")
    args = parser.parse_args()
    try:
        known = programs.load()
        names = {p.name for p in known}
        for name in args.names:
            if name not in names:
                parser.error("unexpected '%s', expected a program of programs.toml" % name)
    except Failure as e:
        say("programs_native: " + e.message)
        return e.status
    chosen = [p for p in known if not args.names or p.name in args.names]
    return main_check(chosen) if args.what == "check" else main_table(chosen)


if __name__ == "__main__":
    sys.exit(main())
