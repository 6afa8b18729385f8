# SPDX-License-Identifier: GPL-2.0-only
"""The command line: the table of commands, its help, manual page and completion."""
