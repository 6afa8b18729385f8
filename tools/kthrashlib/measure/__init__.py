# SPDX-License-Identifier: GPL-2.0-only
"""How good the harness is: seeded bugs found, coverage, speed."""
