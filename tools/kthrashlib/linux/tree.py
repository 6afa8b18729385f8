# SPDX-License-Identifier: GPL-2.0-only
"""Says which files of a kernel tree are a core, whether a folder is such a tree, and which version
it is."""

import dataclasses
import hashlib
import os
import re

from kthrashlib.common import printable, usage

# This is the one list of what is taken of a tree. The names are the tree's.
SOURCES = ("kernel/freezer.c", "kernel/kthread.c", "kernel/sched/completion.c",
           "kernel/sched/swait.c", "kernel/smpboot.c")
HEADERS = ("include/linux/completion.h", "include/linux/err.h", "include/linux/freezer.h",
           "include/linux/kthread.h", "include/linux/list.h", "include/linux/poison.h",
           "include/linux/smpboot.h", "include/linux/swait.h", "kernel/smpboot.h")
MAKEFILE = "Makefile"       # It has the version.
FILES = (MAKEFILE, *SOURCES, *HEADERS)
# The tests of the kernel's memory model, in two folders of a tree.
LITMUS = ("Documentation/litmus-tests", "tools/memory-model/litmus-tests")
OLDEST = (6, 1)             # The freezer of older versions is another one.


@dataclasses.dataclass(frozen=True)
class Version:
    """A kernel's version. `more` is what follows the three numbers, such as "-rc3"."""
    major: int
    minor: int
    patch: int
    more: str = ""

    def __str__(self):
        return "%d.%d.%d%s" % (self.major, self.minor, self.patch, self.more)


def version_of(makefile):
    """Returns the Version that the text of a tree's Makefile names, or None."""
    found = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *= *(.*?) *$",
                            makefile, re.MULTILINE))
    numbers = [found.get(name, "") for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
    more = found.get("EXTRAVERSION", "")
    # The version names a folder and is printed, so it has no other characters.
    if not all(re.fullmatch("[0-9]{1,4}", n) for n in numbers) or \
            not re.fullmatch(r"[A-Za-z0-9._+-]*", more):
        return None
    return Version(*map(int, numbers), more)


def read(folder, name):
    """Returns the content of a tree's file, or None if it is not there."""
    try:
        with open(os.path.join(folder, name), "rb") as f:
            return f.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def load(folder, said):
    """Returns (the Version, {name: content of each of FILES}) of the kernel tree in `folder`.
    Raises a usage error if it is no kernel tree that can be a core. `said` is how the user named
    it."""
    shown = printable(said)
    if not os.path.isdir(folder):
        raise usage("%s: %s, expected a folder with a kernel tree" % (
            shown, "is no folder" if os.path.lexists(folder) else "no such folder"))
    files = {name: read(folder, name) for name in FILES}
    version = version_of((files[MAKEFILE] or b"").decode("utf-8", "replace"))
    if not version:
        raise usage("%s: no kernel tree: expected a Makefile with VERSION, PATCHLEVEL and "
                    "SUBLEVEL in it" % shown)
    if (version.major, version.minor) < OLDEST:
        raise usage("%s: Linux %s is too old, expected %d.%d or newer" % (shown, version, *OLDEST))
    missing = [name for name in FILES if files[name] is None]
    if missing:
        raise usage("%s: no whole kernel tree: Linux %s without %s" % (
            shown, version, ", ".join(missing)))
    return version, files


def digest(files):
    """Returns a hash of the files, their names included."""
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(b"%s\0%d\0" % (name.encode(), len(files[name])))
        whole.update(files[name])
    return whole.hexdigest()
