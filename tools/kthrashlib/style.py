# SPDX-License-Identifier: GPL-2.0-only
"""`fmt` and `lint`: what the sources look like, and what can be said of them unrun."""

import os
import subprocess
import sys

import env
from common import ROOT


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "--"] + list(patterns), cwd=ROOT, check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return [os.path.join(ROOT, f) for f in out.split()]


def fmt(_):
    env.ensure({"clang-format-14": "formats C"})
    return subprocess.run(["clang-format-14", "-i"] + tracked("*.c", "*.h"), check=False).returncode


def lint(_):
    return subprocess.run([sys.executable, os.path.join(ROOT, "tools", "tidy.py")],
                          cwd=ROOT, check=False).returncode
