# SPDX-License-Identifier: GPL-2.0-only
"""Makes and locks a campaign's folder, and writes there. A process that is killed at any moment
leaves no half-written file that another process reads.

A file is written under another name and renamed. A finding is moved by one rename, so it is
either where the lane saved it or where it is counted. Each file has one writer.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import time

from kthrashlib import locks
from kthrashlib.common import environment, usage, write_whole

VERSION = 1
CRASHING, INCUBATING, REGRESSION = AREAS = "crashing", "incubating", "regression"
# The ballast is deleted when the disk is full, so that findings can be saved.
BALLAST_BYTES = 4 << 20
# These errors say that there is no room for what was to be written.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def utc(seconds=None):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def sync(folder):
    """Makes a rename in `folder` hold even if the machine loses power."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def move(source, target):
    """Renames within a campaign's folder. The rename holds even if the machine loses power."""
    os.rename(source, target)
    sync(os.path.dirname(target))
    sync(os.path.dirname(source))


def write_json(path, value):
    write_whole(path, json.dumps(value, indent=1) + "\n")


def read_json(path):
    """Returns what the file holds, or None if it is not there or is not JSON."""
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
    """Removes the files that were begun and not renamed, in `folder` and below it, except in the
    folders `but`. Their writers have ended. write_whole() and the C driver name such files
    NAME.PROCESS.tmp."""
    for place, below, names in os.walk(folder):
        below[:] = [b for b in below if os.path.join(place, b) not in but]
        for name in names:
            if re.fullmatch(r".*\.\d+\.tmp", name):
                os.unlink(os.path.join(place, name))


class Folder:
    """A campaign's folder. Only the process that open()s it writes there, except for lanes and
    jobs, which write in their own folders below it."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.lock_fd = None

    def at(self, *names):
        return os.path.join(self.path, *names)

    # ---- one campaign at a time -----------------------------------------------

    def check(self):
        """Refuses a folder that is not a campaign's. Changes nothing."""
        if os.path.lexists(self.path) and not os.path.isdir(self.path):
            raise usage("%s: not a folder" % self.path)
        try:
            there = [e for e in entries(self.path) if not e.endswith(".tmp")]
        except OSError as e:
            raise self.unusable(e) from e
        marker = read_json(self.at("campaign.json"))
        if marker is None and there:
            raise usage("%s: not a campaign's folder, because it has files and no campaign.json: "
                        "expected a campaign's folder or a new name" % self.path)
        if marker is not None and (not isinstance(marker, dict) or
                                   marker.get("kthrash") != "campaign" or
                                   marker.get("version") != VERSION):
            raise usage("%s: expected {\"kthrash\": \"campaign\", \"version\": %d}" % (
                self.at("campaign.json"), VERSION))

    def unusable(self, error):
        """Returns the error that ends the command because the folder can't be used."""
        if error.errno in FULL:
            return environment("%s: %s: make room, then give the same command again" % (
                self.path, error.strerror))
        return usage("%s: %s: expected a folder that can be made and written" % (
            self.path, error.strerror))

    def open(self):
        """Makes the folder or takes it over, and locks it for this process."""
        self.check()
        try:
            self.take_over()
        except OSError as e:
            self.close()
            raise self.unusable(e) from e

    def take_over(self):
        os.makedirs(self.path, exist_ok=True)
        if not os.path.exists(self.at("campaign.json")):
            write_json(self.at("campaign.json"),
                       {"kthrash": "campaign", "version": VERSION, "created": utc()})
        self.lock_fd = locks.take(self.at("lock"))
        if self.lock_fd is None:
            raise usage("%s: another campaign runs in it (%s)" % (
                self.path, locks.told(self.at("lock"))))
        for name in ("lanes", "corpus", "nights", *AREAS):
            os.makedirs(self.at(name), exist_ok=True)
        # The lanes of an earlier campaign may still be ending: settle_in() waits for each.
        sweep(self.path, but=[self.at("lanes"), self.at("jobs")])
        self.make_ballast()

    def close(self):
        if self.lock_fd is not None:
            os.close(self.lock_fd)
            self.lock_fd = None

    # ---- room ------------------------------------------------------------------

    def make_ballast(self, reserve=0):
        """Makes the ballast, unless less than `reserve` bytes would then be free."""
        try:
            if not os.path.exists(self.at("ballast")) and \
                    self.free() >= BALLAST_BYTES + reserve:
                write_whole(self.at("ballast"), "\0" * BALLAST_BYTES)
        except OSError:
            pass    # The disk is full. The caller looks at free(), too.

    def drop_ballast(self):
        try:
            os.unlink(self.at("ballast"))
        except FileNotFoundError:
            pass

    def free(self):
        """Returns how many bytes can still be written."""
        there = os.statvfs(self.path)
        return there.f_bavail * there.f_frsize

    # ---- the corpus that all lanes share ------------------------------------------

    def check_corpus(self):
        """Moves the files that can't be read, or whose name is not the SHA-1 of their content, to
        corrupt/. Returns their names."""
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
        """Replaces the corpus by the files in the folder `merged`, and deletes the files `sources`,
        which were merged. Nothing is deleted before all of `merged` is in the corpus."""
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


def existing(path):
    """Returns the campaign's folder at `path`, to be read."""
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
