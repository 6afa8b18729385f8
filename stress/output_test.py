#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Output of the driver that can't be written: each command ends with status 3, and no finding is
lost while its folder, standard output or standard error can take it.

usage: output_test.py KTHRASH KTHRASH-WITH-BUG

The second driver has a seeded bug, which it finds in a hundred executions.
"""

import glob
import json
import os
import re
import resource
import subprocess
import sys
import tempfile

FINDINGS, USAGE, ENVIRONMENT = 1, 2, 3
GOOD = 'kthrash-plan 1\ntask C1: a = create "a" until-stop 7; stop a\n'
BAD = 'kthrash-plan 1\ntask C1: a = create "a" until-stop 3; stop a == 99\n'
REPORT = """==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x1
READ of size 4 at 0x1 thread T0
    #0 0x12 in kthread_stop core/kthread.c:1:2
"""

# Cheap arguments for each command. A name in braces is a file that files() makes.
COMMANDS = {
    "stress": ["--executions=16", "--findings={folder}/f"],
    "verify": ["{good}", "--findings={folder}/f"],
    "replay": ["{good}"],
    "shrink": ["{bad}", "-o", "{folder}/smaller"],
    "cause": ["{bad}"],
    "explain": ["{good}"],
    "identify": ["{report}"],
    "bench": ["--json", "--seconds=0.05"],
    "generate": [],
    "about": [],
}
MORE = {"explain": [["--format=json"]],
        "stress": [["--json"], ["--jobs=2"], ["--json", "--jobs=2", "--keep-going"]],
        "verify": [["--json"]], "replay": [["--json"]], "shrink": [["--json"]]}
HELPS = [["--help"], ["plan", "--help"], *([name, "--help"] for name in COMMANDS)]


def files(folder):
    made = {"folder": folder}
    for name, text in (("good", GOOD), ("bad", BAD), ("report", REPORT)):
        made[name] = os.path.join(folder, name)
        with open(made[name], "w", encoding="ascii") as f:
            f.write(text)
    return made


def calls(folder):
    made = files(folder)
    for name, args in COMMANDS.items():
        for more in [[], *MORE.get(name, [])]:
            yield [name, *(a.format(**made) for a in args), *more]
    yield from HELPS


def run(argv, redirect="", **kwargs):
    """Runs a command. `redirect` is a word of the shell, as ">&-"."""
    return subprocess.run(["sh", "-c", 'exec "$@" ' + redirect, "sh", *argv], text=True,
                          stdout=kwargs.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
                          check=False, **kwargs)


def test_the_table_has_every_command(binary, _):
    said = run([binary, "--help"]).stdout
    # `run` is for the driver in a program's library; this driver refuses it.
    assert set(re.findall(r"^  (\w+) ", said, re.MULTILINE)) == {*COMMANDS, "run"}, said
    assert run([binary, "run"]).returncode == USAGE


def test_standard_output(binary, folder):
    for call in calls(folder):
        assert run([binary, *call]).returncode == 0, call
        for redirect, why in ((">/dev/full", "No space left on device"), (">&-", "it is closed")):
            done = run([binary, *call], redirect)
            assert done.returncode == ENVIRONMENT, (call, redirect, done)
            said = "kthrash: standard output can't be written: %s\n" % why
            assert done.stderr == said, (call, redirect, done)
    done = run([binary, "about"], "<&- >&- 2>&-")
    assert done.returncode == ENVIRONMENT, done


def test_a_closed_pipe(binary, folder):
    for call in calls(folder):
        reader, writer = os.pipe()
        os.close(reader)
        done = run([binary, *call], stdout=writer)
        os.close(writer)
        assert done.returncode == -13 and done.stderr == "", (call, done)


def test_standard_error(binary, folder):
    for redirect in ("2>/dev/full", "2>&-"):
        done = run([binary, "replay", files(folder)["good"]], redirect)
        assert done.returncode == 0 and done.stdout, done     # It wrote nothing there.
        done = run([binary, "frob"], redirect)
        assert done.returncode == USAGE and not done.stdout, done


def test_a_file_does_not_get_what_is_printed(binary, folder):
    path = os.path.join(folder, "pairs")
    run([binary, "stress", "--executions=16", "--findings=" + folder, "--coverage=" + path],
        ">&- 2>&- <&-")
    with open(path, encoding="ascii") as f:
        assert all(" " in line and "stress" not in line for line in f)


# ---- findings ------------------------------------------------------------------------


def plan_in(text):
    """Returns the only plan in what a command printed."""
    plans = re.findall(r"^kthrash-plan 1\n.*?^expect [^\n]*\n", text, re.DOTALL | re.MULTILINE)
    for line in text.splitlines():
        if line.startswith("{") and '"unsaved"' in line and '"plan"' in line:
            plans.append(json.loads(line)["plan"])
    assert len(plans) == 1, (len(plans), text)
    return plans[0]


def check_plan(binary, folder, text):
    path = os.path.join(folder, "printed.plan")
    with open(path, "w", encoding="ascii") as f:
        f.write(plan_in(text))
    done = run([binary, "replay", path])
    assert done.returncode == 0, (text, done)


def limit():
    """Lets no file become larger than 400 bytes: a plan is larger, what a hunt says at first is
    not."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))


def gone(folder):
    return os.path.join(folder, "a-file", "f")


def no_room(folder):
    return os.path.join(folder, "room")


def taken(folder):
    """A folder in which things that are no plans have the names of the findings."""
    path = os.path.join(folder, "taken")
    os.makedirs(path, exist_ok=True)
    for name in ("deadlock-9bc6c534", "deadlock-e56de974"):
        os.makedirs(os.path.join(path, name + ".plan"), exist_ok=True)
    return path


def hunts(folder):
    good = files(folder)["good"]
    return [["stress", "--executions=2000"], ["stress", "--executions=2000", "--json"],
            ["stress", "--executions=2000", "--json", "--keep-going"],
            ["verify", good], ["verify", good, "--json"]]


def test_a_folder_that_can_t_take_it(binary, folder):
    for hunt in hunts(folder):
        for where, kwargs, why in ((no_room(folder), {"preexec_fn": limit}, "File too large"),
                                   (taken(folder), {}, "File exists")):
            done = run([binary, *hunt, "--findings=" + where], **kwargs)
            assert done.returncode == FINDINGS, (hunt, done)
            check_plan(binary, folder, done.stdout)
            assert why in done.stderr and "standard output has the plan" in done.stderr, done
            if hunt[0] == "stress" and "--json" in hunt:
                said = json.loads(done.stdout.splitlines()[-1])
                assert said["findings"] == said["unsaved"] == 1, said
            elif hunt[0] == "stress":
                assert "1 finding, 1 not saved in %s: %s\n" % (where, why) in done.stdout, done
            assert not glob.glob(where + "/*.tmp")


def test_jobs(binary, folder):
    for more in ([], ["--json"]):
        done = run([binary, "stress", "--executions=2000", "--jobs=2",
                    "--findings=" + taken(folder), *more])
        assert done.returncode == FINDINGS, done
        found = done.stdout.count("expect deadlock")
        assert found >= 1 and done.stdout.count("kthrash-plan 1") == found, done
        assert "ended with status" not in done.stderr, done


def test_neither_the_folder_nor_standard_output(binary, folder):
    out = os.path.join(folder, "out")
    for hunt in hunts(folder):
        with open(out, "w", encoding="ascii") as f:
            done = run([binary, *hunt, "--findings=" + no_room(folder)], stdout=f,
                       preexec_fn=limit)
        assert done.returncode == FINDINGS, (hunt, done)
        check_plan(binary, folder, done.stderr)


def test_nothing_can_take_it(binary, folder):
    out = os.path.join(folder, "out")
    for hunt in hunts(folder):
        with open(out, "w", encoding="ascii") as f:
            done = run([binary, *hunt, "--findings=" + no_room(folder)], "2>/dev/full", stdout=f,
                       preexec_fn=limit)
        assert done.returncode == ENVIRONMENT, (hunt, done)


def test_a_saved_finding_decides(binary, folder):
    """What is printed is lost, but the finding is not."""
    out, where = os.path.join(folder, "out"), os.path.join(folder, "saved")
    with open(out, "w", encoding="ascii") as f:
        done = run([binary, "stress", "--executions=2000", "--findings=" + where], stdout=f,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)))
    assert done.returncode == FINDINGS and glob.glob(where + "/*.plan"), done
    done = run([binary, "verify", files(folder)["good"], "--json", "--findings=" + where],
               ">/dev/full")
    assert done.returncode == FINDINGS, done


def test_shrink_prints_what_it_can_t_save(binary, folder):
    bad, out = files(folder)["bad"], os.path.join(folder, "smaller.plan")
    with open(out, "w", encoding="ascii") as f:
        f.write("old")
    for more in ([], ["--json"]):
        done = run([binary, "shrink", bad, "-o", out, *more],
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
        assert done.returncode == ENVIRONMENT, done
        check_plan(binary, folder, done.stdout)
        with open(out, encoding="ascii") as f:
            assert f.read() == "old"
        assert not glob.glob(folder + "/*.tmp"), os.listdir(folder)


def test_what_a_hunt_leaves_beside_findings(binary, folder):
    os.makedirs(no_room(folder))
    for option, why in (("--kept=", "a plan is missing there: File too large"),
                        ("--coverage=%s/pairs" % no_room(folder), "File too large")):
        more = ["--mutate"] if option == "--kept=" else []
        option += no_room(folder) if more else ""
        done = run([binary, "stress", "--executions=2000", "--findings=" + folder, option, *more],
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (90, 90)))
        assert done.returncode == ENVIRONMENT, done
        assert done.stderr.endswith(why + "\n"), done
        assert not glob.glob(no_room(folder) + "/*.tmp")


def test_a_target_is_refused_before_the_work(binary, folder):
    for out, why in ((folder, "is a folder, expected a file"),
                     (folder + "/no/x", "its folder is not there"),
                     (folder + "/good/x", "a part of the path is no folder"),
                     (folder + "/" + 300 * "x", "File name too long"),
                     ("/dev/fd/77", "is not open for writing")):
        for call in (["shrink", files(folder)["bad"], "-o", out],
                     ["stress", "--executions=1", "--findings=" + folder, "--coverage=" + out]):
            done = run([binary, *call])
            assert done.returncode == USAGE, (call, done)
            assert done.stderr == "kthrash: %s: %s\n" % (out, why), (call, done)


def main():
    plain, seeded = sys.argv[1], sys.argv[2]
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            with tempfile.TemporaryDirectory() as folder:
                plain_ones = ("test_the", "test_standard", "test_a_closed", "test_a_file",
                              "test_a_target", "test_shrink", "test_what")
                test(plain if name.startswith(plain_ones) else seeded, folder)
            print("ok " + name[len("test_"):].replace("_", " "))


if __name__ == "__main__":
    main()
