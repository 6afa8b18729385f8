# SPDX-License-Identifier: GPL-2.0-only
"""Runs on a cluster, as a job: a shard, or the merge of all shards.

    -m kthrashlib.night.shards run DIR N    one shard to its end, or nothing if it has ended
    -m kthrashlib.night.shards merge DIR    see merge.py

Either command may run again any number of times. See submission.py for the files.
"""

import fcntl
import os
import re
import socket
import sys
import traceback

from kthrashlib import children
from kthrashlib.common import CLEAN, ENVIRONMENT, FINDINGS, ROOT, Failure, decimal, say, usage
from kthrashlib.night import record
from kthrashlib.night.folder import existing, utc, write_json
from kthrashlib.night.merge import merge
from kthrashlib.night.submission import (is_done, job_of, name_of, seed_of, shard_of, state_of,
                                         state_path)


def take_lock(folder, index):
    """Waits for the lock of a shard. Another copy of the shard may still run on a node that cannot
    be reached. This process waits for it, because its findings count. Returns the lock's
    descriptor."""
    fd = os.open(folder.at("shards", name_of(index) + ".lock"), os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("kthrash: shard %d: another copy of it runs: waiting for its end" % index)
        fcntl.flock(fd, fcntl.LOCK_EX)
    return fd


def command(folder, index, job):
    return [
        os.path.join(ROOT, "tools", "kthrash"), "campaign",
        "--dir=" + shard_of(folder, index).path, "--seconds=" + decimal(job["seconds"]),
        "--jobs=%d" % job["jobs"], "--seed=%d" % seed_of(job, index), *job["options"]]


def is_over(shard, state):
    facts, why = record.read(shard, state["night"])
    return not why and facts["state"] in ("done", "invalid")


def run(folder, index):
    """Runs one shard to its end, or does nothing if it has ended. The exit status is 0 whether it
    found something or not, because the shard's files say it."""
    job = job_of(folder)
    if not 0 <= index < job["shards"]:
        raise usage("shard %d: expected one from 0 to %d" % (index, job["shards"] - 1))
    fd = take_lock(folder, index)
    try:
        if is_done(folder, index, job):
            say("kthrash: shard %d is done" % index)
            return CLEAN
        return run_locked(folder, index, job, fd)
    finally:
        os.close(fd)


def run_locked(folder, index, job, fd):
    before, shard = state_of(folder, index, job), shard_of(folder, index)
    state = {"submission": job["submission"], "state": "running",
             "starts": before.get("starts", 0) + 1, "host": socket.gethostname(),
             "node": os.environ.get("SLURMD_NODENAME", ""), "started": utc(),
             "night": before.get("night") or max(record.numbers(shard), default=0) + 1}
    write_json(state_path(folder, index), state)
    status = None
    # An earlier process may have started the shard and been lost, while the campaign went on to its
    # end.
    if not is_over(shard, state):
        status = watch(command(folder, index, job), folder, index, fd)
        state["night"] = max(record.numbers(shard), default=state["night"])
    if is_over(shard, state):
        state["state"] = "done"
    state.update(status=status, ended=utc())
    write_json(state_path(folder, index), state)
    return CLEAN if state["state"] == "done" else \
        status if status and status > 0 else ENVIRONMENT


def watch(words, folder, index, fd):
    """Runs a campaign and returns its exit status. The campaign holds the lock as long as it lives,
    even if this process is lost. A signal that ends this process ends the campaign."""
    process = children.start(
        words, cwd=ROOT, stdin=children.DEVNULL, pass_fds=(fd,),
        env={**os.environ, "KTHRASH_BUILDS": folder.at("shards", "builds.json"),
             "KTHRASH_SHARD": str(index)})
    children.on_interrupt(lambda: children.tell(process, children.state.caught))
    return process.wait()


def main(args):
    if len(args) == 3 and args[0] == "run" and re.fullmatch(r"\d+", args[2]):
        return run(existing(args[1]), int(args[2]))
    if len(args) == 2 and args[0] == "merge":
        # The job on the cluster has done its work whatever was found: the verdict is in the
        # night's record.
        status = merge(existing(args[1]))
        return CLEAN if status == FINDINGS else status
    raise usage("shards.py: expected run DIR N, or merge DIR")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failure as e:
        say("kthrash: " + e.message)
        sys.exit(e.status)
    except KeyboardInterrupt:
        sys.exit(children.interrupted())
    except Exception:   # pylint: disable=broad-exception-caught
        traceback.print_exc()       # It goes to the job's log.
        sys.exit(ENVIRONMENT)
