# SPDX-License-Identifier: GPL-2.0-only
"""Chooses the core that a driver is built on: our own, or the kernel's own files, as --core= and
--linux= say, or as a plan says of the hunt that found it."""

import re

from kthrashlib.build.about import LINUX
from kthrashlib.common import usage
from kthrashlib.linux import edits, fetch

OURS = "kthrash"
PLAIN = "plain"         # our own, with its plain accesses as choice points
SIZE_MAX = 524288       # as in stress/plan/plan.h
# How a plan names the build that it was found on, and how a build names the kernel's files.
FOUND_ON = re.compile(r'^\s*found by "[^"]*".* on "([^"]*)"', re.MULTILINE)
ON_LINUX = re.compile(r"\bcore linux ([0-9][\w.+-]*)(?: \(([0-9a-f]+)\))?")


def is_linux(found):
    """Returns True if the options in `found` ask for the kernel's own files. --linux= alone does,
    too."""
    if "--linux" in found and found.get("--core", "linux") != "linux":
        raise usage("--core=%s --linux=%s: only --core=linux has a kernel tree" % (
            found["--core"], found["--linux"]))
    return "--linux" in found or found.get("--core") == "linux"


def of_plan(path):
    """Returns (version, hash) of the kernel's files on which the plan was found, or None. Either is
    as the plan says; the hash may be ""."""
    try:
        with open(path, encoding="ascii", errors="replace") as f:
            text = f.read(SIZE_MAX)
    except (OSError, ValueError):
        return None             # The driver says what is wrong with the file.
    build = FOUND_ON.search(text) if text.startswith("kthrash-plan") else None
    linux = build and ON_LINUX.search(build.group(1))
    return (linux.group(1), linux.group(2) or "") if linux else None


def named_by(plan, found):
    """Returns of_plan() if it decides: no option names a core or a tree that differs."""
    decides = "--linux" not in found and found.get("--core") not in (OURS, PLAIN)
    return of_plan(plan) if decides else None


def groups(found, plans):
    """Returns the plans as lists, those together that need the same core."""
    by_core = {}
    for plan in plans:
        by_core.setdefault(named_by(plan, found), []).append(plan)
    return list(by_core.values())


def get(found, plan=None):
    """Returns the Linux on whose files the options in `found` ask to build, or None for our own
    core. If no option says which tree, it is the one on which `plan` was found, else Debian's."""
    named = named_by(plan, found) if plan else None
    if named:
        version, digest = named     # pylint: disable=unpacking-non-sequence
        linux = fetch.find(version, digest)
        if not linux:
            raise usage("%s: was found on Linux %s (%s), whose files are not here any more: "
                        "expected --linux=DIR" % (plan, version, digest))
    elif is_linux(found):
        linux = fetch.get(found.get("--linux", fetch.DEFAULT))
    else:
        return None
    return planted(linux, found["--bug"]) if "--bug" in found else linux


def check_bug(name):
    """Returns the seeded bug of the kernel's files with this name."""
    table = edits.load()
    if name not in table:
        raise usage("no seeded bug '%s' of the kernel's files, expected one of %s" % (
            name, ", ".join(table)))
    return table[name]


def planted(linux, name):
    """Returns the Linux with a seeded bug in its files."""
    bug = check_bug(name)
    if not bug.is_in(linux.version):
        raise usage("--bug=%s: Linux %s does not have the code that the bug is in, expected %s" % (
            name, linux.version, " and ".join(filter(None, [
                bug.since and "%s or newer" % bug.since,
                bug.before and "a version before %s" % bug.before]))))
    try:
        return fetch.plant(linux, bug)
    except ValueError as e:
        raise usage("--bug=%s: %s" % (name, str(e).partition(": ")[2])) from e


def built_on(target, linux):
    """Returns the target of a driver on the core `linux`, and the options for Bazel."""
    if not linux:
        return target, []
    return target.replace("//stress:kthrash_", LINUX), linux.options()
