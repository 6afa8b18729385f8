#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests a user's input to a campaign: the folder, the options, the configuration file."""

import os
import unittest

from campaign_fakes import Campaign
from kthrashlib import common
from kthrashlib.front import commands
from kthrashlib.night import config, start


class Input(Campaign):
    def test_a_folder_that_is_no_campaign_is_not_touched(self):
        os.makedirs(self.dir)
        with open(self.at("thesis.tex"), "w", encoding="ascii") as f:
            f.write("x")
        status, _, err = self.fakes.run()
        self.assertEqual(status, common.USAGE)
        self.assertIn("not a campaign's folder", err)
        self.assertEqual(os.listdir(self.dir), ["thesis.tex"])

    def test_folders_that_can_not_be_used(self):
        file = os.path.join(os.path.dirname(self.dir), "file")
        with open(file, "w", encoding="ascii"):
            pass
        for place in (file, file + "/below", "/proc/kthrash", "/dev/null",
                      self.dir + "x" * 300):
            self.fakes.folder = place
            with self.subTest(place):
                status, _, err = self.fakes.run()
                self.assertEqual(status, common.USAGE, err)
                self.assertIn(place, err)

    def test_files_that_are_no_config(self):
        path = os.path.join(os.path.dirname(self.dir), "c.toml")
        for content, words in [
                (b"[limits]\nx = \"\xff\"", "c.toml:2: byte 0xff: expected UTF-8 text"),
                (b"\0\1", "expected TOML"), (b"x = " + b"[" * 100000, "too deep"),
                (b"x = " + b"9" * 10000, "too long"), (b"#" * (1 << 21), "more than 1048576 bytes"),
                (b"[watch]\nprometheus = \"/proc/none/x\"",
                 "c.toml:2: [watch] prometheus: /proc/none/x: expected a file"),
        ]:
            with open(path, "wb") as f:
                f.write(content)
            self.fakes.config = path
            with self.subTest(words):
                status, _, err = self.fakes.run(lanes="sim-random")
                self.assertEqual(status, common.USAGE, err)
                self.assertIn(words, err)
        self.fakes.config = self.fakes.bin
        self.assertIn("Is a directory: expected a file", self.fakes.run()[2])

    def test_options(self):
        for args, words in [
                (["--hours=0"], "--hours=0: expected a number from"),
                (["--hours=many"], "--hours=many: expected a number"),
                (["--hours=1", "--seconds=1"], "expected only one of them"),
                (["--jobs=0"], "--jobs=0: expected a number from 1 to 256"),
                (["--lanes=x"], "no lane 'x', expected some of sim-random"),
                (["--config=/nonexistent"], "/nonexistent: No such file"),
        ]:
            with self.subTest(args), self.assertRaises(common.Failure) as f:
                start.campaign(commands.parse("campaign", args))
            self.assertEqual(f.exception.status, common.USAGE)
            self.assertIn(words, f.exception.message)

    def test_config(self):
        for text, words in [
                ("x = 1", "c.toml:1: unknown table [x]"),
                ("[limits]\nslices = \"1 s\"", "c.toml:2: [limits] unknown key 'slices', expected "
                 "some of slice, exchange"),
                ("[limits]\n\nslice = 10",
                 "c.toml:3: [limits] slice: expected a number and a unit"),
                ("[limits]\nmemory = \"10 s\"",
                 "memory: expected a number and a unit (MiB or GiB)"),
                ("[limits]\nfailures = 0", "failures: expected a whole number from 1"),
                ("[lane.new]\nweight = 1", "c.toml:1: lane 'new' is new and needs a target"),
                ("[lane.sim-random]\nweight = -1", "weight: expected a number from 0 to 1000"),
                ("[lane.Bad]\nweight = 1", "lane 'Bad': a name has letters a-z"),
                ("[lane.a]\ntarget = \"x\"", "target: expected a Bazel target"),
                ("[lane.a]\nkind = \"honggfuzz\"",
                 "kind: expected one of stress, libfuzzer, afl, differential"),
                ("[watch]\nstatsd = \"host\"", "statsd: expected \"HOST:PORT\""),
                ("[limits\n", "c.toml: Expected ']'"),
                ("limits = 1", "limits is a table, expected [limits]"),
        ]:
            path = os.path.join(os.path.dirname(self.dir), "c.toml")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            with self.subTest(text), self.assertRaises(common.Failure) as f:
                config.Config(path)
            self.assertEqual(f.exception.status, common.USAGE)
            self.assertIn(words, f.exception.message)
            self.assertNotIn("\n", f.exception.message)

    def test_a_small_file_changes_what_it_says(self):
        own = config.Config(self.fakes.config)
        self.assertEqual(own.limits["grace"], 5)
        self.assertEqual(own.limits["slice"], 600)
        self.assertEqual(own.lanes["one"]["weight"], 1)
        self.assertIn("sim-random", own.lanes)


if __name__ == "__main__":
    unittest.main()
