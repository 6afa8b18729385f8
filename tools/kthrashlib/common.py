# SPDX-License-Identifier: GPL-2.0-only
"""Where things are, exit statuses, and the two ways to say that something is wrong."""

import dataclasses
import os
import sys

TOOLS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(TOOLS)
STATE = os.path.join(ROOT, ".kthrash")

CLEAN, FINDINGS, USAGE, ENVIRONMENT = 0, 1, 2, 3


class Failure(Exception):
    """Ends the command: one clear line on stderr, then this exit status."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.message = message


def usage(message):
    return Failure(USAGE, message)


def environment(message):
    return Failure(ENVIRONMENT, message)


def say(message):
    print(message, file=sys.stderr, flush=True)


def write_whole(path, text):
    """The file is there with all of `text`, or as it was before."""
    temporary = "%s.%d.tmp" % (path, os.getpid())
    try:
        with open(temporary, "w", encoding="utf-8") as f:
            f.write(text)
            f.flush()
            os.fsync(f.fileno())
        os.replace(temporary, path)
    except OSError:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


@dataclasses.dataclass(frozen=True)
class Call:
    """A command line that the table of commands has checked: what a command is run with.

    `options`: those that were given, by name, as {"--seed": 1, "--json": True}; an option that
    may be repeated has a list. `words`: what is no option. `line`: all of it in words, each
    option as --name=value.
    """
    options: dict
    words: list
    line: list

    def only(self, *names):
        """A usage error if an option was given that is not one of `names`, because another
        option excludes it."""
        for name in self.options:
            if name not in names:
                raise usage("unexpected '%s', expected %s" % (name, ", ".join(names)))


def process(module, *args):
    """The command line that runs a module of this package as a process of its own."""
    return ["env", "PYTHONPATH=" + TOOLS, "/usr/bin/python3", "-B", "-m",
            "kthrashlib." + module, *args]
