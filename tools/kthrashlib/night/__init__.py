# SPDX-License-Identifier: GPL-2.0-only
"""Contains a campaign: its lanes, which hunt for hours, the bugs that they find, and the record of
the night."""
