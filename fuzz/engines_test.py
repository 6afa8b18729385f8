#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each engine's binary fuzzes or replays for a moment; AFL++'s mutator makes plans.

usage: engines_test.py BINARY... MUTATOR.so PLAN...
"""

import ctypes
import os
import subprocess
import sys

RUNS = 300


def check_binary(path, plans):
    if "_afl" in os.path.basename(path):
        command = [path] + plans[:5]     # AFL++'s driver replays files
    else:
        command = [path, "-runs=%d" % RUNS, "-seed=1"] + plans[:1]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    print("ok " + os.path.basename(path))


def check_mutator(path, plans):
    lib = ctypes.CDLL(path)
    lib.afl_custom_init.restype = ctypes.c_void_p
    lib.afl_custom_fuzz.restype = ctypes.c_size_t
    state = ctypes.c_void_p(lib.afl_custom_init(None, 1))
    made = set()
    for plan in plans:
        with open(plan, "rb") as f:
            text = f.read()
        out = ctypes.c_char_p()
        size = lib.afl_custom_fuzz(state, text, ctypes.c_size_t(len(text)), ctypes.byref(out),
                                   None, ctypes.c_size_t(0), ctypes.c_size_t(65536))
        made.add(ctypes.string_at(out, size))
    assert all(m.startswith(b"kthrash-plan 1\n") for m in made), made
    assert len(made) > len(plans) // 2, "most of the plans that it makes are equal"
    print("ok " + os.path.basename(path))


def main():
    files = [os.path.abspath(f) for f in sys.argv[1:]]
    plans = [f for f in files if f.endswith(".plan")]
    for f in files:
        if f.endswith(".so"):
            check_mutator(f, plans)
        elif f not in plans:
            check_binary(f, plans)


main()
