# SPDX-License-Identifier: GPL-2.0-only
"""Contains the command line: the table of commands, and its help, manual page and completion."""
