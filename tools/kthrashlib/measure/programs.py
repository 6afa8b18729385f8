# SPDX-License-Identifier: GPL-2.0-only
"""Reads corpus/programs/programs.toml, the table of small programs with a bug each, and says how a
program is compiled."""

import dataclasses
import os
import tomllib

from kthrashlib.common import ROOT, environment

FOLDER = os.path.join(ROOT, "corpus", "programs")
TABLE = os.path.join(FOLDER, "programs.toml")
DRIVERS = os.path.join(ROOT, "corpus", "drivers")
DRIVERS_TABLE = os.path.join(DRIVERS, "drivers.toml")

KINDS = ("assertion", "deadlock", "discipline", "leak", "livelock", "memory", "race")
FAULTS = ("allocation", "spurious", "thread", "timeout", "trylock")
MEMORY = ("sc", "tso", "pso")
COMPILERS = {"clang": ("clang-19", "clang++-19"), "gcc": ("gcc", "g++")}


@dataclasses.dataclass(frozen=True)
class Program:
    """A row of the table. programs.toml says what each column means."""
    name: str
    source: str
    about: str
    expect: list
    verify: bool
    arguments: list = dataclasses.field(default_factory=lambda: [[]])
    std: str = ""
    memory: str = "sc"
    faults: list = dataclasses.field(default_factory=list)
    races: bool = False
    tsan: str = ""
    compiler: str = "clang"
    slow: list = dataclasses.field(default_factory=list)
    kthread: bool = False       # a kernel driver, of the other folder

    @property
    def path(self):
        return os.path.join(DRIVERS if self.kthread else FOLDER, self.source)

    def compiled(self, out, compiler="clang", repaired=False, flags=()):
        """Returns the command line that compiles and links the program."""
        words = [COMPILERS[compiler][self.source.endswith(".cc")]]
        words += ["-std=" + self.std] if self.std else []
        words += ["-DREPAIRED"] if repaired else []
        return [*words, "-g", "-pthread", *flags, self.path, "-o", out]


def complaint(row):
    """Returns what is wrong with a row, or None."""
    known = {f.name: f for f in dataclasses.fields(Program) if f.name != "name"}
    for word in row:
        if word not in known:
            return "unexpected '%s', expected %s" % (word, ", ".join(known))
    for word, field in known.items():
        required = (field.default is dataclasses.MISSING and
                    field.default_factory is dataclasses.MISSING)
        if required and word not in row:
            return "no '%s'" % word
        if word in row and not isinstance(row[word], field.type):
            return "'%s' is a %s, expected a %s" % (word, type(row[word]).__name__,
                                                    field.type.__name__)
    for word, values in (("expect", KINDS), ("faults", FAULTS)):
        for value in row.get(word, []):
            if value not in values:
                return "unexpected '%s' in '%s', expected %s" % (value, word, ", ".join(values))
    if row.get("memory", "sc") not in MEMORY:
        return "unexpected memory '%s', expected %s" % (row["memory"], ", ".join(MEMORY))
    if not row["expect"]:
        return "'expect' is empty"
    if row.get("compiler", "clang") not in COMPILERS:
        return "unexpected compiler '%s', expected %s" % (row["compiler"], ", ".join(COMPILERS))
    for words in row.get("slow", []):
        if words not in row.get("arguments", [[]]):
            return "'slow' has %s, which is not in 'arguments'" % words
    for words in row.get("arguments", [[]]):
        if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
            return "'arguments' is not a list of command lines, each a list of strings"
    return None if row.get("arguments", [[]]) else "'arguments' is empty"


def load_drivers():
    """Returns the drivers, whose table has fewer columns."""
    return load(DRIVERS_TABLE, {"verify": False, "kthread": True})


def load(path=TABLE, same=None):
    """Returns the programs in the order of the table. All rows have the columns `same`, too."""
    try:
        with open(path, "rb") as f:
            table = tomllib.load(f)
    except (OSError, tomllib.TOMLDecodeError) as e:
        raise environment("%s: %s" % (os.path.relpath(path, ROOT), e)) from e
    programs = []
    for name, row in table.items():
        if isinstance(row, dict):
            row.update(same or {})
        wrong = complaint(row) if isinstance(row, dict) else "not a table"
        if wrong:
            raise environment("%s: [%s]: %s" % (os.path.relpath(path, ROOT), name, wrong))
        programs.append(Program(name=name, **row))
    return programs


def needs(program):
    """Returns in words what a hunt needs to find the bug."""
    words = [] if program.memory == "sc" else [program.memory]
    words += ["%s faults" % fault for fault in program.faults]
    words += ["races"] if program.races else []
    return ", ".join(words)


def rows(chosen):
    """Returns the rows of the table in corpus/programs/README.md, which a test compares."""
    return ["| [%s](%s) | %s | %s | %s | %s |" % (
        p.name, p.source, p.about, ", ".join(p.expect), needs(p), "yes" if p.verify else "no")
        for p in chosen]
