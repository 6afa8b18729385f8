# SPDX-License-Identifier: GPL-2.0-only
"""Reads the text of source lines. A report shows it beside file:line."""

import os
import re

from kthrashlib import checkout
from kthrashlib.common import ROOT

PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*\Z")

# Debug information has the folder in which Bazel compiles under this name.
BUILT_IN = "/proc/self/cwd/"


class Sources:
    """A reader of source lines. It looks in `commit`, if there is one and git has it, then in each
    of `folders`."""

    def __init__(self, folders=(ROOT,), commit=None):
        self.folders = folders
        self.commit = commit if re.fullmatch(r"[0-9a-f]{7,40}", commit or "") else None
        self.files = {}

    def line(self, file, number):
        """Returns the line without its indentation, or "" if there is no such line."""
        if file not in self.files:
            self.files[file] = self._read(file)
        lines = self.files[file]
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""

    def _read(self, file):
        file = file.removeprefix(BUILT_IN)
        if not PATH.match(file):    # A file outside of the folders is never read.
            return []
        return self._from_git(file) or self._from_folders(file)

    def _from_git(self, file):
        text = checkout.show(self.commit, file) if self.commit else ""
        return text.split("\n") if text else []

    def _from_folders(self, file):
        for folder in self.folders:
            try:
                with open(os.path.join(folder, file), encoding="utf-8", errors="replace") as f:
                    return f.read().split("\n")
            except OSError:
                continue
        return []


def annotate(explained, sources):
    """Gives each step of the driver's JSON the `text` of its line, unless it has one."""
    for s in explained["steps"]:
        if "text" not in s:
            s["text"] = sources.line(s["file"], s["line"])
    return explained
