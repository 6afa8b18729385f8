# SPDX-License-Identifier: GPL-2.0-only
"""Brings the files of a kernel tree to where the build finds them.

`--linux=` names one of Debian's versions or a folder. Either way the few files that are needed are
copied to a folder of .kthrash/linux that their version and their content name. So Bazel sees each
change of a tree, and a build never sees half of one. The build gets the folder as KTHRASH_LINUX
(tools/bazel/linux.bzl).
"""

import contextlib
import dataclasses
import fcntl
import json
import os
import shutil

from kthrashlib import children, env
from kthrashlib.common import STATE, environment, say, usage, write_whole
from kthrashlib.linux import tree

FOLDER = os.path.join(STATE, "linux")
# Debian's versions. The first one is the default.
PACKAGES = {
    "6.12": {"linux-source-6.12": "the kernel's own files, as a core"},
    "6.1": {"linux-source-6.1": "the kernel's own files, as a core"},
}
DEFAULT = next(iter(PACKAGES))
ARCHIVE = "/usr/src/linux-source-%s.tar.xz"
KEPT = 16               # So many folders stay, those that were used last.
DIGITS = 16             # A folder's name has so many digits of the hash.


@dataclasses.dataclass(frozen=True)
class Linux:
    """The files of a kernel tree. `version` is as in "6.12.95"; `folder` has the files; `said` is
    how the user named the tree."""
    version: str
    folder: str
    said: str

    def options(self):
        """Returns the options with which Bazel builds on these files."""
        return ["--repo_env=KTHRASH_LINUX=" + self.folder]


def get(said=DEFAULT):
    """Returns the Linux for the value of --linux=. The first call for one of Debian's versions
    installs its package and takes the files out of the archive, which takes half a minute."""
    if said in PACKAGES:
        with alone():
            return debian(said)
    if "/" not in said and not os.path.lexists(said):
        raise usage("--linux=%s: expected %s, or a folder with a kernel tree" % (
            said, ", ".join(PACKAGES)))
    version, files = tree.load(said, said)
    with alone():
        return Linux(str(version), keep(version, files), said)


@contextlib.contextmanager
def alone():
    """Lets one process at a time change the folders."""
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, "lock"), "w", encoding="ascii") as lock:
        with contextlib.suppress(OSError):      # Some file systems have no locks.
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# ---- the folders ----


def keep(version, files):
    """Returns the folder that has these files. It makes the folder if it is not there."""
    folder = os.path.join(FOLDER, "%s-%s" % (version, tree.digest(files)[:DIGITS]))
    if not os.path.isdir(folder):
        temporary = "%s.%d.tmp" % (folder, os.getpid())
        shutil.rmtree(temporary, ignore_errors=True)
        try:
            for name, content in files.items():
                path = os.path.join(temporary, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as f:
                    f.write(content)
            os.rename(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    os.utime(folder)
    drop_old(folder)
    return folder


def drop_old(used):
    """Deletes what killed processes have left, and the folders that were not used lately."""
    folders = []
    for entry in os.scandir(FOLDER):
        if not entry.is_dir():
            continue
        if entry.name.endswith(".tmp"):     # Its maker had the lock, so it is dead.
            shutil.rmtree(entry.path, ignore_errors=True)
        elif entry.path != used:
            folders.append((entry.stat().st_mtime, entry.path))
    for _, path in sorted(folders, reverse=True)[KEPT - 1:]:
        shutil.rmtree(path, ignore_errors=True)


# ---- Debian's packages ----


def debian(version):
    """Returns the Linux of a package of Debian."""
    env.ensure(PACKAGES[version])
    archive = ARCHIVE % version
    try:
        there = os.stat(archive)
    except OSError as e:
        package = next(iter(PACKAGES[version]))
        raise environment("%s: %s; as root, run: apt-get install --reinstall %s" % (
            archive, e.strerror, package)) from e
    state = {"archive": [there.st_size, there.st_mtime_ns], "files": list(tree.FILES)}
    record = os.path.join(FOLDER, "debian-%s.json" % version)
    known = taken(record, state)
    if not known:
        said, files = take(archive, version)
        known = keep(said, files)
        write_whole(record, json.dumps({**state, "folder": os.path.basename(known),
                                        "version": str(said)}) + "\n")
    os.utime(known)
    name = os.path.basename(known)
    return Linux(name[:-DIGITS - 1], known, version)


def taken(record, state):
    """Returns the folder of the files that were taken out of the archive before, or None if it is
    not there, or the archive is another one now."""
    try:
        with open(record, encoding="utf-8") as f:
            found = json.load(f)
        folder = os.path.join(FOLDER, os.path.basename(found["folder"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if any(found.get(key) != value for key, value in state.items()) or not os.path.isdir(folder):
        return None
    return folder


def take(archive, version):
    """Returns (the Version, the files) of an archive."""
    say("kthrash: taking the kernel's files out of %s" % archive)
    top = "linux-source-" + version
    temporary = os.path.join(FOLDER, "%s.%d.tmp" % (top, os.getpid()))
    shutil.rmtree(temporary, ignore_errors=True)
    os.mkdir(temporary)
    try:
        # tar stops reading when it has each file once.
        done = children.run(["tar", "-xJf", archive, "-C", temporary, "--no-same-owner",
                             "--occurrence=1"] + ["%s/%s" % (top, f) for f in tree.FILES],
                            stdin=children.DEVNULL, stdout=children.DEVNULL, stderr=children.PIPE,
                            text=True)
        if done.returncode != 0:
            raise environment("%s: tar failed: %s" % (archive, done.stderr.strip()[-500:]))
        return tree.load(os.path.join(temporary, top), archive)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
