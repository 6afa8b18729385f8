# SPDX-License-Identifier: GPL-2.0-only
"""Manages one submission of a campaign to a cluster: what was asked for, and its shards. On a
cluster many campaigns run in place of one. Each is a shard, and has a folder of its own.

    DIR/shards/job.json     what was asked for; written by the command that submits
    DIR/shards/builds.json  what was built, once for all shards
    DIR/shards/0000/        a campaign's folder, of this shard alone
    DIR/shards/0000.json    how the shard went; written by the process that holds 0000.lock
    DIR/shards/merged/0000.json  which of its findings are in DIR; written by the merge
"""

import hashlib
import re

from kthrashlib.common import usage
from kthrashlib.night import record
from kthrashlib.night.folder import Folder, entries, read_json, write_json


def name_of(index):
    return "%04d" % index


def read_job(folder):
    """Reads job.json. Returns None if nothing was submitted."""
    job = read_json(folder.at("shards", "job.json"))
    return job if isinstance(job, dict) else None


def write_job(folder, job):
    write_json(folder.at("shards", "job.json"), job)


def job_of(folder):
    job = read_job(folder)
    if job is None:
        raise usage("%s: no campaign was given to a cluster here: expected shards/job.json" %
                    folder.path)
    return job


def shard_of(folder, index):
    return Folder(folder.at("shards", name_of(index)))


def all_of(folder, job):
    """Returns the shards of this submission and of earlier ones, which may have had more."""
    there = {int(n) for n in entries(folder.at("shards")) if re.fullmatch(r"\d{4}", n)}
    return sorted(there | set(range(job["shards"])))


def state_path(folder, index):
    return folder.at("shards", name_of(index) + ".json")


def state_of(folder, index, job):
    """Returns how this shard went in this submission, or {} if it did not begin."""
    state = read_json(state_path(folder, index)) or {}
    return state if state.get("submission") == job["submission"] else {}


def is_done(folder, index, job):
    return state_of(folder, index, job).get("state") == "done"


def night_number(folder, index, job):
    """Returns the number of this submission's night in a shard's folder, or None if there is
    none."""
    number = state_of(folder, index, job).get("night")
    return number if number in record.numbers(shard_of(folder, index)) else None


def night_of(folder, index, job):
    """Returns the record of this submission's night in a shard's folder, or None if there is none.
    The night may still run."""
    number = night_number(folder, index, job)
    if number is None:
        return None
    facts, why = record.read(shard_of(folder, index), number)
    return None if why else facts


def seed_of(job, index):
    """Returns a seed that is different for each shard of each submission."""
    text = "%d %s %d" % (job["seed"], job["submission"], index)
    return 1 + int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)
