# SPDX-License-Identifier: GPL-2.0-only
"""Runs a compiler for `cc`, which also builds the library that programs are linked with."""

from kthrashlib import children
from kthrashlib.programs import build, library, wrapper


def run(command):
    return children.run(command, terminal=True, close_fds=False).returncode


def main(call):
    build.ensure()
    kernel = None
    if "--kthread" in call.options:
        build.ensure_kernel()
        kernel = library.kernel()
    return wrapper.main(call.words[:1], call.words[1:], library.path(), run, kernel)
