# SPDX-License-Identifier: GPL-2.0-only
"""Decides the verdict of a night: a word, the sentences that give its reasons, and an exit status.

All of it is decided here, from a night's record (record.py) and the bugs that are filed. No
function reads a file. judge() decides when the night ends; the record keeps what it said.
of() gives the verdict that a reader sees, also for a night that has not ended.

    invalid    the planted bug was not found, so nothing that the night says can be trusted
    findings   a bug fails, or something was found tonight that is still to be confirmed
    interrupted  neither, and a signal ended the start before its time was over
    failed     none of these, and some of the work was not done
    clean      all the work was done and nothing was found
"""

import dataclasses

from kthrashlib.common import CLEAN, ENVIRONMENT, FINDINGS, INTERRUPTED, plural
from kthrashlib.night.words import duration

STATUS = {"clean": CLEAN, "findings": FINDINGS, "interrupted": INTERRUPTED}
FAILURES_TOLD = 3       # The verdict gives this many reasons of one shard.


@dataclasses.dataclass(frozen=True)
class Verdict:
    word: str
    sentences: list

    @property
    def status(self):
        """Returns the exit status of the command that ran the night."""
        return STATUS.get(self.word, ENVIRONMENT)


# ---- parts of it ----


def planted_bug(state, examined, hunting):
    """Returns whether the planted bug was found: "waiting", "found" or "missed".

    `examined` has, for each finding of the planted bug, what its examination says, or None if it
    has not been examined. `hunting` says that its hunt has not ended. The planted bug counts as
    found if every re-run of one of its findings failed, because then it passed the same steps as a
    real bug.
    """
    if state != "waiting":
        return state
    if any(e and e["reliability"][0] == e["reliability"][1] > 0 for e in examined):
        return "found"
    return "waiting" if hunting or not all(examined) else "missed"


def planted_bug_of_shards(states):
    """Returns the state of the planted bug for a night on a cluster. Each shard that has ended must
    have found the bug."""
    if not states:
        return "waiting"
    return "missed" if set(states) - {"found"} else "found"


def lanes_without_executions(lanes):
    """Returns a list with a sentence on the lanes that looked at nothing, or an empty list if there
    are none."""
    names = [lane["name"] + ("" if lane["runs"] else
                             " (never started: the corpus had no plans)" if lane["starved"] else
                             " (never started)") for lane in lanes if is_idle(lane)]
    return ["%s ran 0 executions and so looked at nothing: %s" % (
        plural(len(names), "lane"), ", ".join(names))] if names else []


def extent(lanes):
    """Returns how much the lanes did, of how many: "1234 executions by 2 of 3 lanes"."""
    return "%s by %d of %s" % (plural(sum(lane["executions"] or 0 for lane in lanes), "execution"),
                               sum(not is_idle(lane) for lane in lanes),
                               plural(len(lanes), "lane"))


def is_idle(lane):
    """Returns True if the lane ran 0 executions and has no finding. A fuzzer that ends at its first
    input has found something, but may have counted nothing."""
    return not lane["executions"] and not lane["findings"]


def ran_nothing(lanes):
    """Returns True if there are lanes and none of them ran anything. Then nothing is known to be
    clean."""
    return bool(lanes) and all(map(is_idle, lanes))


def failed_lanes(lanes):
    return ["lane %s failed: %s" % (lane["name"], (lane["failures"] or [{}])[-1].get("why"))
            for lane in lanes if lane["state"] == "failed"]


def shard_troubles(shards):
    """Returns sentences on the shards that did not do their work. Each of `shards` has "shard",
    "state", "starts", "node", "verdict" and "why"."""
    said = []
    for s in shards:
        if s["state"] == "done":
            if s["verdict"] in ("failed", "invalid"):
                said += ["shard %d: %s" % (s["shard"], why) for why in s["why"][:FAILURES_TOLD]]
        elif s.get("interrupted"):
            said.append("shard %d never finished: its start number %d, on %s, was interrupted" % (
                s["shard"], s["starts"], s["node"]))
        elif not s["starts"]:
            said.append("shard %d never finished: it never began" % s["shard"])
        else:
            said.append("shard %d never finished: its start number %d, on %s, ended too early" % (
                s["shard"], s["starts"], s["node"]))
    return said


def unconfirmed(number, filed):
    """Returns the ids of the bugs that were found tonight and did not fail again, or were not yet
    run again."""
    return [bug["id"] for bug in filed
            if bug["state"] == "incubating" and bug["last_night"] == number]


# ---- the decision ----


def far_of(facts):
    """Returns how far a night is: the time that it has had, of the time that it is given."""
    return "%s of %s" % tuple("?" if n is None else duration(n) for n in
                              (facts["elapsed"], facts["seconds"]))


def judge(facts, filed):
    """Returns the verdict of a night that ends. `facts` is its record; `filed` is finding.json of
    every bug in the campaign's folder."""
    lanes, planted = facts["lanes"], facts["canary"]
    crashing = [bug for bug in filed if bug["state"] == "crashing"]
    why = []
    # If the disk is full, a bug that was found may not have been examined.
    excused = facts["interrupted"] or (facts["disk_full"] and planted and
                                       planted.get("state") == "waiting")
    if planted and planted.get("state") != "found" and not excused:
        word = "invalid"
        why.append("the planted bug %s was not found, so other bugs may have been missed, too%s" % (
            planted.get("bug"), "; its hunt failed: %s" % planted["failure"]
            if planted.get("failure") else ""))
    elif crashing or unconfirmed(facts["night"], filed):
        word = "findings"
    elif facts["interrupted"]:
        word = "interrupted"
    elif ran_nothing(lanes):
        word = "failed"
    elif failed_lanes(lanes) or facts["troubles"] or facts["disk_full"]:
        word = "failed"
    else:
        word = "clean"
    why += failed_lanes(lanes)
    names = {lane["name"] for lane in lanes}
    untried = [bug["id"] for bug in crashing if not names & set(bug["lanes"])]
    if untried:
        why.append("not run again, because no lane that found them runs tonight: " +
                   ", ".join(untried))
    why += facts["troubles"]
    if facts["disk_full"]:
        why.append("the disk is full: lanes did not run")
    why += lanes_without_executions(lanes)
    if facts["interrupted"]:
        why.append("interrupted after %s: not finished; the same command goes on" % far_of(facts))
    return Verdict(word, why)


def cut_off(facts):
    """Returns the verdict of a night that was killed and with which no start will go on."""
    return Verdict(facts["verdict"] or "failed", facts["why"] + [
        "cut off after %s: the next start had other options or other sources" %
        duration(facts["elapsed"] or 0)])


def unwritten(facts, error):
    """Returns the verdict of a night whose page or record could not be written."""
    return Verdict("failed", facts["why"] + ["the page could not be written: %s" % error])


# ---- for readers ----


def new_bugs(bugs):
    """Returns (how many bugs are new and fail, how many are new and not confirmed)."""
    new = set(bugs.get("new", []))
    fail = new & set(bugs.get("crashing", []))
    return len(fail), len(new - fail)


def bugs_told(bugs):
    """Returns one sentence on the bugs that a night's record lists."""
    crashing, fixed = len(bugs.get("crashing", [])), len(bugs.get("fixed", []))
    new, _ = new_bugs(bugs)
    if not crashing:
        return "No bug fails; %d fixed." % fixed if fixed else "No bug fails."
    return "%s: %d new, %d back; %d fixed." % (
        plural(crashing, "bug") + (" fails" if crashing == 1 else " fail"),
        new, len(bugs.get("back", [])), fixed)


def of(facts, why_not="", is_last=True):
    """Returns what a reader is told. `why_not` is the reason why there is no record, if there is
    none. `is_last` says that there is no later night, so this one may still run. Besides the words
    of judge(), there are "no record", "running" (it may end in another verdict) and "cut off"."""
    if why_not:
        return Verdict("no record", ["Of this night nothing is known: %s." % why_not])
    told, word, state = bugs_told(facts["bugs"]), facts["verdict"], facts["state"]
    if word and facts["disk_full"] and state == "running":
        state = "done"      # The start has ended. The same command may go on with the night.
    why = facts["why"]
    if state != "running":
        why = why + [s for s in lanes_without_executions(facts["lanes"]) if s not in why]
    if "invalid" in (state, word):
        return Verdict("invalid", why + ["What it found, or did not, proves nothing. " + told])
    far = "After %s. " % far_of(facts)
    if word and facts["interrupted"]:
        return Verdict("interrupted", [far + told] + why)
    if word == "failed" or (word == "clean" and state == "done" and ran_nothing(facts["lanes"])):
        return Verdict("failed", why + [told])
    if state == "running" and is_last:
        return Verdict("running", [far + told] + why)
    if state != "done" or word not in STATUS:
        return Verdict("cut off", ["It did not reach its end. " + far + told] + why)
    return Verdict(word, ["%s %s." % (told, extent(facts["lanes"]))] + why)


def summary(facts, by=""):
    """Returns the last line of a report, without the page's name. `by` says what ran the
    night, unless one machine did."""
    idle = sum(map(is_idle, facts["lanes"]))
    new, unsure = new_bugs(facts["bugs"])
    if facts["interrupted"]:
        word = facts["verdict"]
        return "%sinterrupted after %s: not finished; so far %s, %s (%d new)%s%s" % (
            "" if word in ("interrupted", "clean", None) else word + ", ", far_of(facts),
            extent(facts["lanes"]), plural(len(facts["bugs"].get("crashing", [])), "distinct bug"),
            new,
            " and %d not confirmed" % unsure if unsure else "", by)
    return "%s%s: %s (%d new)%s%s in %s, %s" % (
        facts["verdict"], ", but %d of %s ran 0 executions" % (
            idle, plural(len(facts["lanes"]), "lane")) if idle else "",
        plural(len(facts["bugs"].get("crashing", [])), "distinct bug"), new,
        " and %d not confirmed" % unsure if unsure else "", by,
        duration(facts["elapsed"] or 0), extent(facts["lanes"]))
