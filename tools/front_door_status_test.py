#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests that the front door's exit statuses keep their meaning. Status 1 is for findings and for
tests that failed. What nobody foresaw is 3. The test goes through all commands, with fakes for the
programs that they start."""

import concurrent.futures
import contextlib
import importlib
import io
import os
import re
import signal
import tempfile
import threading
import unittest
from unittest import mock

import front_door_fakes
from kthrashlib import common
from kthrashlib.front import cli, commands, defence

PLAN = "corpus/seed/one.plan"
# The words that each command needs, and with which it soon ends.
WORDS = {
    "campaign": ["--seconds=1", "--lanes=sim-random", "--dir=@new"], "merge": ["dir"],
    "verify": [PLAN], "replay": [PLAN], "shrink": [PLAN], "explain": [PLAN], "page": ["dir"],
    "gdb": ["--batch", PLAN], "bugs": ["P1"], "litmus": [PLAN],
    "gate": ["--dir=@new", "--minutes=0.1"], "completion": ["bash"], "man": ["--source"],
    "fuzz": ["--seconds=1"], "run": ["true"],
    "cc": ["true"], "install": ["dir/file/prefix"],
}
DRIVERS = [["stress"], ["verify", PLAN], ["replay", PLAN], ["shrink", PLAN], ["explain", PLAN],
           ["explain", "--format=json", PLAN], ["gdb", PLAN], ["fuzz"], ["bugs", "P1"],
           ["bugs", "--scoreboard", "P1"], ["bench"], ["bench", "--os=sim"],
           ["bench", "--backends"], ["coverage"]]
BUILDS = [*DRIVERS[:-1], ["campaign", "--dir=@new"], ["compdb"]]
# The locale and the streams can't encode what the messages contain.
NARROW = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0",
          "PYTHONCOERCECLOCALE": "0"}


def raised(error):
    """Returns the exception as something has raised it, with a traceback."""
    try:
        raise error
    except type(error) as e:
        return e


ERRORS = [KeyError("x"), ZeroDivisionError(), MemoryError(), RecursionError("deep"),
          AssertionError(), ImportError("no module x", name="x"), LookupError("\udcff"),
          UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates"), StopIteration()]


class Folder(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name


class Unforeseen(Folder):
    """Tests the last line of defence inside of this process."""

    def run_with(self, command, error):
        """Runs a command whose function raises `error`. Returns (status, stderr)."""
        module, _, function = command.run.partition(":")
        module = importlib.import_module("kthrashlib." + module)
        words = [w.replace("@new", "new") for w in WORDS.get(command.name, [])]
        with mock.patch.object(module, function, side_effect=error), \
                mock.patch.object(defence, "STATE", self.folder), \
                contextlib.redirect_stderr(io.StringIO()) as err:
            return cli.main([command.name, *words]), err.getvalue()

    def test_every_command_and_error(self):
        for command in commands.COMMANDS:
            for error in ERRORS:
                with self.subTest(command.name, error=repr(error)):
                    status, said = self.run_with(command, raised(error))
                    self.assertEqual(status, common.ENVIRONMENT)
                    self.assertEqual(said.count("\n"), 1)
                    self.assertIn("kthrash: %s failed in a way that was not foreseen: %s" % (
                        command.name, type(error).__name__), said)
                    path = re.search(r"its traceback is in (\S+)\n$", said).group(1)
                    with open(path, encoding="utf-8") as f:
                        self.assertIn("Traceback", f.read())

    def test_while_the_command_line_is_read(self):
        with mock.patch.object(cli, "group", side_effect=KeyError("x")), \
                mock.patch.object(defence, "STATE", self.folder), \
                contextlib.redirect_stderr(io.StringIO()) as err:
            self.assertEqual(cli.main(["stress"]), common.ENVIRONMENT)
        self.assertIn("its traceback is in", err.getvalue())

    def test_no_folder_for_the_traceback(self):
        stress = commands.find("stress")
        wall = os.path.join(self.folder, "file")
        with open(wall, "w", encoding="utf-8"):
            pass
        error = raised(KeyError("x"))
        other = os.path.join(self.folder, "other")
        with mock.patch.object(self, "folder", wall):
            with mock.patch("tempfile.gettempdir", lambda: other):
                self.assertIn("is in " + other, self.run_with(stress, error)[1])
            with mock.patch("tempfile.gettempdir", lambda: wall):
                status, said = self.run_with(stress, error)
        self.assertEqual(status, common.ENVIRONMENT)
        self.assertIn("can't be saved, so it follows\nTraceback", said)

    def test_a_thread(self):
        def fail():
            raise KeyError("x")
        with mock.patch.object(threading, "excepthook", defence.Threads.hook), \
                mock.patch.object(defence.Threads, "failed", False), \
                mock.patch.object(defence, "STATE", self.folder), \
                contextlib.redirect_stderr(io.StringIO()) as err:
            thread = threading.Thread(target=fail)
            thread.start()
            thread.join()
            self.assertTrue(defence.Threads.failed)
        self.assertIn("a thread of the command failed", err.getvalue())

    def test_other_errors_keep_their_status(self):
        stress = commands.find("stress")
        for error, status, words in [
                (FileNotFoundError(2, "No such file or directory", "/x"), common.ENVIRONMENT,
                 "kthrash: /x: No such file or directory\n"),
                (OSError(28, "No space left on device"), common.ENVIRONMENT,
                 "kthrash: No space left on device\n"),
                (BrokenPipeError(32, "Broken pipe"), 128 + signal.SIGPIPE, ""),
                (KeyboardInterrupt(), 128 + signal.SIGINT, ""),
                (common.usage("no"), common.USAGE, "kthrash: no\n"),
                (ImportError("no", name="jinja2.x"), common.ENVIRONMENT, "python3-jinja2")]:
            got, said = self.run_with(stress, error)
            self.assertEqual(got, status)
            self.assertIn(words, said)
            self.assertNotIn("foreseen", said)


class Programs(unittest.TestCase):
    """Tests the front door as a process of its own, in a checkout of fakes."""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.checkout = front_door_fakes.Checkout(temporary.name)

    def each(self, cases, check):
        """Calls check() with each case, several at a time. Each returns what is wrong, or None."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            wrong = [w for w in pool.map(check, cases) if w]
        self.assertEqual("\n".join(wrong), "")

    def wants(self, args, wanted, words="", **more):
        """Returns what is wrong with a run, or None."""
        status, _, said = self.checkout.run(args, **more)
        if status in wanted and words in said and "Traceback" not in said:
            return None
        return "%s %s: ended with %d: %s" % (args, more, status, said)

    def test_a_driver_that_a_signal_kills(self):
        def check(case):
            args, number = case
            return self.wants(args, [common.ENVIRONMENT], "was killed by signal %d (%s)" % (
                number, number.name), DIES="driver", DIES_OF=str(int(number)))
        self.each([(args, (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT)[n % 3])
                   for n, args in enumerate(DRIVERS)], check)

    def test_a_driver_that_ends_with_another_status(self):
        self.each([args for args in DRIVERS if args[0] not in ("fuzz", "bugs", "coverage")],
                  lambda args: self.wants(args, [common.ENVIRONMENT], "ended with status 77",
                                          ENDS="driver", ENDS_WITH="77"))

    def test_a_build_that_bazel_cannot_do(self):
        self.each([(args, ("1", "37")[n % 2]) for n, args in enumerate(BUILDS)],
                  lambda case: self.wants(case[0], [common.ENVIRONMENT], "kthrash: ",
                                          ENDS="bazel", ENDS_WITH=case[1]))
        self.each(BUILDS, lambda args: self.wants(args, [-signal.SIGINT], ENDS="bazel",
                                                  ENDS_WITH="8"))

    def test_bazel_test(self):
        self.each([("0", [], 0), ("1", [], 1), ("3", [], 1), ("2", [], 3), ("36", [], 3),
                   ("37", [], 3), ("2", ["--", "--frob"], 2), ("8", [], -signal.SIGINT)],
                  lambda case: self.wants(["test", *case[1]], [case[2]], ENDS="bazel",
                                          ENDS_WITH=case[0]))

    def test_bazel_test_without_the_kernels_files(self):
        archive = self.checkout.at("src", "linux-source-6.12.tar.xz")
        os.rename(archive, archive + ".away")
        self.addCleanup(os.rename, archive + ".away", archive)
        self.each([["test"]], lambda args: self.wants(
            args, [common.ENVIRONMENT], "linux-source-6.12.tar.xz: No such file"))

    def all_commands(self):
        return [[name, *WORDS.get(name, [])] for name in commands.names()]

    def test_nobody_reads_the_output(self):
        reader, writer = os.pipe()
        os.close(reader)
        self.addCleanup(os.close, writer)
        broken = [-signal.SIGPIPE]
        self.each([["--help"], ["help", "fmt"], *([n, "--help"] for n in commands.names()),
                   ["man", "--source"], ["completion", "bash"], ["explain", PLAN], ["replay", PLAN],
                   ["bugs", "P1"], ["page", "dir"], ["complete", ""]],
                  lambda args: self.wants(args, broken, stdout=writer))
        self.each(self.all_commands(),
                  lambda args: self.wants(args, [*broken, 0, 1, 2, 3], stdout=writer))

    def test_nobody_reads_the_messages(self):
        reader, writer = os.pipe()
        os.close(reader)
        self.addCleanup(os.close, writer)
        self.each([[], ["frob"], ["stress"], ["bench", "--frob"], ["page", "no"]],
                  lambda args: self.wants(args, [-signal.SIGPIPE],
                                          before=lambda: os.dup2(writer, 2)))

    def test_outputs_that_are_closed_or_full(self):
        def close(fds):
            return lambda: [os.close(fd) for fd in fds]
        full = os.open("/dev/full", os.O_WRONLY)
        self.addCleanup(os.close, full)
        says = [["--help"], ["fuzz", "--help"], ["man", "--source"], ["completion", "zsh"],
                ["page", "dir"], ["bugs", "P1"], ["explain", PLAN]]
        words = "standard output can't be written: "
        self.each(says, lambda args: self.wants(args, [common.ENVIRONMENT], words, stdout=full))
        self.each(says, lambda args: self.wants(args, [common.ENVIRONMENT], words,
                                                before=close([1])))
        self.each(says, lambda args: self.wants(
            args, [common.ENVIRONMENT], before=close([0, 1, 2])))
        self.each([["stress"], ["replay", PLAN], ["frob"]], lambda args: self.wants(
            args, [common.USAGE if args == ["frob"] else common.ENVIRONMENT],
            before=close([0, 2])))

    def test_a_locale_that_knows_only_ascii(self):
        def check(args):
            return self.wants(args, [common.USAGE, common.ENVIRONMENT, common.CLEAN], **NARROW)
        odd = os.fsdecode(b"\xff\xfe\xc3\xa9")
        self.each([[c.name, *WORDS.get(c.name, []), odd] for c in commands.COMMANDS if
                   c.name not in ("fmt", "lint")] + [[odd], ["help", odd], ["fmt", odd],
                                                     ["lint", odd], ["stress", "--" + odd],
                                                     ["stress", "--bug=" + odd]], check)

    def test_paths_of_the_user(self):
        self.assertFalse(os.path.exists(self.checkout.at("binary")))
        with open(self.checkout.at("binary"), "wb") as f:
            f.write(bytes(range(256)))
        bad = ["x" * 300, "binary/x"]
        paths = [[row.name, *[w for w in WORDS.get(row.name, []) if "@" not in w],
                  *([o.name, value] if o.name == "-o" else [o.name + "=" + value])]
                 # The C driver itself looks at the folder of these commands.
                 for row in commands.COMMANDS if row.name not in ("stress", "run", "verify")
                 for o in row.options if o.value in ("DIR", "FILE") for value in bad
                 if (row.name, o.name) not in (("bugs", "--out"), ("explain", "-o"))]
        paths += [["bugs", "--scoreboard", "--out=" + value, "P1"] for value in bad]
        paths += [["campaign", "--dir=@new", "--config=" + value]
                  for value in ("binary", "corpus", "no", "/")]
        paths += [["campaign", "--dir=binary"], ["gate", "--dir=corpus"], ["page", "binary"],
                  ["merge", "binary"], ["gdb", "corpus"], ["gate", "--dir=" + "y/" * 3000]]
        self.each(paths, lambda args: self.wants(args, [common.USAGE], "kthrash: "))

    def test_a_module_that_python_cannot_import(self):
        for module, package, runs in [
                ("jinja2", "python3-jinja2", [["page", "dir"], ["campaign", "--dir=@new"],
                                              ["explain", "--format=html", PLAN]]),
                ("matplotlib", "python3-matplotlib", [["bugs", "--scoreboard", "P1"]]),
                ("rich", "python3-rich", [["campaign", "--dir=@new"], ["gate", "--dir=@new"]]),
                ("prometheus_client", "python3-prometheus-client", [["campaign"], ["merge", "dir"],
                                                                    ["test"]])]:
            folder = self.checkout.at("no-" + module)
            os.mkdir(folder)
            with open(os.path.join(folder, module + ".py"), "w", encoding="utf-8") as f:
                f.write("raise ImportError('broken', name='%s')\n" % module)
            self.each(runs, lambda args, p=package, f=folder: self.wants(
                args, [common.ENVIRONMENT], p, PYTHONPATH=f))


if __name__ == "__main__":
    unittest.main()
