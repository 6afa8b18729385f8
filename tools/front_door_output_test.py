#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests what each command of the front door does when its output can't be written, and what it
writes to. The driver is real. Bazel, gdb, man and the engines are stand-ins, and so is the work of
the commands that takes minutes; what they print is real.

usage: front_door_output_test.py KTHRASH
       front_door_output_test.py --run KTHRASH FOLDER WORD...     the front door with stand-ins
"""

import concurrent.futures
import contextlib
import io
import json
import os
import resource
import runpy
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from campaign_fakes import FINDS, Fakes, script
from kthrashlib import common, env, files
from kthrashlib.build import bazel, compdb, formatting, linting
from kthrashlib.front import cli, commands
from kthrashlib.gate import gate, results, runner
from kthrashlib.gate.junit import PASSED, Case
from kthrashlib.measure import bench, bugs, coverage, hunting
from kthrashlib.night import page, record, slurm, start
from kthrashlib.programs import run

HERE = os.path.dirname(os.path.abspath(__file__))
GOOD = 'kthrash-plan 1\ntask C1: a = create "a" until-stop 7; stop a\n'
BAD = 'kthrash-plan 1\ntask C1: a = create "a" until-stop 3; stop a == 99\n'
COMBO = "sim+modelled+modelled+list+modelled"

# Cheap arguments for each command. A name in braces is a file that files_in() makes.
CALLS = {
    "campaign": ["--dir={folder}/night", "--seconds=0.3", "--lanes=one", "--config={config}"],
    "merge": ["{campaign}"],
    "test": [],
    "stress": ["--executions=16", "--findings={folder}/f"],
    # The driver is its own stand-in for a program that has it in its library.
    "run": ["{driver}", "stress", "--executions=16", "--findings={folder}/f"],
    "cc": ["true"],
    "install": ["{folder}/prefix"],
    "verify": ["{good}", "--findings={folder}/f"],
    "fuzz": ["--seconds=1"],
    "replay": ["{good}"],
    "shrink": ["{bad}", "-o", "{folder}/smaller"],
    "explain": ["{good}"],
    "page": ["{campaign}"],
    "gdb": ["--batch", "{good}"],
    "bugs": ["P1", "--executions=16"],
    "litmus": ["{good}"],
    "mutate": ["core/task.c"],
    "gate": ["--dir={folder}/gate"],
    "coverage": ["--lcov={folder}/lcov"],
    "bench": ["--json"],
    "completion": ["bash"],
    "man": [],
    "compdb": [],
    "fmt": ["--check", "--whole"],
    "lint": [],
}
MORE = {"explain": [["--format=json"], ["--format=perfetto"]], "man": [["--source"]],
        "stress": [["--json"]],
        "bugs": [["--json"]]}
FINDS_NOW = "finds-now"     # If this file is there, the campaign's lane has a finding.
# What `cc` prints is the compiler's, and `install` prints nothing on standard output. The driver
# here runs no litmus tests; litmus_test.py checks what the program prints that does. `mutate`
# links drivers itself, from what Bazel has really built.
SILENT = ("cc", "install", "litmus", "mutate")
# A closed pipe ends the driver, and its parent learns that from the driver.
BY_THE_DRIVER = ("stress", "run", "verify", "replay", "shrink")


def files_in(folder):
    made = {"folder": folder, "config": os.path.join(folder, "config.toml")}
    for name, text in (("good", GOOD), ("bad", BAD),
                       ("campaign/campaign.json", '{"kthrash": "campaign"}')):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        made[name.partition("/")[0]] = os.path.join(folder, name.partition("/")[0])
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
    return made


# ---- the front door with stand-ins, in a process of its own -------------------------------


class Runner(runner.Runner):
    def test(self, sanitizer, kind, labels, deadline):
        ran = results.Ran()
        ran.cases = {label: [Case(kind, label, PASSED, 0)] for label in labels}
        return ran

    def stress(self, sanitizer, _, combos, deadline):
        return self.test(sanitizer, "stress", combos, deadline)


def put(module, name, value):
    mock.patch.object(module, name, value).start()


def stand_in(driver, folder, command):
    """Replaces what a command needs a compiler, a cluster or much time for."""
    programs = os.path.join(folder, "programs")
    os.makedirs(programs, exist_ok=True)
    for name in ("bazel", "gdb", "man", "engine"):
        script(os.path.join(programs, name), "#!/bin/sh\necho //x:%s PASSED\n" % name)
    os.environ["PATH"] = programs + ":" + os.environ["PATH"]
    put(env, "ensure", lambda packages: None)
    put(bazel, "build", lambda targets, options=(): [driver] * len(targets))
    if command == "run":
        put(run, "check", lambda program: None)
    elif command == "campaign":
        fakes = Fakes(folder)
        if os.path.exists(os.path.join(folder, FINDS_NOW)):
            fakes.lane("one", FINDS)
        fakes.patches()
    elif command == "fuzz":
        put(bazel, "build", lambda targets, options=(): [os.path.join(programs, "engine")] * 2)
        put(start, "STATE", folder)
    elif command in ("merge", "page"):
        put(slurm, "existing", lambda path: path)
        put(slurm, "merge_shards", lambda path: print("merged") or 0)
        put(record, "numbers", lambda folder: [1])
        put(page, "write", lambda path, night: path)
    put(bugs, "STATE", folder)
    put(bugs, "ok", lambda row: True)
    put(gate, "look", lambda: ({s: ["//x:y"] for s in gate.SANITIZERS}, gate.DEFAULTS))
    put(gate, "Runner", Runner)
    put(coverage, "STATE", folder)
    put(coverage, "chosen", lambda found: [COMBO])
    put(coverage, "count", lambda *args: "")
    put(coverage, "lcov", lambda *args: "SF:core/x.c\nLF:1\nLH:1\nend_of_record\n")
    put(coverage, "pairs", lambda *args: set())
    put(bench, "run_driver", lambda *args: {"executions_per_second": 1})
    put(bench, "run_libfuzzer", lambda *args: 1.0)
    put(compdb, "FILE", os.path.join(folder, "compile_commands.json"))
    put(compdb, "write", lambda: ["x.c"])
    put(formatting, "chosen", lambda files: {formatting.PYTHON: ["x.py"]})
    put(formatting, "base", lambda found: None)
    put(formatting, "format_file", lambda *args: ("a\n", "b\n"))
    put(linting, "chosen", lambda files: {formatting.PYTHON: ["x.py"]})
    put(linting, "check", lambda argv: "wrong\n")


def run_front_door(driver, folder, words):
    stand_in(driver, folder, words[0])
    sys.argv = [os.path.join(HERE, "kthrash_main.py"), *words]
    runpy.run_path(sys.argv[0], run_name="__main__")


# ---- the tests ----------------------------------------------------------------------------


class FrontDoor(unittest.TestCase):
    driver = None

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.made = {**files_in(self.folder), "driver": self.driver}

    def at(self, *names):
        return os.path.join(self.folder, *names)

    def calls(self, name):
        for more in [[], *MORE.get(name, [])]:
            yield [name, *(a.format(**self.made) for a in CALLS[name]), *more]

    def each_command(self, check):
        """Calls check(words) for the calls of each command. Commands run side by side, but calls
        of one command do not, because they write the same files."""
        def check_all(name):
            for words in self.calls(name):
                check(words)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(check_all, (name for name in CALLS if name not in SILENT)))

    def run_it(self, words, redirect="", **kwargs):
        """Runs the front door. `redirect` is a word of the shell, as ">&-"."""
        for name, made in (("campaign", "night"), ("gate", "gate")):
            if name in words:
                shutil.rmtree(self.at(made), ignore_errors=True)
        return subprocess.run(
            ["sh", "-c", 'exec "$@" ' + redirect, "sh", sys.executable, "-B",
             os.path.abspath(__file__), "--run", self.driver, self.folder, *words],
            text=True, stdout=kwargs.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
            check=False, **kwargs)


class StandardOutput(FrontDoor):
    def test_the_table_has_every_command(self):
        self.assertEqual(set(CALLS), set(commands.names()))

    def fails(self, words, redirect, why):
        done = self.run_it(words, redirect)
        self.assertEqual(done.returncode, common.ENVIRONMENT, done)
        said = "kthrash: standard output can't be written: %s" % why
        self.assertEqual(done.stderr.splitlines().count(said), 1, done)
        self.assertNotIn("Traceback", done.stderr)

    def test_every_command(self):
        def check(words):
            self.fails(words, ">/dev/full", "No space left on device")
            self.fails(words, ">&- <&-", "it is closed")
        self.each_command(check)

    def test_help_and_completion(self):
        for words in ([], ["help", "stress"], ["stress", "--help"], ["complete", "st"]):
            words = words or ["--help"]
            with self.subTest(words):
                self.fails(words, ">/dev/full", "No space left on device")
                self.fails(words, ">&-", "it is closed")

    def test_a_closed_pipe(self):
        def check(words):
            if words[0] in BY_THE_DRIVER:
                return
            reader, writer = os.pipe()
            os.close(reader)
            done = self.run_it(words, stdout=writer)
            os.close(writer)
            self.assertEqual(done.returncode, -signal.SIGPIPE, done)
            self.assertNotIn("Traceback", done.stderr)
        check(["--help"])
        self.each_command(check)

    def test_standard_error(self):
        for redirect in ("2>/dev/full", "2>&-"):
            done = self.run_it(["frob"], redirect)
            self.assertEqual((done.returncode, done.stdout), (common.USAGE, ""))
            done = self.run_it(["completion", "bash"], redirect)    # This writes nothing there.
            self.assertEqual(done.returncode, common.CLEAN)
            done = self.run_it(["gate", "--dir=" + self.at("gate")], redirect)
            self.assertEqual(done.returncode, common.ENVIRONMENT)

    def test_findings_that_are_kept_decide(self):
        with open(self.at(FINDS_NOW), "w", encoding="ascii"):
            pass
        words = ["campaign", *(a.format(**self.made) for a in CALLS["campaign"])]
        done = self.run_it(words, ">/dev/full")
        self.assertEqual(done.returncode, common.FINDINGS, done)
        self.assertIn("standard output can't be written", done.stderr)


class Targets(FrontDoor):
    """explain -o stands for every file that Python writes at a user's wish."""

    def explain(self, out, status=common.CLEAN, **kwargs):
        done = self.run_it(["explain", self.made["good"], "-o", out], **kwargs)
        self.assertEqual(done.returncode, status, done)
        return done

    def read(self, name):
        with open(self.at(name), encoding="utf-8") as f:
            return f.read()

    def test_a_new_file_and_an_old_one(self):
        self.explain(self.at("new"), preexec_fn=lambda: os.umask(0o027))
        self.assertEqual(os.stat(self.at("new")).st_mode & 0o777, 0o640)
        os.chmod(self.at("new"), 0o604)
        self.explain(self.at("new"))
        self.assertEqual(os.stat(self.at("new")).st_mode & 0o777, 0o604)
        self.assertIn("trace", self.read("new"))
        self.explain(self.at(250 * "x"))
        self.assertIn("trace", self.read(250 * "x"))

    def test_links(self):
        os.symlink("target", self.at("link"))
        self.explain(self.at("link"))       # It dangles, and its target is made.
        self.assertTrue(os.path.islink(self.at("link")))
        self.assertIn("trace", self.read("target"))
        os.truncate(self.at("target"), 0)
        self.explain(self.at("link"))
        self.assertTrue(os.path.islink(self.at("link")))
        self.assertIn("trace", self.read("target"))

    def test_a_fifo(self):
        os.mkfifo(self.at("fifo"))
        fd = os.open(self.at("fifo"), os.O_RDWR)
        self.explain(self.at("fifo"))
        self.assertIn(b"trace", os.read(fd, 100_000))
        os.close(fd)
        self.assertTrue(stat.S_ISFIFO(os.stat(self.at("fifo")).st_mode))

    def test_descriptors(self):
        for out in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
            self.assertIn("trace", self.explain(out).stdout)
            with open(self.at("out"), "w", encoding="ascii") as f:
                f.write("before ")
                f.flush()
                self.explain(out, stdout=f)
                f.write("after")
            self.assertRegex(self.read("out"), r"(?s)^before .*trace.*after$")
        reader, writer = os.pipe()
        for command in ("explain", "shrink"):       # As in -o >(cat): the driver gets it, too.
            done = self.run_it([command, self.made["bad"], "-o", "/dev/fd/%d" % writer],
                               pass_fds=[writer])
            self.assertEqual(done.returncode, common.CLEAN, done)
            self.assertTrue(os.read(reader, 100_000))
        os.close(reader)
        os.close(writer)

    def test_devices_are_not_replaced(self):
        for name, minor, status in (("null", 3, common.CLEAN), ("full", 7, common.ENVIRONMENT)):
            try:
                os.mknod(self.at(name), 0o666 | stat.S_IFCHR, os.makedev(1, minor))
                os.close(os.open(self.at(name), os.O_WRONLY))
            except PermissionError:
                self.skipTest("only root makes devices, and not everywhere")
            self.explain(self.at(name), status)
            self.assertTrue(stat.S_ISCHR(os.stat(self.at(name)).st_mode))

    def test_a_full_disk(self):
        with open(self.at("old"), "w", encoding="ascii") as f:
            f.write("old")
        before = sorted(os.listdir(self.folder))
        done = self.explain(self.at("old"), common.ENVIRONMENT, preexec_fn=lambda:
                            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
        self.assertEqual(done.stderr, "kthrash: %s: File too large\n" % self.at("old"))
        self.assertEqual(self.read("old"), "old")
        self.assertEqual(sorted(os.listdir(self.folder)), sorted({*before, "programs"}))

    def test_every_option_is_refused_before_the_work(self):
        outs = [(self.folder, "is a folder, expected a file"),
                (self.at("none", "x"), "its folder is not there"),
                (self.at("good", "x"), "a part of the path is no folder"),
                (self.at(300 * "x"), "File name too long"),
                (self.at("loop"), "Too many levels of symbolic links"),
                ("/dev/fd/77", "is not open for writing")]
        os.symlink("loop", self.at("loop"))
        found = [(c.name, o.name) for c in commands.COMMANDS for o in c.options
                 if o.value == "OUT"]
        self.assertEqual(len(found), 4, found)
        found += [("gate", "--junit"), ("gate", "--sarif")]
        for command, option in found:
            for out, why in outs:
                with self.subTest((command, option, out)):
                    words = [a.format(**self.made) for a in CALLS[command]
                             if not a.startswith("-o") and a != "{folder}/smaller"]
                    said = self.refused([command, *words, *(
                        [option, out] if option == "-o" else [option + "=" + out])])
                    self.assertIn(": ".join((out, why)), said)
                    self.assertEqual(said.count("\n"), 1)
                    self.assertNotIn(".tmp", said)
        self.assertIn("its folder is not there",
                      self.refused(["bugs", "--scoreboard", "P1", "--out=" + self.at("no", "x")]))

    def refused(self, words):
        """Runs the front door in this process. Returns what it says; it must not build."""
        with contextlib.redirect_stderr(io.StringIO()) as said, \
                mock.patch.object(bazel, "build", side_effect=AssertionError("built")), \
                mock.patch.object(env, "ensure", side_effect=AssertionError("installed")):
            self.assertEqual(cli.main(words), common.USAGE, (words, said.getvalue()))
        return said.getvalue()


class Reports(unittest.TestCase):
    """A gate, and a test of seeded bugs, whose driver could not save what it found."""

    SAID = json.dumps({"type": "unsaved", "file": "/x/race-1.plan", "reason": "no room",
                       "kind": "race", "signature": "s", "message": "m", "executions": 7,
                       "strategy": "pos", "options": " --os=sim", "id": "race-1",
                       "plan": "the plan\n", "report": "the report\n"}) + "\n"

    def test_gate(self):
        found = results.of_driver(self.SAID, "row")[0]
        self.assertEqual(found["kind"], "race")
        self.assertEqual(found["report"], "not saved: no room\nthe plan\nthe report\n")

    def test_gate_without_room_for_reports(self):
        plan = gate.Plan({s: [] for s in gate.SANITIZERS}, gate.DEFAULTS, 0)
        made = gate.Gate(plan, mock.Mock(), 0)
        with tempfile.TemporaryDirectory() as folder, \
                mock.patch.object(files, "write", side_effect=OSError(28, "no room", "/x")):
            unwritten = gate.write_reports(made, os.path.join(folder, "x"),
                                           os.path.join(folder, "y"), "", True)
        self.assertEqual(unwritten, ["/x: no room"] * 2)

    def test_bugs(self):
        with mock.patch.object(hunting, "json_lines", lambda args: (1, [json.loads(self.SAID)])), \
                mock.patch.object(hunting, "say") as said, self.assertRaises(common.Failure) as e:
            hunting.hunt("driver", "/x", 1, 1)
        said.assert_called_with("the plan\n")
        self.assertEqual(e.exception.status, common.ENVIRONMENT)


if __name__ == "__main__":
    if sys.argv[1] == "--run":
        run_front_door(sys.argv[2], sys.argv[3], sys.argv[4:])
    FrontDoor.driver = os.path.abspath(sys.argv.pop(1))
    unittest.main()
