# SPDX-License-Identifier: GPL-2.0-only
"""Starts the program: click finds the command and checks its options, then the command's module
runs."""

import errno
import importlib
import os
import signal
import sys

import click

from kthrashlib import children, env
from kthrashlib.common import (CLEAN, ENVIRONMENT, FINDINGS, USAGE, Failure, printable, say,
                               sentence, usage)
from kthrashlib.front import commands, completion, defence, parser
from kthrashlib.front.options import one_of
from kthrashlib.where import IS_INSTALLED

# If one of these happens to a path that the user gave, the path is wrong, and not the machine.
WRONG_PATH = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.ENAMETOOLONG,
              errno.ELOOP, errno.EEXIST, errno.ENOTEMPTY, errno.ENXIO)


def paths_of(row, call):
    """Returns the paths that the user gave."""
    found = [call.options[o.name] for o in row.options
             if o.value in parser.PATHS and o.name in call.options]
    return found + (call.words if row.arguments.strip("[].") in parser.PATHS else [])


def is_wrong_path(row, call, error):
    """Returns True if the error says that a path on the command line is wrong."""
    if error.errno not in WRONG_PATH or not isinstance(error.filename, (str, bytes)):
        return False
    there = os.path.abspath(os.fsdecode(error.filename))
    return any(there == given or there.startswith((given + "/", given + "."))
               for given in map(os.path.abspath, paths_of(row, call)))


def runs(row):
    """Returns the function that runs the command. It imports the command's module here, and not
    earlier."""
    def run(call):
        if IS_INSTALLED and row.name not in commands.ANYWHERE:
            raise usage("%s needs a checkout of kthrash, and this copy is installed, for programs "
                        "only: expected %s" % (row.name, one_of(commands.ANYWHERE)))
        module, _, function = row.run.partition(":")
        try:
            return getattr(importlib.import_module("kthrashlib." + module), function)(call)
        except OSError as e:
            if is_wrong_path(row, call, e):
                raise usage(sentence(e)) from e
            raise
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
    # click's own main() would give other statuses after a signal and after a broken pipe.
    try:
        with group().make_context(parser.PROGRAM, list(args)) as context:
            return group().invoke(context)
    except click.UsageError as e:
        raise parser.failure(e) from e
    except click.exceptions.Exit as e:
        return e.exit_code


def guarded(args):
    """Runs the command line; returns the exit status, whatever happens."""
    try:
        return run(args)
    except Failure as f:
        say("kthrash: " + printable(f.message))
        return f.status
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except OSError as e:
        say("kthrash: " + printable(sentence(e)))
        return ENVIRONMENT
    except ImportError as e:
        failure = env.not_imported(e)
        if not failure:
            return defence.unforeseen(e, args[0])
        say("kthrash: " + printable(failure.message))
        return ENVIRONMENT
    except children.Interrupted as e:
        return e.status
    except KeyboardInterrupt:
        return children.interrupted()
    except Exception as e:      # pylint: disable=broad-exception-caught
        return defence.unforeseen(e, args[0])


def main(args):
    if not args:
        with click.Context(group(), info_name=parser.PROGRAM, **group().context_settings) as ctx:
            print(ctx.get_help(), file=sys.stderr)
        return USAGE
    status = guarded(args)
    # A child may fail because of the signal that ends the program.
    if children.state.caught and not children.state.callback and status != FINDINGS:
        return children.interrupted()
    return status
