#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests a campaign's folder: corpora with corrupt files, a full disk, and a night that was cut off
and goes on. campaign_kill_test.py kills campaigns at random moments."""

import errno
import fcntl
import hashlib
import json
import os
import unittest
from unittest import mock

from campaign_fakes import FINDS, Campaign
from kthrashlib import common
from kthrashlib.night import campaign, config, folder as folders, record, scheduler


class Corpus(Campaign):
    def plan(self, content, name=None):
        os.makedirs(self.at("corpus"), exist_ok=True)
        name = name or hashlib.sha1(content).hexdigest() + ".plan"
        with open(self.at("corpus", name), "wb") as f:
            f.write(content)
        return name

    def marked(self):
        os.makedirs(self.dir)
        folders.write_json(self.at("campaign.json"), {"kthrash": "campaign", "version": 1})

    def test_fuzzers_and_stress_lanes_share_what_they_have(self):
        self.fakes.lane("fuzzer", fuzz="for d; do case $d in */fuzzer/corpus) "
                        "printf new > $d/x;; esac; done")
        self.fakes.run(lanes="fuzzer")
        self.assertIn(hashlib.sha1(b"new").hexdigest() + ".plan", os.listdir(self.at("corpus")))
        # The plan has moved from the lane's own corpus to the corpus of all lanes.
        self.assertEqual(os.listdir(self.at("lanes", "fuzzer", "corpus")), [])
        self.fakes.lane("eats", "for a; do case $a in --plan=*) ls ${a#--plan=} | wc -l > '%s';; "
                        "esac; done; say summary 1 1" % self.at("eaten"))
        self.fakes.run(lanes="eats", seconds=0.4)
        with open(self.at("eaten"), encoding="ascii") as f:
            self.assertEqual(int(f.read()), len(os.listdir(self.at("corpus"))))

    def test_what_is_corrupt_or_unreadable_is_put_aside(self):
        self.marked()
        good = self.plan(b"good")
        bad = self.plan(b"torn", hashlib.sha1(b"whole").hexdigest() + ".plan")
        os.symlink("/nonexistent", self.at("corpus", "0" * 40 + ".plan"))
        self.fakes.run(lanes="one")
        self.assertEqual(os.listdir(self.at("corpus")), [good])
        self.assertEqual(sorted(os.listdir(self.at("corrupt"))), sorted([bad, "0" * 40 + ".plan"]))
        self.assertIn("put into corrupt/", json.dumps(self.night()["events"]))

    def test_a_merge_that_fails_changes_nothing(self):
        self.marked()
        good = self.plan(b"good")
        self.fakes.lane("fuzzer")
        self.fakes.change("//fake:fuzzer", 'into="$1"; shift', "exit 9")
        self.fakes.run(lanes="fuzzer")
        self.assertEqual(os.listdir(self.at("corpus")), [good])
        self.assertIn("merging the corpora failed", json.dumps(self.night()["events"]))


class Disk(Campaign):
    def test_lanes_wait_while_it_is_full(self):
        own = config.Config(self.fakes.config)
        lane = mock.Mock(state="running")
        night = campaign.Night(folders.Folder(self.dir), own, [lane],
                               scheduler.Budget(9, 1, 1, own.limits), [])
        night.folder.open()
        self.addCleanup(night.folder.close)
        night.record = record.Record(night.folder, 1, {})
        with mock.patch.object(folders.Folder, "free", lambda self: 1 << 20), \
                mock.patch("sys.stderr"):
            night.look()
        lane.stop.assert_called_once()
        self.assertFalse(night.scheduler.room)
        with mock.patch("sys.stderr"):
            night.look()
        self.assertTrue(night.scheduler.room)

    def test_writes_that_fail_for_a_while_lose_nothing(self):
        self.fakes.lane("one", "finding deadlock-1111111$(($$ % 10)) $$; say summary 5 50")
        calls, fsync, over = [0], os.fsync, campaign.Night.over

        def full(fd):
            calls[0] += 1
            if 15 < calls[0] < 25:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            fsync(fd)
        with mock.patch.object(campaign, "SAVE_EVERY_S", 0.02), \
                mock.patch.object(scheduler, "LOOK_EVERY_S", 0.02), \
                mock.patch.object(campaign.Night, "over",
                                  lambda night: calls[0] >= 25 and over(night)), \
                mock.patch.object(os, "fsync", full):
            status, out, err = self.fakes.run(lanes="one", seconds=1)
        self.assertEqual(status, common.FINDINGS, out + err)
        self.assertGreater(calls[0], 25)
        self.assertIn("No space left", err)
        self.assertEqual(self.untaken("one"), [])
        bugs = [self.bug(name=name) for name in os.listdir(self.at("crashing"))]
        self.assertEqual(sum(bug["count"] for bug in bugs),
                         sum(len(os.listdir(self.at("crashing", b["id"], "raw"))) for b in bugs))

    def test_a_report_that_can_not_be_written(self):
        """Tests that it is tried again without the ballast. If it is not written then, the same
        command goes on with the night."""
        self.fakes.lane("one", FINDS)
        full, calls = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), []
        for fails, expected in ((1, common.FINDINGS), (2, common.ENVIRONMENT)):
            def write(*args, fails=fails):
                calls.append(args)
                if len(calls) <= fails:
                    raise full
            calls.clear()
            with mock.patch.object(self.fakes, "page_write", write):
                status, out, err = self.fakes.run(lanes="one")
            self.assertEqual(status, expected, out + err)
            self.assertFalse(os.path.exists(self.at("ballast")))
            self.assertIn("the message", out)
            self.assertEqual(self.night(fails)["state"], "done" if fails == 1 else "running")
        self.assertIn("the report could not be written: [Errno 28]", err)
        self.assertNotIn("clean", out)
        status, _, err = self.fakes.run(lanes="one")
        self.assertEqual((status, self.night(2)["state"]), (common.FINDINGS, "done"))
        self.assertIn("night 2", err)
        self.assertFalse(os.path.exists(self.at("nights", "0003")))

    def test_a_log_that_can_not_be_written(self):
        self.fakes.run(lanes="one")
        for log in ("lanes/one/log", "jobs/canary/log", "jobs/examining/log"):
            if os.path.exists(self.at(log)):
                os.unlink(self.at(log))
            os.symlink("/dev/full", self.at(log))
        self.fakes.lane("one", FINDS)
        with mock.patch("threading.excepthook") as hook:
            status, _, _ = self.fakes.run(lanes="one")
        hook.assert_not_called()
        self.assertEqual((status, self.lane("one", 2)["executions"] > 0), (common.FINDINGS, True))

    def test_a_planted_bug_that_had_no_room_is_hunted_again(self):
        self.fakes.run(lanes="one")
        night = self.night()
        night.update(state="running", elapsed=0.1, disk_full=True, verdict="failed")
        night["canary"]["state"] = "waiting"
        folders.write_json(self.at("nights", "0001", "night.json"), night)
        status, out, err = self.fakes.run(lanes="one")
        self.assertEqual((status, self.night()["canary"]["state"]), (common.CLEAN, "found"),
                         out + err)

    def test_no_start_without_room(self):
        with mock.patch.object(folders.Folder, "free", lambda self: 1 << 20):
            status, _, err = self.fakes.run()
        self.assertEqual(status, common.ENVIRONMENT)
        self.assertIn("1 MiB free, expected at least 64", err)

    def test_a_finding_that_the_driver_could_not_save(self):
        said = json.dumps({"type": "unsaved", "file": "x/deadlock-11111111.plan",
                           "plan": "kthrash-plan 1\n# s\n# m\nexpect deadlock\n"})
        self.fakes.lane("one", "printf '%%s\\n' '%s'; exit 3" % said)
        status, _, _ = self.fakes.run(lanes="one")
        self.assertEqual(status, common.FINDINGS)
        self.assertEqual(self.bug()["kind"], "deadlock")


class Resumed(Campaign):
    def cut_off(self):
        """Makes the night's file as a killed campaign leaves it."""
        self.fakes.lane("one", FINDS)
        self.fakes.run(lanes="one")
        night = self.night()
        night.update(state="running", elapsed=0.1, verdict=None)
        night["lanes"][0]["runs"] = 0
        folders.write_json(self.at("nights", "0001", "night.json"), night)

    def test_the_same_command_goes_on(self):
        self.cut_off()
        before = self.lane("one")
        _, _, err = self.fakes.run(lanes="one")
        self.assertIn("goes on after", err)
        self.assertEqual((self.night()["resumed"], self.night()["state"]), (1, "done"))
        self.assertGreater(self.lane("one")["executions"], before["executions"])
        self.assertFalse(os.path.exists(self.at("nights", "0002")))

    def test_another_command_is_another_night(self):
        self.cut_off()
        self.fakes.run(lanes="two")
        self.assertEqual(self.night(1)["state"], "done")
        self.assertIn("cut off after", self.night(1)["why"][0])
        self.assertEqual(self.night(2)["night"], 2)

    def test_a_night_whose_file_is_corrupt_is_left_behind(self):
        self.cut_off()
        with open(self.at("nights", "0001", "night.json"), "w", encoding="ascii") as f:
            f.write("{\"night\": 1, ")
        self.fakes.run(lanes="one")
        self.assertEqual(self.night(2)["state"], "done")
        self.assertEqual(self.bug()["first_night"], 1)

    def test_a_torn_sample_is_skipped(self):
        self.cut_off()
        with open(self.at("nights", "0001", "series.jsonl"), "a", encoding="ascii") as f:
            f.write('{"t": 3, "exec')
        self.fakes.run(lanes="one")
        samples, torn = record.read_samples(folders.Folder(self.dir), 1)
        self.assertEqual(torn, 1)
        self.assertTrue(samples)
        self.assertTrue(all("executions" in s for s in samples))

    def test_another_campaign_in_the_folder_is_refused(self):
        self.fakes.run(lanes="one")
        fd = os.open(self.at("lock"), os.O_RDWR)
        self.addCleanup(os.close, fd)
        fcntl.flock(fd, fcntl.LOCK_EX)
        status, _, err = self.fakes.run(lanes="one")
        self.assertEqual(status, common.USAGE)
        self.assertIn("another campaign runs in it", err)


if __name__ == "__main__":
    unittest.main()
