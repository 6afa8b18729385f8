# SPDX-License-Identifier: GPL-2.0-only
"""Copies findings and plans from a shard's folder into the campaign's, for the merge."""

import hashlib
import os
import shutil

from kthrashlib.night import bugs
from kthrashlib.night.folder import AREAS, entries, read_json, sync, write_json
from kthrashlib.night.submission import name_of, shard_of


def copy_whole(source, target):
    """Copies a file with its time, whole or not at all."""
    temporary = "%s.%d.tmp" % (target, os.getpid())
    shutil.copy2(source, temporary)
    fd = os.open(temporary, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    os.rename(temporary, target)
    sync(os.path.dirname(target))


class Import:
    """A copier of the findings of one shard into the campaign's folder. Each finding is counted
    once.

    Before it copies, it writes down what it will copy and under which names. So if the merge is
    repeated after a kill, it makes the same files.
    """

    def __init__(self, folder, index, night):
        self.folder, self.index, self.night = folder, index, night
        self.shard = shard_of(folder, index)
        self.path = folder.at("shards", "merged", name_of(index) + ".json")
        self.record = {"bugs": {}, "raws": [], "pending": None, **(read_json(self.path) or {})}

    def save(self):
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        write_json(self.path, self.record)

    def all(self):
        """Copies all findings of the shard. Returns how many sightings were new."""
        if self.record["pending"]:
            self.copy(self.record["pending"])
        new = 0
        for area in AREAS:
            for name in entries(self.shard.at(area)):
                new += self.bug(name, self.shard.at(area, name))
        return new

    def bug(self, name, source):
        """Copies the new sightings of one bug. Returns how many there were."""
        known, last = self.record["bugs"].get(name, 0), bugs.seen_times(source)
        if last <= known:
            return 0
        there = bugs.where(self.folder, name)
        number = (bugs.seen_times(there) if there else 0) - known
        copies, raws = [], []
        for match in bugs.sightings(source):
            if int(match["seq"]) <= known:
                continue
            # Until a fuzzer's input is examined, its bug has another name. An earlier merge
            # may have taken in the bug under that name.
            sighting = "%s.%s.%d" % (match["lane"], match["name"], os.stat(
                os.path.join(source, "raw", match.group(0))).st_mtime_ns)
            if sighting in self.record["raws"]:
                number -= 1
                continue
            copies.append([match.group(0), "%06d.%04d.%s.%s" % (
                number + int(match["seq"]), self.night, match["lane"], match["name"])])
            if bugs.is_unknown(name):
                raws.append(sighting)
        self.record["pending"] = {"bug": name, "to": last, "copies": copies, "raws": raws}
        self.save()
        self.copy(self.record["pending"])
        return len(copies)

    def copy(self, pending):
        name, source = pending["bug"], bugs.where(self.shard, pending["bug"])
        if source and pending["copies"]:
            target = bugs.folder_for(self.folder, name)
            os.makedirs(os.path.join(target, "raw"), exist_ok=True)
            # A bug's folder has these two files even before the examiner runs.
            self.copy_files(("report.txt", bugs.FOUND), source, target, False)
            for raw, copied in pending["copies"]:
                if os.path.exists(os.path.join(source, "raw", raw)):
                    copy_whole(os.path.join(source, "raw", raw),
                               os.path.join(target, "raw", copied))
            for old in bugs.sightings(target)[1:][:-bugs.RAWS_KEPT]:
                os.unlink(os.path.join(target, "raw", old.group(0)))
            self.copy_examined(source, target)
            bugs.describe(target)
        self.record["bugs"][name] = pending["to"]
        self.record["raws"] += pending["raws"]
        self.record["pending"] = None
        self.save()

    def copy_files(self, names, source, target, replace):
        for name in names:
            new = os.path.join(target, name)
            if os.path.exists(os.path.join(source, name)) and \
                    (replace or not os.path.exists(new)):
                copy_whole(os.path.join(source, name), new)

    def copy_examined(self, source, target):
        """Copies the result of the shard's examiner, if the bug was not examined before. Copies
        examined.json last."""
        result = bugs.examined(source)
        if not result:
            return
        own = bugs.examined(target)
        if not own:
            self.copy_files(("plan", "interleaving.txt", "trace.json", "report.txt"), source,
                            target, True)
            own = result
        # All sightings in the folder are of the same bug, so all count as examined.
        if result["reliability"][0] or not own["reliability"][0]:
            write_json(os.path.join(target, bugs.EXAMINED),
                       {**own, "raws": bugs.seen_times(target)})


def take_corpus(folder, index):
    """Copies a shard's plans into the campaign's corpus. Merging the corpora makes the corpus small
    again."""
    shard = shard_of(folder, index)
    os.makedirs(folder.at("corpus"), exist_ok=True)
    for name in entries(shard.at("corpus")):
        try:
            with open(shard.at("corpus", name), "rb") as f:
                good = hashlib.sha1(f.read()).hexdigest() + ".plan" == name
        except OSError:
            continue
        if good and not os.path.exists(folder.at("corpus", name)):
            copy_whole(shard.at("corpus", name), folder.at("corpus", name))
