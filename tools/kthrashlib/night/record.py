# SPDX-License-Identifier: GPL-2.0-only
"""Reads and writes the record of a night: all that is known of it, in nights/NNNN/ of a campaign's
folder.

night.json has the facts: what was asked for, what each lane did, which bugs fail, and at last
the verdict. series.jsonl has a sample of the main figures in each line. Only this module reads
and writes these two files. Only the campaign that runs the night writes them. A reader gets every
fact that KEYS names, with a value of the right kind, whatever the files hold.
"""

import json
import os
import re

from kthrashlib import checkout
from kthrashlib.common import write_whole
from kthrashlib.night.folder import entries, utc, write_json
from kthrashlib.night.lenient import (as_dict, as_dicts, as_number, as_numbers, as_text, as_word,
                                      as_words, read_object, read_text)

EVENTS_KEPT = 500
SERIES_MAX = 64 << 20       # At most this many bytes of series.jsonl are read.


def lane_row(row):
    """Returns what one lane did, with every figure a number or None."""
    numbers = ("weight", "runs", "seconds", "executions", "points", "coverage", "findings",
               "pairs", "pairs_alone", "pairs_lately")
    return {**row, "name": as_text(row.get("name"), "?"), "what": as_text(row.get("what")),
            "unit": as_text(row.get("unit")), "build": as_text(row.get("build")),
            "state": as_text(row.get("state"), "?"),
            "failures": as_dicts(row.get("failures")), "starved": bool(row.get("starved")),
            "pairs_at": [p for p in row.get("pairs_at") or [] if isinstance(p, list)]
            if isinstance(row.get("pairs_at"), list) else [],
            **{k: as_number(row.get(k)) for k in numbers}}


def lane_rows(value):
    return [lane_row(row) for row in as_dicts(value)]


def bug_lists(value):
    return {as_text(k): as_words(v) for k, v in as_dict(value).items()}


# For each fact, the function turns any value into one of the right kind. The order is that of
# night.json.
KEYS = {
    "night": as_number,
    "state": as_word,           # The state is running, done or invalid.
    "verdict": as_word,         # See verdict.py. It is None until the night has ended.
    "why": as_words,            # These are the verdict's sentences.
    "started": as_word, "ended": as_word,
    "seconds": as_number,       # The night is given this time.
    "elapsed": as_number,       # The night has had this time, over all starts.
    "resumed": as_number,       # This is the number of starts after the first.
    "jobs": as_number, "seed": as_number,
    # See checkout.State.
    "commit": as_word, "dirty": bool, "sources": as_word, "no_commit": as_word,
    "who": as_dict,             # A start with the same values goes on with this night.
    "options": as_words,
    "machine": as_dict,
    "lanes": lane_rows,
    "retried": bool,            # True if the bugs of earlier nights have been run again.
    "merges": as_number,        # This is how often the corpora were merged.
    "canary": as_dict,          # The planted bug has the keys bug, state, executions and at.
    "totals": as_numbers,
    # The lists of ids are crashing, incubating, regression, new, back and fixed.
    "bugs": bug_lists,
    "busy": as_words,           # These jobs run beside the lanes.
    "events": as_dicts,         # Each event has the keys at and what.
    "shards": as_dicts,         # Only a night on a cluster has shards.
    "troubles": as_words,       # These sentences say what went wrong besides lanes.
    "interrupted": bool,        # True if a signal ended the last start.
    "disk_full": bool,          # True if lanes could not run at the end, because the disk was full.
}


def cleaned(facts):
    """Returns `facts` with every key of KEYS, each value of the right kind. Keeps keys that are not
    in KEYS."""
    return {**facts, **{key: kind(facts.get(key)) for key, kind in KEYS.items()}}


# ---- where ----


def numbers(folder):
    """Returns the numbers of the nights that are in the folder, in order."""
    return sorted(int(n) for n in entries(folder.at("nights")) if re.fullmatch(r"\d{4,9}", n))


def place(folder, number, *names):
    return folder.at("nights", "%04d" % number, *names)


# ---- reading ----


def read(folder, number):
    """Returns (the facts, "") or (the facts of no night, the reason why there is no record)."""
    facts, why = read_object(place(folder, number, "night.json"))
    return cleaned(facts), why


def read_samples(folder, number):
    """Returns (samples in the order of time, how many lines of series.jsonl are no samples). A
    sample has a time "t", other figures, and "lanes": executions by lane."""
    text, _ = read_text(place(folder, number, "series.jsonl"), SERIES_MAX)
    found, torn = [], 0
    for line in filter(str.strip, text.split("\n")):
        try:
            sample = as_dict(json.loads(line))
        except (ValueError, RecursionError):
            sample = {}
        t = as_number(sample.get("t"))
        if t is None or t < 0:
            torn += 1
            continue
        found.append({**as_numbers(sample), "lanes": as_numbers(sample.get("lanes"))})
    return sorted(found, key=lambda s: s["t"]), torn


def sources_told(facts):
    """Returns one line that says which sources the night hunted in."""
    return checkout.told(facts["commit"] or "", facts["dirty"], facts["sources"] or "",
                         facts["no_commit"] or "")


# ---- writing ----


class Record:
    """A night's record. The campaign that runs the night writes it."""

    def __init__(self, folder, number, facts):
        self.folder, self.number = folder, number
        self.facts = cleaned({**facts, "night": number})

    def at(self, *names):
        return place(self.folder, self.number, *names)

    def make(self):
        os.makedirs(self.at(), exist_ok=True)

    def save(self):
        write_json(self.at("night.json"), self.facts)

    def event(self, what):
        self.facts["events"] = (self.facts["events"] + [{"at": utc(), "what": what}]
                                )[-EVENTS_KEPT:]

    def conclude(self, verdict):
        """Writes down the verdict. The night is over, unless a signal or a full disk ended it. Then
        it may go on."""
        self.facts.update(verdict=verdict.word, why=verdict.sentences, ended=utc(),
                          state="running" if self.facts["interrupted"] or
                          self.facts["disk_full"] else
                          "invalid" if verdict.word == "invalid" else "done")
        for lane in self.facts["lanes"]:
            if lane["state"] == "running":
                lane["state"] = "done"

    def sample(self):
        """Returns a sample: the main figures as they are now."""
        facts = self.facts
        totals = facts["totals"]
        return {"t": round(facts["elapsed"] or 0, 1),
                **{k: totals.get(k, 0) for k in ("executions", "points", "pairs", "corpus")},
                "edges": max([lane["coverage"] or 0 for lane in facts["lanes"]
                              if lane["unit"] == "edges"] or [0]),
                "bugs": len(facts["bugs"].get("crashing", [])),
                "lanes": {lane["name"]: lane["executions"] or 0 for lane in facts["lanes"]}}

    def append_sample(self, sample=None):
        with open(self.at("series.jsonl"), "a+b") as f:
            if f.tell() and os.pread(f.fileno(), 1, f.tell() - 1) != b"\n":
                f.write(b"\n")      # The last writer was killed within a line.
            f.write(json.dumps(sample or self.sample()).encode() + b"\n")

    def write_samples(self, samples):
        """Replaces series.jsonl by these samples."""
        write_whole(self.at("series.jsonl"), "".join(json.dumps(s) + "\n" for s in samples))


def last(folder):
    """Returns the Record of the last night, or None if there has been none, or if its file is
    torn."""
    there = numbers(folder)
    if not there:
        return None
    facts, why = read(folder, there[-1])
    return None if why else Record(folder, there[-1], facts)
