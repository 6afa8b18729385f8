# SPDX-License-Identifier: GPL-2.0-only
"""Starts the program tools/kthrash. Python puts the folder of this file on its path, so Python
finds the package beside it.

tools/kthrash blocks the signals that end a program, until Python is ready. So Ctrl-C ends the
program at once and without a traceback while Python starts and imports. defence.py then installs
the handlers that end the children first."""

import signal

if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_UNBLOCK,
                       [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])

import sys      # noqa: E402    pylint: disable=wrong-import-position

from kthrashlib.front import defence    # noqa: E402    pylint: disable=wrong-import-position

defence.program(sys.argv[1:])
