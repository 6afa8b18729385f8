#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Two inputs have the same code coverage and different schedules. An engine with schedule feedback
keeps both, an engine without it keeps one.

usage: feedback_test.py LIBFUZZER AFL LIBFUZZER AFL: two binaries without feedback, two with

Which seeds make such inputs depends on the code, so the test searches for them.
"""

import itertools
import os
import shutil
import subprocess
import sys
import tempfile

PLAN = 'kthrash-plan 1\nstrategy random seed %d\ntask C1: a = run "x" return 7\n'
SEEDS = range(10, 100)


def run(command, folder=None):
    """Runs the command, with its temporary files in `folder`. libFuzzer names them after its
    process number, which may be the same in another sandbox with the same /tmp."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={**os.environ, "TMPDIR": folder} if folder else None)


def afl_map(binary, path):
    """AFL++'s map of an input: a set of "place:count"."""
    out = path + ".map"
    run(["afl-showmap", "-q", "-o", out, "--", binary, path])
    with open(out, encoding="ascii") as f:
        return frozenset(f.read().split())


def kept(binary, paths):
    """How many of the inputs libFuzzer keeps."""
    with tempfile.TemporaryDirectory() as folder:
        given, out = os.path.join(folder, "given"), os.path.join(folder, "out")
        os.mkdir(given)
        os.mkdir(out)
        for path in paths:
            shutil.copy(path, given)
        run([binary, "-merge=1", out, given], folder)
        return len(os.listdir(out))


def same_code_other_schedule(blind, seeing, folder):
    """Pairs of inputs: in AFL++'s map each has schedules that the other does not have."""
    off, on = {}, {}
    for seed in SEEDS:
        path = os.path.join(folder, "%d.plan" % seed)
        with open(path, "w", encoding="ascii") as f:
            f.write(PLAN % seed)
        off[path], on[path] = afl_map(blind, path), afl_map(seeing, path)
    for a, b in itertools.combinations(off, 2):
        if off[a] == off[b] and on[a] - on[b] and on[b] - on[a]:
            yield a, b


def main():
    blind, blind_afl, seeing, seeing_afl = [os.path.abspath(f) for f in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        tried = []
        for pair in same_code_other_schedule(blind_afl, seeing_afl, folder):
            tried.append((kept(blind, pair), kept(seeing, pair)))
            if tried[-1] == (1, 2):
                print("ok both are kept:", *map(os.path.basename, pair))
                return
        raise AssertionError("pairs that AFL++ tells apart, and how many of each libFuzzer "
                             "keeps without and with feedback: %s" % tried)


main()
