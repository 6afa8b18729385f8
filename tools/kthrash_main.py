# SPDX-License-Identifier: GPL-2.0-only
"""What tools/kthrash runs. Python puts the folder of this file on its path, so the package
beside it is found."""

import sys

from kthrashlib.front import cli

sys.exit(cli.main(sys.argv[1:]))
