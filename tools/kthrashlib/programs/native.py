# SPDX-License-Identifier: GPL-2.0-only
"""Runs a program on real threads, again and again: `run --os=posix`.

There is no driver then, no plan and no replay: the program runs as if kthrash had never been near
it. A driver's threads lose some time at random places, by another seed in each run.
"""

import os
import sys
import time

from kthrashlib import children
from kthrashlib.common import CLEAN, FINDINGS, plural, say, usage
from kthrashlib.programs import library

RUNS = 100
HANGS_AFTER_S = 30
ALLOWED = ("--os", "--core", "--linux", "--executions", "--seconds", "--seed")
DELAYS = "KTHRASH_DELAYS"       # core/driver/boot.c reads the seed from it


def number(call, name, default):
    """The driver checks its options itself, but there is no driver here."""
    text = call.options.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1
    if value < 0:
        raise usage("%s=%s: expected a number from 0 on" % (name, text))
    return value


def ending(done):
    """Returns what went wrong in a run, or None."""
    if not done.returncode:
        return None
    said = [x for x in done.stderr.decode(errors="replace").splitlines() if x.strip()]
    ours = [x for x in said if x.startswith("kthrash: ")]
    how = "ended by signal %d" % -done.returncode if done.returncode < 0 else \
        "ended with status %d" % done.returncode
    return how + (": " + (ours or said)[-1] if said else "")


def run_once(program, seed, variables):
    path = [library.folder(), *os.environ.get("LD_LIBRARY_PATH", "").split(":")]
    try:
        return ending(children.run(
            program, stdin=children.DEVNULL, stdout=children.DEVNULL, stderr=children.PIPE,
            may_be_killed=True, timeout=HANGS_AFTER_S,
            env={**os.environ, **variables, DELAYS: str(seed),
                 "LD_LIBRARY_PATH": ":".join(filter(None, path))}))
    except children.TimeoutExpired:
        return "hangs: it has not ended after %d s" % HANGS_AFTER_S
    except OSError as e:
        raise usage("%s: can't be started: %s" % (program[0], e.strerror)) from e


def run(program, call, variables):
    """`variables` are more of the environment."""
    for name in call.options:
        if name not in ALLOWED:
            raise usage("%s: is for hunts in the simulator, not for --os=posix" % name)
    seconds = number(call, "--seconds", None)
    runs = int(number(call, "--executions", 10**9 if seconds else RUNS))
    first, began = int(number(call, "--seed", 1)), time.monotonic()
    done = 0
    while done < runs and (not seconds or time.monotonic() - began < seconds):
        wrong = run_once(program, first + done, variables)
        done += 1
        if wrong:
            print("FAIL %s %s" % (os.path.basename(program[0]), wrong))
            print("run %d on real threads, %s=%d" % (done, DELAYS, first + done - 1))
            sys.stdout.flush()
            return FINDINGS
    say("kthrash run: clean, %s on real threads in %.1f s" % (
        plural(done, "run"), time.monotonic() - began))
    return CLEAN
