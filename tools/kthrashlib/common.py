# SPDX-License-Identifier: GPL-2.0-only
"""Defines paths, the exit statuses, and the errors that end a command."""

import dataclasses
import os
import sys

from kthrashlib import files
from kthrashlib.where import ROOT, TOOLS, state

STATE = state()

CLEAN, FINDINGS, USAGE, ENVIRONMENT = 0, 1, 2, 3


class Failure(Exception):
    """An error that ends the command with one clear sentence on stderr and this exit status."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.message = message


def usage(message):
    return Failure(USAGE, message)


def environment(message):
    return Failure(ENVIRONMENT, message)


def decimal(seconds):
    """Returns seconds as an option takes them: digits, and at most three behind a point. It is more
    than 0."""
    return ("%.3f" % max(seconds, 0.001)).rstrip("0").rstrip(".")


def say(message):
    print(message, file=sys.stderr, flush=True)


def sentence(error):
    """Returns an OSError as one clause that names the file, if it has one."""
    if error.filename is None:
        return error.strerror or str(error)
    return "%s: %s" % (os.fsdecode(error.filename), error.strerror)


def write_whole(path, text):
    """Writes a file at once. A reader sees all of `text`, or the file as it was before. files.py
    says what happens to links and to anything but a regular file."""
    files.write(path, text)


@dataclasses.dataclass(frozen=True)
class Call:
    """A command line that the table of commands has checked. A command gets nothing else.

    `options` has the options that the user gave, by name: {"--seed": 1, "--json": True}. An option
    that may be repeated has a list. `words` has the words that are no options. `line` is the whole
    command line as a list of words, each option as --name=value.
    """
    options: dict
    words: list
    line: list

    def only(self, *names):
        """Raises a usage error if the user gave an option that is not one of `names`. A command
        calls this when one option excludes others."""
        for name in self.options:
            if name not in names:
                raise usage("unexpected '%s', expected %s" % (name, ", ".join(names)))


def process(module, *args):
    """Returns the command line that runs a module of this package as a process of its own."""
    return ["env", "PYTHONPATH=" + TOOLS, "/usr/bin/python3", "-B", "-m",
            "kthrashlib." + module, *args]
