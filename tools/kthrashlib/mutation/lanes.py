# SPDX-License-Identifier: GPL-2.0-only
"""Says by which hunts an edit is tried, and on which back ends; runs one hunt."""

import dataclasses
import glob
import os

from kthrashlib import children
from kthrashlib.common import CLEAN, FINDINGS, environment
from kthrashlib.measure import hunting

SIM = "sim+modelled+modelled+list+modelled"
PARK = "sim+modelled+park+list+modelled"
TICKET = "sim+ticket+park+list+modelled"
EPOCH = "sim+modelled+park+wfcq+epoch"
BIGLOCK = "sim+modelled+park+list+biglock"
CHECKED = "sim+checked-modelled+park+list+modelled"
# The files that are edited unless others are named, by the combination that runs them.
HOME = {
    "core/*.c": SIM,
    "core/list.h": SIM,
    "platform/completion/futex.h": "sim+modelled+futex+list+modelled",
    "platform/completion/park.h": PARK,
    "platform/completion/sem.h": "sim+modelled+sem+list+modelled",
    "platform/lock/futex.h": "sim+futex+modelled+list+modelled",
    "platform/lock/mcs.h": "sim+mcs+modelled+list+modelled",
    "platform/lock/park.h": "sim+park+modelled+list+modelled",
    "platform/lock/tas.h": "sim+tas+modelled+list+modelled",
    "platform/lock/ticket.h": TICKET,
    "platform/queue/list.h": SIM,
    "platform/rcu/biglock.c": BIGLOCK,
    "platform/rcu/epoch.c": EPOCH,
}
EXECUTIONS = 100000
# A hunt takes seconds. One that has not ended by then is not counted: the machine may be busy.
HANGS_S = 900


@dataclasses.dataclass(frozen=True)
class Lane:
    name: str
    options: tuple
    combination: str = ""       # "": that of the edited file


LANES = (
    Lane("default", ()),
    Lane("tso", ("--memory=tso",)),
    Lane("arm", ("--memory=arm",)),
    Lane("illegal", ("--illegal",)),
    Lane("seed", ("--plan=corpus/seed",)),
    Lane("regress", ("--plan=corpus/regress",)),
    Lane("ticket", (), TICKET),
    Lane("epoch", (), EPOCH),
    Lane("checked", (), CHECKED),
)


def files(root):
    """Returns {file: combination} of the files that can be edited."""
    found = {}
    for pattern, combination in HOME.items():
        for path in sorted(glob.glob(os.path.join(glob.escape(root), pattern))):
            name = os.path.relpath(path, root)
            if not name.endswith("_test.c"):
                found[name] = combination
    return found


def of(file, home):
    """Returns the lanes for a file, each with its combination. Only edits of core/ are hunted on
    other back ends."""
    found = []
    for lane in LANES:
        if not lane.combination:
            found.append(dataclasses.replace(lane, combination=home))
        elif file.startswith("core/") and lane.combination != home:
            found.append(lane)
    return found


def hunt(binary, lane, folder, seed, executions):
    """Hunts once, in `folder`, where the corpus is. Returns a dict: `ended` is "clean", "finding"
    or "unfinished"; with a finding, also its kind, its message and after how many executions."""
    words = [binary, "stress", "--json", "--executions=%d" % executions, "--seed=%d" % seed,
             "--findings=" + os.path.join(os.path.dirname(binary), "findings"), *lane.options]
    try:
        done = children.run(words, stdout=children.PIPE, stderr=children.DEVNULL, text=True,
                            cwd=folder, timeout=HANGS_S, may_be_killed=True)
    except children.TimeoutExpired:
        return {"ended": "unfinished"}
    if done.returncode == CLEAN:
        return {"ended": "clean"}
    if done.returncode < 0:
        return {"ended": "finding", "kind": "crash", "executions": None,
                "message": children.name(-done.returncode)}
    found = [line for line in hunting.objects(done.stdout) if line.get("type") == "finding"]
    if done.returncode != FINDINGS or not found:
        raise environment("a hunt ended with status %d and without a finding: %s" % (
            done.returncode, " ".join(words)))
    first = found[0]
    return {"ended": "finding", "kind": first["kind"], "executions": first["executions"],
            "message": first["message"]}
