# SPDX-License-Identifier: GPL-2.0-only
"""Keeps the bugs of a campaign. Turns the findings that lanes save into one folder for each bug.

The campaign takes each finding in by one rename into the folder of its bug; such a finding is
one sighting of the bug, and the sightings are counted. examine.py, in a process of its own,
runs the bug again and writes what it learns into the bug's folder. It writes examined.json or
retried.json last, and it moves nothing. The campaign then files the folder:

    incubating/   not examined yet, or did not fail again in ten re-runs
    crashing/     fails
    regression/   failed once and no longer fails with tonight's build
    canary/       findings of the planted bug, which is not counted as a bug

So the campaign and the examiner may both be killed at any moment.
"""

import hashlib
import os
import re
import shutil

from kthrashlib.common import ROOT, typed
from kthrashlib.night import identity
from kthrashlib.night.folder import (AREAS, CRASHING, INCUBATING, REGRESSION, entries, move,
                                     read_json, utc, write_json)
from kthrashlib.night.lenient import (as_dicts, as_number, as_text, as_word, as_words,
                                      read_object)

CANARY = "canary"
# A bug keeps this many sightings: the first one and the latest ones. All are counted.
RAWS_KEPT = 20

RAW = re.compile(r"(?P<seq>\d{6,})\.(?P<night>\d{4,})\.(?P<lane>[a-z0-9-]+)\.(?P<name>.+)")
UNKNOWN = "raw-"    # The id of a fuzzer's input begins with this word until its bug is known.
EXAMINED, RETRIED, FINDING, FOUND = ("examined.json", "retried.json", "finding.json",
                                     "found.json")
# examined.json has these keys, but finding.json does not.
FOR_FILING = ("raws", "same_as", "reported")


def as_pair(value):
    """Returns the value if it is a pair of numbers [how many, of how many], else None."""
    return value if isinstance(value, list) and len(value) == 2 and \
        None not in map(as_number, value) else None


# These are the keys of finding.json. For each key, the function turns any value into one of the
# right kind.
KEYS = {"id": as_text, "state": as_text, "kind": as_word, "signature": as_text, "cause": as_text,
        "message": as_text, "options": as_text, "build": as_text, "commit": as_text,
        "sources": as_text, "hash": as_text, "places": as_dicts, "reliability": as_pair,
        "first_seen": as_word, "last_seen": as_word,
        "first_night": as_number, "last_night": as_number,
        "count": as_number, "lanes": as_words, "moved": as_dicts, "replay": as_text}


# ---- reading ----


def cleaned(found):
    """Returns `found` with every key of KEYS, each value of the right kind. Keeps keys that are not
    in KEYS."""
    return {**found, **{key: kind(found.get(key)) for key, kind in KEYS.items()}}


def read(bug):
    """Returns (finding.json in a bug's folder, cleaned, and ""). If the file cannot be read,
    returns (a finding with no facts, the reason)."""
    found, why = read_object(os.path.join(bug, FINDING))
    return cleaned(found), why


def sightings(bug):
    """Returns the sightings in a bug's folder, oldest first, as matches of RAW."""
    found = [RAW.fullmatch(n) for n in entries(os.path.join(bug, "raw"))]
    return sorted((m for m in found if m), key=lambda m: int(m["seq"]))


def seen_times(bug):
    """Returns how often the bug in this folder was seen."""
    seen = sightings(bug)
    return int(seen[-1]["seq"]) if seen else 0


def where(folder, name):
    """Returns the folder of a bug, in whatever area it is, or None if it is in none."""
    return next((folder.at(area, name) for area in AREAS
                 if os.path.isdir(folder.at(area, name))), None)


def examined(bug):
    """Returns what the examiner says of the bug in this folder, or None if it has not looked
    yet."""
    return read_json(os.path.join(bug, EXAMINED))


def findings(folder, area):
    """Yields finding.json of each bug in an area."""
    for name in entries(folder.at(area)):
        finding, why = read(folder.at(area, name))
        if not why:
            yield finding


def filed(folder):
    """Returns finding.json of all bugs. The state of a bug is the area of its folder, even if its
    file names another."""
    return [{**finding, "state": area} for area in AREAS for finding in findings(folder, area)]


def to_examine(folder):
    """Returns the folders of bugs that have sightings at which the examiner has not looked."""
    found = []
    for area in (CANARY, INCUBATING):
        for name in entries(folder.at(area)):
            bug = folder.at(area, name)
            seen = seen_times(bug)
            if seen and (examined(bug) or {}).get("raws", 0) < seen:
                found.append(bug)
    return found


def changed(folder, night):
    """Returns the lists of ids in a night's record: the bugs of each area, and the bugs that are
    new, fixed or back since the night before."""
    lists = {area: entries(folder.at(area)) for area in AREAS}
    known = {finding["id"]: finding for finding in filed(folder)}

    def moves(bug):
        return known.get(bug, {}).get("moved", [])

    def moved_tonight(bug, area):
        return {"night": night, "to": area} in moves(bug)
    lists["new"] = [b for b in lists[CRASHING] + lists[INCUBATING]
                    if known.get(b, {}).get("first_night") == night]
    lists["fixed"] = [b for b in lists[REGRESSION] if moved_tonight(b, REGRESSION)]
    lists["back"] = [b for b in lists[CRASHING] if moved_tonight(b, CRASHING) and
                     b not in lists["new"] and any(m.get("to") == REGRESSION for m in moves(b))]
    return lists


# ---- taking in ----


def add_raw(bug, path, night, lane, name):
    os.makedirs(os.path.join(bug, "raw"), exist_ok=True)
    seen = sightings(bug)
    number = int(seen[-1]["seq"]) + 1 if seen else 1
    move(path, os.path.join(bug, "raw", "%06d.%04d.%s.%s" % (number, night, lane, name)))
    for old in seen[1:][:-RAWS_KEPT]:
        os.unlink(os.path.join(bug, "raw", old.group(0)))


def forget_examination(bug):
    """Deletes the examiner's results, because they are about another build."""
    for old in (EXAMINED, RETRIED):
        if os.path.exists(os.path.join(bug, old)):
            os.unlink(os.path.join(bug, old))


def folder_for(folder, name, area=INCUBATING):
    """Returns the folder to which a new sighting of a bug goes. A bug in regression/ fails again,
    so it is moved to incubating/ and examined again."""
    bug = where(folder, name) if area == INCUBATING else None
    if bug == folder.at(REGRESSION, name):
        forget_examination(bug)
        move(bug, folder.at(INCUBATING, name))
        bug = None
    return bug or folder.at(area, name)


def is_unknown(bug_id):
    """Returns True for a fuzzer's input whose bug the examiner has not filed yet."""
    return bug_id.startswith(UNKNOWN)


def take_one(folder, lane, path, night, area):
    name = os.path.basename(path)
    bug_id = identity.of_file(name)
    if bug_id is None:      # This is a fuzzer's input. The examiner finds out which bug it is.
        with open(path, "rb") as f:
            bug_id = UNKNOWN + "%s-%s" % (lane.name, hashlib.sha1(f.read()).hexdigest()[:8])
    bug = folder_for(folder, bug_id, area)
    # A sanitizer's report lies beside the plan. The report is moved first, because only the plan's
    # rename counts as a sighting.
    report = os.path.splitext(path)[0] + ".report.txt"
    if name.endswith(".plan") and os.path.exists(report):
        os.makedirs(bug, exist_ok=True)
        os.replace(report, os.path.join(bug, "report.txt"))
    said = lane.said.get(name)
    if said and not os.path.exists(os.path.join(bug, FOUND)):
        os.makedirs(bug, exist_ok=True)
        write_json(os.path.join(bug, FOUND), said)
    add_raw(bug, path, night, lane.name, name[-100:])
    describe(bug)


def take_in(folder, lane, night, area=INCUBATING):
    """Takes in all that the lane has saved since the last time. Returns the number of findings."""
    raw = lane.raw()
    for path in raw:
        take_one(folder, lane, path, night, area)
    return len(raw)


# ---- describing and filing ----


def describe(bug):
    """Writes finding.json, from the files in the bug's folder. Returns its content."""
    seen = sightings(bug)
    if not seen:
        return None
    old = read_json(os.path.join(bug, FINDING)) or {}

    def time_of(match):
        return utc(os.stat(os.path.join(bug, "raw", match.group(0))).st_mtime)
    finding = {
        "id": os.path.basename(bug), "state": os.path.basename(os.path.dirname(bug)),
        "kind": identity.kind_of(os.path.basename(bug)), "signature": "", "message": "",
        "options": "", "build": "", "commit": "", "sources": "", "hash": None, "places": [],
        "reliability": None,
        **{k: v for k, v in (examined(bug) or {}).items() if k not in FOR_FILING},
        "first_seen": old.get("first_seen") or time_of(seen[0]), "last_seen": time_of(seen[-1]),
        "first_night": int(seen[0]["night"]), "last_night": int(seen[-1]["night"]),
        "count": int(seen[-1]["seq"]),
        "lanes": sorted({m["lane"] for m in seen} | set(old.get("lanes", []))),
        "moved": old.get("moved", []),
    }
    plan = os.path.join(bug, "plan")
    finding["replay"] = "tools/kthrash replay%s %s" % (finding["options"],
                                                       typed(os.path.relpath(plan, ROOT)))
    if finding != old:
        write_json(os.path.join(bug, FINDING), finding)
    return finding


def relocate(folder, bug, area, night):
    """Moves a bug to another area. finding.json names the new area before the folder is moved."""
    target = folder.at(area, os.path.basename(bug))
    finding = read_json(os.path.join(bug, FINDING)) or describe(bug) or {}
    moved = {"night": night, "to": area}
    if finding.get("moved", [])[-1:] != [moved]:
        finding["moved"] = finding.get("moved", []) + [moved]
        write_json(os.path.join(bug, FINDING), finding)
    move(bug, target)
    describe(target)


def join(bug, target):
    """Gives all sightings of `bug` to `target`, because both are the same bug."""
    for seen in sightings(bug):
        add_raw(target, os.path.join(bug, "raw", seen.group(0)), int(seen["night"]),
                seen["lane"], seen["name"])
    describe(target)
    shutil.rmtree(bug)


def older_name(folder, name, said):
    """Returns the id under which an older version of this program filed the same bug, or None. For
    bugs that only a fuzzer had found, that version made the ids by another hash. Such a bug keeps
    its id. It is recognized by its signature: the driver's, or the signature in the fuzzer's own
    report."""
    wanted = [(s["kind"], s["signature"]) for s in (said, said.get("reported", said))
              if s["signature"]]
    if not wanted or identity.of(said) != name:
        return None
    for bug in filed(folder):
        if (bug["kind"], bug["signature"]) in wanted and not is_unknown(bug["id"]) and \
                bug["id"] != name and identity.of({**bug, "id": None}) != bug["id"]:
            return bug["id"]
    return None


def file_examined(folder, name, night):
    """Moves an examined bug of incubating/ to its area. Returns sentences on what moved."""
    bug, said = folder.at(INCUBATING, name), examined(folder.at(INCUBATING, name))
    same = said.get("same_as") or name
    same = older_name(folder, same, said) or same
    if same != name:
        target = where(folder, same)
        if target:
            join(bug, target)
            return []
        move(bug, folder.at(INCUBATING, same))
        bug = folder.at(INCUBATING, same)
    describe(bug)
    if not said["reliability"][0]:
        return []
    relocate(folder, bug, CRASHING, night)
    return ["%s: fails in %d of %d re-runs" % (os.path.basename(bug), *said["reliability"])]


def file_retried(folder, area, name, night):
    """Moves a bug of an earlier night that was run again, if its area is wrong now. Returns
    sentences on what moved."""
    bug = folder.at(area, name)
    other = CRASHING if area == REGRESSION else REGRESSION
    retried = read_json(os.path.join(bug, RETRIED))
    describe(bug)
    if not retried or retried["night"] != night or \
            bool(retried["failed"]) != (area == REGRESSION):
        return []
    os.unlink(os.path.join(bug, RETRIED))
    relocate(folder, bug, other, night)
    return ["%s: failed in %d of %d runs of tonight's build, moved to %s" % (
        name, retried["failed"], retried["runs"], other)]


def settle(folder, night):
    """Files all bugs that have been examined or retried. Returns sentences on what moved."""
    said = []
    for name in entries(folder.at(INCUBATING)):
        bug = folder.at(INCUBATING, name)
        if not sightings(bug):
            # An earlier join() emptied the folder, and was killed before its end.
            shutil.rmtree(bug)
        elif examined(bug):
            said += file_examined(folder, name, night)
        else:
            describe(bug)
    for area in (CRASHING, REGRESSION):
        for name in entries(folder.at(area)):
            said += file_retried(folder, area, name, night)
    return said
