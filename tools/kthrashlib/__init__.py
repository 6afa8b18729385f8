# SPDX-License-Identifier: GPL-2.0-only
"""What tools/kthrash runs. Its rooms: front, build, night, gate, show, measure.

A room may use another room, but nothing uses front, which starts them all. What each of them
may use stands here: common.py and env.py."""
