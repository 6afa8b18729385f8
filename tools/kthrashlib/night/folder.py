# SPDX-License-Identifier: GPL-2.0-only
"""A campaign's folder: what is where, and how to write there so that whoever is killed at
any moment leaves nothing half-written that somebody reads.

A file is written aside and renamed; a finding is moved by one rename, so that it is either
where the lane saved it or where it is counted. Each file has one writer.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import time

from kthrashlib.common import environment, usage, write_whole

VERSION = 1
BALLAST_BYTES = 4 << 20     # given up when the disk is full, to save what is at hand
CRASHING, INCUBATING, REGRESSION = "crashing", "incubating", "regression"


def utc(seconds=None):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def sync(folder):
    """What was renamed in it stays renamed if the machine dies."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def move(source, target):
    """Rename within the folder, for good."""
    os.rename(source, target)
    sync(os.path.dirname(target))
    sync(os.path.dirname(source))


def write_json(path, value):
    write_whole(path, json.dumps(value, indent=1) + "\n")


def read_json(path):
    """None if it is not there or is not JSON."""
    try:
        with open(path, encoding="utf-8") as f:
            return json.load(f)
    except (OSError, ValueError):
        return None


def entries(folder):
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []


def sweep(folder, but=()):
    """Remove what was begun and not renamed, in `folder` and below, without the folders in
    `but`. Whoever wrote there has ended. write_whole() and the C side name such files so."""
    for place, below, names in os.walk(folder):
        below[:] = [b for b in below if os.path.join(place, b) not in but]
        for name in names:
            if re.fullmatch(r".*\.\d+\.tmp", name):
                os.unlink(os.path.join(place, name))


def holders(path):
    """Who has the file at `path` open: process numbers, without our own."""
    try:
        wanted = os.stat(path)
    except FileNotFoundError:
        return []
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            for fd in os.listdir("/proc/%s/fd" % pid):
                there = os.stat("/proc/%s/fd/%s" % (pid, fd))
                if (there.st_dev, there.st_ino) == (wanted.st_dev, wanted.st_ino):
                    found.append(int(pid))
                    break
        except OSError:
            continue    # it has ended, or is not ours
    return [pid for pid in found if pid != os.getpid()]


class Folder:
    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.lock_fd = None

    def at(self, *names):
        return os.path.join(self.path, *names)

    # ---- whose it is ---------------------------------------------------------

    def check(self):
        """Refuses what is no campaign's, and touches nothing."""
        if os.path.lexists(self.path) and not os.path.isdir(self.path):
            raise usage("%s: not a folder" % self.path)
        marker = read_json(self.at("campaign.json"))
        if marker is None and [e for e in entries(self.path) if not e.endswith(".tmp")]:
            raise usage("%s: there are files and no campaign.json: not a campaign's folder, "
                        "expected one or a new name" % self.path)
        if marker is not None and (not isinstance(marker, dict) or
                                   marker.get("kthrash") != "campaign" or
                                   marker.get("version") != VERSION):
            raise usage("%s: expected {\"kthrash\": \"campaign\", \"version\": %d}" % (
                self.at("campaign.json"), VERSION))

    def open(self):
        """Make it, or take over what is there, for this process alone."""
        self.check()
        os.makedirs(self.path, exist_ok=True)
        if not os.path.exists(self.at("campaign.json")):
            write_json(self.at("campaign.json"),
                       {"kthrash": "campaign", "version": VERSION, "created": utc()})
        self.lock_fd = os.open(self.at("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self.lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise usage("%s: another campaign runs in it (process %s)" % (
                self.path, ", ".join(map(str, holders(self.at("lock")))) or "unknown")) from None
        for name in ("lanes", "corpus", "nights", CRASHING, INCUBATING, REGRESSION):
            os.makedirs(self.at(name), exist_ok=True)
        # An earlier campaign's lanes may still be ending: settle_in() waits for each.
        sweep(self.path, but=[self.at("lanes"), self.at("jobs")])
        self.make_ballast()

    def close(self):
        if self.lock_fd is not None:
            os.close(self.lock_fd)
            self.lock_fd = None

    # ---- room ------------------------------------------------------------------

    def make_ballast(self):
        try:
            if not os.path.exists(self.at("ballast")):
                write_whole(self.at("ballast"), "\0" * BALLAST_BYTES)
        except OSError:
            pass    # full already: the caller's look at free() says so

    def drop_ballast(self):
        try:
            os.unlink(self.at("ballast"))
        except FileNotFoundError:
            pass

    def free(self):
        """Bytes that can still be written."""
        there = os.statvfs(self.path)
        return there.f_bavail * there.f_frsize

    # ---- nights ------------------------------------------------------------------

    def nights(self):
        return [int(n) for n in entries(self.at("nights")) if re.fullmatch(r"\d{4,}", n)]

    def night(self, number):
        return self.at("nights", "%04d" % number)

    def read_night(self, number):
        return read_json(os.path.join(self.night(number), "night.json"))

    def append_sample(self, number, sample):
        path = os.path.join(self.night(number), "series.jsonl")
        with open(path, "a+b") as f:
            if f.tell() and os.pread(f.fileno(), 1, f.tell() - 1) != b"\n":
                f.write(b"\n")      # the last writer was killed within a line
            f.write(json.dumps(sample).encode() + b"\n")

    def samples(self, number):
        try:
            with open(os.path.join(self.night(number), "series.jsonl"), "rb") as f:
                lines = f.read().split(b"\n")
        except FileNotFoundError:
            return
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                continue

    # ---- the corpus that all lanes share ------------------------------------------

    def check_corpus(self):
        """A file is named by its content's SHA-1; one that is not so, or can't be read, is put
        aside. Returns the names of those."""
        bad = []
        for name in entries(self.at("corpus")):
            path = self.at("corpus", name)
            try:
                with open(path, "rb") as f:
                    good = hashlib.sha1(f.read()).hexdigest() + ".plan" == name
            except OSError:
                good = False
            if not good:
                os.makedirs(self.at("corrupt"), exist_ok=True)
                os.rename(path, self.at("corrupt", name))
                bad.append(name)
        return bad

    def take_corpus(self, merged, sources):
        """`merged` has what is to stay of our corpus and of the files `sources`. Nothing is
        deleted before all of it is there."""
        kept = set()
        for name in entries(merged):
            with open(os.path.join(merged, name), "rb") as f:
                content = f.read()
            name = hashlib.sha1(content).hexdigest() + ".plan"
            kept.add(name)
            if not os.path.exists(self.at("corpus", name)):
                temporary = self.at("corpus", name + ".%d.tmp" % os.getpid())
                with open(temporary, "wb") as f:
                    f.write(content)
                    f.flush()
                    os.fsync(f.fileno())
                os.rename(temporary, self.at("corpus", name))
        sync(self.at("corpus"))
        for name in entries(self.at("corpus")):
            if name not in kept:
                os.unlink(self.at("corpus", name))
        for path in sources:
            if os.path.exists(path):
                os.unlink(path)
        shutil.rmtree(merged, ignore_errors=True)

    # ---- coverage --------------------------------------------------------------------

    HEADER = "kthrash-coverage 1"

    def read_coverage(self, *names):
        """The pairs in a file of the driver's, as a set of lines. A torn file counts as far
        as it goes."""
        try:
            with open(self.at(*names), encoding="ascii", errors="replace") as f:
                lines = f.read().split("\n")
        except OSError:
            return set()
        return set(lines[1:-1]) if lines[0] == self.HEADER else set()

    def write_coverage(self, pairs, *names):
        write_whole(self.at(*names), "\n".join([self.HEADER, *sorted(pairs), ""]))


def existing(path):
    """The campaign in `path`, to be read."""
    folder = Folder(path)
    if not os.path.isdir(path):
        raise usage("%s: no such folder" % path)
    if read_json(folder.at("campaign.json")) is None:
        raise usage("%s: no campaign.json: not a campaign's folder" % path)
    folder.check()
    return folder


def need_room(folder, wanted):
    if folder.free() < wanted:
        raise environment("%s: %d MiB free, expected at least %d (limits.free_disk)" % (
            folder.path, folder.free() >> 20, int(wanted) >> 20))
