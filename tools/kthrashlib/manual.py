# SPDX-License-Identifier: GPL-2.0-only
"""--help, made from the table of commands."""

import textwrap

import commands

WIDTH = 80


def columns(rows, at):
    """Pairs of a short text and a long one: the long ones begin in column `at`."""
    lines = []
    for left, right in rows:
        wrapped = textwrap.wrap(right, WIDTH - at) or [""]
        if len(left) + 4 > at:
            lines.append("  " + left)
        else:
            wrapped[0] = ("  " + left).ljust(at) + wrapped[0]
            lines.append(wrapped.pop(0))
        lines += [" " * at + line for line in wrapped]
    return lines


def described(option):
    return option.text + (" (default: %s)" % option.default if option.default else "")


def overview():
    lines = ["usage: tools/kthrash COMMAND [OPTION]... [ARGUMENT]...", ""]
    lines += columns([(c.name, c.text) for c in commands.COMMANDS], 14)
    lines += ["", "tools/kthrash COMMAND --help tells a command's options.", ""]
    lines += ["exit status: " + ", ".join("%d %s" % s for s in commands.STATUS)]
    return wrap_last(lines)


def of(command):
    words = ["usage: tools/kthrash", command.name]
    words += ["[OPTION]..."] * bool(command.options) + [command.arguments] * bool(command.arguments)
    lines = [" ".join(words), "", command.text]
    if command.options:
        lines += [""] + columns([(o.form, described(o)) for o in command.options], 26)
    for paragraph in filter(None, command.more.split("\n\n")):
        lines += [""] + textwrap.wrap(paragraph, WIDTH)
    return "\n".join(lines) + "\n"


def wrap_last(lines):
    return "\n".join(lines[:-1] + textwrap.wrap(lines[-1], WIDTH)) + "\n"
