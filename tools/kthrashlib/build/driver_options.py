# SPDX-License-Identifier: GPL-2.0-only
"""Reads the options of the C driver's own commands as rows (commands, name, value, text, default),
and the strategies that the scoreboard measures.

`commands` has blanks between the names. `value` is "" for a flag; the driver checks the values.
front/ makes the help, the manual page and the completion from the rows. read() reads the rows from
the tables that the driver itself is compiled from.
"""

import os

from kthrashlib import rows
from kthrashlib.common import ROOT

OPTIONS = ("stress", "hunt", "options.def")
# A word in capital letters in an option's value may stand for all words of a table. This dict has,
# for each such word, the file of the table and the number of its columns.
TABLES = {
    "STRATEGY": (("platform", "words.def"), 8),
    "MEMORY": (("stress", "plan", "words.def"), 3),
    "EXHAUSTIVE": (OPTIONS, 3),
}


def read(root):
    """Reads the rows from the sources under `root`. The sources have two more columns, which only C
    uses."""
    return [(commands, name, with_words(root, value), text, default)
            for commands, name, value, text, default, _, _ in rows.read(
                os.path.join(root, *OPTIONS), "OPTION", 7)]


def with_words(root, value):
    """Returns the value of an option, with the words of the tables that it names."""
    words = []
    for word in value.split("|"):
        words += table_words(root, word) if word in TABLES else [word]
    return "|".join(words)


def table_words(root, macro):
    path, columns = TABLES[macro]
    found = rows.read(os.path.join(root, *path), macro, columns)
    if macro == "STRATEGY":     # The third column is the largest depth of the strategy.
        return [row[1] + ("" if row[2] == "0" else ":D") for row in found]
    return [row[1] for row in found]


def read_measured(root):
    """Reads which strategies the scoreboard measures, from the seventh column of their table."""
    path, columns = TABLES["STRATEGY"]
    return [word for row in rows.read(os.path.join(root, *path), "STRATEGY", columns)
            for word in row[6].split()] + ["portfolio"]


ROWS = read(ROOT)
MEASURED = read_measured(ROOT)

# The user does not give these options: the front door itself adds them.
HIDDEN = {"progress", "door"}


def of(command):
    """Returns (name, value, text, default) for each option of one of the driver's commands, in
    order."""
    return [(name, value, text, default) for commands, name, value, text, default in ROWS
            if command in commands.split() and name not in HIDDEN]


def words(command, name):
    """Returns the words between the bars of an option's value, such as "pct:D"."""
    return next(value for n, value, _, _ in of(command) if n == name).split("|")
