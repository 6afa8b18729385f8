#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests that what was asked for is what happens: a command starts the binary that its options name,
and refuses options that contradict each other, that another part decides, or that it would
ignore. The drivers are scripts."""

import contextlib
import io
import itertools
import json
import multiprocessing
import os
import stat
import subprocess
import tempfile
import unittest
from unittest import mock

from kthrashlib import common, env
from kthrashlib.build import about, bazel, driver_options, drivers, kept, seeded
from kthrashlib.front import cli, commands, options
from kthrashlib.gate import results, runner
from kthrashlib.measure import bench
from kthrashlib.night import config, lane_options, lanes

HERE = os.path.dirname(os.path.abspath(__file__))
SIM, TICKET = "sim+modelled+modelled+list+modelled", "sim+ticket+futex+wfcq+epoch"
POSIX = "posix+mutex+park+list+memb"
# Each of these commands starts a driver. A row has its arguments after the options of the build.
DRIVEN = [["stress"], ["verify", "PLAN"], ["replay", "PLAN"], ["shrink", "PLAN", "-o", "OUT"],
          ["explain", "PLAN"], ["explain", "PLAN", "--format=json"], ["gdb", "PLAN"], ["bench"]]
BAD_NUMBERS = ["0x10", "1e3", " 5", "5 ", "+5", "-1", "nan", "inf", "5_0", "5,0", "5.", ".5",
               "five", "\u0665", "9" * 5000]


def driver(path, platform=SIM, bug="", sanitizer="none", compiler="clang 19", **core):
    """Makes a driver that says this of itself, and writes its commands to PATH.log."""
    said = json.dumps({"platform": platform, "compiler": compiler, "optimized": True,
                       "sanitizer": sanitizer, "bug": bug, "core": "kthrash", "tree": "", **core})
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\necho \"$1\" >> '%s.log'\n[ \"$1\" != about ] || echo '%s'\n" % (
            path, said))
    os.chmod(path + ".new", stat.S_IRWXU)
    os.replace(path + ".new", path)
    return path


def run(*args):
    """Runs the front door. Returns the exit status and what it printed on stderr."""
    err = io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        status = cli.main(list(args))
    return status, err.getvalue()


class Builds(unittest.TestCase):
    """Has a Bazel whose builds are the scripts of driver(), at one place for all options."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        for name, value in {"FOLDER": os.path.join(self.folder, "kept"), "IN_USE": {}}.items():
            self.replace(kept, name, value)
        self.replace(env, "ensure", lambda packages: None)
        self.replace(bazel, "refusal", lambda targets, options: None)
        self.place = os.path.join(self.folder, "bin", "kthrash")
        self.plan = os.path.join(self.folder, "a.plan")
        with open(self.plan, "w", encoding="ascii") as f:
            f.write("kthrash-plan 1\n")

    def replace(self, module, name, value):
        patch = mock.patch.object(module, name, value)
        patch.start()
        self.addCleanup(patch.stop)

    def builds(self, *drivers_):
        """Each build puts the next of these drivers at the place; the last one stays."""
        left = list(drivers_)

        def in_place(targets, _):
            driver(self.place, **(left.pop(0) if len(left) > 1 else left[0]))
            return [self.place] * len(targets)
        self.replace(bazel, "in_place", in_place)

    def called(self):
        """Returns the commands that drivers got."""
        try:
            with open(self.place + ".log", encoding="utf-8") as f:
                return f.read().split()
        except FileNotFoundError:
            return []

    def words(self, command):
        return [{"PLAN": self.plan, "OUT": os.path.join(self.folder, "out")}.get(w, w)
                for w in command]


class Identity(Builds):
    def test_each_target_of_the_front_door_is_known(self):
        for (system, sanitizer), target in drivers.TARGETS.items():
            self.assertEqual(about.expected(target), {
                "platform": SIM if system == "sim" else POSIX, "compiler": "clang 19",
                "optimized": True, "sanitizer": sanitizer, "bug": "", "core": "kthrash"})
        for sanitizer, target in drivers.ANY.items():
            wanted = about.expected(target, [about.PLATFORM + TICKET])
            self.assertEqual((wanted["platform"], wanted["sanitizer"]), (TICKET, sanitizer))
        for lane in config.Config().lanes.values():
            if lane["kind"] == "stress":
                self.assertTrue(about.expected(lane["target"])["platform"], lane)

    def test_plain_accesses_have_a_build_of_their_own(self):
        ticket = [about.PLATFORM + TICKET]
        self.assertEqual(drivers.chosen({"--core": "plain"}), (drivers.PLAIN_SIM, []))
        self.assertEqual(drivers.chosen({"--core": "plain", "--platform": TICKET}),
                         (drivers.PLAIN_ANY, ticket))
        for target, options_, platform in ((drivers.PLAIN_SIM, [], SIM),
                                           (drivers.PLAIN_ANY, ticket, TICKET)):
            wanted = about.expected(target, options_)
            self.assertEqual((wanted["core"], wanted["platform"]), ("plain", platform))
        for wrong in ({"--os": "posix"}, {"--sanitizer": "tsan"}, {"--bug": "P1"}):
            with self.assertRaises(common.Failure) as f:
                drivers.chosen({"--core": "plain", **wrong})
            self.assertEqual(f.exception.status, common.USAGE)

    def test_each_seeded_bug_is_known(self):
        platforms = set()
        for name in seeded.bug_names():
            wanted = about.expected(seeded.PACKAGE + name)
            self.assertEqual(wanted is None, "Test" in seeded.header(name))
            if wanted:
                self.assertEqual((wanted["bug"], wanted["sanitizer"]), (name, "none"))
                platforms.add(wanted["platform"])
        self.assertIn("sim+modelled+park+list+modelled", platforms)
        self.assertIn("sim+ticket+park+list+modelled", platforms)
        self.assertIsNone(about.expected("//fuzz:plan_fuzz_afl"))

    def test_what_differs_is_named(self):
        wanted = about.expected(drivers.TARGETS["sim", "none"])
        self.assertEqual(about.differences(wanted, dict(wanted)), [])
        for key, other in {"platform": TICKET, "sanitizer": "asan", "bug": "P1",
                           "compiler": "gcc 12", "optimized": False}.items():
            (said,) = about.differences(wanted, {**wanted, key: other})
            self.assertIn("'%s' was asked for" % wanted[key], said)
            self.assertIn("has '%s'" % other, said)
        self.assertEqual(about.differences(wanted, {}), ["it does not say which binary it is"])

    def test_any_version_of_a_compiler_without_one(self):
        wanted = about.expected("//stress:kthrash_gcc")
        self.assertEqual(about.differences(wanted, {**wanted, "compiler": "gcc 12"}), [])
        self.assertTrue(about.differences(wanted, {**wanted, "compiler": "clang 19"}))


class TheBinaryThatWasAskedFor(Builds):
    def test_a_copy_stays_when_the_place_is_built_again(self):
        self.builds({"platform": TICKET}, {"platform": SIM})
        first = drivers.binary({"--platform": TICKET})
        second = drivers.binary({})
        self.assertEqual(about.ask(first)["platform"], TICKET)
        self.assertEqual(about.ask(second)["platform"], SIM)
        self.assertNotEqual(os.path.dirname(first), os.path.dirname(second))
        self.assertTrue(first.startswith(kept.FOLDER) and second.startswith(kept.FOLDER))

    def test_another_build_in_between_is_seen_and_built_again(self):
        for asked, mine in [({"--platform": TICKET}, {"platform": TICKET}),
                            ({}, {"platform": SIM}),
                            ({"--sanitizer": "asan"}, {"sanitizer": "asan"}),
                            ({"--os": "posix"}, {"platform": POSIX, "sanitizer": "tsan"}),
                            ({"--bug": "P1"}, {"platform": "sim+modelled+park+list+modelled",
                                               "bug": "P1"})]:
            with self.subTest(asked), contextlib.redirect_stderr(io.StringIO()) as said:
                other = {"platform": "sim+ticket+park+list+modelled"}
                self.builds(other, mine)
                found = about.ask(drivers.binary(asked))
                self.assertEqual({k: found[k] for k in mine}, mine)
                self.assertIn("building again", said.getvalue())

    def test_a_wrong_driver_is_never_started(self):
        for command, (asked, wrong) in itertools.product(DRIVEN, [
                (["--platform=" + TICKET], {"platform": SIM}),
                (["--bug=P1"], {"platform": "sim+modelled+park+list+modelled", "bug": "P2W"}),
                (["--sanitizer=asan"], {"sanitizer": "none"}),
                (["--os=sim"], {"platform": TICKET})]):
            with self.subTest(command=command, asked=asked):
                self.builds(wrong)
                status, said = run(*self.words(command), *asked)
                self.assertEqual(status, common.ENVIRONMENT)
                last = said.splitlines()[-1]
                self.assertIn("after 3 builds there is another binary than was asked for", last)
                self.assertRegex(last, "'.+' was asked for, and the driver has '")
                self.assertEqual(set(self.called()), {"about"})

    def test_the_right_driver_is_started(self):
        self.builds({"platform": TICKET})
        for command in DRIVEN:
            if command[0] not in ("gdb", "explain"):
                with self.subTest(command=command):
                    status, _ = run(*self.words(command), "--platform=" + TICKET)
                    self.assertEqual((status, self.called()[-1]), (0, command[0]))

    def test_a_list_of_targets(self):
        """bugs, bench, coverage and campaigns build many targets at once."""
        targets = [seeded.PACKAGE + "P1", drivers.TARGETS["sim", "none"]]
        self.builds({"platform": "sim+modelled+park+list+modelled", "bug": "P1"})
        with self.assertRaises(common.Failure) as f:
            bazel.build(targets)
        self.assertIn(targets[1] + ": platform", f.exception.message)
        for main in (lambda: run("bugs", "P1"), lambda: run("bench"),
                     lambda: bench.simulator({})):
            with contextlib.redirect_stderr(io.StringIO()):
                try:
                    self.assertEqual(main()[0], common.ENVIRONMENT)
                except common.Failure as f:
                    self.assertEqual(f.status, common.ENVIRONMENT)

    def test_a_driver_that_says_nothing(self):
        self.replace(bazel, "in_place", lambda targets, _: ["/bin/true"] * len(targets))
        status, said = run("stress")
        self.assertEqual(status, common.ENVIRONMENT)
        self.assertIn("does not say which binary it is", said)

    def test_two_at_once(self):
        """Each of two processes builds its own platform at the same place, many times."""
        def one(platform, end):
            def in_place(targets, _):
                driver(self.place, platform)
                return [self.place] * len(targets)
            with mock.patch.object(bazel, "in_place", in_place), \
                    contextlib.redirect_stderr(io.StringIO()):
                end.send([about.ask(drivers.binary({"--platform": platform}))["platform"]
                          for _ in range(15)])

        context = multiprocessing.get_context("fork")
        pipes = {platform: context.Pipe() for platform in (SIM, TICKET)}
        started = [context.Process(target=one, args=(platform, ends[1]))
                   for platform, ends in pipes.items()]
        for p in started:
            p.start()
        for platform, ends in pipes.items():
            self.assertEqual(set(ends[0].recv()), {platform})
        for p in started:
            p.join()

    def test_the_gate_keeps_its_drivers(self):
        label = "//stress:corpus_replay_test@" + TICKET
        gate = runner.Runner(self.folder, {"plain": []}, 1e9)
        for says, wrong in [({}, False), ({"platform": SIM}, True), ({"sanitizer": "tsan"}, True)]:
            gate.binaries.clear()
            ran = results.Ran()
            gate.take_driver(ran, "plain", label, driver(
                self.place, **{"platform": TICKET, **says}))
            self.assertEqual(bool(ran.broken), wrong)
            self.assertEqual(("plain", TICKET) in gate.binaries, not wrong)


class Kept(Builds):
    def keep(self, n):
        path = driver(os.path.join(self.folder, "bin", "x%d" % n), "sim+%d" % n)
        with kept.building():
            copy = kept.keep(path)
        os.utime(copy, (n, n))
        return copy

    def test_old_copies_go_and_used_ones_stay(self):
        self.replace(kept, "KEPT", 3)
        copies = [self.keep(n) for n in range(8)]
        kept.drop_old()
        self.assertEqual([c for c in copies if not os.path.exists(c)], [])
        for copy in copies[1:]:
            os.close(kept.IN_USE.pop(copy))
        kept.drop_old()
        there = [os.path.exists(c) for c in copies]
        self.assertEqual(there, [True] + [False] * 4 + [True] * 3)

    def test_a_copy_that_was_damaged_is_made_again(self):
        copy = self.keep(1)
        with open(copy, "w", encoding="ascii") as f:
            f.write("x")
        self.assertEqual(about.ask(self.keep(1))["platform"], "sim+1")

    def test_the_same_binary_is_kept_once(self):
        self.assertEqual(self.keep(1), self.keep(1))
        self.assertEqual(len(kept.copies()), 1)


class Refused(Builds):
    """Tests options that are refused. Nothing may be built for them."""

    def setUp(self):
        super().setUp()

        def never(*_):
            raise AssertionError("something was built")
        self.replace(bazel, "run", never)
        self.replace(bazel, "in_place", never)

    def refused(self, args, words=""):
        with self.subTest(args):
            status, said = run(*args)
            self.assertEqual(status, common.USAGE, said)
            self.assertRegex(said, r"^kthrash: [^\n]+\n$")
            self.assertIn(words, said)

    def test_a_bug_has_one_build(self):
        for command in DRIVEN:
            for option in ("--os=posix", "--platform=" + TICKET, "--sanitizer=tsan",
                           "--sanitizer=asan"):
                if option == "--os=posix" and command[0] in ("verify", "gdb"):
                    self.refused([*self.words(command), "--bug=P1", option], "not posix")
                    continue
                self.refused([*self.words(command), "--bug=P1", option],
                             "--bug=P1 %s: the bug has a platform of its own" % option)

    def test_a_bug_with_the_build_that_it_has(self):
        self.assertEqual(drivers.chosen({
            "--bug": "P1", "--os": "sim", "--sanitizer": "none",
            "--platform": "sim+modelled+park+list+modelled"}), ("//stress/bugs:P1", []))

    def test_what_would_be_ignored(self):
        folder = self.folder
        for args, words in [
                (["bugs", "P1", "--out=x"], "unexpected '--out'"),
                (["bugs", "P1", "--seeds=3"], "unexpected '--seeds'"),
                (["bugs", "--executions=0"], "expected a number from 1"),
                (["bugs", "--scoreboard", "--executions=0"], "expected a number from 1"),
                (["campaign", "--shards=2"], "--shards: expected with --engine=slurm"),
                (["campaign", "--lanes=sim-random,sim-random"],
                 "lane 'sim-random' is named twice"),
                (["campaign", "--lanes="], "--lanes needs a value"),
                (["campaign", "--lanes=,"], "no lane ''"),
                (["campaign", "--lanes=sim-random,"], "no lane ''"),
                (["gdb", folder], folder + ": is a folder, expected a plan"),
                (["gdb", folder + "/none"], folder + "/none: no such file, expected a plan"),
                (["page", self.plan], self.plan + ": is a file, expected a folder"),
                (["page", folder + "/none"], folder + "/none: no such folder"),
        ]:
            self.refused(args, words)

    def test_an_option_given_twice(self):
        seen = 0
        for command in commands.COMMANDS:
            for option in command.options:
                if not option.value or option.repeats:
                    continue
                one, other = self.samples(option)
                words = self.arguments(command)
                written = [[option.name, v] if option.name == "-o" else
                           ["%s=%s" % (option.name, v)] for v in (one, other)]
                self.refused([command.name, *written[0], *written[1], *words],
                             "%s given twice, as '%s' and as '%s'" % (option.name, one, other))
                call = commands.parse(command.name, [*written[0], *written[0], *words])
                self.assertEqual(str(call.options[option.name]), one)
                seen += 1
        self.assertGreater(seen, 80)

    def samples(self, option):
        if option.number:
            return [str(option.number.kind(option.number.high) - n) for n in (0, 1)]
        return option.words[:2] if option.closed() else ["1", "2"]

    def arguments(self, command):
        if command.is_other_program():
            return [command.kind()]
        if command.arguments.startswith("[") or not command.arguments:
            return []
        return [command.arguments.partition("|")[0]]

    def test_one_grammar_of_numbers(self):
        for command in commands.COMMANDS:
            for option in command.options:
                if option.number:
                    for bad in BAD_NUMBERS:
                        self.refused([command.name, "%s=%s" % (option.name, bad),
                                      *self.arguments(command)], "expected a number from")
        self.assertEqual(options.whole(1, 9).read("007"), 7)
        self.assertIsNone(options.whole(1, 9).read("5.5"))
        self.assertEqual(options.real(0.1, 9).read("5.5"), 5.5)

    def test_numbers_that_are_passed_on_have_that_grammar(self):
        for seconds in (1e-9, 0.3, 5, 1.5, 1234567.891, 1e6, 9999999.5):
            text = common.decimal(seconds)
            self.assertAlmostEqual(options.real(0, 1e8).read(text), seconds, delta=0.001)
            self.assertGreater(options.real(0, 1e8).read(text), 0)

    def test_files_that_nothing_looks_at(self):
        for command in ("lint", "fmt"):
            done = subprocess.run(["git", "ls-files", "README.md"], cwd=common.ROOT, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            if done.stdout:     # In Bazel's sandbox there is no checkout.
                self.refused([command, os.path.join(common.ROOT, "README.md")], "such a file")


class LaneOptions(Builds):
    def read(self, text):
        path = os.path.join(self.folder, "c.toml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return config.Config(path)

    def refused(self, kind, words, expected, lane="[lane.mine]\ntarget = \"//x:y\"\nkind = \"%s\""):
        for head, shown in [(lane % kind, "c.toml:1: lane 'mine': options: ")] + [
                ("[canary]", "c.toml:1: [canary] options: ")] * (kind == "stress"):
            with self.subTest(words), self.assertRaises(common.Failure) as f:
                self.read("%s\noptions = %s\n" % (head, json.dumps(words)))
            self.assertEqual(f.exception.status, common.USAGE)
            self.assertIn(shown, f.exception.message)
            self.assertIn(expected, f.exception.message)

    def test_what_the_night_decides(self):
        """Each option of the driver is the night's or a lane's, and the lane can't have the
        others."""
        for name, value, _, _ in driver_options.of("stress"):
            word = "--" + name + ("=1" if value == "N" else "=x" if value else "")
            if name in lane_options.OF_NIGHT:
                self.refused("stress", word, "--%s is for the night to decide" % name)
        for name in lane_options.LIBFUZZER_OF_NIGHT:
            self.refused("libfuzzer", "-%s=1" % name, "-%s is for the night to decide" % name)
        for letter in lane_options.AFL_OF_NIGHT:
            self.refused("afl", "-%s 1" % letter, "-%s is for the night to decide" % letter)

    def test_the_words_that_a_lane_writes_are_the_night_s(self):
        """What a lane's command has besides the config's options is refused in a config."""
        lane = lanes.make("x", {"kind": "stress", "what": "", "target": "//stress:kthrash_sim",
                                "weight": 1.0, "options": ["--mutate"]})
        lane.settle_in(os.path.join(self.folder, "lanes", "x"))
        lane.binary = "b"
        for word in lane.command(5, 1)[2:]:
            name = word.partition("=")[0][2:]
            if name != "mutate":
                self.assertIn(name, lane_options.OF_NIGHT)

    def test_unknown_and_wrong(self):
        for kind, words, expected in [
                ("stress", "--frob", "unknown option '--frob', expected some of --strategy"),
                ("stress", "corpus", "unknown option 'corpus'"),
                ("stress", "-findings=x", "unknown option '-findings=x'"),
                ("stress", "--kills=1", "unknown option '--kills=1'"),
                ("stress", "--strategy=frob", "--strategy=frob: expected one of portfolio"),
                ("stress", "--strategy=pct", "--strategy=pct: expected one of portfolio"),
                ("stress", "--strategy", "--strategy: expected --strategy="),
                ("stress", "--strategy=", "--strategy=: expected --strategy="),
                ("stress", "--mutate=1", "--mutate=1: expected --mutate"),
                ("stress", "--memory=x", "--memory=x: expected one of sc, tso, pso"),
                ("stress", "--plan=/no/such", "expected a plan, a folder, @corpus or @seed"),
                ("stress", "--memory=tso --memory=pso", "--memory given twice"),
                ("libfuzzer", "-frob=1", "unknown option '-frob=1'"),
                ("libfuzzer", "corpus", "unknown option 'corpus'"),
                ("libfuzzer", "-max_len=1 -max_len=2", "-max_len given twice"),
                ("afl", "-j 1", "unknown option '-j'"),
                ("afl", "folder", "unknown option 'folder'"),
                ("afl", "-p", "-p needs a value"),
        ]:
            self.refused(kind, words, expected)

    def test_what_a_lane_may_have(self):
        for kind, words in [("stress", "--strategy=pct:3 --memory=tso --twice"),
                            ("stress", "--exhaustive=pairs --plan=@seed"), ("stress", ""),
                            ("libfuzzer", "-use_value_profile=1 -max_len=4096"),
                            ("afl", "-p fast -D -t1000")]:
            own = self.read("[lane.mine]\ntarget = \"//x:y\"\nkind = \"%s\"\noptions = \"%s\"\n" % (
                kind, words))
            self.assertEqual(own.lanes["mine"]["options"], words.split())

    def test_a_kind_that_the_file_changes(self):
        with self.assertRaises(common.Failure) as f:
            self.read("[lane.sim-pct2]\nkind = \"afl\"\n")
        self.assertIn("lane 'sim-pct2': options: unknown option", f.exception.message)


if __name__ == "__main__":
    unittest.main()
