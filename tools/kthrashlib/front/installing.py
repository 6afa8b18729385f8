# SPDX-License-Identifier: GPL-2.0-only
"""Implements `install`: it gives programs.install what is made from the table of commands."""

from kthrashlib.front import completion, manual
from kthrashlib.programs import install


def main(call):
    scripts = {shell: text.strip() + "\n" for shell, text in completion.SCRIPTS.items()}
    return install.into(call, manual.page(installed=True), scripts)
