#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests a campaign on a real Slurm cluster of two virtual nodes. One node is lost in the middle.
The other node takes over, no finding is lost, and none is counted twice.

usage: slurm_loopback_test.py [--survivors]    as root; it installs slurm-wlm; five minutes and more

--survivors: the processes of the lost node go on, and nothing can end them.

It is no Bazel test. It runs daemons as root, and it runs tools/kthrash, which itself runs Bazel.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time

from kthrashlib import env
from kthrashlib.night import bugs, record, submission
from kthrashlib.night.folder import Folder, entries, read_json
from slurm_cluster import Cluster

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)

SHARDS = 3
SECONDS = 30
CONFIG = """\
[limits]
exchange = "10 s"
slice = "5 s"

[lane.planted]
target = "//stress/bugs:%s"
options = "--strategy=random"
"""
BUG = "P1"
STARTED_S = 900     # This time includes a build by Bazel.
ENDS_S = 600


def campaign(dir_, config):
    return [os.path.join(ROOT, "tools", "kthrash"), "campaign", "--engine=slurm",
            "--shards=%d" % SHARDS, "--seconds=%d" % SECONDS, "--jobs=1", "--dir=" + dir_,
            "--config=" + config, "--lanes=planted,libfuzzer", "--sbatch=--partition=fuzz"]


def counts(folder):
    """Returns {bug: how often it was seen}, in all areas."""
    found = {}
    for area in bugs.AREAS:
        for name in entries(folder.at(area)):
            seen = bugs.seen_times(folder.at(area, name))
            if seen:
                found[name] = seen
    return found


def digest(folder):
    """Returns a digest of all bugs' files, the corpus and the figures of the night."""
    hashed = hashlib.sha256()
    for place in (*bugs.AREAS, "corpus", "lanes"):
        for path, _, names in sorted(os.walk(folder.at(place))):
            for name in sorted(names):
                with open(os.path.join(path, name), "rb") as f:
                    content = f.read()
                if name == "retried.json":
                    content = b""       # The file contains the time.
                hashed.update(("%s/%s\0" % (path, name)).encode() + content)
    night = record.read(folder, 1)[0]
    for key in ("ended", "events", "busy"):
        night[key] = None
    hashed.update(json.dumps(night, sort_keys=True).encode())
    return hashed.hexdigest()


def busy_shard(cluster, folder, node):
    """Returns the shard that runs on the node and has found something, or None."""
    job = read_json(folder.at("shards", "job.json"))
    for index in range(SHARDS if job else 0):
        state = submission.state_of(folder, index, job)
        if state.get("node") == node and state["state"] == "running" and \
                counts(submission.shard_of(folder, index)):
            return str(index)
    return None


def check(folder, lost, survivors):
    job = read_json(folder.at("shards", "job.json"))
    records = [submission.state_of(folder, i, job) for i in range(SHARDS)]
    assert all(r["state"] == "done" for r in records), records
    # A survivor runs to its end, and the copy that Slurm starts has nothing to do.
    assert (records[lost]["starts"], records[lost]["node"]) == (
        (1, "kt2") if survivors else (2, "kt1")), records
    assert record.numbers(folder) == [1], record.numbers(folder)
    night = record.read(folder, 1)[0]
    assert night["verdict"] == "findings" and night["state"] == "done", night
    assert not night["why"] and night["canary"]["state"] == "found", night
    nights = [submission.night_of(folder, i, job) for i in range(SHARDS)]
    assert nights[lost]["resumed"] == (0 if survivors else 1), nights[lost]
    done = sum(n["totals"]["executions"] for n in nights)
    assert night["totals"]["executions"] == done, (night["totals"], done)
    together = {}
    for i in range(SHARDS):
        for bug, seen in counts(submission.shard_of(folder, i)).items():
            together[bug] = together.get(bug, 0) + seen
    assert together and counts(folder) == together, (counts(folder), together)
    assert os.path.getsize(record.place(folder, 1, "page.html"))
    print("ok: %d executions, %s" % (done, together), flush=True)


def main():
    survivors = sys.argv[1:] == ["--survivors"]
    env.ensure(env.CLUSTER)
    with tempfile.TemporaryDirectory(prefix="kt") as place, \
            tempfile.TemporaryDirectory(prefix="kt") as dir_, Cluster(place) as cluster:
        folder = Folder(os.path.join(dir_, "campaign"))
        config = os.path.join(dir_, "config.toml")
        with open(config, "w", encoding="ascii") as f:
            f.write(CONFIG % BUG)
        refused = subprocess.run(campaign(folder.path, config) + ["--sbatch=--partition=no"],
                                 env=cluster.environment, stderr=subprocess.PIPE, text=True,
                                 check=False)
        assert refused.returncode == 3 and "invalid partition" in refused.stderr, refused
        with subprocess.Popen(campaign(folder.path, config), env=cluster.environment) as p:
            lost = int(cluster.until(lambda: busy_shard(cluster, folder, "kt2"),
                                     "shard on kt2 that has found something", STARTED_S))
            cluster.lose("kt2", survivors)
            print("lost kt2 with shard %d" % lost, flush=True)
            deadline = time.monotonic() + ENDS_S
            cluster.until(lambda: p.poll() is not None or time.monotonic() > deadline,
                          "end of the campaign", ENDS_S + 5)
            assert p.returncode == 1, p.returncode
        try:
            check(folder, lost, survivors)
            before = digest(folder)
            again = subprocess.run([os.path.join(ROOT, "tools", "kthrash"), "merge",
                                    folder.path], env=cluster.environment, check=False)
            assert again.returncode == 1 and digest(folder) == before, "merged again: another"
            print("ok: merged again it is the same", flush=True)
        except AssertionError:
            for name in entries(folder.at("shards", "logs")):
                with open(folder.at("shards", "logs", name), encoding="utf-8") as f:
                    print("-- %s --\n%s" % (name, f.read()[-2000:]))
            raise


main()
