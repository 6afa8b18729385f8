#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests shards and their merge, and the jobs that sbatch is given. sbatch, squeue and the shards
are fakes. slurm_loopback_test.py has real ones."""

import contextlib
import fcntl
import hashlib
import io
import json
import os
import stat
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from kthrashlib import common, env
from kthrashlib.build import bazel
from kthrashlib.front import cli
from kthrashlib.night import bugs, builds, imports, merge, record, shards, submission
from kthrashlib.night.folder import Folder, read_json, write_json

BUG = "deadlock-12345678"
LINE = {"kind": "deadlock", "signature": "s", "message": "m", "hash": "0", "build": "b",
        "options": ""}

SBATCH = """\
case " $* " in
*" --partition=no "*) echo "sbatch: error: invalid partition specified: no" >&2; exit 1 ;;
*" --test-only "*) exit 0 ;;
esac
n=$(($(cat "$FAKE/last" 2>/dev/null || echo 40) + 1))
echo $n >"$FAKE/last"
echo "$@" >"$FAKE/$n.args"
cat >"$FAKE/$n.script"
echo "$n;cluster"
"""
SQUEUE = 'cat "$FAKE/queue" 2>/dev/null || { echo "Invalid job id specified" >&2; exit 1; }\n'

# The fake shard writes what a real one would: a night with a lane, a finding seen twice, a plan,
# pairs.
SHARD = """\
import json, os, sys
from kthrashlib.night import pairs, record
from kthrashlib.night.folder import Folder, write_json

HERE = os.path.dirname(os.path.abspath(__file__))
LIB = os.path.join(HERE, "kthrashlib")
folder = Folder(sys.argv[1])
n = int(os.environ["KTHRASH_SHARD"])
folder.open()
number = len(record.numbers(folder)) + 1
row = {"name": "sim-random", "state": "done", "runs": 1, "failures": [], "seconds": 1.0,
       "executions": 100 + n, "points": 5, "coverage": 3, "pairs": 2, "findings": 2}
night = record.Record(folder, number, {
    "state": "done", "verdict": "findings", "why": [], "elapsed": 1.0, "lanes": [row],
    "started": "2026-01-01T00:00:00Z", "totals": {"executions": 100 + n},
    "bugs": {"crashing": []}, "canary": {"bug": "P1", "state": "found", "executions": 7,
                                         "at": "2026-01-01T00:00:00Z"}})
night.make()
night.save()
for t in (0.5, 1.0 + n):
    night.append_sample({"t": t, "executions": int(50 * t), "points": 1, "pairs": 1 + n,
                          "edges": 0, "corpus": 1, "bugs": 1,
                          "lanes": {"sim-random": int(50 * t)}})
bug = folder.at("crashing", "%s")
os.makedirs(bug + "/raw", exist_ok=True)
for seq in (2 * number - 1, 2 * number):
    with open(bug + "/raw/%%06d.%%04d.sim-random.%%s.plan" %% (seq, number, "%s"), "w") as f:
        f.write("kthrash-plan 1\\n")
with open(bug + "/plan", "w") as f:
    f.write("kthrash-plan 1\\n")
with open(bug + "/report.txt", "w") as f:
    f.write("WARNING: of shard %%d\\n" %% n)
write_json(bug + "/examined.json", {"kind": "deadlock", "signature": "s", "message": "m",
                                    "reliability": [10, 10], "raws": 2 * number})
os.makedirs(folder.at("lanes", "sim-random"), exist_ok=True)
pairs.write(folder.at("lanes", "sim-random", "coverage"), {"a %%d" %% n, "b"})
""" % (BUG, BUG)


def script(path, body):
    with open(path, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n" + body)
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return path


def quietly(function, *args):
    """Runs a function. Returns (its result, what it printed)."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        return function(*args), said.getvalue()


class Case(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = place.name
        self.folder = Folder(os.path.join(self.place, "campaign"))
        self.bin = os.path.join(self.place, "bin")
        os.makedirs(self.bin)
        script(os.path.join(self.bin, "sbatch"), SBATCH)
        script(os.path.join(self.bin, "squeue"), SQUEUE)
        patch = mock.patch.dict(os.environ, {
            "FAKE": self.place, "PATH": self.bin + ":" + os.environ["PATH"]})
        patch.start()
        self.addCleanup(patch.stop)
        # The fake driver says that each plan still fails.
        self.driver = script(os.path.join(self.place, "driver"),
                             "for i in 1 2 3 4 5 6 7 8 9 10; do echo '%s'; done\n" %
                             json.dumps(LINE))

    def submitted(self, shards_count, **more):
        """Makes a campaign's folder as slurm.py leaves it."""
        fake = os.path.join(self.place, "shard.py")
        with open(fake, "w", encoding="utf-8") as f:
            f.write(SHARD)
        self.folder.open()
        self.folder.close()
        os.makedirs(self.folder.at("shards"), exist_ok=True)
        write_json(self.folder.at("shards", "builds.json"), {
            "tree": {"sources": "5" * 64, "commit": "c"}, "files": {
                target: self.driver for target in (
                    "//stress:kthrash_sim", "//stress/bugs:P1")}})
        job = {"submission": "1", "submitted": "x", "shards": shards_count, "seconds": 60.0,
               "jobs": 1, "seed": 1, "command": [], "sbatch": [], "array": "41",
               "merge": "42", "merged": None, "config": None, "lanes": "sim-random",
               "options": [], **more}
        write_json(self.folder.at("shards", "job.json"), job)
        return job

    def fake_command(self, folder, index, _):
        return ["env", "PYTHONPATH=" + common.TOOLS, sys.executable, "-B",
                os.path.join(self.place, "shard.py"),
                submission.shard_of(folder, index).path]

    def run_shard(self, index):
        with mock.patch.object(shards, "command", self.fake_command):
            return quietly(shards.run, self.folder, index)

    def merge(self):
        with mock.patch.object(env, "ensure"):
            return quietly(merge.merge, self.folder)

    def seen(self):
        sightings = bugs.sightings(bugs.where(self.folder, BUG))
        return int(sightings[-1]["seq"])


class ShardsTest(Case):
    def test_a_shard_that_is_done_is_not_run_again(self):
        self.submitted(1)
        self.assertEqual(self.run_shard(0)[0], 0)
        status, said = self.run_shard(0)
        self.assertEqual(status, 0)
        self.assertIn("is done", said)
        self.assertEqual(record.numbers(submission.shard_of(self.folder, 0)), [1])

    def test_a_second_copy_waits_for_the_first(self):
        job = self.submitted(1)
        held = os.open(self.folder.at("shards", "0000.lock"), os.O_RDWR | os.O_CREAT)
        fcntl.flock(held, fcntl.LOCK_EX)
        copy = subprocess.Popen(common.process("night.shards", "run", self.folder.path, "0"),
                                stderr=subprocess.PIPE, text=True)
        self.assertIn("another copy", copy.stderr.readline())
        # The first copy of the shard ends.
        write_json(self.folder.at("shards", "0000.json"),
                   {"submission": job["submission"], "state": "done"})
        os.close(held)
        said = copy.communicate()[1]
        self.assertEqual((copy.returncode, "is done" in said), (0, True), said)

    def test_it_went_on_when_who_started_it_was_gone(self):
        job = self.submitted(1)
        self.run_shard(0)
        path = self.folder.at("shards", "0000.json")
        write_json(path, {**read_json(path), "state": "running"})
        self.assertEqual(self.run_shard(0)[0], 0)
        self.assertEqual(record.numbers(submission.shard_of(self.folder, 0)), [1])
        self.assertTrue(submission.is_done(self.folder, 0, job))

    def test_the_campaign_holds_the_lock_when_the_copy_that_started_it_is_gone(self):
        self.submitted(1)
        code = "import fcntl, os, sys; f = os.open(sys.argv[1], os.O_RDWR)\n" \
               "try: fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)\n" \
               "except BlockingIOError: sys.exit(7)\n"
        fd = shards.take_lock(self.folder, 0)
        status = shards.watch([sys.executable, "-c", "import subprocess, sys; "
                               "sys.exit(subprocess.call(sys.argv[1:], close_fds=True))",
                               sys.executable, "-c", code,
                               self.folder.at("shards", "0000.lock")], self.folder, 0, fd)
        os.close(fd)
        self.assertEqual(status, 7)

    def test_shards_differ_in_their_seeds_and_so_do_submissions(self):
        jobs = [{"seed": s, "submission": n} for s in (1, 2) for n in ("1", "2")]
        seeds = {submission.seed_of(job, i) for job in jobs for i in range(100)}
        self.assertEqual(len(seeds), 400)

    def test_no_such_shard(self):
        self.submitted(2)
        with self.assertRaisesRegex(Exception, "expected one from 0 to 1"):
            shards.run(self.folder, 2)


class MergeTest(Case):
    def test_all_is_there_once(self):
        self.submitted(2)
        for index in (0, 1):
            self.run_shard(index)
        status, said = self.merge()
        self.assertEqual(status, 1, said)
        night = record.read(self.folder, 1)[0]
        self.assertEqual((night["verdict"], night["why"]), ("findings", []))
        self.assertEqual(night["totals"]["executions"], 201)
        self.assertEqual(night["totals"]["pairs"], 3)
        self.assertEqual(night["bugs"]["crashing"], [BUG])
        self.assertEqual(self.seen(), 4)
        with open(self.folder.at("crashing", BUG, "report.txt"), encoding="ascii") as f:
            self.assertEqual(f.read(), "WARNING: of shard 0\n")
        self.assertEqual(read_json(self.folder.at("shards", "job.json"))["merged"], 1)
        samples = record.read_samples(self.folder, 1)[0]
        self.assertEqual([(s["t"], s["executions"], s["pairs"]) for s in samples],
                         [(0.5, 50, 2), (1.0, 75, 2), (1.0, 201, 3), (2.0, 150, 2)])

    def tree(self):
        found = {}
        for place, _, names in os.walk(self.folder.path):
            for name in names:
                if name in ("night.json", "metrics.prom", "retried.json", "log",
                            "page.html"):
                    continue    # These files contain the time.
                with open(os.path.join(place, name), "rb") as f:
                    found[os.path.join(place, name)] = hashlib.sha1(f.read()).hexdigest()
        return found

    def test_merged_again_it_is_the_same(self):
        self.submitted(2)
        for index in (0, 1):
            self.run_shard(index)
        self.merge()
        tree, night = self.tree(), record.read(self.folder, 1)[0]
        self.merge()
        self.assertEqual(record.numbers(self.folder), [1])
        again = record.read(self.folder, 1)[0]
        for key in ("ended", "events"):
            again[key] = night[key]
        self.assertEqual(again, night)
        self.assertEqual(self.tree(), tree)

    def test_a_shard_that_never_finished_is_named_and_taken_in_later(self):
        self.submitted(2)
        self.run_shard(0)
        self.merge()
        night = record.read(self.folder, 1)[0]
        self.assertEqual(night["why"], ["shard 1 never finished: it never began"])
        self.run_shard(1)
        self.merge()
        night = record.read(self.folder, 1)[0]
        self.assertEqual((night["why"], night["totals"]["executions"]), ([], 201))
        self.assertEqual(self.seen(), 4)

    def test_killed_within_the_copying_nothing_is_counted_twice(self):
        self.submitted(1)
        self.run_shard(0)
        taken = imports.Import(self.folder, 0, 1)
        with mock.patch.object(bugs, "describe", side_effect=KeyboardInterrupt), \
                self.assertRaises(KeyboardInterrupt):
            taken.all()
        self.assertEqual(self.seen(), 2)
        self.merge()
        self.assertEqual(self.seen(), 2)

    def test_an_input_that_got_its_name_later_is_counted_once(self):
        self.submitted(1)
        self.run_shard(0)
        shard = submission.shard_of(self.folder, 0)
        bug = shard.at("crashing", BUG)
        raw = shard.at("incubating", "raw-libfuzzer-00000001")
        os.makedirs(os.path.join(raw, "raw"))
        with open(os.path.join(raw, "raw", "000001.0001.libfuzzer.crash-1"), "w",
                  encoding="ascii") as f:
            f.write("x")
        imports.Import(self.folder, 0, 1).all()
        self.assertEqual(self.seen(), 2)
        bugs.join(raw, bug)
        self.assertEqual(imports.Import(self.folder, 0, 1).all(), 0)
        self.assertEqual(self.seen(), 2)

    def test_the_next_submission_is_another_night(self):
        self.submitted(1)
        self.run_shard(0)
        self.merge()
        self.submitted(1, submission="2")
        self.run_shard(0)
        self.merge()
        self.assertEqual(record.numbers(self.folder), [1, 2])
        self.assertEqual(self.seen(), 4)
        self.assertEqual(record.read(self.folder, 2)[0]["totals"]["executions"], 100)

    def test_what_a_larger_submission_left_is_taken_in(self):
        self.submitted(2)
        self.run_shard(1)
        self.submitted(1, submission="2")
        self.run_shard(0)
        self.merge()
        self.assertEqual(self.seen(), 4)
        self.assertEqual(record.read(self.folder, 1)[0]["totals"]["executions"], 100)

    def test_a_folder_without_shards(self):
        self.folder.open()
        self.folder.close()
        status, said = quietly(cli.main, ["merge", self.folder.path])
        self.assertEqual(status, 2)
        self.assertIn("expected shards/job.json", said)


class SlurmTest(Case):
    def campaign(self, *args):
        def built(_, lanes):
            return builds.Builds({lane.target: self.driver for lane in lanes}, lanes)
        with mock.patch.object(env, "ensure"), mock.patch.object(bazel, "build"), \
                mock.patch.object(builds, "build_all", built):
            return quietly(cli.main, ["campaign", "--engine=slurm", "--lanes=sim-random",
                                      "--dir=" + self.folder.path, *args])

    def asked(self, number):
        with open(os.path.join(self.place, number + ".args"), encoding="utf-8") as f:
            return f.read().split()

    def script(self, number):
        with open(os.path.join(self.place, number + ".script"), encoding="utf-8") as f:
            return f.read()

    def test_an_array_and_a_merge_that_depends_on_it(self):
        # The fake sbatch runs no job. So the jobs are gone from the queue, and there was no merge.
        status, said = self.campaign("--shards=3", "--jobs=2", "--hours=8",
                                     "--sbatch=--partition=a b", "--sbatch=--account=c")
        self.assertEqual(status, 3)
        self.assertIn("the merge has not finished", said)
        array, merge = self.asked("41"), self.asked("42")
        for word in ("--array=0-2", "--requeue", "--cpus-per-task=2", "--time=511"):
            self.assertIn(word, array)
        self.assertIn("--dependency=afterany:41", merge)
        for asked in (array, merge):
            self.assertEqual(asked[-3:], ["--partition=a", "b", "--account=c"])
        self.assertIn('kthrashlib.night.shards run %s "$SLURM_ARRAY_TASK_ID"' % self.folder.path,
                      self.script("41"))
        self.assertIn("kthrashlib.night.shards merge " + self.folder.path, self.script("42"))

    def test_the_jobs_run_what_they_should(self):
        self.campaign("--shards=2")
        for number, words in (("41", "shard 7: expected one from 0 to 1"),
                              ("42", "expected shards/job.json")):
            done = subprocess.run(["sh", "-c", self.script(number)], check=False, text=True,
                                  env={**os.environ, "SLURM_ARRAY_TASK_ID": "7"},
                                  stderr=subprocess.PIPE)
            self.assertEqual((done.returncode, words in done.stderr), (2, True), done.stderr)
            if number == "41":
                os.unlink(self.folder.at("shards", "job.json"))

    def test_the_same_command_follows_and_submits_what_is_left(self):
        self.campaign("--shards=2")
        queue = os.path.join(self.place, "queue")
        # The merge has ended, but its job is still in the queue.
        with open(queue, "w", encoding="ascii") as f:
            f.write("41_0 RUNNING\n42 PENDING\n")
        with mock.patch("kthrashlib.night.slurm.follow"):
            _, said = self.campaign("--shards=2")
        self.assertIn("Slurm's jobs 41 and, to merge them, 42", said)
        with mock.patch("kthrashlib.night.slurm.follow"):
            status, said = self.campaign("--shards=3")
        self.assertEqual(status, 2)
        self.assertIn("another campaign is on the cluster", said)
        os.unlink(queue)
        _, said = self.campaign("--shards=2")
        self.assertIn("submitting what is left", said)
        self.assertIn("jobs 43 and, to merge them, 44", said)

    def test_bad_input(self):
        for args, status, words in (
                (["--shards=0"], 2, "expected a number from 1"),
                (["--shards=x"], 2, "expected a number from 1"),
                (["--sbatch=partition"], 2, "expected an option"),
                (["--sbatch=--array=0-9"], 2, "the campaign itself sets this option"),
                (["--sbatch=--partition=no"], 3, "invalid partition specified: no")):
            found, said = self.campaign(*args)
            self.assertEqual((found, words in said), (status, True), said)
        self.assertFalse(os.path.exists(self.folder.path))

    def test_no_cluster(self):
        with mock.patch.dict(os.environ, {"PATH": self.place}):
            status, said = self.campaign()
        self.assertEqual(status, 3)
        self.assertIn("slurm-client", said)
        self.assertFalse(os.path.exists(self.folder.path))

    def test_shards_without_slurm(self):
        status, said = quietly(cli.main, ["campaign", "--shards=2"])
        self.assertEqual(status, 2)
        self.assertIn("expected with --engine=slurm", said)


if __name__ == "__main__":
    unittest.main()
