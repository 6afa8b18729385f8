# SPDX-License-Identifier: GPL-2.0-only
"""Where things are, exit statuses, and the two ways to say that something is wrong."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
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


def split_options(args, flags, values):
    """Options and the rest, in any order. `flags` and `values` name what is known.

    Returns (dict, rest). Unknown options stay in the rest: they may be another
    program's. A value option without a value is a usage error.
    """
    found, rest = {}, []
    for arg in args:
        name, equals, value = arg.partition("=")
        if name in flags and not equals:
            found[name] = True
        elif name in values:
            if not value:
                raise usage("%s needs a value, as in %s=..." % (name, name))
            found[name] = value
        else:
            rest.append(arg)
    return found, rest


def no_more(rest, known):
    """What is left over is an error that lists what is known."""
    if rest:
        raise usage("unexpected '%s', expected %s" % (rest[0], known))


def number(found, name, default, low, high, kind=float):
    if name not in found:
        return default
    try:
        n = kind(found[name])
    except ValueError:
        n = None
    if n is None or not low <= n <= high:
        raise usage("%s=%s: expected a number from %s to %s" % (name, found[name], low, high))
    return n
