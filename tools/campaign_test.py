#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Campaigns of fake engines: findings taken in, counted, kept and moved; lanes that die, hang or
eat memory; a full disk; corrupt files. campaign_kill_test.py kills at random moments."""

import contextlib
import errno
import fcntl
import glob
import hashlib
import json
import os
import pty
import re
import tempfile
import unittest
from unittest import mock

import campaign_fakes
from campaign_fakes import common
from kthrashlib.front import commands
from kthrashlib.night import (bugs, campaign, config, folder as folders, identity, lanes,
                              record, report, scheduler, start, watch, words as in_words)

FINDS = "finding deadlock-11111111 $$; say summary 5 50"


class Campaign(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.fakes = campaign_fakes.Fakes(temporary.name)
        self.dir = self.fakes.folder

    def at(self, *names):
        return os.path.join(self.dir, *names)

    def night(self, n=1):
        return folders.read_json(self.at("nights", "%04d" % n, "night.json"))

    def untaken(self, lane):
        """Findings that a lane has saved and that are not filed."""
        return [n for n in os.listdir(self.at("lanes", lane, "findings")) if n.endswith(".plan")]

    def bug(self, area="crashing", name="deadlock-11111111"):
        return folders.read_json(self.at(area, name, "finding.json"))

    def lane(self, name, n=1):
        return next(lane for lane in self.night(n)["lanes"] if lane["name"] == name)


class Findings(Campaign):
    def test_clean(self):
        status, out, _ = self.fakes.run()
        self.assertEqual(status, common.CLEAN, out)
        self.assertEqual((self.night()["state"], self.night()["verdict"]), ("done", "clean"))
        self.assertIn("clean: 0 distinct bugs", out)
        self.assertEqual(self.fakes.pages, [(self.dir, 1)])
        self.assertEqual(self.lane("one")["executions"] % 9, 0)

    def test_a_bug_seen_by_two_lanes_is_one(self):
        for name in ("one", "two"):
            self.fakes.lane(name, FINDS)
        with mock.patch.object(scheduler, "LEAST_S", 5):     # each lane runs once
            status, out, _ = self.fakes.run()
        self.assertEqual(status, common.FINDINGS)
        bug = self.bug()
        self.assertEqual(bug["lanes"], ["one", "two"])
        self.assertEqual(bug["count"], len(os.listdir(self.at("crashing", bug["id"], "raw"))))
        self.assertEqual(bug["reliability"], [10, 10])
        self.assertEqual(bug["places"], [{"file": "core/kthread.c", "line": 12}])
        self.assertEqual(out.count("replay: "), 1)
        self.assertIn("the interleaving", out)
        self.assertEqual(self.night()["bugs"]["new"], [bug["id"]])

    def test_a_sanitizers_report_goes_with_its_finding(self):
        self.fakes.lane("one", FINDS + "; echo WARNING > \"$dir/deadlock-11111111.report.txt\"")
        self.fakes.run(lanes="one")
        with open(self.at("crashing", "deadlock-11111111", "report.txt"), encoding="ascii") as f:
            self.assertEqual(f.read(), "WARNING\n")

    def test_what_does_not_fail_again_incubates(self):
        self.fakes.lane("one", FINDS, fails=0)
        status, _, _ = self.fakes.run(lanes="one")
        self.assertEqual(status, common.FINDINGS)
        self.assertEqual(self.bug("incubating")["reliability"], [0, 10])

    def test_what_fails_sometimes_says_how_often(self):
        self.fakes.lane("one", FINDS, fails=3)
        self.fakes.run(lanes="one")
        self.assertEqual(self.bug()["reliability"], [3, 10])

    def test_a_fuzzers_input_becomes_the_simulators_finding(self):
        self.fakes.lane("fuzzer", fuzz="printf x > \"${prefix}crash-77\"")
        self.fakes.default = campaign_fakes.driver(
            os.path.join(self.fakes.bin, "default"), FINDS)
        status, _, _ = self.fakes.run(lanes="fuzzer")
        self.assertEqual(status, common.FINDINGS)
        self.assertEqual(self.bug()["lanes"], ["fuzzer"])
        self.assertEqual(os.listdir(self.at("incubating")), [])

    def test_a_fuzzers_input_that_only_the_fuzzer_fails_on(self):
        self.fakes.lane("fuzzer", fuzz="printf x > \"${prefix}crash-77\"",
                        fuzz_input="echo 'kthrash: model: wrong'; "
                                   "echo 'kthrash: signature model: w'; exit 77")
        self.fakes.run(lanes="fuzzer")
        names = os.listdir(self.at("crashing"))
        self.assertEqual(len(names), 1)
        self.assertEqual(self.bug(name=names[0])["signature"], "model: w")

    def test_a_rerun_that_somebody_killed_is_no_evidence(self):
        once = os.path.join(self.fakes.bin, "once")
        self.fakes.lane("fuzzer", fuzz="printf x > \"${prefix}crash-77\"",
                        fuzz_input="echo 'kthrash: model: wrong'; "
                                   "[ -e '%s' ] || { : > '%s'; kill -KILL $$; }; "
                                   "echo 'kthrash: signature model: w'; exit 77" % (once, once))
        self.fakes.run(lanes="fuzzer")
        self.assertTrue(os.path.exists(once))
        bugs = [self.bug(name=name) for name in os.listdir(self.at("crashing"))]
        self.assertEqual([b["signature"] for b in bugs], ["model: w"])

    def test_what_sigkill_always_ends_is_a_bug(self):
        self.fakes.lane("fuzzer", fuzz="printf x > \"${prefix}crash-77\"",
                        fuzz_input="kill -KILL $$")
        self.fakes.run(lanes="fuzzer")
        bugs = [self.bug(name=name) for name in os.listdir(self.at("crashing"))]
        self.assertEqual([b["message"] for b in bugs], [
            "exit status -9 (in the fuzzer only; the plan is its input)"])

    def test_a_fixed_bug_moves_and_comes_back(self):
        self.fakes.lane("one", FINDS)
        self.fakes.run(lanes="one")
        self.fakes.lane("one", fails=0)
        status, _, _ = self.fakes.run(lanes="one", seconds=0.4)
        self.assertEqual(status, common.CLEAN)
        self.assertEqual(self.night(2)["bugs"]["fixed"], ["deadlock-11111111"])
        self.assertIsNone(self.bug())
        self.fakes.lane("one", fails=10)
        status, _, _ = self.fakes.run(lanes="one", seconds=0.5)
        self.assertEqual(status, common.FINDINGS)
        self.assertEqual(self.night(3)["bugs"]["back"], ["deadlock-11111111"])
        self.assertEqual(self.night(3)["bugs"]["new"], [])

    def test_only_some_raw_findings_are_kept_and_all_counted(self):
        with mock.patch.object(bugs, "RAWS_KEPT", 2):
            bug = self.at("incubating", "x-11111111")
            for i in range(6):
                os.makedirs(self.dir, exist_ok=True)
                path = self.at("raw%d" % i)
                with open(path, "w", encoding="ascii") as f:
                    f.write(str(i))
                bugs.add_raw(bug, path, 1, "one", "x.plan")
        self.assertEqual([int(m["seq"]) for m in bugs.sightings(bug)], [1, 4, 5, 6])
        self.assertEqual(bugs.describe(bug)["count"], 6)


class Identity(Campaign):
    FUZZER = {"fuzz": "printf x > \"${prefix}crash-77\"",
              "fuzz_input": "echo 'kthrash: model: wrong'; "
                            "echo 'kthrash: signature model: w'; exit 77"}

    def test_the_hash_is_that_of_the_driver(self):
        """The values of platform/conformance/names_test.c."""
        self.assertEqual([identity.name_hash(s) for s in ("", "a", "foobar")],
                         [0x811c9dc5, 0xe40c292c, 0xbf9cf968])

    def test_the_drivers_id_counts(self):
        said = {"kind": "model", "signature": "model: w"}
        self.assertRegex(identity.of(said), "^model-[0-9a-f]{8}$")
        self.assertEqual(identity.of({**said, "id": "model-00000001"}), "model-00000001")

    def test_a_file_is_named_by_its_id(self):
        self.assertEqual(identity.of_file("memory-0123abcd.plan"), "memory-0123abcd")
        for name in ("crash-77", "deadlock-0123abc.plan", "deadlock-0123abcd.min.plan"):
            self.assertIsNone(identity.of_file(name), name)

    def test_the_signature_is_read_from_its_line(self):
        plan = 'kthrash-plan 1\n# signature "no"\nsignature "race: a | b"\nexpect race\n'
        self.assertEqual(identity.signature_in(plan), "race: a | b")
        self.assertEqual(identity.signature_in("kthrash-plan 1\n"), "")

    def test_a_bug_of_an_older_night_keeps_its_id(self):
        """An older version made the ids of bugs that only a fuzzer met by another hash."""
        self.fakes.lane("fuzzer", **self.FUZZER)
        self.fakes.run(lanes="fuzzer")
        (new,) = os.listdir(self.at("crashing"))
        self.assertEqual(new, identity.of({"kind": "model", "signature": "model: w"}))
        old = "model-" + hashlib.sha256(b"model: w").hexdigest()[:8]
        os.rename(self.at("crashing", new), self.at("crashing", old))
        bugs.describe(self.at("crashing", old))
        seen = self.bug(name=old)["count"]
        self.fakes.run(lanes="fuzzer", seconds=0.4)
        self.assertEqual(os.listdir(self.at("crashing")), [old])
        self.assertEqual(os.listdir(self.at("incubating")), [])
        self.assertGreater(self.bug(name=old)["count"], seen)
        self.assertEqual(self.night(2)["bugs"]["new"], [])

    def test_the_driver_identifies_a_fuzzers_report(self):
        said = json.dumps({"kind": "memory", "signature": "memory: f", "message": "use of f",
                           "id": "memory-0a0b0c0d"})
        self.fakes.default = campaign_fakes.driver(
            os.path.join(self.fakes.bin, "default"),
            identify="grep -q '^SUMMARY: bad f' \"$2\" && echo '%s'" % said)
        self.fakes.lane("fuzzer", fuzz=self.FUZZER["fuzz"],
                        fuzz_input="echo 'SUMMARY: bad f'; exit 77")
        self.fakes.run(lanes="fuzzer")
        self.assertEqual(os.listdir(self.at("crashing")), ["memory-0a0b0c0d"])
        bug = self.bug(name="memory-0a0b0c0d")
        self.assertEqual((bug["signature"], bug["message"]), (
            "memory: f", "use of f (in the fuzzer only; the plan is its input)"))

    def test_the_id_that_a_fuzz_target_prints_counts(self):
        self.fakes.lane("fuzzer", fuzz=self.FUZZER["fuzz"],
                        fuzz_input=self.FUZZER["fuzz_input"].replace(
                            "exit", "echo 'kthrash: id model-0a0b0c0d'; exit"))
        self.fakes.run(lanes="fuzzer")
        self.assertEqual(os.listdir(self.at("crashing")), ["model-0a0b0c0d"])

    def test_what_did_not_fail_again_says_what_the_driver_said(self):
        self.fakes.lane("one", FINDS, fails=0)
        self.fakes.run(lanes="one")
        bug = self.bug("incubating")
        self.assertEqual((bug["signature"], bug["message"]),
                         ("the signature of deadlock-11111111", "the message"))


class Canary(Campaign):
    def test_a_night_without_it_is_invalid(self):
        self.fakes.set("//stress/bugs:P1")
        status, out, err = self.fakes.run()
        self.assertEqual(status, common.ENVIRONMENT)
        self.assertEqual(self.night()["verdict"], "invalid")
        self.assertIn("the planted bug P1 was not found", err + out)

    def test_its_finding_must_replay(self):
        self.fakes.set("//stress/bugs:P1", campaign_fakes.CANARY, fails=9)
        self.fakes.run()
        self.assertEqual(self.night()["verdict"], "invalid")

    def test_it_is_no_bug(self):
        self.fakes.run()
        self.assertEqual(self.night()["canary"]["state"], "found")
        self.assertEqual(os.listdir(self.at("crashing")), [])


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

    def test_who_has_had_least_of_its_share_is_next(self):
        own = config.Config(self.fakes.config)
        night = scheduler.Scheduler(lanes.choose(own, "one,two"),
                                    scheduler.Budget(100, 1, 1, own.limits))
        one, two = night.lanes
        one.weight, one.night["seconds"], two.night["seconds"] = 3.0, 20.0, 10.0
        self.assertIs(night.next_lane(), one)
        one.night["seconds"] = 40.0
        self.assertIs(night.next_lane(), two)


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
        # It is in the corpus of all now, and no longer in the lane's own.
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
        """A night's file as a killed campaign leaves it."""
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


class Input(Campaign):
    def test_a_folder_that_is_no_campaign_is_not_touched(self):
        os.makedirs(self.dir)
        with open(self.at("thesis.tex"), "w", encoding="ascii") as f:
            f.write("x")
        status, _, err = self.fakes.run()
        self.assertEqual(status, common.USAGE)
        self.assertIn("not a campaign's folder", err)
        self.assertEqual(os.listdir(self.dir), ["thesis.tex"])

    def test_options(self):
        for args, words in [
                (["--hours=0"], "--hours=0: expected a number from"),
                (["--hours=many"], "--hours=many: expected a number"),
                (["--hours=1", "--seconds=1"], "expected one of them"),
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
                ("[lane.a]\nkind = \"honggfuzz\"", "kind: expected one of stress, libfuzzer, afl"),
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


class Watched(Campaign):
    SAMPLE = re.compile(r'kthrash_[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? '
                        r'[0-9.]+(e\+[0-9]+)?')

    def test_prometheus(self):
        """The text format: HELP and TYPE before the samples of a family, counters named so."""
        self.fakes.run()
        with open(self.at("metrics.prom"), encoding="utf-8") as f:
            text = f.read()
        self.assertTrue(text.endswith("\n"))
        kinds = {}
        for line in text.splitlines():
            kind = re.fullmatch(r"# TYPE (\w+) (counter|gauge)", line)
            if kind:
                self.assertNotIn(kind.group(1), kinds)
                kinds[kind.group(1)] = kind.group(2)
            elif not line.startswith("# HELP "):
                self.assertRegex(line, self.SAMPLE)
                self.assertIn(re.split("[{ ]", line)[0], kinds)
        for name, kind in kinds.items():
            self.assertEqual(name.endswith("_total"), kind == "counter", name)
        self.assertIn('kthrash_executions_total{lane="one"}', text)

    def test_lines_in_a_log(self):
        _, _, err = self.fakes.run()
        self.assertRegex(err, r"\d+ s, \d+ s left  \S+ executions, \S+/s  \d+ pairs")
        self.assertNotIn("\r", err)

    def terminal(self, columns):
        """(a terminal to write to, a function that returns what was written)."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        out = open(theirs, "w", encoding="utf-8")   # pylint: disable=consider-using-with
        self.addCleanup(out.close)
        patch = mock.patch.dict(os.environ, {"TERM": "xterm", "COLUMNS": str(columns)})
        patch.start()
        self.addCleanup(patch.stop)

        def said():
            out.close()
            text = b""
            try:
                while True:
                    text += os.read(ours, 100_000)
            except OSError:     # as a terminal ends that is closed on its other side
                return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text.decode())
        return out, said

    def facts(self):
        return record.cleaned({
            "lanes": [{"name": "one", "state": "running", "executions": 45000, "seconds": 9},
                      {"name": "[two]", "state": "failed", "executions": 0, "seconds": 0}],
            "totals": {"executions": 45000, "pairs": 7, "corpus": 3, "to_examine": 2},
            "bugs": {"crashing": ["x-1"]}})

    def test_progress_on_a_terminal_fits_its_width(self):
        out, said = self.terminal(60)
        progress = watch.Progress(60, out)
        progress.show(self.facts(), 15)
        progress.end()
        parts = re.split("[\r\n]+", said())
        self.assertTrue([p for p in parts if "15 s, 45 s left 45.0k executions" in p], parts)
        self.assertLessEqual(max(map(len, parts)), 60)

    def test_the_table_on_a_terminal_has_all_cells_as_they_are(self):
        out, said = self.terminal(120)
        with contextlib.redirect_stdout(out):
            report.print_lanes(self.facts()["lanes"])
        table = said()
        for word in (*report.COLUMNS, "one", "45000", "5000", "[two]", "failed"):
            self.assertIn(word, table)

    def test_words(self):
        self.assertEqual([in_words.duration(s) for s in (5, 61, 7300, 59.6, 119.4)],
                         ["5 s", "1 min 01 s", "2 h 01 min", "1 min 00 s", "1 min 59 s"])
        self.assertEqual([in_words.count(n) for n in (9999, 45000, 1234567, 5 * 10**9)],
                         ["9999", "45.0k", "1.2M", "5.0G"])


if __name__ == "__main__":
    unittest.main()
