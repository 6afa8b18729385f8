# SPDX-License-Identifier: GPL-2.0-only
"""Holds the code that `fmt` and `lint` share: it chooses files, tells their language, and runs
buildifier."""

import os
import re

from kthrashlib import checkout, env
from kthrashlib.common import ROOT, usage

C, PYTHON, STARLARK, SHELL = "C", "Python", "Starlark", "shell"
LINE_MAX = 100      # .clang-format and tidy.py have the same limit.
BUILDIFIER = ("@bazel/buildifier", "8.2.1", "formats and checks Starlark")


def language(path):
    """Returns the language of a file in the tree, or None."""
    name = os.path.basename(path)
    if name.endswith((".c", ".cc", ".h", ".def")):
        return C
    if name.endswith(".py"):
        return PYTHON
    if name.endswith(".bzl") or name in ("BUILD", "WORKSPACE"):
        return STARLARK
    if name.endswith(".sh"):
        return SHELL
    with open(os.path.join(ROOT, path), "rb") as f:
        first = f.readline(200)
    if re.match(rb"#!.*\b(sh|bash)\b", first):
        return SHELL
    return PYTHON if re.match(rb"#!.*\bpython3?\b", first) else None


def chosen(files):
    """Returns the files that git tracks, or those of them that `files` names. They are paths from
    the top, by language. Without git, every file of the checkout counts."""
    tracked = [f for f in checkout.tracked(ROOT) if os.path.isfile(os.path.join(ROOT, f))]
    if files:
        wanted = [os.path.relpath(os.path.abspath(f), ROOT) for f in files]
        for name, path in zip(files, wanted):
            if path not in tracked:
                raise usage("%s: expected a file that git tracks" % name)
        tracked = wanted
    found = {}
    for path in tracked:
        found.setdefault(language(path), []).append(path)
    return found


def buildifier():
    return env.npm(*BUILDIFIER) + "/buildifier-linux_" + (
        "arm64" if os.uname().machine == "aarch64" else "amd64")
