# SPDX-License-Identifier: GPL-2.0-only
"""Measures how good the harness is: which seeded bugs it finds, its coverage, its speed."""
