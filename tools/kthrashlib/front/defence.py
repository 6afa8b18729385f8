# SPDX-License-Identifier: GPL-2.0-only
"""Runs the program so that its exit status keeps its meaning, whatever happens in it.

- What nobody foresaw ends in status 3, with one sentence that says where its traceback is.
- After a signal the program ends its children and then dies of the same signal, as a shell expects:
  the shell says 130 after Ctrl-C, and 141 if nobody reads the standard output any more.
- Output that can't be written ends in status 3 (output.py).

This module does not use click, and program() imports the rest. So it is ready when that import
fails.
"""

import importlib
import os
import signal
import tempfile
import threading
import time
import traceback

from kthrashlib import children, output
from kthrashlib.common import CLEAN, ENVIRONMENT, STATE, say


# ---- what nobody foresaw ----


def save(text):
    """Saves a traceback; returns the name of its file, or None if it can't be written."""
    name = "traceback-%s-%d-%d.txt" % (time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), os.getpid(),
                                       time.monotonic_ns())
    for folder in (lambda: os.path.join(STATE, "logs"), tempfile.gettempdir):
        try:
            path = os.path.join(folder(), name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "x", encoding="utf-8", errors="backslashreplace") as f:
                f.write(text)
            return path
        except OSError:
            continue
    return None


def unforeseen(error, where="the command"):
    """Saves the traceback of an exception and says so in one sentence. Returns the exit status."""
    text = "".join(traceback.format_exception(error))
    what = "".join(traceback.format_exception_only(error)).strip().splitlines()
    path = save(text)
    say("kthrash: %s failed in a way that was not foreseen: %s; its traceback %s" % (
        where, what[-1] if what else type(error).__name__,
        "is in " + path if path else "can't be saved, so it follows"))
    if not path:
        say(text)
    return ENVIRONMENT


class Threads:
    """Notes whether a thread has ended with an exception."""
    failed = False

    @classmethod
    def hook(cls, args):
        if args.exc_value is None or issubclass(args.exc_type, (SystemExit, KeyboardInterrupt)):
            return
        cls.failed = True
        unforeseen(args.exc_value, "a thread of the command")


# ---- the program ----


def end(status):
    """Ends the process. It dies of the signal if `status` says that it is 128 + a signal."""
    number = status - 128
    if number in (*children.SIGNALS, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    # All was flushed, and a second flush could fail again.
    os._exit(status)    # pylint: disable=protected-access


def guarded(args, module):
    """Runs the command line and ends its children. Returns the exit status."""
    try:
        children.begin()
        return importlib.import_module(module).main(args)
    except children.Interrupted as e:
        return e.status
    except BrokenPipeError:
        raise
    except Exception as e:      # pylint: disable=broad-exception-caught
        return unforeseen(e)
    finally:
        children.end_all()


def program(args, module="kthrashlib.front.cli"):
    """Runs the front door, which is main() in `module`, and ends the process."""
    output.begin()
    threading.excepthook = Threads.hook
    try:
        status = output.end(guarded(args, module))
    except BrokenPipeError:     # Nobody reads the output.
        status = 128 + signal.SIGPIPE
    except KeyboardInterrupt:   # The signal came while the program was ending.
        status = children.interrupted()
    if Threads.failed and status == CLEAN:
        status = ENVIRONMENT
    end(status)
