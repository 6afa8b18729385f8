# SPDX-License-Identifier: GPL-2.0-only
"""Runs as `python3 kthrashlib`: the folder is put on the path by Python."""

import sys

import cli

sys.exit(cli.main(sys.argv[1:]))
