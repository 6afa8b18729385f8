#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests lanes of fake engines that die, hang, eat memory or run nothing, and tests which lane runs
next."""

import glob
import os
import unittest
from unittest import mock

from campaign_fakes import FINDS, Campaign
from kthrashlib import common
from kthrashlib.night import config, lanes, scheduler


class Lanes(Campaign):
    def test_findings_of_a_lane_that_dies_are_kept(self):
        self.fakes.lane("one", FINDS + "; kill -9 $$")
        status, out, _ = self.fakes.run()
        self.assertEqual(status, common.FINDINGS)
        self.assertEqual(self.lane("one")["state"], "failed")
        self.assertIn("killed by signal 9", self.lane("one")["failures"][0]["why"])
        self.assertEqual(self.bug()["count"], self.lane("one")["findings"])
        self.assertIn("lane one failed", out)

    def test_what_a_lane_was_killed_at_is_swept_on_the_next_night(self):
        self.fakes.lane("one", FINDS + "; : > \"$dir/race-22222222.plan.$$.tmp\"")
        self.fakes.run(lanes="one")
        self.assertTrue(glob.glob(self.at("lanes", "one", "findings", "*.tmp")))
        self.fakes.lane("one")
        self.fakes.run(lanes="one")
        self.assertEqual(glob.glob(self.at("lanes", "one", "findings", "*.tmp")), [])
        self.assertEqual(os.listdir(self.at("crashing")), ["deadlock-11111111"])

    def test_temporary_files_are_the_lanes_own_until_the_next_night(self):
        self.fakes.lane("one", "echo x > \"$TMPDIR/left\"; say summary 9 90")
        self.fakes.run(lanes="one")
        self.assertEqual(os.listdir(self.at("lanes", "one", "tmp")), ["left"])
        self.fakes.lane("one")
        self.fakes.run(lanes="one", seconds=0.4)
        self.assertEqual(os.listdir(self.at("lanes", "one", "tmp")), [])

    def test_a_folder_whose_name_looks_like_a_pattern(self):
        self.fakes.lane("one", FINDS)
        self.fakes.lane("fuzzer", fuzz="echo x > ${prefix}crash-1",
                        fuzz_input="echo 'kthrash: model: x'; exit 77")
        for name in ("[a]*?", "{a,b}", "%s%%d", "a:b;c"):
            self.fakes.folder = self.dir = os.path.join(os.path.dirname(self.dir), name)
            with self.subTest(name):
                status, out, err = self.fakes.run(lanes="one,fuzzer")
                self.assertEqual(status, common.FINDINGS, out + err)
                self.assertEqual(self.bug()["kind"], "deadlock")
                self.assertTrue(self.lane("fuzzer")["findings"])

    def test_afl_gets_no_list_of_mutators(self):
        lane = lanes.make("afl", {"kind": "afl", "what": "", "weight": 1.0, "options": [],
                                  "target": "//fuzz:x"})
        lane.mutator = "/a:b;c/mutator"
        lane.settle_in(os.path.join(os.path.dirname(self.dir), "a:b;c"))
        lane.prepare()
        named = lane.environment()["AFL_CUSTOM_MUTATOR_LIBRARY"]
        self.assertNotRegex(named, "[:;]")
        self.assertEqual(os.readlink(os.path.join(lane.place(), named)), lane.mutator)
        self.assertEqual([lane.ended_well(s) for s in (0, 1, -2)], [True, False, True])

    def test_a_lane_that_never_starts_is_given_up_and_no_clean_night(self):
        self.fakes.lane("one", "echo no such thing; exit 3")
        status, _, _ = self.fakes.run(lanes="one", seconds=1000)
        self.assertEqual(status, common.ENVIRONMENT)
        self.assertEqual(self.night()["verdict"], "failed")
        self.assertEqual(self.lane("one")["runs"], 3)
        self.assertIn("no such thing", self.lane("one")["failures"][0]["why"])

    def test_a_lane_that_hangs_is_killed(self):
        self.fakes.configure(grace=0.2)
        self.fakes.lane("one", FINDS + "; trap '' TERM; exec tail -f /dev/null")
        with mock.patch.object(scheduler, "LEAST_S", 0.2), \
                mock.patch.object(scheduler, "LOOK_EVERY_S", 0.05):
            status, _, _ = self.fakes.run()
        self.assertEqual(status, common.FINDINGS)
        self.assertIn("hung: killed", self.lane("one")["failures"][0]["why"])

    def test_a_lane_that_eats_memory_is_killed(self):
        self.fakes.configure(memory="60 MiB")
        self.fakes.lane("one", "exec python3 -c 'import signal; x = b\"x\" * (1 << 28);"
                               "signal.pause()'")
        with mock.patch.object(scheduler, "LOOK_EVERY_S", 0.05):
            self.fakes.run(lanes="one")
        self.assertIn("more than 60 MiB", self.lane("one")["failures"][0]["why"])

    def test_a_lane_without_executions_is_named(self):
        self.fakes.lane("two", "say summary 0 0")
        status, out, _ = self.fakes.run(lanes="one,two,eats")
        self.assertEqual(status, common.CLEAN)
        self.assertIn("2 lanes ran 0 executions and so looked at nothing: two, eats (never "
                      "started: the corpus had no plans)", out)
        self.assertIn("clean, but 2 of 3 lanes ran 0 executions: 0 distinct bugs", out)

    def test_each_lane_runs_however_short_the_night(self):
        with mock.patch.object(scheduler, "LEAST_S", 0.01):
            self.fakes.run(lanes="one,two,fuzzer", seconds=0.3, jobs=1)
        self.assertEqual([lane["runs"] > 0 for lane in self.night()["lanes"]], [True] * 3)

    def test_the_lane_with_the_least_of_its_share_is_next(self):
        own = config.Config(self.fakes.config)
        night = scheduler.Scheduler(lanes.choose(own, "one,two"),
                                    scheduler.Budget(100, 1, 1, own.limits))
        one, two = night.lanes
        one.weight, one.night["seconds"], two.night["seconds"] = 3.0, 20.0, 10.0
        self.assertIs(night.next_lane(), one)
        one.night["seconds"] = 40.0
        self.assertIs(night.next_lane(), two)


if __name__ == "__main__":
    unittest.main()
