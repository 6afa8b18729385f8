# SPDX-License-Identifier: GPL-2.0-only
"""Runs a compiler for `cc`, which also builds the library that programs are linked with."""

import sys

from kthrashlib.programs import build, library, wrapper


def main(call):
    build.ensure()
    sys.stdout.flush()
    return wrapper.main(call.words[:1], call.words[1:], library.path())
