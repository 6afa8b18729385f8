#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests SARIF. The writer keeps to the standard's schema and to GitHub's rules. A finding has the
same fingerprint when lines have moved, or when its two sides come in the other order."""

import copy
import json
import os
import signal
import tempfile
import unittest

import jsonschema

from kthrashlib.gate import sanitizer, sarif

HERE = os.path.dirname(os.path.abspath(__file__))

with open(os.path.join(HERE, "third_party", "sarif", "sarif-2.1.0-rtm.5.json"),
          encoding="utf-8") as schema_file:
    VALIDATOR = jsonschema.Draft4Validator(json.load(schema_file))

POP = """    #0 kt_queue_list_pop /proc/self/cwd/platform/queue/list.h:68:8 (x+0xf56) (BuildId: c9)
    #1 next_request /proc/self/cwd/core/kthreadd.c:104:24 (kthrash+0xf560a)
    #2 start_thread <null> (libc.so.6+0x7ea3)
"""
PUSH = """    #0 __tsan_memset <null> (kthrash+0x6aefd)
    #1 kthread_vcreate /proc/self/cwd/core/kthread.c:236:12 (kthrash+0xf3eca)
"""
REPORT = """==================
WARNING: ThreadSanitizer: data race (pid=29034)
  Read of size 8 at 0x7ff069b50090 by thread T2:
%s
  Previous write of size 8 at 0x7ff069b50090 by thread T4:
%s
  Thread T2 (tid=0, running) created by thread T1 at:
    #0 fiber_make /proc/self/cwd/platform/sim/fiber.c:106:13 (kthrash+0x12bc7c)

SUMMARY: ThreadSanitizer: data race platform/queue/list.h:68:8 in kt_queue_list_pop
"""
RACE = {
    "kind": "race", "signature": "race: kt_queue_list_pop | kthread_vcreate", "count": 3,
    "message": "ThreadSanitizer: data race platform/queue/list.h:68:8 in kt_queue_list_pop",
    "replay": "tools/kthrash replay --sanitizer=tsan x.plan", "plan": "x.plan",
    "lanes": ["tsan sim"], "report": REPORT % (POP, PUSH),
}
TRACE = {
    "message": "nobody can run", "tasks": ["init", "kthreadd", "C1"], "steps": [
        {"step": 0, "task": 1, "point": "kthreadd_main:store(current->state)",
         "file": "core/kthreadd.c", "line": 140, "why": "point", "next": 2},
        {"step": 1, "task": 2, "point": "create.appended", "file": "core/kthread.c", "line": 172,
         "why": "mark", "next": 2},
        {"step": 2, "task": 2, "point": "exit", "file": "", "line": 0, "why": "exit", "next": 1},
        {"step": 3, "task": 1, "point": "kthreadd_main:schedule()", "file": "core/kthreadd.c",
         "line": 142, "why": "blocked", "next": 1}]}
DEADLOCK = {
    "kind": "deadlock", "signature": "deadlock: kthreadd_main:schedule() + os.join",
    "message": "nobody can run: init waits at os.join [platform/sim/os.c:76] for kthreadd; "
               "kthreadd waits at kthreadd_main:schedule() [core/kthreadd.c:142]",
    "replay": "tools/kthrash replay y.plan", "plan": "y.plan", "trace": TRACE,
}
ALL = [RACE, DEADLOCK] + [
    {"kind": kind, "signature": kind + ": x", "message": "m", "replay": "r", "plan": "p",
     "places": [{"file": "core/mm.c", "line": 10, "point": "mm.drop"}]}
    for kind in sarif.KINDS if kind not in ("race", "deadlock")]


def document(*findings, root="/nowhere"):
    made = sarif.document(findings, root, "gate", "abc")
    VALIDATOR.validate(made)
    return made["runs"][0]


def fingerprints(finding, root="/nowhere"):
    return document(finding, root=root)["results"][0]["partialFingerprints"]


class Standard(unittest.TestCase):
    def test_holds_to_the_schema(self):
        document()
        run = document(*ALL)
        self.assertEqual(len(run["results"]), len(sarif.KINDS))
        with self.assertRaises(jsonschema.ValidationError):
            broken = sarif.document(ALL, "/nowhere", "gate")
            broken["runs"][0]["results"][0]["level"] = "fatal"
            VALIDATOR.validate(broken)

    def test_what_a_signal_ended(self):
        made = sarif.document(ALL, "/nowhere", "gate", "", False, {"sources": "x"}, signal.SIGTERM)
        VALIDATOR.validate(made)
        (said,) = made["runs"][0]["invocations"]
        self.assertFalse(said["executionSuccessful"])
        self.assertEqual((said["exitSignalNumber"], said["exitSignalName"]), (15, "SIGTERM"))

    def test_names_that_are_not_utf_8(self):
        made = sarif.document([{**DEADLOCK, "plan": "\udcff.plan"}], "/nowhere", "gate")
        self.assertEqual(made["runs"][0]["results"][0]["properties"]["plan"], "\\xff.plan")
        json.dumps(made, ensure_ascii=False).encode()

    def test_has_what_github_asks_for(self):
        run = document(*ALL)
        for r in run["tool"]["driver"]["rules"]:
            for key in ("id", "shortDescription", "fullDescription", "help"):
                self.assertTrue(r[key])
        for r in run["results"]:
            self.assertEqual(run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"], r["ruleId"])
            place = r["locations"][0]["physicalLocation"]
            uri = place["artifactLocation"]["uri"]
            self.assertFalse(uri.startswith("/") or ":" in uri or ".." in uri)
            self.assertGreaterEqual(place["region"]["startLine"], 1)
            self.assertRegex(r["partialFingerprints"]["primaryLocationLineHash"],
                             r"^[0-9a-f]{16}:\d+$")
        self.assertTrue(run["automationDetails"]["id"].endswith("/"))

    def test_the_replay_line_is_in_the_message(self):
        said = document(RACE)["results"][0]["message"]["text"]
        self.assertIn("\nreplay: " + RACE["replay"], said)


class Race(unittest.TestCase):
    def test_is_a_flow_of_two_threads_in_the_order_of_the_accesses(self):
        (flow,) = document(RACE)["results"][0]["codeFlows"]
        first, second = flow["threadFlows"]
        self.assertTrue(first["message"]["text"].startswith("Previous write of size 8"))
        self.assertTrue(second["message"]["text"].startswith("Read of size 8"))
        orders = [p["executionOrder"] for f in (first, second) for p in f["locations"]]
        self.assertEqual(orders, sorted(set(orders)))
        access = second["locations"][-1]["location"]["physicalLocation"]
        self.assertEqual((access["artifactLocation"]["uri"], access["region"]["startLine"]),
                         ("platform/queue/list.h", 68))

    def test_frames_of_others_and_addresses_are_left_out(self):
        text = json.dumps(document(RACE))
        for word in ("libc", "0x7ff0", "/proc/"):
            self.assertNotIn(word, text)

    def test_the_other_side_is_a_related_place(self):
        result = document(RACE)["results"][0]
        files = [p["physicalLocation"]["artifactLocation"]["uri"]
                 for p in result["locations"] + result["relatedLocations"]]
        self.assertEqual(files, ["core/kthread.c", "platform/queue/list.h"])


class Interleaving(unittest.TestCase):
    def test_is_a_thread_flow_per_task_in_the_order_of_the_steps(self):
        (flow,) = document(DEADLOCK)["results"][0]["codeFlows"]
        self.assertEqual([(f["id"], [p["executionOrder"] for p in f["locations"]])
                          for f in flow["threadFlows"]], [("kthreadd", [1, 4]), ("C1", [2])])

    def test_points_are_logical_places(self):
        (flow,) = document(DEADLOCK)["results"][0]["codeFlows"]
        self.assertEqual(flow["threadFlows"][0]["locations"][0]["location"]["logicalLocations"],
                         [{"name": "kthreadd_main", "kind": "function",
                           "fullyQualifiedName": "kthreadd_main:store(current->state)"}])

    def test_the_core_s_place_is_shown_first(self):
        place = document(DEADLOCK)["results"][0]["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"]["uri"], "core/kthreadd.c")


class Fingerprints(unittest.TestCase):
    def test_the_sides_the_other_way_round(self):
        other = {**RACE, "signature": "race: kthread_vcreate | kt_queue_list_pop",
                 "message": "ThreadSanitizer: data race core/kthread.c:236:12 in kthread_vcreate",
                 "report": (REPORT % (PUSH, POP))}
        self.assertEqual(fingerprints(RACE), fingerprints(other))
        swapped = {**DEADLOCK, "signature": "deadlock: os.join + kthreadd_main:schedule()"}
        self.assertEqual(fingerprints(DEADLOCK), fingerprints(swapped))

    def test_lines_that_have_moved(self):
        with tempfile.TemporaryDirectory() as root:
            os.mkdir(os.path.join(root, "core"))
            path = os.path.join(root, "core", "kthreadd.c")

            def with_lines_before(count):
                with open(path, "w", encoding="utf-8") as f:
                    f.write("\n" * (count - 1) + "\tschedule();\n")
                moved = copy.deepcopy(DEADLOCK)
                moved["message"] = moved["message"].replace(":142]", ":%d]" % count)
                return fingerprints(moved, root)
            first = with_lines_before(142)
            self.assertEqual(first, with_lines_before(150))
            self.assertNotEqual(first["primaryLocationLineHash"],
                                fingerprints(DEADLOCK)["primaryLocationLineHash"])

    def test_bugs_differ(self):
        prints = [r["partialFingerprints"]["kthrashSignature/v1"]
                  for r in document(*ALL)["results"]]
        self.assertEqual(len(set(prints)), len(ALL))

    def test_two_bugs_on_one_line_have_two(self):
        results = document(DEADLOCK, {**DEADLOCK, "signature": "deadlock: another"})["results"]
        prints = [r["partialFingerprints"]["primaryLocationLineHash"] for r in results]
        self.assertEqual(len(set(prints)), 2)
        self.assertEqual(prints[0], fingerprints(DEADLOCK)["primaryLocationLineHash"])

    def test_a_bug_seen_by_several_is_one_result(self):
        (result,) = document(RACE, {**RACE, "count": 2, "lanes": ["tsan posix"]})["results"]
        self.assertEqual(result["occurrenceCount"], 5)
        self.assertEqual(result["properties"]["seenBy"], ["tsan posix", "tsan sim"])

    def test_of_several_sightings_all_is_kept(self):
        by_test = {**RACE, "plan": "", "replay": "bazel test //x", "trace": TRACE}
        by_hunt = {**RACE, "signature": "race: kthread_vcreate | kt_queue_list_pop"}
        (result,) = document({**by_test, "report": ""}, by_hunt)["results"]
        self.assertEqual(result["properties"]["replay"], RACE["replay"])
        self.assertEqual(len(result["codeFlows"]), 2)


class Reports(unittest.TestCase):
    def test_kinds(self):
        self.assertEqual(sanitizer.kind_of(REPORT), "race")
        self.assertEqual(sanitizer.kind_of("==1==ERROR: AddressSanitizer: heap-use"), "memory")
        self.assertEqual(sanitizer.kind_of("a.c:1:2: runtime error: shift"), "undefined")
        self.assertIsNone(sanitizer.kind_of("all is well"))

    def test_a_seeded_bug_s_copy_is_the_original(self):
        (match,) = sanitizer.OWN.findall("/proc/self/cwd/bazel-out/x/bin/stress/bugs/P6_file/"
                                         "platform/queue/list.h:68:8")
        self.assertEqual(match, ("platform/queue/list.h", "68", "8"))

    def test_memory_errors_have_their_stacks(self):
        report = ("==1==ERROR: AddressSanitizer: heap-use-after-free\nREAD of size 4 at 0x1 "
                  "thread T0\n    #0 0x1 in a core/mm.c:5:1\nfreed by thread T0 here:\n"
                  "    #0 0x2 in free (x+1)\n    #1 0x3 in b core/mm.c:9:2\n")
        (result,) = document({"kind": "memory", "signature": "memory: a", "message": "use",
                              "report": report})["results"]
        self.assertEqual([s["message"]["text"] for s in result["stacks"]],
                         ["READ of size 4 thread T0", "freed by thread T0 here"])
        self.assertNotIn("codeFlows", result)


unittest.main()
