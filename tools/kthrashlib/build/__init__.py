# SPDX-License-Identifier: GPL-2.0-only
"""Bazel, the C driver and the seeded bugs that it builds, and the formatters and linters."""
