# SPDX-License-Identifier: GPL-2.0-only
"""The front door: finds the command in the table, checks its options, runs it."""

import importlib
import sys

from kthrashlib.common import CLEAN, ENVIRONMENT, USAGE, Failure, say
from kthrashlib.front import commands, completion, manual


def wants_help(args):
    """After "--" comes another program's command line."""
    words = args[:args.index("--")] if "--" in args else args
    return "--help" in words or "-h" in words


def run(args):
    if args[0] in ("--help", "-h", "help"):
        # "help stress" as "stress --help".
        name = args[1] if len(args) > 1 else None
        print(manual.of(commands.find(name)) if name else manual.overview(), end="")
        return CLEAN
    if args[0] == "complete":   # for the shells' scripts, no command of its own
        return completion.answer(args[1:])
    command = commands.find(args[0])
    if wants_help(args[1:]):
        print(manual.of(command), end="")
        return CLEAN
    call = commands.parse(command.name, args[1:])
    module, _, function = command.run.partition(":")
    return getattr(importlib.import_module("kthrashlib." + module), function)(call)


def main(args):
    if not args:
        print(manual.overview(), end="", file=sys.stderr)
        return USAGE
    try:
        return run(args)
    except Failure as f:
        say("kthrash: " + f.message)
        return f.status
    except OSError as e:
        say("kthrash: %s" % e)
        return ENVIRONMENT
    except KeyboardInterrupt:
        return 130
