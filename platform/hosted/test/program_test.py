#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The runtime runs C and C++ programs of each compiler, finds what depends on the schedule, and
leaves a program alone that was started without a driver.

usage: program_test.py LIBRARY
"""

import hosted_program as hosted


def main():
    for compiler in hosted.COMPILERS:
        for options in (("-O0",), ("-O2",)):
            counter = hosted.compiled("counter.c", compiler, options)
            assert hosted.native(counter, "locked").returncode == 0
            hosted.fails("assertion", "counter == 2", counter, executions=1000)
            said = hosted.passes(counter, "locked", executions=2000)
            assert int(said["repeats"]) > 900, said["output"]
            hosted.fails("assertion", "counter == 2", counter, executions=1000, isolate=1)
            queue = hosted.compiled("queue.cc", compiler, (*options, "-std=c++17"))
            assert hosted.native(queue).returncode == 0
            said = hosted.passes(queue, executions=300)
            assert int(said["repeats"]) > 50, said["output"]
    counter = hosted.compiled("counter.c")
    for strategy in ("block", "pct", "pos", "delay", "surw"):
        said = hosted.passes(counter, "locked", executions=200, strategy=strategy)
        assert said["failures"] == "0", said["output"]
    said = hosted.driven(counter, executions=1000, keep=1, seed=3)
    assert 0 < int(said["failures"]) < 1000 and said["differences"] == "0", said["output"]
    # Only locks are points, so the two halves of an addition stay together.
    hosted.passes(counter, executions=1000, points="coarse")
    hosted.fails("assertion", "counter == 2", counter, executions=1000, points="all")
    hosted.passes(counter, executions=1000, forget=1)
    hosted.fails("assertion", "counter == 2", counter, executions=1000, points="coarse",
                 watch="counter.c:13 add:store(counter)")
    many = hosted.compiled("many.c")
    hosted.passes(many, "100", executions=20)
    hosted.fails("unsupported", "pthread_create() more often than", many, "400", executions=1)
    early = hosted.compiled("early.c")
    assert hosted.native(early).returncode == 0
    said = hosted.started(early)
    assert said.returncode == 3 and "a thread before main()" in said.stdout, said
    spin = hosted.compiled("spin.c")
    assert hosted.native(spin).returncode == 0
    for strategy in ("random", "block", "pos"):
        hosted.passes(spin, executions=100, strategy=strategy)


if __name__ == "__main__":
    main()
