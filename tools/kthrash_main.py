# SPDX-License-Identifier: GPL-2.0-only
"""Starts the program tools/kthrash. Python puts the folder of this file on its path, so Python
finds the package beside it."""

import sys

from kthrashlib import output
from kthrashlib.front import cli

output.begin()
sys.exit(output.end(cli.main(sys.argv[1:])))
