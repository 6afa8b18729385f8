#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the front door with fake programs: what it installs, how it fails, wrong options, and the
table of seeded bugs. The test needs no compiler and no network, and writes to a folder of its
own."""

import contextlib
import io
import os
import stat
import subprocess
import tempfile
import unittest
from unittest import mock

from kthrashlib import common, env
from kthrashlib.build import bazel
from kthrashlib.front import cli
from kthrashlib.measure import bugs, hunting, scoreboard

HERE = os.path.dirname(os.path.abspath(__file__))

PLAN = "kthrash-plan 1\ntask C1: a = create \"a\" return 0\nexpect deadlock\n"


def script(folder, name, body):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n" + body)
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return path


def run(*args):
    """Runs the front door. Returns the exit status and what it printed on stderr."""
    err = io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        status = cli.main(list(args))
    return status, err.getvalue()


class Folder(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.path = os.path.join(self.folder, "bin")
        os.mkdir(self.path)


class Options(unittest.TestCase):
    def test_a_platform_that_the_build_refuses(self):
        with mock.patch.object(bazel, "run") as run_bazel, mock.patch.object(env, "ensure"):
            run_bazel.return_value = mock.Mock(
                returncode=1, stderr="ERROR: x\nError in fail: no lock 'x'; legal are y\nmore\n")
            status, said = run("stress", "--platform=sim+x")
        self.assertEqual(status, common.USAGE)
        self.assertEqual(said, "kthrash: --platform=sim+x: no lock 'x'; legal are y\n")

    def test_bad_input_is_one_sentence_and_2(self):
        for args, words in [
                (["frob"], "unknown command 'frob', expected"),
                (["campaign", "--seconds=soon"], "--seconds=soon: expected a number from 1"),
                (["campaign", "--seconds=0"], "expected a number from 1"),
                (["campaign", "--lanes=x"], "no lane 'x', expected some of sim-random"),
                (["campaign", "corpus"], "got unexpected extra argument (corpus)"),
                (["campaign", "--jobs="], "--jobs needs a value"),
                (["stress", "--os=vms"], "--os=vms: expected sim or posix"),
                (["stress", "--platform=vms+x"], "expected sim or posix first"),
                (["stress", "--os=posix", "--platform=sim+x"], "the platform's first word"),
                (["replay", "--bug=P1", "--platform=sim+x", "x"], "a platform of its own"),
                (["verify", "--os=posix", "x"], "verify needs the simulator"),
                (["verify", "--bug=NOPE", "x"], "no seeded bug 'NOPE', expected one of"),
                (["replay", "--sanitizer=msan", "x"], "expected none, asan or tsan"),
                (["bench", "--fast"], "unexpected '--fast'"),
                (["bench", "--backends", "x"], "unexpected extra argument (x)"),
                (["bench", "--backends", "--seconds=5"], "unexpected '--seconds', expected"),
                (["bugs", "--out=x"], "unexpected '--out', expected --executions, --seed"),
                (["bugs", "--scoreboard", "--seed=3"], "unexpected '--seed', expected"),
                (["bugs", "NOPE"], "no seeded bug 'NOPE', expected one of"),
                (["bugs", "--frob"], "unexpected '--frob'"),
                (["fuzz", "--engine=honggfuzz"], "expected libfuzzer or afl"),
                (["stress", "--frob"], "unexpected '--frob', expected --os=, --platform="),
                (["stress", "--json=1"], "option '--json' does not take a value"),
                (["stress", "--see=1"], "unexpected '--see'"),    # Options have no abbreviations.
                (["stress", "--seed"], "option '--seed' requires an argument"),
                (["--frob"], "no such option: --frob"),
                (["replay"], "missing argument 'PLAN...'"),
                (["shrink", "a", "b"], "got unexpected extra argument (b)"),
                (["test", "//core/..."], "unexpected extra argument (//core/...)"),
                (["help", "frob"], "unknown command 'frob'"),
                (["fuzz", "--target=x"], "expected plan or parser"),
                (["explain"], "missing argument 'PLAN'"),
                (["explain", "--format=pdf", "x"], "expected text, json, perfetto or html"),
                (["explain", "x", "-o"], "option '-o' requires an argument"),
                (["explain", "x", "-o", ""], "-o needs a value, as in -o OUT"),
                (["page"], "missing argument 'DIR'"),
                (["page", "/no/such"], "/no/such: no such folder"),
                (["page", HERE], "not the folder of a campaign"),
                (["page", HERE, "--day=1"], "unexpected '--day', expected --night= or DIR"),
        ]:
            with self.subTest(args):
                status, said = run(*args)
                self.assertEqual(status, common.USAGE)
                self.assertIn(words, said)
                self.assertEqual(said.count("\n"), 1)


class Environment(Folder):
    def ensure(self, dpkg, apt, root=True):
        script(self.path, "dpkg-query", dpkg)
        script(self.path, "apt-get", 'echo "apt $*" >> "%s/log"\n%s' % (self.folder, apt))
        script(self.path, "env", 'shift; exec "$@"')
        with mock.patch.dict(os.environ, {"PATH": self.path + ":/bin"}), \
                mock.patch.object(env, "as_root", lambda: [] if root else None), \
                contextlib.redirect_stderr(io.StringIO()) as said:
            try:
                env.ensure({"here": "one", "gone": "another"})
                return 0, said.getvalue()
            except common.Failure as f:
                return f.status, said.getvalue() + f.message

    def log(self):
        try:
            with open(os.path.join(self.folder, "log"), encoding="utf-8") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    ONE_MISSING = 'case "$*" in *gone*) exit 1;; esac; printf "install ok installed"'

    def test_nothing_missing_nothing_done(self):
        self.assertEqual(self.ensure('printf "install ok installed"', "exit 1"), (0, ""))
        self.assertEqual(self.log(), "")

    def test_installs_only_what_is_missing_and_says_why(self):
        status, said = self.ensure(self.ONE_MISSING, "exit 0")
        self.assertEqual(status, 0)
        self.assertIn("installing gone: another", said)
        self.assertIn("install -y -qq --no-install-recommends gone\n", self.log())
        self.assertNotIn("here", self.log())

    def test_without_root_the_command_to_run_and_3(self):
        status, said = self.ensure(self.ONE_MISSING, "exit 0", root=False)
        self.assertEqual(status, common.ENVIRONMENT)
        self.assertIn("as root, run: apt-get update && apt-get install", said)
        self.assertEqual(self.log(), "")

    def test_a_package_that_cannot_be_had(self):
        status, said = self.ensure(self.ONE_MISSING, 'test "$1" = update')
        self.assertEqual(status, common.ENVIRONMENT)
        self.assertIn("apt-get failed; as root, run:", said)

    def test_not_debian(self):
        with mock.patch.dict(os.environ, {"PATH": "/nonexistent"}):
            with self.assertRaises(common.Failure) as f:
                env.ensure({"x": "y"})
        self.assertEqual(f.exception.status, common.ENVIRONMENT)
        self.assertIn("Debian 12", f.exception.message)


class Script(Folder):
    """Tests tools/kthrash on a machine without click, with a fake apt-get."""

    def run_it(self, apt, user=0):
        with open(os.path.join(HERE, "kthrash"), encoding="utf-8") as f:
            text = f.read()
        modules = "/usr/lib/python3/dist-packages"
        self.assertIn(modules, text)
        door = script(self.folder, "kthrash", text.replace(modules, self.folder))
        script(self.path, "id", "echo %d" % user)
        script(self.path, "sudo", "exit 1")
        script(self.path, "apt-get", 'echo "apt-get $*" >> "%s/log"\n%s' % (self.folder, apt))
        with open(os.path.join(self.folder, "kthrash_main.py"), "w", encoding="utf-8") as f:
            f.write("print('runs')\n")
        done = subprocess.run([door], env={"PATH": self.path + ":/usr/bin:/bin"}, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return done.returncode, done.stdout, done.stderr

    def test_click_is_installed_once(self):
        status, out, said = self.run_it("mkdir -p %s/click" % self.folder)
        self.assertEqual((status, out), (0, "runs\n"))
        self.assertEqual(said, "kthrash: installing python3-click: it reads the command line\n")
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as f:
            self.assertEqual(f.read(), "apt-get update -qq\napt-get install -y -qq "
                             "--no-install-recommends python3-click\n")
        self.assertEqual(self.run_it("exit 1"), (0, "runs\n", ""))

    def test_it_cannot_be_installed(self):
        status, out, said = self.run_it("exit 1")
        self.assertEqual((status, out), (common.ENVIRONMENT, ""))
        self.assertIn("apt-get failed; as root, run: apt-get update", said)
        status, out, said = self.run_it("exit 0", user=1000)
        self.assertEqual((status, out), (common.ENVIRONMENT, ""))
        self.assertIn("not root and no sudo", said)
        self.assertIn("install -y -qq --no-install-recommends python3-click\n", said)


FAKE = """
case "$1" in
stress)
	for a; do case "$a" in --findings=*) dir="${a#--findings=}";; esac; done
	mkdir -p "$dir"
	printf 'kthrash-plan 1\\n' > "$dir/deadlock-1.plan"
	%s
	;;
shrink) cp "$2" "$4"; echo '{"tasks":1,"operations":1,"directives":0,"hash":"ab"}' ;;
replay) echo '{"ok":true,"hash":"ab"}' ;;
explain) echo 'the interleaving' ;;
esac
"""
FINDS = """echo '{"type":"progress","executions":5,"points":50,"schedules":4}'
	echo "{\\"type\\":\\"finding\\",\\"file\\":\\"$dir/deadlock-1.plan\\",\
\\"kind\\":\\"deadlock\\",\\"signature\\":\\"deadlock: x\\",\\"message\\":\\"m\\",\
\\"executions\\":5,\\"strategy\\":\\"random\\"}"
"""


NOTHING = """echo '{"type":"summary","executions":100}'"""


class Bugs(Folder):
    def test_a_hunt_that_did_not_run_all_is_not_clean(self):
        for body in ("exit 0", "exit 2", "kill -9 $$", NOTHING.replace("100", "99"),
                     NOTHING + "; exit 3", NOTHING + "; exit 130"):
            with self.subTest(body), mock.patch.object(bugs, "header", lambda name: {}), \
                    self.assertRaises(common.Failure) as f:
                bugs.hunt(script(self.path, "fake", FAKE % body), self.folder, 100, 1)
            self.assertEqual(f.exception.status, common.ENVIRONMENT)
            self.assertIn("was killed by signal 9" if "kill" in body else "of 100 executions",
                          f.exception.message)
            with self.subTest(body), self.assertRaises(common.Failure):
                scoreboard.run(os.path.join(self.path, "fake"), "random", 1, 100)

    def test_row_of_a_bug_that_is_found(self):
        binary = script(self.path, "fake", FAKE % FINDS)
        with mock.patch.object(bugs, "STATE", self.folder), \
                mock.patch.object(bugs, "header", lambda name: {}), \
                mock.patch.object(hunting, "REPLAYS", 1):
            row = bugs.examine("X", binary, 100, 1)
            self.assertTrue(row["found"])
            self.assertEqual((row["kind"], row["executions"], row["replays"]), ("deadlock", 5, 1))
            self.assertTrue(bugs.ok(row))
            self.assertEqual(bugs.line(row)[:6],
                             ("X", "deadlock", "random", 5, "1 op 0 directives", "1/1"))

    def test_a_bug_is_hunted_with_the_options_it_needs(self):
        binary = script(self.path, "fake", FAKE % (
            'case "$*" in *--twice*) %s;; *) %s;; esac' % (FINDS, NOTHING)))
        for hunt, found in [("", False), ("--twice", True)]:
            with mock.patch.object(bugs, "STATE", self.folder), \
                    mock.patch.object(bugs, "header", lambda name, hunt=hunt: {"Hunt": hunt}), \
                    mock.patch.object(hunting, "REPLAYS", 1):
                self.assertEqual(bugs.examine("X", binary, 100, 1)["found"], found)

    def test_row_of_a_bug_that_is_not(self):
        binary = script(self.path, "fake", FAKE % NOTHING)
        with mock.patch.object(bugs, "STATE", self.folder), \
                mock.patch.object(bugs, "header", lambda name: {}):
            row = bugs.examine("X", binary, 100, 1)
        self.assertFalse(bugs.ok(row))
        self.assertEqual(bugs.line({**row, "oracle": "deadlock"}),
                         ("X", "NOT FOUND", "", "", "", "", "expected: deadlock"))


if __name__ == "__main__":
    unittest.main()
