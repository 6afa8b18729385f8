# SPDX-License-Identifier: GPL-2.0-only
"""Finds the values that completion offers for a word, by the kind of the value."""

import glob
import os
import re

from kthrashlib.build import drivers
from kthrashlib.common import ROOT
from kthrashlib.linux import edits, fetch
from kthrashlib.night import config


def folders(word):
    return [path + "/" for path in glob.glob(glob.escape(word) + "*") if os.path.isdir(path)]


def files(word):
    return folders(word) + [p for p in glob.glob(glob.escape(word) + "*") if os.path.isfile(p)]


def plans(word):
    return folders(word) + glob.glob(glob.escape(word) + "*.plan")


def bug_names(_):
    return sorted({*drivers.bug_names(), *edits.load()})


def kernels(word):
    return [*fetch.PACKAGES, *folders(word)]


def lane_names(word):
    before, comma, _ = word.rpartition(",")
    taken = before.split(",")
    return [before + comma + name for name in config.Config().lanes if name not in taken]


def programs(word):
    """Returns the programs: files that may be executed."""
    return folders(word) + [p for p in files(word) if os.path.isfile(p) and os.access(p, os.X_OK)]


def back_ends():
    """Returns for each role its words, and for each word the systems it runs on. choice.bzl has
    them."""
    with open(os.path.join(ROOT, "tools", "bazel", "choice.bzl"), encoding="utf-8") as f:
        text = f.read()
    tables = [{name: re.findall(r'"(\w+)"', systems)
               for name, systems in re.findall(r'"(\w+)": (\[.*\])', table)}
              for table in re.findall(r"^(?:PLAIN_LOCKS|COMPLETIONS|QUEUES|RCUS) = \{(.*?)^\}",
                                      text, re.DOTALL | re.MULTILINE)]
    tables[0].update({"checked-" + name: systems for name, systems in tables[0].items()})
    return tables


def platforms(word):
    """Returns the candidates for the next word of a combination: the back ends that run on its
    system."""
    before, plus, _ = word.rpartition("+")
    system = word.partition("+")[0]
    if not plus:
        return ["sim+", "posix+"]
    tables, place = back_ends(), before.count("+")
    if place >= len(tables):
        return []
    return [before + "+" + name + ("+" if place + 1 < len(tables) else "")
            for name, systems in tables[place].items() if system in systems]


def nothing(_):
    return []


# The key is the word that stands for the value in the table of commands. FILE is read, and OUT is
# written: the parser refuses an OUT that can't be written before the command runs.
KINDS = {
    "BUG": bug_names,
    "COMMIT": nothing,
    "COMPILER": nothing,
    "DIR": folders,
    "FILE": files,
    "LANES": lane_names,
    "LINUX": kernels,
    "N": nothing,
    "OPTION": nothing,
    "OUT": files,
    "PLAN": plans,
    "PREFIX": folders,
    "PROGRAM": programs,
    "PLANS": plans,
    "PLATFORM": platforms,
    "WORD": nothing,
}


def candidates(kind, word):
    """Returns the candidates for `kind`. The table has the same text for a kind: words between
    bars, or the name of a kind of value."""
    if kind.isupper():
        found = KINDS[kind](word)
    else:
        found = [re.sub("[A-Z]+$", "", w) for w in kind.split("|")]    # This makes pct: from pct:D.
    return [c for c in found if c.startswith(word)]
