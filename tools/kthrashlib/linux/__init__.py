# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own files as a core: which files of a tree are taken, and from where."""
