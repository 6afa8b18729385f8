#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the verdict of a night, with records and bugs that are made up."""

import os
import tempfile
import unittest

from kthrashlib.common import CLEAN, ENVIRONMENT, FINDINGS
from kthrashlib.night import record, verdict
from kthrashlib.night.folder import Folder

FOUND = {"bug": "P1", "state": "found", "executions": 7, "at": "x"}
MISSED, WAITING = {**FOUND, "state": "missed"}, {**FOUND, "state": "waiting"}
RAN = {"name": "one", "state": "done", "runs": 1, "executions": 9, "findings": 0, "failures": []}
FAILED = {**RAN, "state": "failed", "failures": [{"why": "hung"}, {"why": "killed"}]}
IDLE = {**RAN, "name": "idle", "executions": 0}
UNSTARTED = {**IDLE, "name": "eats", "runs": 0}
STARVED = {**UNSTARTED, "starved": True}
CRASHED_AT_ONCE = {**IDLE, "name": "fuzzer", "findings": 1}


def facts(**more):
    """Returns the record of night 2, which was clean, with these changes."""
    return record.cleaned({"night": 2, "canary": FOUND, "lanes": [RAN], "elapsed": 90.0,
                           "seconds": 120.0, "state": "done", "verdict": "clean", **more})


def bug(state="crashing", last_night=2, lanes=("one",)):
    return {"id": "race-1", "state": state, "last_night": last_night, "lanes": list(lanes)}


PLANTED = "the planted bug P1 was not found, so other bugs may have been missed, too"
HUNG = "lane one failed: killed"
IDLES = "2 lanes ran 0 executions and so looked at nothing: idle, eats (never started)"
STOPPED = "interrupted after 1 min 30 s of 2 min 00 s: not finished; the same command goes on"
FULL = "the disk is full: lanes did not run"
UNTRIED = "not run again, because no lane that found them runs tonight: race-1"

# Each row has facts that differ, and the bugs that are filed. Then it has the verdict, its exit
# status and its sentences.
JUDGED = [
    ({}, [], "clean", CLEAN, []),
    ({}, [bug("regression")], "clean", CLEAN, []),
    ({}, [bug("incubating", 1)], "clean", CLEAN, []),
    ({}, [bug("incubating", 2)], "findings", FINDINGS, []),
    ({}, [bug()], "findings", FINDINGS, []),
    ({}, [bug(last_night=1)], "findings", FINDINGS, []),
    ({}, [bug(lanes=["two"])], "findings", FINDINGS, [UNTRIED]),
    ({"lanes": [FAILED]}, [], "failed", ENVIRONMENT, [HUNG]),
    ({"lanes": [FAILED]}, [bug()], "findings", FINDINGS, [HUNG]),
    ({"lanes": [RAN, IDLE, UNSTARTED]}, [], "clean", CLEAN, [IDLES]),
    ({"lanes": [IDLE, UNSTARTED]}, [], "failed", ENVIRONMENT, [IDLES]),
    ({"lanes": [IDLE, UNSTARTED]}, [bug()], "findings", FINDINGS, [UNTRIED, IDLES]),
    ({"lanes": [CRASHED_AT_ONCE]}, [], "clean", CLEAN, []),
    ({"lanes": [RAN, STARVED]}, [], "clean", CLEAN,
     ["1 lane ran 0 executions and so looked at nothing: eats (never started: the corpus had no "
      "plans)"]),
    ({"lanes": [RAN, CRASHED_AT_ONCE]}, [bug()], "findings", FINDINGS, []),
    ({"canary": MISSED}, [], "invalid", ENVIRONMENT, [PLANTED]),
    ({"canary": WAITING}, [], "invalid", ENVIRONMENT, [PLANTED]),
    ({"canary": {**MISSED, "failure": "exit status 2"}}, [], "invalid", ENVIRONMENT,
     [PLANTED + "; its hunt failed: exit status 2"]),
    ({"canary": MISSED}, [bug()], "invalid", ENVIRONMENT, [PLANTED]),
    ({"canary": None}, [], "clean", CLEAN, []),
    ({"canary": WAITING, "interrupted": True}, [], "interrupted", 130, [STOPPED]),
    ({"interrupted": True, "lanes": [FAILED, UNSTARTED]}, [], "interrupted", 130,
     [HUNG, "1 lane ran 0 executions and so looked at nothing: eats (never started)", STOPPED]),
    ({"interrupted": True, "disk_full": True}, [], "interrupted", 130, [FULL, STOPPED]),
    ({"interrupted": True}, [bug()], "findings", FINDINGS, [STOPPED]),
    ({"disk_full": True}, [], "failed", ENVIRONMENT, [FULL]),
    ({"troubles": ["shard 1: x"]}, [], "failed", ENVIRONMENT, ["shard 1: x"]),
    ({"troubles": ["shard 1: x"], "lanes": [FAILED], "disk_full": True}, [bug(lanes=["two"])],
     "findings", FINDINGS, [HUNG, UNTRIED, "shard 1: x", FULL]),
]

NO_BUG = "No bug fails."
ALL_RAN = " 9 executions by 1 of 1 lane."
FAR = "After 1 min 30 s of 2 min 00 s. "
ENDED = "It did not reach its end. " + FAR

# Each row has facts that differ, why there is no record, and whether there is no later night. Then
# it has what a reader is told.
TOLD = [
    ({}, "", True, "clean", [NO_BUG + ALL_RAN]),
    ({"why": ["x"]}, "", False, "clean", [NO_BUG + ALL_RAN, "x"]),
    ({"bugs": {"fixed": ["a"]}}, "", True, "clean", ["No bug fails; 1 fixed." + ALL_RAN]),
    ({"verdict": "findings", "bugs": {"crashing": ["a", "b"], "new": ["a", "c"]}}, "", True,
     "findings", ["2 bugs fail: 1 new, 0 back; 0 fixed." + ALL_RAN]),
    ({"lanes": [RAN, IDLE, UNSTARTED]}, "", True, "clean",
     [NO_BUG + " 9 executions by 1 of 3 lanes.", IDLES]),
    ({"lanes": [IDLE, UNSTARTED]}, "", True, "failed", [IDLES, NO_BUG]),
    ({"lanes": [IDLE, UNSTARTED], "why": [IDLES]}, "", True, "failed", [IDLES, NO_BUG]),
    ({"state": "invalid", "verdict": "invalid", "why": [PLANTED]}, "", True, "invalid",
     [PLANTED, "What it found, or did not, proves nothing. " + NO_BUG]),
    ({"verdict": "failed", "why": [HUNG]}, "", True, "failed", [HUNG, NO_BUG]),
    ({"state": "running", "verdict": None}, "", True, "running", [FAR + NO_BUG]),
    ({"state": "running", "verdict": None, "lanes": [IDLE]}, "", True, "running",
     [FAR + NO_BUG]),
    ({"state": "running", "verdict": "clean", "why": [STOPPED]}, "", True, "running",
     [FAR + NO_BUG, STOPPED]),
    ({"state": "running", "verdict": "interrupted", "interrupted": True, "why": [STOPPED]}, "",
     True, "interrupted", [FAR + NO_BUG, STOPPED]),
    ({"state": "running", "verdict": "findings", "interrupted": True, "why": [STOPPED]}, "",
     True, "interrupted", [FAR + NO_BUG, STOPPED]),
    ({"state": "done", "verdict": "interrupted", "interrupted": True, "why": [STOPPED]}, "",
     False, "interrupted", [FAR + NO_BUG, STOPPED]),
    ({"state": "running", "verdict": "failed", "disk_full": True, "why": [FULL]}, "", True,
     "failed", [FULL, NO_BUG]),
    ({"state": "running", "verdict": None}, "", False, "cut off", [ENDED + NO_BUG]),
    ({"state": "done", "verdict": "splendid"}, "", True, "cut off", [ENDED + NO_BUG]),
    ({"state": 7, "verdict": [], "elapsed": "x"}, "", True, "cut off",
     ["It did not reach its end. After ? of 2 min 00 s. " + NO_BUG]),
    ({}, "night.json: torn", True, "no record",
     ["Of this night nothing is known: night.json: torn."]),
]

ALL, MOST, NONE = ({"reliability": [n, 10]} for n in (10, 9, 0))
# Each row has what was known of the planted bug, the examinations of its findings, and whether its
# hunt goes on. Then it has what is known now.
PLANTED_BUG = [
    ("waiting", [], True, "waiting"),
    ("waiting", [None], True, "waiting"),
    ("waiting", [ALL], True, "found"),
    ("waiting", [None, ALL], False, "found"),
    ("waiting", [], False, "missed"),
    ("waiting", [None], False, "waiting"),
    ("waiting", [MOST], False, "missed"),
    ("waiting", [{"reliability": [0, 0]}], False, "missed"),
    ("waiting", [NONE, None], False, "waiting"),
    ("found", [], False, "found"),
    ("missed", [ALL], False, "missed"),
]


def shard(**more):
    return {"shard": 1, "state": "done", "starts": 1, "node": "n", "verdict": "clean", "why": [],
            **more}


SHARDS = [
    (shard(), []),
    (shard(verdict="findings"), []),
    (shard(verdict="failed", why=["a", "b", "c", "d"]), ["shard 1: a", "shard 1: b",
                                                         "shard 1: c"]),
    (shard(verdict="invalid", why=["a"]), ["shard 1: a"]),
    (shard(state="never began", starts=0), ["shard 1 never finished: it never began"]),
    (shard(state="running", starts=2), ["shard 1 never finished: its start number 2, on n, "
                                        "ended too early"]),
    (shard(state="running", starts=2, interrupted=True),
     ["shard 1 never finished: its start number 2, on n, was interrupted"]),
]


class Verdicts(unittest.TestCase):
    def test_judge(self):
        for more, filed, word, status, sentences in JUDGED:
            with self.subTest(more, filed=filed):
                found = verdict.judge(facts(**more), filed)
                self.assertEqual((found.word, found.status, found.sentences),
                                 (word, status, sentences))

    def test_what_a_reader_is_told(self):
        for more, why, is_last, word, sentences in TOLD:
            with self.subTest(more, why=why, is_last=is_last):
                found = verdict.of(facts(**more), why, is_last)
                self.assertEqual((found.word, found.sentences), (word, sentences))

    def test_what_is_judged_is_what_is_told(self):
        """Tests that of() tells a reader of a night that has ended the same word as judge(), and at
        least the same sentences."""
        for more, filed, word, _, sentences in JUDGED:
            if more.get("interrupted"):
                continue
            with self.subTest(more, filed=filed), tempfile.TemporaryDirectory() as place:
                night = record.Record(Folder(place), 2, facts(**more))
                night.conclude(verdict.judge(night.facts, filed))
                night.make()
                night.save()
                found = verdict.of(*record.read(Folder(place), 2))
                self.assertEqual(found.word, word)
                self.assertLessEqual(set(sentences), set(found.sentences))

    def test_the_planted_bug(self):
        for state, examined, hunting, then in PLANTED_BUG:
            with self.subTest(state, examined=examined, hunting=hunting):
                self.assertEqual(verdict.planted_bug(state, examined, hunting), then)
        for states, then in (([], "waiting"), (["found"], "found"), (["found"] * 3, "found"),
                             (["found", "missed"], "missed"), (["waiting"], "missed")):
            self.assertEqual(verdict.planted_bug_of_shards(states), then)

    def test_shards(self):
        for row, sentences in SHARDS:
            with self.subTest(row):
                self.assertEqual(verdict.shard_troubles([row]), sentences)

    def test_a_night_that_was_left(self):
        found = verdict.cut_off(facts(verdict=None, why=["x"]))
        self.assertEqual((found.word, found.sentences), ("failed", [
            "x", "cut off after 1 min 30 s: the next start had other options or other sources"]))
        self.assertEqual(verdict.cut_off(facts()).word, "clean")

    def test_the_last_line(self):
        bugs = {"crashing": ["a", "b"], "incubating": ["c", "d"], "new": ["a", "d"]}
        self.assertEqual(verdict.summary(facts(verdict="findings", bugs=bugs)),
                         "findings: 2 distinct bugs (1 new) and 1 not confirmed in 1 min 30 s, "
                         "9 executions by 1 of 1 lane")
        self.assertEqual(
            verdict.summary(facts(lanes=[RAN, IDLE], interrupted=True), " by 3 shards"),
            "interrupted after 1 min 30 s of 2 min 00 s: not finished; so far 9 executions by 1 of "
            "2 lanes, 0 distinct bugs (0 new) by 3 shards")
        self.assertEqual(
            verdict.summary(facts(verdict="findings", bugs=bugs, interrupted=True)),
            "findings, interrupted after 1 min 30 s of 2 min 00 s: not finished; so far 9 "
            "executions by 1 of 1 lane, 2 distinct bugs (1 new) and 1 not confirmed")


class Records(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = Folder(place.name)

    def test_every_fact_is_of_its_kind_whatever_the_file_says(self):
        expected = record.cleaned({})
        for value in (None, 7, "x", [], [3], {}, {"a": [None]}, True, float("inf")):
            found = record.cleaned({key: value for key in record.KEYS})
            for key, default in expected.items():
                if default is not None:
                    self.assertIs(type(found[key]), type(default), (key, value))
            verdict.of(found)
            verdict.judge(found, [])

    def test_there_is_none(self):
        self.assertIsNone(record.last(self.folder))
        night = record.Record(self.folder, 3, {})
        night.make()
        self.assertIn("no such file", record.read(self.folder, 3)[1])
        with open(night.at("night.json"), "w", encoding="ascii") as f:
            f.write('{"night": 3,')
        self.assertIn("torn", record.read(self.folder, 3)[1])
        self.assertIsNone(record.last(self.folder))
        self.assertEqual(record.numbers(self.folder), [3])

    def test_what_is_saved_is_read(self):
        night = record.Record(self.folder, 1, {**facts(), "hours": 8, "later": [1]})
        night.make()
        night.event("e")
        night.save()
        self.assertEqual(record.read(self.folder, 1), (night.facts, ""))
        self.assertEqual((night.facts["later"], night.facts["night"]), ([1], 1))
        self.assertEqual(record.last(self.folder).number, 1)

    def test_a_sample_after_a_torn_line(self):
        night = record.Record(self.folder, 1, facts())
        night.make()
        night.append_sample({"t": 2, "lanes": {"one": 3}})
        with open(night.at("series.jsonl"), "a", encoding="ascii") as f:
            f.write('{"t": 3, "ex')
        night.append_sample({"t": 1, "x": "y"})
        self.assertEqual(record.read_samples(self.folder, 1),
                         ([{"t": 1, "lanes": {}}, {"t": 2, "lanes": {"one": 3}}], 1))
        self.assertFalse(os.path.exists(night.at("night.json")))


if __name__ == "__main__":
    unittest.main()
