#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""--coverage: every build writes the same file, hunts add to a file, and a hunt that coverage
steers gives the same result again.

usage: coverage_test.py KTHRASH...

The comparison of files uses all of the drivers; the other tests use the first.
"""

import json
import os
import subprocess
import sys
import tempfile

HEAD = "kthrash-coverage 1\n"


def stress(binary, folder, *args, status=0):
    done = subprocess.run([binary, "stress", "--json", "--findings=" + os.path.join(folder, "f"),
                           *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done


def summary(done):
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["type"] == "summary", last
    return last


def pairs(path):
    with open(path, encoding="ascii") as f:
        lines = f.readlines()
    assert lines[0] == HEAD, lines[0]
    assert lines[1:] == sorted(set(lines[1:])), "not sorted, or a line stands twice"
    return lines[1:]


def test_every_build_has_the_same_map(folder, binaries):
    found = []
    for n, binary in enumerate(binaries):
        path = os.path.join(folder, "build%d" % n)
        stress(binary, folder, "--executions=1000", "--coverage=" + path)
        found.append(pairs(path))
        assert found[-1] == found[0], (binary, set(found[0]) ^ set(found[-1]))
    assert len(found[0]) > 500, len(found[0])
    words = {line.split()[0] for line in found[0]}
    assert words == {"order", "reads-from"}, words
    assert any(" waited:" in line for line in found[0])


def test_hunts_add_to_a_file(folder, binary):
    alone, both = [], os.path.join(folder, "both")
    for seed in (1, 2):
        path = os.path.join(folder, "seed%d" % seed)
        for out in (path, both):
            done = stress(binary, folder, "--executions=300", "--seed=%d" % seed,
                          "--coverage=" + out)
        alone.append(set(pairs(path)))
        assert summary(done)["pairs"] == len(alone[-1])
    assert alone[0] - alone[1] and alone[1] - alone[0], "one seed's pairs include the other's"
    assert set(pairs(both)) == alone[0] | alone[1]


def test_hunts_at_a_time_lose_nothing(folder, binary):
    path = os.path.join(folder, "shared")
    running = [subprocess.Popen([binary, "stress", "--json", "--executions=300",
                                 "--seed=%d" % seed, "--coverage=" + path,
                                 "--findings=" + os.path.join(folder, "f")],
                                stdout=subprocess.DEVNULL) for seed in (1, 2)]
    assert [p.wait() for p in running] == [0, 0]
    assert pairs(path) == pairs(os.path.join(folder, "both"))
    assert not os.path.exists(path + ".tmp")


def test_jobs_see_what_one_sees(folder, binary):
    found = []
    for jobs in (1, 3):
        path = os.path.join(folder, "jobs%d" % jobs)
        done = stress(binary, folder, "--executions=1000", "--jobs=%d" % jobs,
                      "--coverage=" + path)
        found.append((summary(done)["pairs"], pairs(path)))
    assert found[0] == found[1], (found[0][0], found[1][0])


def test_some_plans_only(folder, binary):
    path = os.path.join(folder, "some")
    stress(binary, folder, "--executions=1000", "--coverage-every=8", "--coverage=" + path)
    all_of_them = set(pairs(os.path.join(folder, "jobs1")))
    assert set(pairs(path)) < all_of_them


def test_what_is_steered_repeats(folder, binary):
    for args in (["--strategy=adaptive"], ["--mutate"], ["--strategy=adaptive", "--mutate"]):
        said = []
        for n in range(2):
            path = os.path.join(folder, "%s%d" % ("".join(args), n))
            done = summary(stress(binary, folder, "--executions=3000", "--coverage=" + path,
                                  *args))
            said.append((done["points"], done["schedules"], pairs(path)))
        assert said[0] == said[1], args


def test_bad_input(folder, binary):
    other, fifo = os.path.join(folder, "other"), os.path.join(folder, "fifo")
    os.mkfifo(fifo)
    with open(other, "w", encoding="ascii") as f:
        f.write("kthrash-plan 1\n")
    for args, status in (["--coverage=" + other], 2), (["--coverage="], 2), \
                        (["--mutate", "--plan=" + other], 2), (["--mutate", "--jobs=2"], 2), \
                        (["--coverage-every=0"], 2), \
                        (["--coverage=" + os.path.join(folder, "none", "x")], 2), \
                        (["--coverage=/dev/stdout"], 2), (["--coverage=" + fifo], 2):
        done = stress(binary, folder, "--executions=1", *args, status=status)
        assert done.stderr.count("\n") == 1, done.stderr
    with open(other, encoding="ascii") as f:
        assert f.read() == "kthrash-plan 1\n", "a file that is no coverage file was written"


def main():
    binaries = [os.path.abspath(b) for b in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        test_every_build_has_the_same_map(folder, binaries)
        test_hunts_add_to_a_file(folder, binaries[0])
        test_hunts_at_a_time_lose_nothing(folder, binaries[0])
        test_jobs_see_what_one_sees(folder, binaries[0])
        test_some_plans_only(folder, binaries[0])
        test_what_is_steered_repeats(folder, binaries[0])
        test_bad_input(folder, binaries[0])
    print("ok")


main()
