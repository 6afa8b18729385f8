#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the hunt that compares our core with the kernel's files: which differences are findings,
and that a finding is a plan that fails. The drivers here are scripts."""

import contextlib
import io
import json
import os
import stat
import tempfile
import unittest
from unittest import mock

from kthrashlib import common
from kthrashlib.linux import differential

PLAN = """kthrash-plan 1
task C1: a = create "w;%u" 0 return 7; wake a; b = run "wb" worker; delay b 0 100; \
queue b 0; queue b 1; stop a
task C2: freeze; thaw
kill C1 at C1 smpboot.stored #1
"""
OPS = [("create", "a"), ("wake", "a"), ("run", "b"), ("delay", "b"), ("queue", "b"),
       ("queue", "b"), ("stop", "a"), ("freeze", None), ("thaw", None)]
OURS = [0, 1, 0, 1, 1, 1, 7, 0, None]
# It answers `replay` with the results of its own, and fails a plan that expects another.
DRIVER = r"""#!/usr/bin/python3
import json, re, sys
results = json.loads(sys.argv[0] and open(sys.argv[0] + ".json").read())
if sys.argv[1] == "about":
    print(json.dumps({"core": results["core"], "build": "b, core " + results["core"]}))
elif sys.argv[1] == "generate":
    print(results["plan"], end="")
else:
    for path in sys.argv[3:]:
        text = open(path).read()
        wrong = re.search(r"stop a == (-?\d+)", text)
        fails = wrong and int(wrong.group(1)) != results["results"][6].get("returned")
        print(json.dumps({"file": path, "kind": "expect" if fails else results["kind"],
                          "known": results["known"], "results": results["results"],
                          "signature": "s", "message": "m", "options": " --core=linux",
                          "id": "expect-00000001", "hash": "0123456789abcdef", "build": "b"}))
"""


def results(values):
    return [{"task": "C", "op": op, **({"handle": handle} if handle else {}),
             **({} if value is None else {"returned": value})}
            for (op, handle), value in zip(OPS, values)]


def changed(**values):
    """Returns our results with some of them changed: _0=5 is that of operation 0."""
    return results([values.get("_%d" % n, value) for n, value in enumerate(OURS)])


class Comparing(unittest.TestCase):
    def found(self, version=(6, 12), ours=None, **values):
        return differential.unexplained(
            PLAN, {"results": ours or results(OURS)}, {"results": changed(**values)}, version)

    def test_a_difference_is_a_finding(self):
        self.assertEqual(self.found(), {})
        self.assertEqual(self.found(_6=8), {6: 7})
        self.assertEqual(self.found(_1=0, _5=0), {1: 1, 5: 1})

    def test_what_depends_on_a_timer_is_not_compared(self):
        self.assertEqual(self.found(_3=0, _4=0), {})

    def test_a_row_explains_a_difference(self):
        failed = changed(_0=-12)
        self.assertEqual(self.found(ours=failed, _0=-11), {})
        self.assertEqual(self.found(ours=failed, _0=-4), {0: -12})

    def test_a_row_of_a_version(self):
        failed = changed(_0=-12, _6=None)
        self.assertEqual(self.found(version=(6, 1), ours=failed), {})
        self.assertEqual(self.found(version=(6, 12), ours=failed), {0: -12})

    def test_each_row_is_one_of_the_model_s(self):
        with open(os.path.join(common.ROOT, "stress", "run", "model_core.c"),
                  encoding="utf-8") as f:
            text = f.read().replace('"\n\t  "', "")
        for row in differential.EXPLAINED:
            self.assertIn('"%s"' % row.what, text)


class Plans(unittest.TestCase):
    def test_operations_of_a_line(self):
        lines = [line for line in PLAN.splitlines() if line.startswith("task")]
        self.assertEqual([len(differential.operations(line)) for line in lines], [7, 2])

    def test_results_stand_behind_their_operations(self):
        text = differential.with_results(PLAN, {0: -12, 6: 7, 7: 0})
        self.assertIn('"w;%u" 0 return 7 == -12; wake a;', text)
        self.assertIn("stop a == 7\ntask C2: freeze == 0; thaw\n", text)
        self.assertEqual(differential.with_results(PLAN, {}), PLAN)

    def test_faults_are_at_places_of_both_cores_and_of_the_seed(self):
        seen = set()
        for seed in range(40):
            text = differential.with_faults(PLAN, seed)
            self.assertEqual(text, differential.with_faults(PLAN, seed))
            self.assertNotIn("smpboot.stored", text)
            seen.update(line.split()[0] for line in text.splitlines()[3:])
        self.assertEqual(seen, {"fail", "kill"})


class Hunts(unittest.TestCase):
    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.folder = top.name
        patch = mock.patch.object(differential, "BATCH", 2)     # A script starts slowly.
        patch.start()
        self.addCleanup(patch.stop)

    def driver(self, name, values, kind="pass", known=""):
        path = os.path.join(self.folder, name)
        for end, text in {"": DRIVER, ".json": json.dumps({
                "core": "linux 6.12.9" if name == "linux" else "kthrash", "plan": PLAN,
                "results": results(values), "kind": kind, "known": known})}.items():
            with open(path + end, "w", encoding="utf-8") as f:
                f.write(text)
        os.chmod(path, stat.S_IRWXU)
        return path

    def hunt(self, linux):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = differential.hunt(
                {"findings": os.path.join(self.folder, "findings"), "executions": "1"},
                self.driver("ours", OURS), linux)
        return status, [json.loads(line) for line in out.getvalue().splitlines()]

    def test_equal_cores_are_clean(self):
        status, said = self.hunt(self.driver("linux", OURS))
        self.assertEqual(status, common.CLEAN)
        self.assertEqual((said[-1]["type"], said[-1]["executions"]),
                         ("summary", differential.BATCH))

    def test_a_difference_is_a_plan_that_fails(self):
        status, said = self.hunt(self.driver("linux", OURS[:6] + [8] + OURS[7:]))
        self.assertEqual(status, common.FINDINGS)
        (finding,) = [line for line in said if line["type"] == "finding"]
        with open(finding["file"], encoding="utf-8") as f:
            text = f.read()
        self.assertIn("stop a == 7\n", text)
        self.assertIn('found by "differential" on "b"\n', text)
        self.assertTrue(text.endswith("expect expect trace 0123456789abcdef\n"))

    def test_a_failure_of_the_kernel_s_files_is_a_finding_unless_it_is_known(self):
        for known, status in [("", common.FINDINGS), ("a row", common.CLEAN)]:
            self.assertEqual(self.hunt(self.driver("linux", OURS, "deadlock", known))[0], status)

    def test_another_driver_is_refused(self):
        with self.assertRaises(common.Failure):
            self.hunt(self.driver("other", OURS))


if __name__ == "__main__":
    unittest.main()
