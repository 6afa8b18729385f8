#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the way from findings to bugs, in campaigns of fake engines. Findings are taken in,
counted, kept and moved. A bug has one id. The planted bug must be found."""

import hashlib
import json
import os
import unittest
from unittest import mock

from campaign_fakes import CANARY, FINDS, Campaign, driver
from kthrashlib import common
from kthrashlib.night import bugs, identity, scheduler


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
        with mock.patch.object(scheduler, "LEAST_S", 5):     # Then each lane runs once.
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

    def test_two_signatures_of_one_cause_are_one_bug(self):
        cause = json.dumps({"kind": "orders", "sentence": "fails only so", "identity": "a < b",
                            "id": "deadlock-0a0b0c0d"})
        self.fakes.lane("one", "finding deadlock-11111111 1; finding deadlock-22222222 2; "
                        "say summary 5 50", cause=cause)
        self.fakes.run(lanes="one")
        self.assertEqual(os.listdir(self.at("crashing")), ["deadlock-0a0b0c0d"])
        self.assertEqual(os.listdir(self.at("incubating")), [])
        bug = self.bug(name="deadlock-0a0b0c0d")
        self.assertEqual(bug["cause"], "fails only so")
        self.assertEqual({m.split(".")[3] for m in os.listdir(
            self.at("crashing", "deadlock-0a0b0c0d", "raw"))},
            {"deadlock-11111111", "deadlock-22222222"})

    def test_a_cause_without_an_identity_files_nothing_elsewhere(self):
        self.fakes.lane("one", FINDS, cause=json.dumps(
            {"kind": "always", "sentence": "fails always", "identity": "", "id": "x"}))
        self.fakes.run(lanes="one")
        self.assertEqual(os.listdir(self.at("crashing")), ["deadlock-11111111"])
        self.assertEqual(self.bug()["cause"], "fails always")

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
        self.fakes.default = driver(
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
        """Tests the hash with the values of platform/conformance/names_test.c."""
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
        """Tests a bug that only a fuzzer had found, because an older version used another hash for
        the ids of such bugs."""
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
        self.fakes.default = driver(
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
        self.fakes.set("//stress/bugs:P1", CANARY, fails=9)
        self.fakes.run()
        self.assertEqual(self.night()["verdict"], "invalid")

    def test_it_is_no_bug(self):
        self.fakes.run()
        self.assertEqual(self.night()["canary"]["state"], "found")
        self.assertEqual(os.listdir(self.at("crashing")), [])


if __name__ == "__main__":
    unittest.main()
