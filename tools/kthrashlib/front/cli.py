# SPDX-License-Identifier: GPL-2.0-only
"""Starts the program: click finds the command and checks its options, then the command's module
runs."""

import importlib
import sys

import click

from kthrashlib.common import CLEAN, ENVIRONMENT, USAGE, Failure, say, sentence, usage
from kthrashlib.front import commands, completion, parser
from kthrashlib.front.options import one_of
from kthrashlib.where import IS_INSTALLED


def runs(row):
    """Returns the function that runs the command. It imports the command's module here, and not
    earlier."""
    def run(call):
        if IS_INSTALLED and row.name not in commands.ANYWHERE:
            raise usage("%s needs a checkout of kthrash, and this copy is installed, for programs "
                        "only: expected %s" % (row.name, one_of(commands.ANYWHERE)))
        module, _, function = row.run.partition(":")
        return getattr(importlib.import_module("kthrashlib." + module), function)(call)
    return run


def group():
    return parser.Group(commands.COMMANDS, runs, commands.STATUS,
                        commands.ANYWHERE if IS_INSTALLED else commands.names())


def run(args):
    if args[0] == "help":
        args = [*args[1:2], "--help"]       # "help stress" is "stress --help"
    if args[0] == "complete":               # The completion scripts of the shells use this command.
        for candidate, meaning in completion.candidates(group(), args[1:] or [""]):
            print(candidate + "\t" + meaning)
        return CLEAN
    try:
        return group().main(args, prog_name=parser.PROGRAM, standalone_mode=False)
    except click.UsageError as e:
        raise parser.failure(e) from e


def main(args):
    if not args:
        with click.Context(group(), info_name=parser.PROGRAM, **group().context_settings) as ctx:
            print(ctx.get_help(), file=sys.stderr)
        return USAGE
    try:
        return run(args)
    except Failure as f:
        say("kthrash: " + f.message)
        return f.status
    except OSError as e:
        say("kthrash: " + sentence(e))
        return ENVIRONMENT
    except click.Abort:
        return 130
