#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Kills a campaign with SIGKILL, or one of the processes under it, at a hundred random moments.
Tests that the next start goes on, that no finding is lost and none is counted twice, and that each
file is whole.

The fake lanes write the number of each finding into a ledger outside of the campaign once it
is saved, so the test knows which findings must be there.
"""

import collections
import glob
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import campaign_fakes
from kthrashlib import common
from kthrashlib.night import bugs, campaign, folder as folders, scheduler
from kthrashlib.night.process import family, parents

KILLS = 100
SEED = 20261126
HUNT = """n=0
	while [ $n -lt 50 ]; do
		n=$((n + 1))
		finding deadlock-0000000$((n %% 4)) %s-$$-$n-$(date +%%N)
		say progress $n $n
	done"""
FUZZ = """n=0
	while [ $n -lt 3 ]; do
		n=$((n + 1))
		id=fuzzer-$$-$n-$(date +%N)
		echo "# id $id" > "${prefix}.$n.tmp"
		mv "${prefix}.$n.tmp" "${prefix}crash-$id" && echo $id >> "$ledger"
	done"""


def fakes(root):
    made = campaign_fakes.Fakes(root)
    ledger = os.path.join(root, "ledger")
    for name in ("one", "two"):
        made.lane(name, HUNT % name, ledger=ledger)
    made.lane("fuzzer", fuzz=FUZZ, ledger=ledger,
              fuzz_input="echo 'kthrash: model: x'; echo 'kthrash: signature y'; exit 77")
    return made


def child(root, seconds):
    bugs.RAWS_KEPT = 10**6    # The campaign keeps all sightings, because the test counts them.
    campaign.SAVE_EVERY_S = 0.05
    scheduler.LEAST_S = 0.1
    scheduler.Scheduler.slice_of = lambda self, lane: 0.1
    return fakes(root).run(lanes="one,two,fuzzer", seconds=seconds, err=sys.stderr)[0]


def start(root, seconds):
    return subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__), "child", root,
                             "%g" % seconds], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            text=True, env={**os.environ, "PYTHONPATH": common.TOOLS})


class Kills(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = temporary.name
        self.dir = fakes(self.root).folder

    def read_all(self):
        """Checks that each JSON file is whole."""
        for path in glob.glob(os.path.join(self.dir, "**", "*.json"), recursive=True):
            with open(path, encoding="utf-8") as f:
                json.load(f)

    def begun(self):
        """Starts a campaign and kills it. Returns how long it took on this machine until lanes
        ran."""
        before = time.monotonic()
        process = start(self.root, 100000)
        self.assertIn("kthrash: night 1", process.stderr.readline())
        took = time.monotonic() - before
        process.kill()
        process.stderr.close()
        process.wait()
        return took

    def kill_one(self, process, rng, longest):
        """Kills the campaign or a process below it after a random time. Returns True if the
        campaign is dead."""
        try:
            process.wait(rng.uniform(0.0, longest))
        except subprocess.TimeoutExpired:
            pass
        below = family(process.pid, parents())[1:]
        if below and rng.random() < 0.3:
            try:
                os.kill(rng.choice(below), signal.SIGKILL)
            except ProcessLookupError:
                pass
            return False
        process.kill()
        process.stderr.close()
        process.wait()
        return True

    def ids(self):
        """Returns {number of a finding: files} of all sightings that are filed."""
        found = collections.defaultdict(list)
        for area in bugs.AREAS:
            for path in glob.glob(os.path.join(self.dir, area, "*", "raw", "*")):
                with open(path, encoding="utf-8") as f:
                    found[re.search("^# id (.*)$", f.read(), re.MULTILINE).group(1)].append(path)
        return found

    def test_nothing_is_lost_or_counted_twice(self):
        rng = random.Random(SEED)
        kills, process, longest = 0, None, 1.5 * self.begun()
        while kills < KILLS:
            if process is None:
                process = start(self.root, 100000)
            if self.kill_one(process, rng, longest):
                process = None
                self.read_all()
            kills += 1
        if process:
            process.kill()
            process.stderr.close()
            process.wait()
        last = start(self.root, 0.2)
        _, err = last.communicate()
        self.assertEqual(last.returncode, 1, err)
        night = folders.read_json(os.path.join(
            self.dir, "nights", "0001", "night.json"))
        self.assertGreater(night["resumed"], 0)
        self.check_findings()

    def check_findings(self):
        with open(os.path.join(self.root, "ledger"), encoding="ascii") as f:
            ledger = f.read().split()
        found = self.ids()
        self.assertGreater(len(ledger), 0)
        self.assertEqual([i for i in ledger if i not in found], [])
        self.assertEqual({i: p for i, p in found.items() if len(p) > 1}, {})
        # Each kill may come after a finding was saved and before the ledger has its number.
        self.assertLessEqual(len(found), len(ledger) + KILLS)
        places = collections.Counter()
        counted = 0
        for area in bugs.AREAS:
            for name in folders.entries(os.path.join(self.dir, area)):
                bug = os.path.join(self.dir, area, name)
                finding = folders.read_json(os.path.join(bug, "finding.json"))
                raws = os.listdir(os.path.join(bug, "raw"))
                self.assertEqual(finding["count"], len(raws), name)
                self.assertEqual(finding["state"], area)
                self.assertEqual(finding["reliability"], [10, 10], name)
                counted += len(raws)
                places[name] += 1
        self.assertEqual(counted, len(found))
        self.assertEqual(set(places), {"deadlock-0000000%d" % n for n in range(4)} |
                         {name for name in places if name.startswith("model-")})
        self.assertEqual(len(places), 5)
        self.assertEqual(set(places.values()), {1})
        left = glob.glob(os.path.join(self.dir, "lanes", "*", "findings", "*.plan")) + \
            glob.glob(os.path.join(self.dir, "lanes", "*", "crash-*"))
        self.assertEqual(left, [])


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        sys.exit(child(sys.argv[2], float(sys.argv[3])))
    unittest.main()
