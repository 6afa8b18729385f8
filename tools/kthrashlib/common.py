# SPDX-License-Identifier: GPL-2.0-only
"""Defines paths, the exit statuses, and the errors that end a command."""

import codecs
import dataclasses
import glob
import os
import shlex
import sys

from kthrashlib import files
from kthrashlib.where import ROOT, TOOLS, state

STATE = state()

CLEAN, FINDINGS, USAGE, ENVIRONMENT = 0, 1, 2, 3
# A command that a signal ended has the status 128 + N. This is the status after Ctrl-C.
INTERRUPTED = 130


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


def plural(n, word, shown=None):
    """Returns "1 bug" or "2 bugs". The number may be shown in another way, as "1.2M"."""
    return "%s %s%s" % (n if shown is None else shown, word, "" if n == 1 else "s")


def decimal(seconds):
    """Returns seconds as an option takes them: digits, and at most three behind a point. It is more
    than 0."""
    return ("%.3f" % max(seconds, 0.001)).rstrip("0").rstrip(".")


def say(message):
    """Tells the user something on standard error. A message that can't be written, because a log is
    on a full disk, does not end the command. A pipe that nobody reads does."""
    try:
        print(message, file=sys.stderr, flush=True)
    except BrokenPipeError:
        raise
    except OSError:
        pass


# ---- names of files, which may contain any bytes ----
#
# Python reads a byte that is not UTF-8 as one surrogate. A person and a file of text see this byte
# as \xff. Standard output gets the byte itself, because a program may take the name from there.


def escaped(char):
    """Returns an escape for a character that has no look of its own."""
    code = ord(char)
    if 0xdc80 <= code <= 0xdcff:
        return "\\x%02x" % (code - 0xdc00)
    short = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}.get(char)
    return short or ("\\x%02x" if code < 0x80 else "\\u%04x" if code < 0x10000 else
                     "\\U%08x") % code


def printable(text):
    """Returns `text` in one line of valid Unicode, such as the name of a file in a sentence."""
    return "".join(c if c.isprintable() else escaped(c) for c in text)


def matching(folder, *patterns):
    """Returns the paths in `folder` that match the patterns, one for each folder on the way. The
    characters of `folder` itself have no special meaning."""
    return sorted(glob.glob(os.path.join(glob.escape(folder), *patterns)))


def path_said(said):
    """Returns the path in a string of the driver's JSON. There each byte is one character, because
    JSON has no bytes."""
    try:
        return os.fsdecode(said.encode("latin-1"))
    except UnicodeEncodeError:
        return said     # The string is not the driver's.


def with_bytes_shown(text):
    """Returns `text` with an escape for each byte that is not UTF-8, such as a file may need that
    other programs read."""
    return "".join(escaped(c) if 0xdc80 <= ord(c) <= 0xdcff else c for c in text)


def typed(path):
    """Returns the path as one word that a shell reads as this path, and no command as an option."""
    return quoted(os.path.join(".", path) if path.startswith("-") else path)


def quoted(word):
    """Returns the word as a person types it in a shell."""
    if word.isprintable():
        return shlex.quote(word)
    return "$'%s'" % "".join(
        "\\" + c if c in "\\'" else c if c.isprintable() else
        "".join("\\x%02x" % byte for byte in c.encode("utf-8", "surrogateescape")) for c in word)


def escape_all(error):
    """Replaces what can't be encoded by escapes."""
    return "".join(map(escaped, error.object[error.start:error.end])), error.end


def keep_bytes(error):
    """Writes the bytes of a file's name as they are. Replaces other characters by escapes."""
    return b"".join(bytes([ord(c) - 0xdc00]) if 0xdc80 <= ord(c) <= 0xdcff else
                    escaped(c).encode() for c in error.object[error.start:error.end]), error.end


codecs.register_error("kthrash-escape", escape_all)
codecs.register_error("kthrash-bytes", keep_bytes)


def sentence(error):
    """Returns an OSError as one clause that names the file, if it has one."""
    if error.filename is None:
        return error.strerror or str(error) or type(error).__name__
    return "%s: %s" % (os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes))
                       else error.filename, error.strerror)


def write_whole(path, text):
    """Writes a file at once. A reader sees all of `text`, or the file as it was before. files.py
    says what happens to links and to anything but a regular file."""
    files.write(path, text.encode("utf-8", "kthrash-escape"))


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
    return ["env", "-u", "PYTHONIOENCODING", "PYTHONPATH=" + TOOLS, "/usr/bin/python3", "-B",
            "-X", "utf8", "-m", "kthrashlib." + module, *args]
