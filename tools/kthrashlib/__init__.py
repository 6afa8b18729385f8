# SPDX-License-Identifier: GPL-2.0-only
"""Contains the modules of tools/kthrash in these rooms: front, build, night, gate, show, measure.

A room may use another room, but no room uses front, because front starts them all. The modules in
this folder are for all rooms."""
