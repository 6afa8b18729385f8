# SPDX-License-Identifier: GPL-2.0-only
"""Runs Bazel, which builds the C driver and the seeded bugs. Runs formatters and linters."""
