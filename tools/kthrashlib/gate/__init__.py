# SPDX-License-Identifier: GPL-2.0-only
"""Contains what CI runs in a given time, and its reports as JUnit XML and SARIF."""
