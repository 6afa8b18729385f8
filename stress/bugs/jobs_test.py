#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A range of executions gives the same files of findings and the same traces, whether it
runs in one process, in several jobs, or in parts. A process that is killed is replaced, and
no execution is lost.

usage: jobs_test.py CLEAN BUG RARE

CLEAN, BUG and RARE are drivers. BUG has findings of many kinds; RARE is found after about a
hundred executions.
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile

EXECUTIONS = 1200


def hunt(binary, folder, *options):
    """Exit status, the JSON lines, and stderr."""
    done = subprocess.run([binary, "stress", "--json", "--findings=" + folder, *options],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    lines = [json.loads(x) for x in done.stdout.splitlines()]
    return done.returncode, lines, done.stderr


def files(folder):
    found = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="ascii") as f:
            found[name] = f.read()
    return found


def what_counts(summary):
    """The summary without the time that the hunt took."""
    return {k: v for k, v in summary.items() if k != "seconds"}


def check_splits(binary, folder):
    """Any number of jobs gives the same result, and so do two parts, the second one first."""
    n, third = EXECUTIONS, EXECUTIONS // 3 - 5     # the cut is in the middle of a plan
    first = None
    for name, parts in [
            ("1", [["--executions=%d" % n]]),
            ("2", [["--executions=%d" % n, "--jobs=2"]]),
            ("3", [["--executions=%d" % n, "--jobs=3"]]),
            ("cut", [["--first=%d" % third, "--executions=%d" % (n - third), "--jobs=2"],
                     ["--executions=%d" % third]]),
    ]:
        where = os.path.join(folder, name)
        sums = []
        for options in parts:
            status, lines, said = hunt(binary, where, "--keep-going", *options)
            assert (status, said) == (1, ""), (name, status, said)
            sums.append(what_counts(lines[-1]))
            assert sum(x["type"] == "finding" for x in lines) == lines[-1]["findings"]
        total = {k: sum(s[k] for s in sums) for k in ("executions", "points", "findings")}
        total["digest"] = sum(int(s["digest"], 16) for s in sums) % 2**64
        if len(sums) == 1:
            total["schedules"] = sums[0]["schedules"]
        first = first or (total, files(where))
        assert total == {k: first[0][k] for k in total}, (name, total, first[0])
        assert files(where) == first[1], (name, sorted(files(where)), sorted(first[1]))
        assert total["executions"] == n
    assert len(first[1]) >= 4, "only %d kinds of findings, expected 4" % len(first[1])
    print("%d findings of %d kinds" % (first[0]["findings"], len(first[1])))


def check_first(binary, folder):
    """Without --keep-going a hunt reports the finding with the lowest number, too."""
    def lowest(*options):
        status, lines, _ = hunt(binary, os.path.join(folder, *options), *options)
        assert status == 1
        return min((x["executions"], x["signature"]) for x in lines if x["type"] == "finding")

    for seed in range(1, 16):
        alone = lowest("--seed=%d" % seed, "--jobs=1")
        assert lowest("--seed=%d" % seed, "--jobs=3") == alone, seed


def check_clean(binary, folder):
    status, alone, _ = hunt(binary, folder, "--executions=10000")
    assert status == 0
    status, lines, said = hunt(binary, folder, "--executions=10000", "--jobs=3")
    assert (status, said, len(lines)) == (0, "", 2), (status, said, lines)
    assert what_counts(lines[-1]) == what_counts(alone[-1]), (lines, alone)
    assert lines[-1]["executions"] == 10000


def children(pid):
    """The ids of its child processes, from /proc."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name, encoding="ascii", errors="replace") as f:
                if int(f.read().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(name))
        except OSError:
            pass    # that process has ended
    return found


def workers_of(p, jobs):
    """Waits until so many jobs run, each with a child that runs executions."""
    while p.poll() is None:
        workers = children(p.pid)
        if sum(bool(children(w)) for w in workers) == jobs:
            return workers
    raise AssertionError("the hunt ended too early: " + p.stderr.read())


def started(binary, folder, *options):
    return subprocess.Popen([binary, "stress", "--json", "--findings=" + folder, *options],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check_death(binary, folder):
    """Two of three jobs are killed at an arbitrary place."""
    options = ["--executions=100000", "--faults=off"]
    _, alone, _ = hunt(binary, folder, *options)
    p = started(binary, folder, "--jobs=3", *options)
    for nth in (0, 2):
        os.kill(workers_of(p, 3)[nth], signal.SIGKILL)
    out, said = p.communicate()
    assert p.returncode == 0, (p.returncode, said)
    assert said.count("was ended by signal 9 at execution") == 2, said
    assert said.count("goes on from there") == 2, said
    assert what_counts(json.loads(out.splitlines()[-1])) == what_counts(alone[-1]), (out, alone)


def check_interrupt(binary, folder):
    """After Ctrl-C the hunt prints its summary, and no process is left."""
    p = started(binary, folder, "--seconds=600", "--jobs=3")
    workers = workers_of(p, 3)
    workers += [c for w in workers for c in children(w)]
    p.send_signal(signal.SIGINT)
    out, said = p.communicate(timeout=60)
    assert (p.returncode, said) == (130, ""), (p.returncode, said)
    assert json.loads(out.splitlines()[-1])["executions"] > 0
    assert not [w for w in workers if os.path.exists("/proc/%d" % w)]


def check_orphans(binary, folder):
    """When the hunt's process is killed, its jobs end by themselves."""
    p = started(binary, folder, "--seconds=600", "--jobs=2")
    workers = workers_of(p, 2)
    ends = {os.pidfd_open(w): w for w in workers}   # readable once the worker has ended
    p.kill()
    p.communicate()
    for end, worker in ends.items():
        assert select.select([end], [], [], 60)[0], "%d goes on without its parent" % worker
        os.close(end)


def check_bad_input(binary, folder):
    for option, words in [("--jobs=0", "from 1 to 256"), ("--jobs=x", "from 1 to 256"),
                          ("--first=-1", "a whole number")]:
        done = subprocess.run([binary, "stress", "--findings=" + folder, option], check=False,
                              stderr=subprocess.PIPE, text=True)
        assert done.returncode == 2 and words in done.stderr, done.stderr
    status, _, said = hunt(binary, folder, "--jobs=2", "--exhaustive=fail")
    assert status == 2 and "in one process" in said, said


def main():
    clean, bug, rare = map(os.path.abspath, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        for name, binary, check in [
                ("splits", bug, check_splits), ("first", rare, check_first),
                ("clean", clean, check_clean), ("death", clean, check_death),
                ("interrupt", clean, check_interrupt), ("orphans", clean, check_orphans),
                ("bad_input", clean, check_bad_input),
        ]:
            check(binary, os.path.join(folder, name))
            print("ok " + name)


main()
