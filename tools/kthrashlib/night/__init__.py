# SPDX-License-Identifier: GPL-2.0-only
"""A campaign: lanes that hunt for hours, the bugs they find, and the record of the night."""
