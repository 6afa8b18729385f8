# SPDX-License-Identifier: GPL-2.0-only
"""What tools/kthrash runs. Its rooms: front, build, night, gate, show, measure.

A room may use another room, but no room uses front, because front starts them all. The modules in
this folder are for all rooms."""
