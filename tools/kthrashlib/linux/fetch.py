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
from kthrashlib.linux import edits, tree

FOLDER = os.path.join(STATE, "linux")
# Debian's versions. The first one is the default.
PACKAGES = {
    "6.12": {"linux-source-6.12": "the kernel's own files, as a core"},
    "6.1": {"linux-source-6.1": "the kernel's own files, as a core"},
}
DEFAULT = next(iter(PACKAGES))
ARCHIVE = "/usr/src/linux-source-%s.tar.xz"
OPTION = "--repo_env=KTHRASH_LINUX="
FACTS = "kthrash.json"  # It says which tree the files are from, and which bug is in them.
KEPT = 200              # So many folders stay, those that were used last.
ORIGINS = {}            # The user's folder, by the hash of the tree.
DIGITS = 16             # A folder's name has so many digits of the hash.


@dataclasses.dataclass(frozen=True)
class Linux:
    """The files of a kernel tree. `version` is as in "6.12.117"; `tree` is a hash of the files as
    they came; `folder` has the files, with the seeded bug `bug` in them unless that is ""."""
    version: str
    tree: str
    folder: str
    bug: str = ""

    def options(self):
        """Returns the options with which Bazel builds on these files."""
        return [OPTION + self.folder]


def get(said=DEFAULT):
    """Returns the Linux for the value of --linux=. The first call for one of Debian's versions
    installs its package and takes the files out of the archive, which takes half a minute."""
    env.ensure(env.PROGRAMS)        # core/linux/sites.py looks into objects.
    if said in PACKAGES:
        with alone():
            return debian(said)
    folder = os.path.expanduser(said)       # A shell leaves the ~ of --linux=~/src as it is.
    if "/" not in said and not os.path.lexists(folder):
        raise usage("--linux=%s: expected %s, or a folder with a kernel tree" % (
            said, ", ".join(PACKAGES)))
    version, files = tree.load(folder, said)
    with alone():
        linux = keep(version, files)
    ORIGINS[linux.tree] = os.path.abspath(folder)
    return linux


def plant(linux, bug):
    """Returns the Linux with this edits.Bug in its files. Raises ValueError, whose text is a
    sentence, if the bug does not fit these files."""
    version, files = tree.load(linux.folder, linux.folder)
    os.utime(linux.folder)
    files = edits.plant(bug, files)
    with alone():
        return keep(version, files, linux.tree, bug.name)


def find(version, wanted):
    """Returns the Linux whose tree has the hash `wanted`, or None. Without a hash, it is Debian's
    of that version. They are found as long as commands use them, and Debian's also later."""
    with alone():
        for entry in os.scandir(FOLDER):
            if entry.is_dir() and wanted and entry.name == "linux-%s-%s" % (version, wanted):
                os.utime(entry.path)
                return Linux(version, wanted, entry.path)
    for name in PACKAGES:
        if edits.numbers(name) == edits.numbers(version):
            linux = get(name)
            if not wanted or linux.tree == wanted:
                return linux
    return None


def of_options(options):
    """Returns the Linux for which these are options(), or None."""
    folder = next((o[len(OPTION):] for o in options if o.startswith(OPTION)), None)
    if not folder:
        return None
    with open(os.path.join(folder, FACTS), encoding="utf-8") as f:
        found = json.load(f)
    return Linux(found["version"], found["tree"], folder, found["bug"])


@contextlib.contextmanager
def alone():
    """Lets one process at a time change the folders."""
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, "lock"), "w", encoding="ascii") as lock:
        with contextlib.suppress(OSError):      # Some file systems have no locks.
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def litmus(said=DEFAULT):
    """Returns the folder in which tree.LITMUS are: a kernel tree, or a folder for one of Debian's
    versions, whose tests are taken out of the archive when they are first asked for."""
    if said not in PACKAGES:
        folder = os.path.expanduser(said)
        if not any(os.path.isdir(os.path.join(folder, f)) for f in tree.LITMUS):
            raise usage("--linux=%s: expected %s, or a folder with %s" % (
                said, ", ".join(PACKAGES), " or ".join(tree.LITMUS)))
        return folder
    with alone():
        archive, there = archive_of(said)
        folder = os.path.join(FOLDER, "litmus-%s-%d-%d" % (said, there.st_size,
                                                           there.st_mtime_ns))
        if not os.path.isdir(folder):
            say("kthrash: taking the kernel's litmus tests out of %s" % archive)
            with unpacked(archive, said, ["--wildcards"], [f + "/*.litmus" for f in
                                                           tree.LITMUS]) as top:
                os.rename(top, folder)
        os.utime(folder)
        return folder


# ---- the folders ----


def keep(version, files, origin=None, bug=""):
    """Returns the Linux that has these files. It makes their folder if it is not there. `origin` is
    the hash of the tree before the bug was planted."""
    own = tree.digest(files)[:DIGITS]
    facts = {"version": str(version), "tree": origin or own, "bug": bug}
    folder = os.path.join(FOLDER, "-".join(filter(None, ["linux", str(version), bug, own])))
    if not os.path.isdir(folder):
        temporary = "%s.%d.tmp" % (folder, os.getpid())
        shutil.rmtree(temporary, ignore_errors=True)
        try:
            for name, content in {**files, FACTS: json.dumps(facts).encode() + b"\n"}.items():
                path = os.path.join(temporary, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as f:
                    f.write(content)
            os.rename(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    os.utime(folder)
    drop_old(folder)
    return Linux(folder=folder, **facts)


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
    archive, there = archive_of(version)
    state = {"archive": [there.st_size, there.st_mtime_ns], "files": list(tree.FILES)}
    record = os.path.join(FOLDER, "debian-%s.json" % version)
    known = taken(record, state)
    if not known:
        known = keep(*take(archive, version))
        write_whole(record, json.dumps({**state, "folder": os.path.basename(known.folder)}) + "\n")
    os.utime(known.folder)
    return known


def archive_of(version):
    """Returns the archive of a package of Debian, which is installed if it is not there, and the
    archive's os.stat()."""
    env.ensure(PACKAGES[version])
    archive = ARCHIVE % version
    try:
        return archive, os.stat(archive)
    except OSError as e:
        package = next(iter(PACKAGES[version]))
        raise environment("%s: %s; as root, run: apt-get install --reinstall %s" % (
            archive, e.strerror, package)) from e


def taken(record, state):
    """Returns the Linux whose files were taken out of the archive before, or None if they are not
    there, or the archive is another one now."""
    try:
        with open(record, encoding="utf-8") as f:
            found = json.load(f)
        if any(found.get(key) != value for key, value in state.items()):
            return None
        return of_options([OPTION + os.path.join(FOLDER, os.path.basename(found["folder"]))])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def take(archive, version):
    """Returns (the Version, the files) of an archive."""
    say("kthrash: taking the kernel's files out of %s" % archive)
    # tar stops reading when it has each file once.
    with unpacked(archive, version, ["--occurrence=1"], tree.FILES) as top:
        return tree.load(top, archive)


@contextlib.contextmanager
def unpacked(archive, version, options, names):
    """Gives a folder with these files of an archive. The folder goes at the end, if it is still
    there."""
    top = "linux-source-" + version
    temporary = os.path.join(FOLDER, "%s.%d.tmp" % (top, os.getpid()))
    shutil.rmtree(temporary, ignore_errors=True)
    os.mkdir(temporary)
    try:
        done = children.run(["tar", "-xJf", archive, "-C", temporary, "--no-same-owner", *options,
                             *["%s/%s" % (top, name) for name in names]],
                            stdin=children.DEVNULL, stdout=children.DEVNULL, stderr=children.PIPE,
                            text=True)
        if done.returncode != 0:
            raise environment("%s: tar failed: %s" % (archive, done.stderr.strip()[-500:]))
        yield os.path.join(temporary, top)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
