#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs each case of the test programs natively and in executions (cases.h says what must happen).

models_test.py PROGRAM...: the programs are linked with the runtime and test_driver.c.
"""

import os
import subprocess
import sys

EXECUTIONS = "200"


def table(program):
    out = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return [line.split("\t") for line in out.splitlines()]


def hunt(program, name):
    spurious = "spurious" if "spurious" in name else "none"
    env = dict(os.environ, KTHRASH_DRIVER="\x1f".join(["test", EXECUTIONS, spurious]))
    run = subprocess.run([program, name], env=env, capture_output=True, text=True, timeout=120)
    return run.returncode, run.stdout.splitlines(), run.stderr


def wrong(program, name, native, text):
    """What is wrong with the case, or None."""
    if native == "1":
        run = subprocess.run([program, name], capture_output=True, text=True, timeout=60)
        if run.returncode:
            return f"natively: status {run.returncode}: {run.stderr}"
    status, lines, err = hunt(program, name)
    if status:
        return f"the driver ends with {status}: {err}"
    failures = [line for line in lines if not line.startswith("pass ")]
    if not text:
        return failures or None
    if not failures:
        return f"no execution failed, expected: {text}"
    texts = text.split("|")
    other = [line for line in failures if not any(t in line for t in texts)]
    if other:
        return other
    return None if any(texts[0] in line for line in failures) else f"never: {texts[0]}"


def main():
    bad = cases = 0
    for program in map(os.path.abspath, sys.argv[1:]):
        for name, native, text in table(program):
            cases += 1
            problem = wrong(program, name, native, text)
            if problem:
                bad += 1
                print(f"{os.path.basename(program)} {name}: {problem}")
    print(f"{cases} cases, {bad} bad")
    return 1 if bad or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
